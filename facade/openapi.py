"""The OpenAPI 3.1 document, made from the table of pages and the structures of their bodies."""

import re
from collections.abc import Sequence
from typing import Any

import msgspec

from facade.errors import CODES
from facade.models import Error, Notification
from facade.routes import Route

_REF = "#/components/schemas/{name}"
_ABOUT = """\
Orders, books, trades and tickers of the exchange.

Decimals are JSON strings in answers; numbers and strings are taken in requests, exactly.  Times are
RFC 3339 in UTC.  Every refusal is `{"error", "code"}`; the codes of HTTP itself are:

"""


def document(routes: Sequence[Route], version: str) -> bytes:
    """The document of these pages."""
    structures: dict[type, None] = {Error: None, Notification: None}
    for route in routes:
        for structure in (route.body, *(body for _, body in route.served.values())):
            if isinstance(structure, type) and issubclass(structure, msgspec.Struct):
                structures[structure] = None
    _, components = msgspec.json.schema_components(tuple(structures), ref_template=_REF)
    paths: dict[str, dict[str, Any]] = {}
    for route in routes:
        paths.setdefault(route.path, {})[route.method.lower()] = _operation(route)
    codes = "\n".join(f"* `{code}`: {about}" for code, about in CODES.items())
    return msgspec.json.encode(
        {
            "openapi": "3.1.0",
            "info": {"title": "QuantScope", "version": version, "description": _ABOUT + codes},
            "paths": paths,
            "components": {"schemas": components},
        }
    )


def _operation(route: Route) -> dict[str, Any]:
    operation: dict[str, Any] = {
        "tags": [route.tag],
        "summary": route.summary,
        "operationId": re.sub(r"\W+", "_", f"{route.method}{route.path}").strip("_").lower(),
        "responses": {
            str(status): {"description": about, **_content(body)}
            for status, (about, body) in sorted(route.served.items())
        }
        | {"default": {"description": "refused", **_content(Error)}},
    }
    parameters = [
        {
            "name": field.name,
            "in": "path" if route.in_path(field) else "query",
            "required": field.required,
            "description": field.about,
            "schema": field.schema,
        }
        for field in route.parameters
    ]
    if parameters:
        operation["parameters"] = parameters
    if route.body is not None:
        operation["requestBody"] = {"required": True, **_content(route.body)}
    return operation


def _content(body: Any) -> dict[str, Any]:
    if body is None:
        return {}
    if isinstance(body, str):
        return {"content": {body: {"schema": {"type": "string"}}}}
    schema = {"$ref": _REF.format(name=body.__name__)}
    return {"content": {"application/json": {"schema": schema}}}
