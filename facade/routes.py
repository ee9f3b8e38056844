"""The table of pages: what is served and what the document describes are one."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from facade.errors import ApiError
from facade.message import Answer, Request

Outcome = Answer | Coroutine[Any, Any, Answer] | None
"""An answer now, a query that gives one, or None: the engine's events will answer."""
Handler = Callable[[Request], Outcome]


@dataclass(frozen=True, slots=True)
class Parameter:
    """A field of the path or the query string."""

    name: str
    about: str
    required: bool = False
    schema: Mapping[str, Any] = field(default_factory=lambda: {"type": "string"})


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
    answers: Mapping[int, tuple[str, Any]] = field(default_factory=dict)
    """What each status means, and the structure (or content type) of its body."""


class Router:
    """Finds the route of a request."""

    def __init__(self, routes: Sequence[Route]) -> None:
        """Routes are looked up by whole path, then by all but the last segment."""
        self.routes = tuple(routes)
        self._whole: dict[bytes, dict[bytes, Handler]] = {}
        self._prefix: dict[bytes, dict[bytes, Handler]] = {}
        for route in routes:
            prefix, brace, _ = route.path.partition("{")
            table = self._prefix if brace else self._whole
            methods = table.setdefault(prefix.encode(), {})
            methods[route.method.encode()] = route.handle
            if route.method == "GET":
                methods[b"HEAD"] = route.handle

    def find(self, request: Request) -> Handler:
        """The handler, with the path's field in ``request.param``; else 404 or 405."""
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
        handler = methods.get(request.method)
        if handler is None:
            raise ApiError(
                405, "METHOD_NOT_ALLOWED", headers=b"Allow: %b\r\n" % b", ".join(sorted(methods))
            )
        return handler
