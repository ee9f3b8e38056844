"""One TCP connection: HTTP/1.1 on asyncio, parsed by httptools, until it becomes a WebSocket.

Requests of a connection are handled one after the other and answered in order.  What was read is
handled piece by piece, a request or some frames at a time: a client that sends more than a piece
waits for its turn among all who do (``core.Turns``), and its socket is not read meanwhile.  A
request that changes something waits for nobody but those before it on its own connection.
Deadlines are looked at by the server's sweep, so that no request costs a timer.
"""

import asyncio
import contextlib
import math
import socket
from collections import deque
from typing import TYPE_CHECKING, Protocol, cast

from core import FAULTS
from facade.errors import ApiError, error_body
from facade.message import Answer, Request, encode
from facade.parsing import Parsing

if TYPE_CHECKING:
    from facade.server import Server

PIECE_BYTES = 2_048
"""Bytes that are parsed at a time, at most: a head ends a piece, so that it holds one request."""
SHORT_BYTES = 512
"""So few bytes are parsed at once, whatever they hold, as long as a turn has time."""
FRAMES_BYTES = 64
"""Bytes of a client's WebSocket frames that are read at a time: the least of them have six."""
READ_NS = 20_000
"""Nanoseconds that the system takes for a read, about; no clock of ours sees it."""
OPEN_NS = 150_000
"""And for a new connection."""
CLOSE_NS = 50_000
"""And for closing one, with what its socket holds unread."""
_CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
_HEAD_END = b"\r\n\r\n"
_CHANGES = (b"POST", b"PATCH", b"DELETE")


def _is_one(data: bytes, at: int) -> bool:
    """Whether at most one head ends in there."""
    return data.find(_HEAD_END, at) == data.rfind(_HEAD_END, at)


class Upgraded(Protocol):
    """What a connection becomes when it stops speaking HTTP."""

    def feed(self, data: bytes) -> None:
        """Bytes came."""

    def closed(self) -> None:
        """The connection is gone."""

    def sweep(self, now: float) -> None:
        """Look at the deadlines."""


