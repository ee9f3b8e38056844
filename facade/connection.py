"""One TCP connection: HTTP/1.1 on asyncio, parsed by httptools, until it becomes a WebSocket.

Requests of a connection are handled one after the other and answered in order; what is pipelined
waits.  Deadlines are looked at by the server's sweep, so that no request costs a timer.
"""

from __future__ import annotations

import asyncio
import contextlib
import math
from collections import deque
from typing import TYPE_CHECKING, Protocol, cast

import httptools

from facade.errors import ApiError, error_body
from facade.message import Answer, Request, encode

if TYPE_CHECKING:
    from facade.server import Server

HEADERS_MAX = 100
"""Header lines of a request; more is answered 431."""
_BODY_RAW_FACTOR = 16
"""Bytes on the wire for each byte of body that may come: chunks of one byte cost so much."""
WEBSOCKET_PATHS = b"/ws/"
"""Where the pages stand that speak WebSocket; no other asks for another protocol with success."""
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
    )
)


class Upgraded(Protocol):
    """What a connection becomes when it stops speaking HTTP."""

    def feed(self, data: bytes) -> None:
        """Bytes came."""

    def closed(self) -> None:
        """The connection is gone."""

    def sweep(self, now: float) -> None:
        """Look at the deadlines."""


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


class Connection(asyncio.Protocol):
    """See the module."""

    transport: asyncio.Transport

    def __init__(self, server: Server) -> None:
        """Not connected yet."""
        self.server = server
        self.limits = server.limits
        self.upgraded: Upgraded | None = None
        self._parser = httptools.HttpRequestParser(self)
        self._queue: deque[Request] = deque()
        self._current: Request | None = None
        self._next = Request(self, server.now)
        self._reading = False
        self._in_head = True
        self._head_bytes = 0
        self._headers = 0
        self._raw_bytes = 0
        self._chunks: list[bytes] = []
        self._body_bytes = 0
        self._refused = False
        self._eof = False
        self._pumping = False
        self._early = b""
        self._again = b""
        self._stalled_at = math.inf
        self._deadline = math.inf

    # The transport's side.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Register, or refuse one too many."""
        self.transport = cast(asyncio.Transport, transport)
        self.transport.set_write_buffer_limits(high=self.limits.queue_bytes_max)
        self._deadline = self.server.now + self.limits.idle_deadline_s
        if not self.server.register(self):
            self._refuse(503, "BUSY", "as many connections as there may be")

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget it; answers that are under way go nowhere."""
        self.server.unregister(self)
        self._current = None
        self._queue.clear()
        if self.upgraded is not None:
            self.upgraded.closed()

    def data_received(self, data: bytes) -> None:
        """Parse; requests that are whole are handled."""
        if self.upgraded is not None:
            self.upgraded.feed(data)
            return
        while data and not self._refused:
            data = self._parse(data)

    def _parse(self, data: bytes) -> bytes:
        """Parse; what is to be parsed still, where another protocol was asked for in vain."""
        partial = self._next
        try:
            self._parser.feed_data(data)
            if self._reading and partial is self._next:
                self._count_raw(len(data))
        except httptools.HttpParserUpgrade as upgrade:
            return self._after_upgrade(data[upgrade.args[0] :])
        except ApiError as error:
            self._refuse(error.status, error.code, str(error))
        except httptools.HttpParserError as error:
            cause = error.__context__
            if isinstance(cause, ApiError):
                self._refuse(cause.status, cause.code, str(cause))
            else:
                self._refuse(400, "BAD_REQUEST", "bytes that are no HTTP request")
        return b""

    def eof_received(self) -> bool:
        """Finish what is under way, then close."""
        self._eof = True
        return self._current is not None and self.upgraded is None

    def pause_writing(self) -> None:
        """The client does not read: a WebSocket is closed, HTTP waits for it a while."""
        if self.upgraded is not None:
            self.transport.abort()
            return
        self._stalled_at = self.server.now
        self.transport.pause_reading()

    def resume_writing(self) -> None:
        """The client reads again."""
        self._stalled_at = math.inf
        if len(self._queue) < self.limits.pipelined_requests_max:
            self.transport.resume_reading()
        self._pump()

    # The parser's side.

    def on_message_begin(self) -> None:
        """A request begins."""
        self._next = Request(self, self.server.now)
        self._reading = True
        self._deadline = self.server.now + self.limits.head_deadline_s
        self._chunks.clear()
        self._body_bytes = self._raw_bytes = self._head_bytes = self._headers = 0

    def on_url(self, url: bytes) -> None:
        """The request line's target, whole or in part."""
        request = self._next
        request.path += url
        if len(request.path) > self.limits.head_bytes_max:
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
        if self._headers > HEADERS_MAX or self._head_bytes > self.limits.head_bytes_max:
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
        self._deadline = self.server.now + self.limits.body_deadline_s
        if b"host" not in headers and version == "1.1":
            raise ApiError(400, "BAD_REQUEST", "Host: missing")
        length = headers.get(b"content-length")
        if length is not None and len(length) < 20 and int(length) > self.limits.body_bytes_max:
            raise ApiError(413, "PAYLOAD_TOO_LARGE")
        expect = headers.get(b"expect")
        if expect is not None and not request.http_1_0:
            self._expect(expect)

    def _expect(self, expect: bytes) -> None:
        if expect.lower() != b"100-continue":
            raise ApiError(417, "EXPECTATION_FAILED")
        if self._current is None and not self._queue:
            self.transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")

    def on_body(self, body: bytes) -> None:
        """A part of the body."""
        self._body_bytes += len(body)
        if self._body_bytes > self.limits.body_bytes_max:
            raise ApiError(413, "PAYLOAD_TOO_LARGE")
        self._chunks.append(body)

    def on_message_complete(self) -> None:
        """The request is whole: handle it, or let it wait for its turn."""
        if self._again:
            return
        request = self._next
        self._reading = False
        self._in_head = True
        self._deadline = math.inf
        chunks = self._chunks
        request.body = chunks[0] if len(chunks) == 1 else b"".join(chunks)
        request.keep_alive = self._parser.should_keep_alive() and not request.upgrade
        if self._refused:
            return
        if self._current is None and not self._queue and self._stalled_at == math.inf:
            self._current = request
            self.server.handle(request)
            return
        self._queue.append(request)
        if len(self._queue) >= self.limits.pipelined_requests_max:
            self.transport.pause_reading()

    def _count_raw(self, size: int) -> None:
        """Bound what the parser itself may gather, which shows in no callback."""
        self._raw_bytes += size
        if self._in_head and self._raw_bytes > self.limits.head_bytes_max:
            raise ApiError(431, "HEADERS_TOO_LARGE")
        most = self.limits.head_bytes_max + self.limits.body_bytes_max * _BODY_RAW_FACTOR
        if self._raw_bytes > most:
            raise ApiError(413, "PAYLOAD_TOO_LARGE")

    # The handlers' side.

    def answer(self, request: Request, answer: Answer) -> None:
        """Send the answer to the request under way; any other goes nowhere."""
        if self._current is not request or self.transport.is_closing():
            return
        self.server.answers[answer.status] += 1
        keep_alive = request.keep_alive and not self.server.closing
        if self._eof and not self._queue:
            keep_alive = False
        self.transport.write(
            encode(
                answer,
                date=self.server.date,
                keep_alive=keep_alive,
                head_only=request.method == b"HEAD",
                http_1_0=request.http_1_0,
            )
        )
        self._current = None
        if not keep_alive:
            self._queue.clear()
            self._linger()
            return
        if self._queue:
            self._pump()
        elif not self._reading:
            self._deadline = self.server.now + self.limits.idle_deadline_s

    def become(self, request: Request, upgraded: Upgraded, head: bytes) -> None:
        """Answer the request under way with ``head`` and speak HTTP no more."""
        if self._current is not request:
            upgraded.closed()
            return
        self._current = None
        self._deadline = math.inf
        self.transport.write(head)
        self.upgraded = upgraded
        if self._early:
            early, self._early = self._early, b""
            upgraded.feed(early)
        self.transport.resume_reading()

    def _after_upgrade(self, rest: bytes) -> bytes:
        """What is to be parsed still of what stands behind a request for another protocol."""
        if self._again:
            # The parser takes no body after such a head: a new one is shown the head without it.
            head, self._again = self._again, b""
            self._parser = httptools.HttpRequestParser(self)
            return head + rest
        if self.upgraded is not None:
            if rest:
                self.upgraded.feed(rest)
            return b""
        self._early = rest
        if self._current is not None or self._queue:
            self.transport.pause_reading()
        return b""

    def _pump(self) -> None:
        """Handle what waits, as long as answers come at once."""
        if self._pumping:
            return
        self._pumping = True
        while self._queue and self._current is None and self._stalled_at == math.inf:
            self._current = request = self._queue.popleft()
            request.started = self.server.now
            self.server.handle(request)
        self._pumping = False
        if (
            len(self._queue) < self.limits.pipelined_requests_max
            and self._stalled_at == math.inf
            and not self.transport.is_closing()
        ):
            self.transport.resume_reading()

    def _refuse(self, status: int, code: str, error: str) -> None:
        """Answer what was no request that can be handled, and close."""
        self._refused = True
        self._reading = False
        self._queue.clear()
        if self._current is not None:
            # Its answer is owed; it is the last.
            self._current.keep_alive = False
            return
        if not self.transport.is_closing():
            self.server.answers[status] += 1
            answer = Answer(status, error_body(code, error))
            date = self.server.date
            self.transport.write(encode(answer, date=date, keep_alive=False))
        self._linger()

    def _linger(self) -> None:
        """Close for writing, and read what the client still sends for a while.

        A socket that is closed with bytes unread resets the connection, which can take the answer
        from a client that has not read it yet.
        """
        self._refused = True
        if self.transport.is_closing():
            return
        # A client that is gone already needs no farewell.
        with contextlib.suppress(OSError):
            self.transport.write_eof()
        self._deadline = self.server.now + self.limits.linger_deadline_s
        self.transport.resume_reading()

    # The server's side.

    def sweep(self, now: float) -> None:
        """Look at the deadlines."""
        if self.upgraded is not None:
            self.upgraded.sweep(now)
        elif now - self._stalled_at > self.limits.write_deadline_s:
            self.transport.abort()
        elif now > self._deadline:
            if self._reading:
                self._refuse(408, "REQUEST_TIMEOUT", "the request did not come whole in time")
            else:
                self.transport.abort() if self._refused else self.transport.close()

    def shut(self) -> None:
        """The server stops: close now, or after the answer under way."""
        if self._current is None or self.upgraded is not None:
            self.transport.close()
