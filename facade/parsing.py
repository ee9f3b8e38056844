"""Bytes into requests: httptools, what RFC 9112 asks for beside it, and the limits of a request.

``tests/facade/test_letter.py`` is the table of what the standards ask of a server.
"""

import math
import re
from typing import TYPE_CHECKING

import httptools

from facade import target
from facade.errors import ApiError
from facade.message import Request
from facade.server_errors import REQUEST_ID

if TYPE_CHECKING:
    from facade.connection import Connection

HEADERS_MAX = 100
"""Header lines of a request; more is answered 431."""
_BODY_RAW_FACTOR = 16
"""Bytes on the wire for each byte of body that may come: chunks of one byte cost so much."""
WEBSOCKET_PATHS = b"/ws/"
"""Where the pages stand that speak WebSocket; no other asks for another protocol with success."""
_OTHER_VERSION = ("Invalid HTTP version", "Pause on PRI/Upgrade")
"""What the parser says of a version that it does not know; the last is how HTTP/2 begins."""
_OTHER_METHOD = re.compile(rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]+ \S+ HTTP/1\.[01]\r\n")
"""A request line whose method the parser does not know."""
_CRLF = b"\r\n"
_WANTED = frozenset(
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
        REQUEST_ID,
    )
)


def _other_protocol(request: Request) -> bool:
    """Whether nothing behind this head is HTTP; RFC 9110, 7.8: any other Upgrade is passed over."""
    return (
        request.method == b"GET"
        and not request.http_1_0
        and request.path.startswith(WEBSOCKET_PATHS)
        and b"websocket" in _tokens(request, b"upgrade")
        and not _has_content(request)
    )


def _has_content(request: Request) -> bool:
    length = request.headers.get(b"content-length", b"0")
    return bool(length.strip(b"0")) or b"transfer-encoding" in request.headers