class Connection(asyncio.BufferedProtocol):
    """See the module."""

    transport: asyncio.Transport

    def __init__(self, server: "Server") -> None:
        """Not connected yet."""
        self.server = server
        self.limits = server.limits
        self.upgraded: Upgraded | None = None
        self._parsing = Parsing(self)
        self._queue: deque[Request] = deque()
        self._current: Request | None = None
        self._thrown_away = 0
        self._rest = b""
        self._at = 0
        self._full = False
        self._paused = False
        self._waiting = False
        self._working = False
        self._in_turn = False
        self._took = False
        self._refused = False
        self._over = False
        self._eof = False
        self._stalled_at = math.inf
        self._deadline = math.inf

    # The transport's side.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Register, or refuse one too many."""
        self.transport = cast(asyncio.Transport, transport)
        self.transport.set_write_buffer_limits(high=self.limits.queue_bytes_max)
        self.transport.get_extra_info("socket").setsockopt(
            socket.SOL_SOCKET, socket.SO_RCVBUF, self.limits.unread_bytes_max
        )
        self._deadline = self.server.now + self.limits.idle_deadline_s
        self.server.turns.charge(OPEN_NS)
        if not self.server.register(self):
            self._refuse(503, "BUSY", "as many connections as there may be")

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget it; answers that are under way go nowhere."""
        self.server.unregister(self)
        self._current = None
        self._forget()
        if self.upgraded is not None:
            self.upgraded.closed()
        # What would hold each other, so that it took the collector to find them: in a flood of
        # connections that is a long stop for everybody.
        self.upgraded = None
        self._parsing.forget()
        del self._parsing

    def get_buffer(self, sizehint: int) -> memoryview:
        """Where the next read goes: what stands there is taken before anybody else reads."""
        return self.server.waste if self._refused else self.server.buffer

    def buffer_updated(self, nbytes: int) -> None:
        """Bytes were read."""
        if self._refused:
            self._throw_away(nbytes)
        else:
            self.received(bytes(self.server.buffer[:nbytes]))

    def received(self, data: bytes) -> None:
        """Handle the first piece at once, and more of it where this turn still has time."""
        turns = self.server.turns
        begun = turns.clock()
        # There may be more of it to read: in another turn.
        self._full = len(data) == self.limits.read_bytes_max
        if self._current is not None or self._rest or self._queue:
            self._rest = self._rest[self._at :] + data
            self._at = 0
            self._settle()
        elif self.upgraded is None and len(data) <= SHORT_BYTES and turns.open:
            # The usual: a request, or a part of one; if there are more, they wait.
            self._working = True
            self._parse(data)
            self._working = self._took = False
            if self._queue or self._full or self._rest or self._paused or self._parsing.asks:
                self._settle()
        else:
            self._rest = data
            if self.upgraded is None or turns.open:
                self._work(turns.until(begun))
            else:
                self._settle()
        if self._current is None:
            turns.charge(turns.clock() - begun)

    def _throw_away(self, nbytes: int) -> None:
        """What a refused client still sends is read in turns, and not for ever."""
        self._thrown_away += nbytes
        self._full = True
        if self._thrown_away > self.limits.linger_bytes_max:
            self._end()
        self._settle()

    def go_on(self, until: int) -> None:
        """It is this connection's turn among those who wait."""
        self._waiting = self._full = False
        if self.transport.is_closing():
            return
        if self._over:
            self.server.turns.charge(CLOSE_NS)
            self.transport.abort() if self._refused else self.transport.close()
            return
        self._in_turn = True
        self._work(until)
        self._in_turn = False

    def abort(self) -> None:
        """Cut it."""
        self.transport.abort()

    def failed(self, what: str, error: BaseException) -> None:
        """Something unforeseen went wrong that is this connection's alone: cut it."""
        self.server.faults.caught("connection", what, error)
        self.transport.abort()

    def eof_received(self) -> bool:
        """Finish what is under way or came whole, then close; over TLS it closes at once."""
        self._eof = True
        if not self.transport.can_write_eof():
            return False
        return self.upgraded is None and (self._current is not None or self._has_more())

    def pause_writing(self) -> None:
        """The client does not read: a WebSocket is closed, HTTP waits for it a while."""
        if self.upgraded is not None:
            self.transport.abort()
            return
        self._stalled_at = self.server.now
        self._pause()

    def resume_writing(self) -> None:
        """The client reads again."""
        self._stalled_at = math.inf
        if not self._working:
            self._settle()

    # What came and is not handled yet.

    def _has_more(self) -> bool:
        return bool(self._queue) or self._at < len(self._rest)

    def _forget(self) -> None:
        """Whatever else came is not handled."""
        self._queue.clear()
        self._rest = b""
        self._at = 0

    def _work(self, until: int) -> None:
        """Handle a piece, and more of them until that time; the rest waits for another turn."""
        clock = self.server.turns.clock
        self._working = True
        while self._step() and clock() < until:
            pass
        self._working = False
        self._settle()

    def _step(self) -> bool:
        """Handle a piece, unless something has to come first; whether there is more to handle."""
        if self._current is not None or self._stalled_at != math.inf:
            return False
        if self._queue:
            self._handle(self._queue.popleft())
        elif self._at < len(self._rest):
            begin, self._at = self._at, self._piece()
            piece = self._rest[begin : self._at]
            if self.upgraded is not None:
                self.upgraded.feed(piece)
            else:
                self._took = False
                self._parse(piece)
                self._took = False
        return self._has_more() and not self.transport.is_closing()

    def _piece(self) -> int:
        """Where the next piece ends: behind its first head, if another one follows."""
        rest, at = self._rest, self._at
        if self.upgraded is not None:
            return at + FRAMES_BYTES
        most = at + PIECE_BYTES
        if len(rest) <= most and _is_one(rest, at):
            return most
        end = rest.find(_HEAD_END, at, most)
        return most if end < 0 else end + len(_HEAD_END)

    def _settle(self) -> None:
        """Read on, or wait for a turn, or for the answer or the reader that must come first."""
        if self.transport.is_closing():
            return
        if self._full or self._has_more():
            self._pause()
            if self._current is None and self._stalled_at == math.inf:
                self._wait()
            return
        self._rest = b""
        self._at = 0
        if self._stalled_at == math.inf:
            self._resume()
        if self._parsing.asks and self._current is None and not self._refused:
            self._parsing.asks = False
            self._ask_for_body()
        if self._eof and self._current is None:
            self.transport.close()

    def _ask_for_body(self) -> None:
        """RFC 9110, 10.1.1: what can be refused by its head alone is, and no body is asked for."""
        refusal = self.server.look(self._parsing.request)
        if refusal is None:
            self.transport.write(_CONTINUE)
        else:
            self._refuse_by(refusal)

    def _end(self) -> None:
        """Close it when it is its turn: many may be over at once."""
        self._over = True
        self._wait()

    def _wait(self) -> None:
        if not self._waiting:
            self._waiting = True
            self.server.turns.later(self)

    def _pause(self) -> None:
        if not self._paused:
            self._paused = True
            self.transport.pause_reading()

    def _resume(self) -> None:
        if self._paused:
            self._paused = False
            self.transport.resume_reading()
            self.server.turns.charge(READ_NS)

    def _parse(self, piece: bytes) -> None:
        """Parse; requests that are whole are handled."""
        try:
            rest = self._parsing.feed(piece)
        except ApiError as error:
            self._refuse(error.status, error.code, str(error))
            return
        if rest is not None and not self._refused:
            self._rest = rest + self._rest[self._at :]
            self._at = 0

    # The parser's side.

    def on_request(self, request: Request) -> None:
        """A request is whole: handle it, or let it wait for its turn."""
        if self._refused:
            return
        free = self._current is None and not self._queue and self._stalled_at == math.inf
        # Who only asks can wait for the next turn, where this one has no time left.
        may = request.method in _CHANGES or self._in_turn or self.server.turns.open
        if free and may and not self._took:
            self._took = True
            self._current = request
            self.server.handle(request)
        else:
            self._queue.append(request)

    # The handlers' side.

    def _handle(self, request: Request) -> None:
        self._current = request
        request.started = self.server.now
        if request.refusal is not None:
            self.answer(request, request.refusal)
        else:
            self.server.handle(request)

    def answer(self, request: Request, answer: Answer) -> None:
        """Send the answer to the request under way; any other goes nowhere."""
        if self._current is not request or self.transport.is_closing():
            return
        try:
            self._send(request, answer)
        except FAULTS as error:
            self.failed("an answer could not be sent", error)

    def _send(self, request: Request, answer: Answer) -> None:
        self.server.answers[answer.status] += 1
        if answer.status >= 500:
            self.server.errors.answered(request, answer, self.server.now)
        keep_alive = request.keep_alive and not self.server.closing
        if self._eof and not self._has_more():
            keep_alive = False
        self.transport.write(encode(answer, request, date=self.server.date, keep_alive=keep_alive))
        self._current = None
        if not keep_alive:
            self._linger()
            return
        self._deadline = self.server.now + self.limits.idle_deadline_s
        if self._working:
            return
        if self._paused or self._queue or self._rest or self._eof or self._parsing.asks:
            self._settle()

    def become(self, request: Request, upgraded: Upgraded, head: bytes) -> None:
        """Answer the request under way with ``head`` and speak HTTP no more."""
        if self._current is not request:
            upgraded.closed()
            return
        self._current = None
        # RFC 9110, 7.8: who expects to be asked is, before the protocol changes.
        self.transport.write(_CONTINUE + head if request.expects else head)
        self.upgraded = upgraded

    def _refuse(self, status: int, code: str, error: str) -> None:
        """Answer what was no request that can be handled, when it is its turn, and close."""
        if not self._refused:
            self._refuse_by(Answer(status, error_body(code, error)))

    def _refuse_by(self, refusal: Answer) -> None:
        self._refused = True
        self._rest = b""
        self._at = 0
        request = Request(self, self.server.now)
        request.method = self._parsing.method
        request.keep_alive = False
        request.refusal = refusal
        if self._current is None and not self._queue:
            self._handle(request)
        else:
            self._queue.append(request)

    def _linger(self) -> None:
        """Close for writing, and read what the client still sends for a while, and not too much.

        A socket that is closed with bytes unread resets the connection, which can take the answer
        from a client that has not read it yet.
        """
        self._refused = True
        self._forget()
        if self.transport.is_closing():
            return
        if self._eof:
            self.transport.close()
            return
        if not self.transport.can_write_eof():
            # TLS has a farewell of its own; what comes until the client's is thrown away, as here.
            self.transport.close()
            return
        # A client that is gone already needs no farewell.
        with contextlib.suppress(OSError):
            self.transport.write_eof()
        self._deadline = self.server.now + self.limits.linger_deadline_s
        self._resume()

    # The server's side.

    def sweep(self, now: float) -> None:
        """Look at the deadlines."""
        if self.transport.is_closing():
            return
        if self.upgraded is not None:
            self.upgraded.sweep(now)
        elif now - self._stalled_at > self.limits.write_deadline_s:
            self.transport.abort()
        elif self._has_more():
            # It is we who are late.
            return
        elif self._parsing.reading and not self._refused:
            if now > self._parsing.deadline:
                self._refuse(408, "REQUEST_TIMEOUT", "the request did not come whole in time")
        elif now > self._deadline and self._current is None:
            self._end()

    def shut(self) -> None:
        """The server stops: close now, or after the answer under way."""
        if self.upgraded is None and self._current is None and self._has_more():
            self._linger()
        elif self._current is None or self.upgraded is not None:
            self.transport.close()
