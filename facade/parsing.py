"""Bytes into requests: httptools, and what a request may not go beyond."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

import httptools

from facade.errors import ApiError
from facade.message import Request

if TYPE_CHECKING:
    from facade.connection import Connection

HEADERS_MAX: Final = 100
"""Header lines of a request; more is answered 431."""
_BODY_RAW_FACTOR: Final = 16
"""Bytes on the wire for each byte of body that may come: chunks of one byte cost so much."""
WEBSOCKET_PATHS: Final = b"/ws/"
"""Where the pages stand that speak WebSocket; no other asks for another protocol with success."""
_WANTED: Final = frozenset(
    (
        b"host",
        b"origin",
        b"expect",
        b"connection",
        b"content-length",
        b"transfer-encoding",
        b"upgrade",
        b"sec-websocket-key",
        b"sec-websocket-version",
        b"sec-websocket-extensions",
    )
)


def _other_protocol(request: Request, version: str) -> bool:
    """Whether nothing behind this head is HTTP; RFC 9110, 7.8: any other Upgrade is passed over."""
    if request.method == b"CONNECT":
        return True
    headers = request.headers
    body = headers.get(b"content-length", b"0") != b"0" or b"transfer-encoding" in headers
    return (
        request.method == b"GET"
        and version == "1.1"
        and request.path.startswith(WEBSOCKET_PATHS)
        and b"websocket" in _tokens(request, b"upgrade")
        and not body
    )


def _tokens(request: Request, name: bytes) -> list[bytes]:
    """The members of a header that is a list, in lower case."""
    return [token.strip().lower() for token in request.headers.get(name, b"").split(b",")]


def _without_upgrade(request: Request, url: bytes, version: str) -> bytes:
    """The head of a request as if it asked for no other protocol."""
    lines = [b"%b %b HTTP/%b" % (request.method, url, version.encode())]
    for name, value in request.headers.items():
        if name == b"connection":
            value = b", ".join(t for t in _tokens(request, name) if t != b"upgrade")
        if name != b"upgrade":
            lines.append(b"%b: %b" % (name, value))
    return b"\r\n".join(lines) + b"\r\n\r\n"


class Parsing:
    """The requests of one connection, which is told of each as soon as it is whole."""

    def __init__(self, connection: Connection) -> None:
        """Nothing was read yet."""
        self.reading = False
        """Whether a request has begun that is not whole."""
        self.deadline = math.inf
        """When the part of it that is read must have come, by the server's time."""
        self._connection = connection
        self._limits = connection.limits
        self._parser = httptools.HttpRequestParser(self)
        self._next = Request(connection, connection.server.now)
        self._in_head = True
        self._head_bytes = 0
        self._headers = 0
        self._raw_bytes = 0
        self._chunks: list[bytes] = []
        self._body_bytes = 0
        self._again = b""

    def feed(self, data: bytes) -> bytes | None:
        """Parse bytes; ``ApiError`` where they are no request that can be handled.

        Gives what is left of them behind a request for another protocol, which is no HTTP then, or
        to be parsed still, if the request is not heard; None where nothing was asked for.
        """
        partial = self._next
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade as upgrade:
            return self._behind_upgrade(data[upgrade.args[0] :])
        except httptools.HttpParserError as error:
            raise _refusal(error.__context__) from None
        if self.reading and partial is self._next:
            self._count_raw(len(data))
        return None

    def _behind_upgrade(self, rest: bytes) -> bytes:
        if self._again:
            # The parser takes no body after such a head: a new one is shown the head without it.
            rest, self._again = self._again + rest, b""
            self._parser = httptools.HttpRequestParser(self)
        return rest

    def _count_raw(self, size: int) -> None:
        """Bound what the parser itself may gather, which shows in no callback."""
        self._raw_bytes += size
        if self._in_head and self._raw_bytes > self._limits.head_bytes_max:
            raise ApiError(431, "HEADERS_TOO_LARGE")
        most = self._limits.head_bytes_max + self._limits.body_bytes_max * _BODY_RAW_FACTOR
        if self._raw_bytes > most:
            raise ApiError(413, "PAYLOAD_TOO_LARGE")

    # The parser's side.

    def on_message_begin(self) -> None:
        """A request begins."""
        now = self._connection.server.now
        self._next = Request(self._connection, now)
        self.reading = True
        self.deadline = now + self._limits.head_deadline_s
        self._chunks.clear()
        self._body_bytes = self._raw_bytes = self._head_bytes = self._headers = 0

    def on_url(self, url: bytes) -> None:
        """The request line's target, whole or in part."""
        request = self._next
        request.path += url
        if len(request.path) > self._limits.head_bytes_max:
            raise ApiError(414, "URI_TOO_LONG")

    def on_header(self, name: bytes, value: bytes) -> None:
        """A header; trailers come here too and are passed over."""
        if not self._in_head:
            return
        request = self._next
        name = name.lower()
        if name in _WANTED:
            known = request.headers.get(name)
            if known is not None:
                if name == b"host":
                    raise ApiError(400, "BAD_REQUEST", "Host: given twice")
                value = b"%b, %b" % (known, value)
            request.headers[name] = value
        self._headers += 1
        self._head_bytes += len(name) + len(value)
        if self._headers > HEADERS_MAX or self._head_bytes > self._limits.head_bytes_max:
            raise ApiError(431, "HEADERS_TOO_LARGE")

    def on_headers_complete(self) -> None:
        """Refuse early what can't be taken; ask for the body where the client waits to be asked."""
        request = self._next
        parser = self._parser
        request.method = parser.get_method()
        url = request.path
        request.target(url)
        version = parser.get_http_version()
        request.http_1_0 = version == "1.0"
        request.upgrade = parser.should_upgrade()
        headers = request.headers
        if request.upgrade and not _other_protocol(request, version):
            self._again = _without_upgrade(request, url, version)
            return
        self._in_head = False
        self.deadline = self._connection.server.now + self._limits.body_deadline_s
        if b"host" not in headers and version == "1.1":
            raise ApiError(400, "BAD_REQUEST", "Host: missing")
        length = headers.get(b"content-length")
        if length is not None and len(length) < 20 and int(length) > self._limits.body_bytes_max:
            raise ApiError(413, "PAYLOAD_TOO_LARGE")
        expect = headers.get(b"expect")
        if expect is not None and not request.http_1_0:
            if expect.lower() != b"100-continue":
                raise ApiError(417, "EXPECTATION_FAILED")
            self._connection.on_expected()

    def on_body(self, body: bytes) -> None:
        """A part of the body."""
        self._body_bytes += len(body)
        if self._body_bytes > self._limits.body_bytes_max:
            raise ApiError(413, "PAYLOAD_TOO_LARGE")
        self._chunks.append(body)

    def on_message_complete(self) -> None:
        """The request is whole."""
        if self._again:
            return
        request = self._next
        self.reading = False
        self._in_head = True
        chunks = self._chunks
        request.body = chunks[0] if len(chunks) == 1 else b"".join(chunks)
        request.keep_alive = self._parser.should_keep_alive() and not request.upgrade
        self._connection.on_request(request)


def _refusal(cause: BaseException | None) -> ApiError:
    """What is wrong with bytes that the parser, or one of its callbacks, did not take."""
    if isinstance(cause, ApiError):
        return ApiError(cause.status, cause.code, str(cause))
    return ApiError(400, "BAD_REQUEST", "bytes that are no HTTP request")