def _tokens(request: Request, name: bytes) -> list[bytes]:
    """The members of a header that is a list, in lower case."""
    members = request.headers.get(name, b"").lower().split(b",")
    return [member for member in map(bytes.strip, members) if member]


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

    def __init__(self, connection: "Connection") -> None:
        """Nothing was read yet."""
        self.reading = False
        """Whether a request has begun that is not whole."""
        self.asks = False
        """Whether the client waits to be asked for the body of that request."""
        self.deadline = math.inf
        """When the part of it that is read must have come, by the server's time."""
        self._connection = connection
        self._limits = connection.limits
        self._parser = httptools.HttpRequestParser(self)
        self._next = Request(connection, connection.server.now)
        self._in_head = True
        self._in_body = False
        self._head_bytes_max = self._limits.head_bytes_max
        self._head_bytes_left = self._headers_left = 0
        self._raw_bytes = 0
        self._chunks: list[bytes] = []
        self._body_bytes = 0
        self._again = b""
        self._fed = b""
        self._first = True
        self._held = b""

    @property
    def method(self) -> bytes:
        """The method of the request that is being read, if that much of it is known."""
        return self._parser.get_method() if self.reading and self._next.path else b""

    @property
    def request(self) -> Request:
        """The request that is being read, as far as it has come."""
        return self._next

    def feed(self, data: bytes) -> bytes | None:
        """Parse bytes; ``ApiError`` where they are no request that can be handled.

        Gives what is left of them behind a request for another protocol, which is no HTTP then, or
        to be parsed still, if the request is not heard; None where nothing was asked for.
        """
        partial = self._next
        if not self.reading and (data[0] in _CRLF or self._held):
            data = self._without_empty_lines(self._held + data)
            if not data:
                return None
        self._fed = self._fed + data if self.reading and self._in_head else data
        self._first = True
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade as upgrade:
            return self._behind_upgrade(data[upgrade.args[0] :])
        except httptools.HttpParserError as error:
            raise self._refusal(error) from None
        if self.reading:
            self._wait_for_more(len(data), begun=partial is not self._next)
        return None

    def forget(self) -> None:
        """Nothing more comes; the parser holds on to whom it calls."""
        del self._parser, self._next

    def _behind_upgrade(self, rest: bytes) -> bytes:
        if self._again:
            # The parser takes no body after such a head: a new one is shown the head without it.
            rest, self._again = self._again + rest, b""
            self._parser = httptools.HttpRequestParser(self)
        return rest

    def _without_empty_lines(self, data: bytes) -> bytes:
        """RFC 9112, 2.2: empty lines before a request are passed over; half of one is no line."""
        at = 0
        while data.startswith(_CRLF, at):
            at += len(_CRLF)
        data = data[at:]
        self._held = b"\r" if data == b"\r" else b""
        if self._held:
            return b""
        if data and data[:1] in _CRLF:
            raise ApiError(400, "BAD_REQUEST", "half an end of a line before a request")
        return data

    def _refusal(self, error: httptools.HttpParserError) -> ApiError:
        """What is wrong with bytes that the parser, or one of its callbacks, did not take."""
        cause = error.__context__
        if isinstance(cause, ApiError):
            return ApiError(cause.status, cause.code, str(cause))
        if str(error) in _OTHER_VERSION:
            return ApiError(505, "HTTP_VERSION_NOT_SUPPORTED")
        unknown = isinstance(error, httptools.HttpParserInvalidMethodError)
        if unknown and self._first and _OTHER_METHOD.match(self._fed):
            return ApiError(501, "NOT_IMPLEMENTED", "the method of the request is not known")
        return ApiError(400, "BAD_REQUEST", "bytes that are no HTTP request")

    def _wait_for_more(self, size: int, *, begun: bool) -> None:
        """A request is not whole: bound the time for it, and what the parser itself may gather."""
        now = self._connection.server.now
        if begun:
            self.deadline = now + self._limits.head_deadline_s
            self._in_body = False
        if not self._in_head and not self._in_body:
            self.deadline = now + self._limits.body_deadline_s
            self._in_body = True
        if not begun:
            self._count_raw(size)

    def _count_raw(self, size: int) -> None:
        """What was fed shows in no callback where it belongs to nothing that is whole."""
        self._raw_bytes += size
        if self._in_head and self._raw_bytes > self._head_bytes_max:
            raise ApiError(431, "HEADERS_TOO_LARGE")
        most = self._head_bytes_max + self._limits.body_bytes_max * _BODY_RAW_FACTOR
        if self._raw_bytes > most:
            raise ApiError(413, "PAYLOAD_TOO_LARGE")

    # The parser's side.

    def on_message_begin(self) -> None:
        """A request begins."""
        connection = self._connection
        self._next = Request(connection, connection.server.now)
        self.reading = True
        self._body_bytes = self._raw_bytes = 0
        self._head_bytes_left = self._head_bytes_max
        self._headers_left = HEADERS_MAX

    def on_url(self, url: bytes) -> None:
        """The request line's target, whole or in part."""
        request = self._next
        request.path += url
        if len(request.path) > self._head_bytes_max:
            raise ApiError(414, "URI_TOO_LONG")

    def on_header(self, name: bytes, value: bytes) -> None:
        """A header; trailers come here too and are passed over (RFC 9112, 7.1.2).

        The parser would hear of Connection there, too.
        """
        if not self._in_head:
            if name.lower() == b"connection":
                raise ApiError(400, "BAD_REQUEST", "Connection: not among trailers")
            return
        name = name.lower()
        if name in _WANTED:
            self._keep(name, value.strip(b" \t"))
        self._headers_left -= 1
        self._head_bytes_left -= len(name) + len(value)
        if self._headers_left < 0 or self._head_bytes_left < 0:
            raise ApiError(431, "HEADERS_TOO_LARGE")

    def _keep(self, name: bytes, value: bytes) -> None:
        headers = self._next.headers
        if name in headers:
            if name == b"host":
                raise ApiError(400, "BAD_REQUEST", "Host: given twice")
            value = b"%b, %b" % (headers[name], value)
        headers[name] = value

    def on_headers_complete(self) -> None:
        """Refuse early what can't be taken; note where the client waits to be asked for a body."""
        request = self._next
        parser = self._parser
        request.method = method = parser.get_method()
        url = request.path
        version = parser.get_http_version()
        if version != "1.1":
            self._check_version(version)
        request.path, request.query, authority = target.parse(method, url)
        request.upgrade = parser.should_upgrade()
        if request.upgrade and not _other_protocol(request):
            self._again = _without_upgrade(request, url, version)
            return
        self._in_head = False
        headers = request.headers
        host = headers.get(b"host")
        if not host or authority is not None or not target.is_host(host):
            self._check_host(headers, authority)
        if b"transfer-encoding" in headers:
            self._check_codings()
        length = headers.get(b"content-length")
        if length is not None and len(length) < 20 and int(length) > self._limits.body_bytes_max:
            raise ApiError(413, "PAYLOAD_TOO_LARGE")
        if b"expect" in headers and not request.http_1_0:
            self._check_expectations()

    def _check_version(self, version: str) -> None:
        """Only HTTP/1.1 and 1.0; the parser takes other protocols for the latter."""
        if version != "1.0":
            raise ApiError(505, "HTTP_VERSION_NOT_SUPPORTED")
        if b" HTTP/1.0\r\n" not in self._fed:
            raise ApiError(400, "BAD_REQUEST", "another protocol than HTTP")
        self._next.http_1_0 = True

    def _check_host(self, headers: dict[bytes, bytes], authority: bytes | None) -> None:
        """RFC 9112, 3.2: one Host, well-formed; 3.2.2: what the target names stands above it."""
        host = headers.get(b"host")
        if host is None:
            if not self._next.http_1_0:
                raise ApiError(400, "BAD_REQUEST", "Host: missing")
        elif not target.is_host(host):
            raise ApiError(400, "BAD_REQUEST", "Host: no host")
        elif not host:
            # RFC 9112, 3.3: as good as absent, and we are who is meant.
            del headers[b"host"]
        if authority is not None:
            headers[b"host"] = authority

    def _check_expectations(self) -> None:
        """RFC 9110, 10.1.1."""
        request = self._next
        members = _tokens(request, b"expect")
        if any(member != b"100-continue" for member in members):
            raise ApiError(417, "EXPECTATION_FAILED")
        request.expects = bool(members)
        self.asks = request.expects and _has_content(request)

    def _check_codings(self) -> None:
        """RFC 9112, 6.1 and 6.3: the last coding is ``chunked``, and no other one is known."""
        codings = _tokens(self._next, b"transfer-encoding")
        if self._next.http_1_0:
            raise ApiError(400, "BAD_REQUEST", "Transfer-Encoding: there is none in HTTP/1.0")
        if codings[-1:] != [b"chunked"]:
            raise ApiError(400, "BAD_REQUEST", "Transfer-Encoding: must end with chunked")
        if len(codings) > 1:
            raise ApiError(501, "NOT_IMPLEMENTED", "Transfer-Encoding: only chunked is known")

    def on_body(self, body: bytes) -> None:
        """A part of the body."""
        self.asks = False
        self._body_bytes += len(body)
        if self._body_bytes > self._limits.body_bytes_max:
            raise ApiError(413, "PAYLOAD_TOO_LARGE")
        self._chunks.append(body)

    def on_message_complete(self) -> None:
        """The request is whole."""
        if self._again:
            return
        request = self._next
        self.reading = self.asks = self._first = False
        self._in_head = True
        if chunks := self._chunks:
            request.body = chunks[0] if len(chunks) == 1 else b"".join(chunks)
            self._chunks = []
        request.keep_alive = self._parser.should_keep_alive() and not request.upgrade
        if request.http_1_0 and b"close" in _tokens(request, b"connection"):
            # RFC 9112, 9.3: it stands above keep-alive.
            request.keep_alive = False
        self._connection.on_request(request)
