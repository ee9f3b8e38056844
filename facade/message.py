"""A request, and the bytes of its answer."""

from collections.abc import Collection, Mapping
from http import HTTPStatus
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import parse_qsl

from facade.errors import ApiError

if TYPE_CHECKING:
    from facade.connection import Connection

JSON = b"application/json"
QUERY_FIELDS_MAX = 16
"""Fields of a query string; more is answered 400."""


def _heads(tail: bytes) -> dict[int, bytes]:
    return {
        status: b"HTTP/1.1 %d %s\r\n%s" % (status.value, status.phrase.encode(), tail)
        for status in HTTPStatus
    }


_KEEP = _heads(b"")
_CLOSE = _heads(b"Connection: close\r\n")
_KEEP_1_0 = _heads(b"Connection: keep-alive\r\n")


class Answer(NamedTuple):
    """An answer: status, body, and what else stands in its head."""

    status: int
    body: bytes
    content_type: bytes = JSON
    headers: bytes = b""
    """Whole header lines, each with its CRLF."""


def encode(answer: Answer, request: "Request", *, date: bytes, keep_alive: bool) -> bytes:
    """The answer as it goes over the wire; ``date`` is a whole header line."""
    heads = (_KEEP_1_0 if request.http_1_0 else _KEEP) if keep_alive else _CLOSE
    return b"%b%bContent-Type: %b\r\n%bContent-Length: %d\r\n\r\n%b" % (
        heads[answer.status],
        date,
        answer.content_type,
        answer.headers,
        len(answer.body),
        b"" if request.method == b"HEAD" else answer.body,
    )


class Request:
    """One request of a connection; whoever handles it calls ``answer`` once, now or later."""

    # What most requests leave as it is stands here once.
    method = b""
    path = b""
    query = b""
    body = b""
    fields: Mapping[str, str] = MappingProxyType({})
    keep_alive = True
    http_1_0 = False
    upgrade = False
    expects = False
    """The client says that it waits to be asked for the body."""
    refusal: Answer | None = None
    """What is answered without a look at the rest."""
    param = ""
    order_id = 0

    def __init__(self, connection: "Connection", started: float) -> None:
        """Nothing of it has been read yet."""
        self.connection = connection
        self.started = started
        self.headers: dict[bytes, bytes] = {}

    def read_query(self, known: Collection[str]) -> None:
        """Read the query string; a field that is not known or comes twice is an error."""
        if not self.query:
            return
        try:
            pairs = parse_qsl(
                self.query.decode(),
                keep_blank_values=True,
                strict_parsing=True,
                errors="strict",
                max_num_fields=QUERY_FIELDS_MAX,
            )
        except ValueError:
            raise ApiError(400, "INVALID_FIELD", "the query string is malformed") from None
        fields: dict[str, str] = {}
        for name, value in pairs:
            if name not in known:
                raise ApiError(400, "UNKNOWN_FIELD", f"{name[:40]}: no such field")
            if name in fields:
                raise ApiError(400, "INVALID_FIELD", f"{name}: given twice")
            fields[name] = value
        self.fields = fields

    def answer(self, status: int, body: bytes) -> None:
        """Send a JSON answer; one that comes too late goes nowhere."""
        self.connection.answer(self, Answer(status, body))
