"""The table of pages: what is served and what the document describes are one."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

from facade.errors import CODES, ApiError
from facade.message import Answer, Request
from facade.models import Error

Outcome = Answer | Coroutine[Any, Any, Answer] | None
"""An answer now, a query that gives one, or None: the engine's events will answer."""
Handler = Callable[[Request], Outcome]
Answers = Mapping[int, tuple[str, Any]]
"""What each status means, and the structure (or content type) of its body."""


def refusal(about: str) -> tuple[str, Any]:
    """What a status means that refuses."""
    return about, Error


_FORBIDDEN: Final[Answers] = {403: refusal(CODES["FORBIDDEN_ORIGIN"])}
_MALFORMED: Final[Answers] = {400: refusal("malformed, with the field named")}


@dataclass(frozen=True, slots=True)
class Parameter:
    """A field of the path or the query string."""

    name: str
    about: str
    required: bool = False
    schema: Mapping[str, Any] = field(default_factory=lambda: {"type": "string"})
    answers: Answers = field(default_factory=dict)
    """How the call refuses a value that is well-formed and names nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """One call."""

    method: str
    path: str
    """The last segment may be a field in braces."""
    handle: Handler
    summary: str
    tag: str = "orders"
    parameters: Sequence[Parameter] = ()
    body: type | None = None
    answers: Answers = field(default_factory=dict)
    """What is answered beside what follows from the rest of the route: see ``served``."""
    any_query: bool = False
    """The query string is passed over, whatever stands there."""

    @property
    def fields(self) -> frozenset[str]:
        """What may stand in the query string."""
        return frozenset(p.name for p in self.parameters if not self.in_path(p))

    def in_path(self, parameter: Parameter) -> bool:
        """Whether the parameter is a part of the path."""
        return f"{{{parameter.name}}}" in self.path

    @property
    def served(self) -> Answers:
        """Every answer of the call: by its checks, by its parameters, and its own."""
        found = dict(_FORBIDDEN)
        if not self.any_query:
            found |= _MALFORMED
        for parameter in self.parameters:
            found |= parameter.answers
        return found | dict(self.answers)


class Found(NamedTuple):
    """Who handles a request, and what may stand in its query string; None for anything."""

    handle: Handler
    fields: frozenset[str] | None


class Router:
    """Finds the route of a request."""

    def __init__(self, routes: Sequence[Route]) -> None:
        """Routes are looked up by whole path, then by all but the last segment."""
        self.routes = tuple(routes)
        self._whole: dict[bytes, dict[bytes, Found]] = {}
        self._prefix: dict[bytes, dict[bytes, Found]] = {}
        for route in routes:
            prefix, brace, _ = route.path.partition("{")
            table = self._prefix if brace else self._whole
            methods = table.setdefault(prefix.encode(), {})
            found = Found(route.handle, None if route.any_query else route.fields)
            methods[route.method.encode()] = found
            if route.method == "GET":
                methods[b"HEAD"] = found

    def find(self, request: Request) -> Handler:
        """The handler, with the fields of path and query in the request; else 404, 405 or 400."""
        path = request.path
        methods = self._whole.get(path)
        if methods is None:
            prefix, slash, last = path.rpartition(b"/")
            methods = self._prefix.get(prefix + slash)
            if methods is None or not last:
                raise ApiError(404, "NOT_FOUND")
            try:
                request.param = last.decode()
            except UnicodeDecodeError:
                raise ApiError(404, "NOT_FOUND") from None
        found = methods.get(request.method)
        if found is None:
            raise ApiError(
                405, "METHOD_NOT_ALLOWED", headers=b"Allow: %b\r\n" % b", ".join(sorted(methods))
            )
        if found.fields is not None:
            request.read_query(found.fields)
        return found.handle
