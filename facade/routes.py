"""The table of pages: what is served and what the document describes are one."""

from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

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


_FORBIDDEN: Answers = {403: refusal(CODES["FORBIDDEN_ORIGIN"])}
_FAILED: Answers = {503: refusal("UNAVAILABLE: what is asked is begun again after a fault")}
_MALFORMED: Answers = {400: refusal("malformed, with the field named")}


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
    """One segment may be a field in braces: the last, or the one before it."""
    handle: Handler
    summary: str
    tag: str = "orders"
    parameters: Sequence[Parameter] = ()
    body: type | None = None
    answers: Answers = field(default_factory=dict)
    """What is answered beside what follows from the rest of the route: see ``served``."""
    any_query: bool = False
    """The query string is passed over, whatever stands there."""
    needs_view: bool = True
    """It can't be served while the view has failed."""

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
        if self.needs_view:
            found |= _FAILED
        if not self.any_query:
            found |= _MALFORMED
        for parameter in self.parameters:
            found |= parameter.answers
        return found | dict(self.answers)


class Found(NamedTuple):
    """Who handles a request, and what may stand in its query string; None for anything."""

    handle: Handler
    fields: frozenset[str] | None
    needs_view: bool


Methods = dict[bytes, Found]


class Router:
    """Finds the route of a request."""

    def __init__(self, routes: Sequence[Route]) -> None:
        """Routes are looked up by whole path, then by what stands around their field."""
        self.routes = tuple(routes)
        self._whole: dict[bytes, Methods] = {}
        self._around: dict[tuple[bytes, bytes], Methods] = {}
        for route in routes:
            found = Found(route.handle, None if route.any_query else route.fields, route.needs_view)
            methods = self._methods(route.path)
            methods[route.method.encode()] = found
            if route.method == "GET":
                methods[b"HEAD"] = found

    def _methods(self, path: str) -> Methods:
        before, brace, rest = path.partition("{")
        if not brace:
            return self._whole.setdefault(path.encode(), {})
        key = before.encode(), rest.partition("}")[2].encode()
        return self._around.setdefault(key, {})

    def find(self, request: Request) -> Found:
        """The route, with the fields of path and query in the request; else 404, 405 or 400."""
        methods = self._whole.get(request.path) or self._find_around(request)
        found = methods.get(request.method)
        if found is None:
            raise ApiError(
                405, "METHOD_NOT_ALLOWED", headers=b"Allow: %b\r\n" % b", ".join(sorted(methods))
            )
        if found.fields is not None:
            request.read_query(found.fields)
        return found

    def _find_around(self, request: Request) -> Methods:
        before, slash, field = request.path.rpartition(b"/")
        methods = self._around.get((before + slash, b""))
        if methods is None:
            after = slash + field
            before, slash, field = before.rpartition(b"/")
            methods = self._around.get((before + slash, after))
        if methods is None or not field:
            raise ApiError(404, "NOT_FOUND")
        try:
            request.param = field.decode()
        except UnicodeDecodeError:
            raise ApiError(404, "NOT_FOUND") from None
        return methods
