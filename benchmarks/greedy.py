"""Clients that ask for all they can get: what one connection sends, as fast as it is taken.

    python -m benchmarks.greedy get --connections 64 --http 8080 --binary 9879 --seconds 5

``burn`` is the measure of them all: it asks for nothing and only takes its share of a processor.
"""

import contextlib
import json
import select
import socket
import time
from collections.abc import Callable, Mapping
from typing import NamedTuple

import click

from protocol import sbe, soup
from protocol.messages import NewOrderSingle, OrderStatusRequest
from protocol.soup import Kind
from protocol.terms import ExecInst, OrdType, Side

WRITE_BYTES = 128 * 1024
"""Bytes offered to the socket at a time: the client is not to be what is slow."""
READ_BYTES = 256 * 1024
BURN_PERIOD_S = 0.004
"""A burner works for its share of this long, and sleeps for the rest."""
PAUSE_S = 0.01
"""How long a client that was turned away waits before it comes again."""


class Greed(NamedTuple):
    """One kind: where it goes, what it says first, and what it then says without end."""

    http: bool
    again: bytes
    hello: Callable[[int], bytes] = lambda _: b""
    """Said once by a connection of this number, and something is read before it goes on."""


def _get(target: str, head: str = "GET") -> bytes:
    return f"{head} {target} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode()


def _handshake(number: int) -> bytes:
    return (
        f"GET /ws/notifications?user_id=greedy{number} HTTP/1.1\r\nHost: localhost\r\n"
        "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    ).encode()


def _login(number: int) -> bytes:
    return soup.LoginRequest(f"g{number}", "demo").encode()


def _request(message: OrderStatusRequest | NewOrderSingle) -> bytes:
    return soup.encode(Kind.UNSEQUENCED, sbe.encode(message))


_BAD_POST = (
    b"POST /orders HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
    b"Content-Length: 2\r\n\r\n{}"
)
_STATUS = _request(OrderStatusRequest(1, 10**15, None, 1))
_REPEAT = _request(
    NewOrderSingle(1, 10**8, 10**8, None, 1, Side.BUY, OrdType.LIMIT, None, ExecInst.NONE, None)
)
KINDS: Mapping[str, Greed] = {
    "get": Greed(http=True, again=_get("/health")),
    "pong": Greed(http=True, again=b"\x8a\x80\0\0\0\0", hello=_handshake),
    "packets": Greed(http=False, again=soup.encode(Kind.CLIENT_HEARTBEAT)),
    "status": Greed(http=False, again=_STATUS, hello=_login),
    "malformed": Greed(http=True, again=b"\x00\x01no request\r\n\r\n"),
    "malformed-packets": Greed(http=False, again=b"\0\0\0"),
    # Beyond what the bar names.
    "ping": Greed(http=True, again=b"\x89\x80\0\0\0\0", hello=_handshake),
    "data": Greed(http=True, again=b"\x82\x80\0\0\0\0", hello=_handshake),
    "refused": Greed(http=True, again=_BAD_POST),
    "metrics": Greed(http=True, again=_get("/metrics")),
    "book": Greed(http=True, again=_get("/orderbook/BTCUSD?depth=10000")),
    "heartbeats": Greed(http=False, again=soup.encode(Kind.CLIENT_HEARTBEAT), hello=_login),
    "repeats": Greed(http=False, again=_REPEAT, hello=_login),
    "unreadable": Greed(http=False, again=soup.encode(Kind.UNSEQUENCED, b""), hello=_login),
}


class Line:
    """One connection, opened again whenever the server closes it."""

    def __init__(self, greed: Greed, number: int, port: int) -> None:
        """Not connected yet."""
        self.sent = self.read = self.opened = 0
        self.again_at = 0.0
        whole = max(1, WRITE_BYTES // len(greed.again))
        self._payload = memoryview(greed.again * whole)
        self._greed, self._number, self._port = greed, number, port
        self._at = 0
        self.socket: socket.socket | None = None

    def open(self) -> bool:
        """Connect and say hello; False when the server won't have it now."""
        self._at = 0
        line = socket.create_connection(("127.0.0.1", self._port), timeout=30)
        try:
            if hello := self._greed.hello(self._number):
                line.sendall(hello)
                if not line.recv(4096):
                    raise ConnectionResetError
        except OSError:
            line.close()
            return False
        line.setblocking(False)
        self.socket = line
        self.opened += 1
        return True

    def on_ready(self, events: int, buffer: bytearray) -> bool:
        """Send and read what goes; False when the server has closed the line."""
        line = self.socket
        assert line is not None
        try:
            if events & select.EPOLLIN:
                found = line.recv_into(buffer)
                self.read += found
                if not found:
                    return False
            if events & select.EPOLLOUT:
                done = line.send(self._payload[self._at :])
                self.sent += done
                self._at = (self._at + done) % len(self._payload)
        except BlockingIOError:
            return True
        except OSError:
            return False
        return not events & (select.EPOLLERR | select.EPOLLHUP)

    def close(self) -> None:
        """Gone for now."""
        if self.socket is not None:
            self.socket.close()
            self.socket = None


def flood(lines: list[Line], seconds: float) -> None:
    """Send on every line for so long."""
    poller, buffer = select.epoll(), bytearray(READ_BYTES)
    by_fd: dict[int, Line] = {}
    away = list(lines)
    end = time.monotonic() + seconds
    while (now := time.monotonic()) < end:
        for line in [line for line in away if line.again_at <= now]:
            if line.open():
                away.remove(line)
                assert line.socket is not None
                by_fd[line.socket.fileno()] = line
                poller.register(line.socket, select.EPOLLIN | select.EPOLLOUT)
            else:
                line.again_at = now + PAUSE_S
        for fd, events in poller.poll(PAUSE_S if away else 0.1):
            line = by_fd[fd]
            if not line.on_ready(events, buffer):
                poller.unregister(fd)
                del by_fd[fd]
                line.close()
                line.again_at = time.monotonic() + PAUSE_S
                away.append(line)
    for line in lines:
        line.close()


def burn(share: float, seconds: float) -> None:
    """Take this share of a processor, and nothing else."""
    end = time.monotonic() + seconds
    while (begin := time.monotonic()) < end:
        while time.monotonic() - begin < share * BURN_PERIOD_S:
            pass
        time.sleep((1 - share) * BURN_PERIOD_S)


@click.command()
@click.argument("kind", type=click.Choice([*KINDS, "burn"]))
@click.option("--connections", default=1)
@click.option("--http", default=8080)
@click.option("--binary", default=9879)
@click.option("--seconds", default=5.0)
@click.option("--share", default=1.0, help="Of a processor, for burn.")
def main(
    kind: str, *, connections: int, http: int, binary: int, seconds: float, share: float
) -> None:
    """Be greedy for a while, and print what it came to as JSON."""
    begin, used = time.monotonic(), time.process_time()
    lines: list[Line] = []
    if kind == "burn":
        burn(share, seconds)
    else:
        greed = KINDS[kind]
        port = http if greed.http else binary
        lines = [Line(greed, number + 1, port) for number in range(connections)]
        with contextlib.suppress(ConnectionRefusedError):
            flood(lines, seconds)
    took = time.monotonic() - begin
    said = {
        "share": (time.process_time() - used) / took,
        "sent_mb_per_s": sum(line.sent for line in lines) / took / 1e6,
        "read_mb_per_s": sum(line.read for line in lines) / took / 1e6,
        "opened": sum(line.opened for line in lines),
    }
    print(json.dumps(said), flush=True)


if __name__ == "__main__":
    main()
