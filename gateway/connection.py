"""One TCP connection of order entry: a thin shell around ``core.OrderEntry``."""

import asyncio
import logging
import socket
import sys
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any, Self, cast

from core import (
    LogoutRequested,
    Malformed,
    OrderEntryConnection,
    Over,
    PutOff,
    ReadFailed,
    ReadOutcome,
    Throttled,
    Wake,
)
from gateway.users import User

if TYPE_CHECKING:
    from gateway.connections import Connections

READ_NS = 60_000
"""Nanoseconds that the system takes for a long read, about; no clock of ours sees it."""
OPEN_NS = 150_000
"""And for a new connection."""
CLOSE_NS = 100_000
"""And for closing one, with what its socket holds unread."""

PIECE_BYTES = 65_536
"""Bytes that are given to TLS at a time: what is below it takes a piece whole, and shows none."""
BYTES_ACKED = 120
"""Where ``tcpi_bytes_acked`` stands in the system's ``tcp_info``."""

log = logging.getLogger("quantscope.gateway")


class Connection(OrderEntryConnection, asyncio.Protocol):
    """Reads are native; what they ask for is decided by the gateway."""

    def __new__(cls, gateway: "Connections[Any]") -> Self:
        """Read for the order entry of a gateway."""
        return super().__new__(cls, gateway.order_entry)

    def __init__(self, gateway: "Connections[Any]") -> None:
        """Wait for the transport."""
        self._gateway = gateway
        self._waiting = False
        self._question: Callable[[], None] | None = None
        self._over: Callable[[], None] | None = None
        self._wake = gateway.sequencer.wake
        self.encrypted = False
        self.peer = ""
        self.called = ""
        """How the log calls it: a session once that is logged in."""
        self._is_over = self._is_stopped = False
        self.user: User | None = None
        """Who is logged in, or waits to be."""
        self._written = self._taken = 0
        """Bytes that the transport was given, and of them those that the system has taken."""
        self._taken_at = 0.0
        self.transport: asyncio.Transport
        self.drained = asyncio.Event()
        self.drained.set()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Be taken, or be closed at once when there are too many."""
        self.transport = cast("asyncio.Transport", transport)
        self.encrypted = transport.get_extra_info("sslcontext") is not None
        self.peer = _address(transport.get_extra_info("peername"))
        self.called = f"{self._gateway.protocol} connection from {self.peer}"
        self._gateway.turns.charge(OPEN_NS)
        self._gateway.opened(self)

    def decide(self, asked: ReadOutcome | None) -> None:
        """Do what a read asks for."""
        if asked is not None:
            self._handle(asked)
        # Whatever was read before; ``Wake`` asks for nothing else.
        self._wake()

    def _handle(self, asked: ReadOutcome) -> None:
        match asked:
            case PutOff():
                self.put_off()
            case Throttled():
                self.transport.pause_reading()
                self._gateway.throttled.add(self.number)
            case LogoutRequested():
                self.close("logout")
            case ReadFailed(reason=why):
                self._gateway.faults.caught("connection", f"a read of {self.peer}: {why}", None)
                self.abort("its read failed")
            case Over(reason=why):
                self.end(self.close, why)
            case Malformed(reason=why):
                self.end(self.close, f"malformed: {why}")
            case _:
                self._gateway.decide(self, asked)

    def put_off(self, answer: Callable[[], None] | None = None) -> None:
        """The answer to a question, and what comes after much at once, waits for its turn."""
        self._question = answer
        if not self.transport.is_closing() and not self._is_stopped:
            self.transport.pause_reading()
            self.wait()

    def wait(self) -> None:
        """Go on, and read on, when it is this connection's turn."""
        if not self._waiting:
            self._waiting = True
            self._gateway.turns.later(self)

    def go_on(self, until: int) -> None:
        """Answer a question, and take a turn's bytes of what was read."""
        self._waiting = False
        over, self._over = self._over, None
        question, self._question = self._question, None
        if self.transport.is_closing():
            return
        if over is not None:
            self._gateway.turns.charge(CLOSE_NS)
            over()
            return
        if self._is_stopped:
            return
        if question is not None:
            if not self.drained.is_set():
                # Nobody makes answers for who does not read them: see ``resume_writing``.
                self._question = question
                return
            question()
            if self.transport.is_closing():
                return
        if self._gateway.is_crowded(self):
            self.wait()
            return
        asked = self.receive(b"")
        if asked is None or isinstance(asked, Wake):
            self.transport.resume_reading()
            self._gateway.turns.charge(READ_NS)
        if asked is not None:
            self.decide(asked)

    def stop(self) -> None:
        """Take nothing more of what its client sends, and has sent."""
        self._is_stopped = True
        self.transport.pause_reading()

    def end(self, how: Callable[[str], None], why: str) -> None:
        """Close it when it is its turn, for many may be over at once; it is read no more."""
        if not self.transport.is_closing():
            self._over = partial(how, why)
            self.transport.pause_reading()
            self.wait()

    def write(self, data: bytes) -> None:
        """Write behind all that was written before; what comes once it closes goes nowhere."""
        if not self.transport.is_closing():
            self._written += len(data)
            if self.encrypted:
                for at in range(0, len(data), PIECE_BYTES):
                    self.transport.write(data[at : at + PIECE_BYTES])
            else:
                self.transport.write(data)

    @property
    def unread_bytes(self) -> int:
        """Bytes that the transport holds back, for the system takes none for its reader."""
        size: int = self.transport.get_write_buffer_size()
        return size

    def silent_since(self, now: float) -> float:
        """For how many seconds nothing was taken, of what the transport holds back."""
        # Of what lies below TLS the transport does not tell.
        taken = self._acked() if self.encrypted else self._written - self.unread_bytes
        if taken != self._taken:
            self._taken, self._taken_at = taken, now
        return now - self._taken_at

    def _acked(self) -> int:
        """Bytes that the client's system has acknowledged, with those of TLS."""
        sock = self.transport.get_extra_info("socket")
        if sock is None:
            return self._taken  # it is gone, and about to be told so
        told: bytes = sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, BYTES_ACKED + 8)
        return int.from_bytes(told[BYTES_ACKED:], sys.byteorder)

    def close(self, why: str, *, level: int = logging.INFO) -> None:
        """Write what is left, then close the connection."""
        log.log(level, "%s is closed: %s", self.called, why)
        self._nothing_more()
        out = self._gateway.order_entry.take_out(self.number)
        if out:
            self.write(out)
        self.transport.close()

    def abort(
        self, why: str = "a fault, which is in the log", *, level: int = logging.WARNING
    ) -> None:
        """Close the connection at once: its reader does not read."""
        log.log(level, "%s is cut: %s", self.called, why)
        self._nothing_more()
        self.transport.abort()

    def _nothing_more(self) -> None:
        """A transport that closes takes nothing more; neither is the socket to."""
        self._is_over = True
        if self.number >= 0 and not self.transport.is_closing():
            self._gateway.order_entry.set_direct(self.number, direct=False)

    def pause_writing(self) -> None:
        """The transport's buffer is above its high-water mark."""
        self.drained.clear()
        self._taken_at = asyncio.get_running_loop().time()
        self._gateway.paused(self)

    def resume_writing(self) -> None:
        """The transport's buffer is below its low-water mark."""
        self.drained.set()
        self._gateway.resumed(self)
        if self._question is not None:
            self.wait()

    def connection_lost(self, exc: Exception | None) -> None:
        """The connection is gone."""
        self.drained.set()
        if not self._is_over and self.user is not None:
            why = "its client has closed it" if exc is None else str(exc)
            log.info("%s is lost: %s", self.called, why)
        self._gateway.lost(self)


def _address(peer: object) -> str:
    """Where a connection comes from; brackets part an address with colons from its port."""
    match peer:
        case (str(host), int(port), *_):
            return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    return "nowhere"
