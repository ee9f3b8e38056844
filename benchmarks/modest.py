"""Two users who want little: a binary session and a REST user, 200 orders a second each.

    python -m benchmarks.modest --http 8080 --binary 9879 --seconds 5

Plain sockets, one order under way for each of them.  A latency runs from the order's time in the
schedule where the answer before it was late, else from the write: to the first report, or the
answer's last byte.
"""

import json
import select
import socket
import time
from abc import ABC, abstractmethod

import click

from core import shorten_slice
from protocol import sbe, soup
from protocol.messages import NewOrderSingle
from protocol.soup import Kind
from protocol.terms import ExecInst, OrdType, Side, TimeInForce

RATE = 200
"""Orders a second of each user."""
ONE = 10**8
_BODY = (
    b'{"symbol":"BTCUSD","side":"BUY","order_type":"LIMIT","time_in_force":"IOC","price":"1",'
    b'"quantity":"1","user_id":"modest"}'
)
_POST = (
    b"POST /orders HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
    b"Content-Length: %d\r\n\r\n%b" % (len(_BODY), _BODY)
)


class User(ABC):
    """One of them: an order, its answer, the next order when it is due."""

    def __init__(self, port: int, due: float) -> None:
        """The first order is due at this time."""
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=30)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.latencies: list[float] = []
        self.due = due
        self.asked = False
        self._begun = 0.0
        self._answered = 0.0

    @abstractmethod
    def order(self) -> bytes:
        """The next order."""

    @abstractmethod
    def is_answered(self, data: bytes) -> bool:
        """Whether the order is answered with what was read now."""

    def ask(self) -> None:
        """Send the order that is due."""
        order = self.order()
        self.asked = True
        self._begun = self.due if self._answered > self.due else time.perf_counter()
        self.socket.sendall(order)

    def on_ready(self) -> None:
        """Read what came."""
        data = self.socket.recv(65536)
        if not data:
            raise ConnectionResetError("a modest user was cut off")
        now = time.perf_counter()
        if self.asked and self.is_answered(data):
            self.latencies.append(now - self._begun)
            self.asked = False
            self._answered = now
            self.due += 1 / RATE


class Session(User):
    """By the binary protocol: the first report of an order answers it."""

    def __init__(self, port: int, due: float, name: str) -> None:
        """Log in, and go on behind what this session has sent before."""
        super().__init__(port, due)
        self._splitter = soup.Splitter()
        self.socket.sendall(soup.LoginRequest(name, "demo").encode())
        packets: list[soup.Packet] = []
        while len(packets) < 2:
            packets += self._splitter.feed(self.socket.recv(4096))
        assert packets[0].kind == Kind.LOGIN_ACCEPTED, packets
        self._number = int(packets[1].payload.split()[0].partition(b"=")[2])

    def order(self) -> bytes:
        """An order that finds nobody, and does not stay."""
        self._number += 1
        order = NewOrderSingle(
            self._number, ONE, ONE, None, 1, Side.BUY, OrdType.LIMIT, TimeInForce.IOC,
            ExecInst.NONE, None,
        )  # fmt: skip
        return soup.encode(Kind.UNSEQUENCED, sbe.encode(order))

    def is_answered(self, data: bytes) -> bool:
        """By a report; heartbeats are none, and the end of an order comes with its beginning."""
        return any(packet.kind == Kind.SEQUENCED for packet in self._splitter.feed(data))


class RestUser(User):
    """By REST: one connection, kept."""

    _got = b""

    def order(self) -> bytes:
        """An order that finds nobody, and does not stay."""
        self._got = b""
        return _POST

    def is_answered(self, data: bytes) -> bool:
        """When the last byte of the body is there."""
        self._got += data
        head, found, body = self._got.partition(b"\r\n\r\n")
        if not found:
            return False
        if not head.startswith(b"HTTP/1.1 201"):
            raise ConnectionError(f"an order was answered {head[:40]!r}")
        length = int(head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0])
        return len(body) >= length


def run(users: list[User], seconds: float) -> None:
    """Place orders as they are due."""
    end = time.perf_counter() + seconds
    while (now := time.perf_counter()) < end:
        for user in users:
            if not user.asked and user.due <= now:
                user.ask()
        next_due = min((user.due for user in users if not user.asked), default=now + 1)
        timeout = max(0.0, min(next_due - time.perf_counter(), 0.1))
        ready, _, _ = select.select([user.socket for user in users], [], [], timeout)
        for user in users:
            if user.socket in ready:
                user.on_ready()


def figures(user: User) -> dict[str, float]:
    """In microseconds; an order that is still unanswered counts as long as it has waited."""
    found = sorted(user.latencies)
    if user.asked:
        found.append(time.perf_counter() - user._begun)
        found.sort()
    at = {"p50": 0.5, "p99": 0.99, "max": 1.0}
    said = {name: 1e6 * found[min(int(q * len(found)), len(found) - 1)] for name, q in at.items()}
    return said | {"orders": len(user.latencies)}


@click.command()
@click.option("--http", default=8080)
@click.option("--binary", default=9879)
@click.option("--seconds", default=5.0)
@click.option("--user", default="modest")
def main(*, http: int, binary: int, seconds: float, user: str) -> None:
    """Place orders for a while, and print the latencies as JSON."""
    shorten_slice()
    begin = time.perf_counter() + 0.01
    users = [Session(binary, begin, user), RestUser(http, begin + 0.5 / RATE)]
    run(users, seconds)
    session, rest = users
    print(json.dumps({"binary": figures(session), "rest": figures(rest)}), flush=True)


if __name__ == "__main__":
    main()
