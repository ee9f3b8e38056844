"""A login waits for the engine: of several claims of a session the last one's answer counts."""

import asyncio
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import Any, cast

from core import Claimed, Engine, LoginRequested, OrderEntry, Routed
from gateway.binary import BinaryGateway
from gateway.connection import Connection
from gateway.users import User
from protocol import soup
from protocol.soup import Kind
from settings import GatewaySettings
from testing.parts import system_clock


class Sequencer:
    ready = True
    busy = False

    def wake(self) -> None:
        """Nothing is sealed here."""

    def at_rest(self) -> AbstractAsyncContextManager[Engine]:
        raise AssertionError("nothing fails here")


class Line:
    """A connection, and what is written to it."""

    def __init__(self, gateway: BinaryGateway) -> None:
        self.user: User | None = None
        self.peer = "somewhere"
        self.transport = self
        self.packets: list[soup.Packet] = []
        self.reading = True
        self.closed = False
        self.number = gateway.order_entry.connected(-1, self.write)
        gateway._connections[self.number] = cast(Connection, self)

    def write(self, data: bytes) -> None:
        self.packets += soup.Splitter().feed(data)

    def pause_reading(self) -> None:
        self.reading = False

    def wait(self) -> None:
        self.reading = True

    def end(self, how: Callable[[str], None], why: str) -> None:
        how(why)

    def close(self, why: str) -> None:
        self.closed = True

    def is_closing(self) -> bool:
        return self.closed

    @property
    def kinds(self) -> list[Kind]:
        return [packet.kind for packet in self.packets]


def gateway_of(**settings: Any) -> BinaryGateway:
    clock = system_clock()
    limits = GatewaySettings(**settings)
    order_entry = OrderEntry(limits, clock)
    slot = order_entry.add_session(7, 3, 0, 0, 9)
    user = User("ann", "x", 7, slot, "ann", lambda _: "s", cancel_on_disconnect=True)
    return BinaryGateway(
        order_entry,
        [user],
        Sequencer(),
        limits,
        clock,
        events=lambda: cast(Any, None),
        fresh=lambda _: cast(Any, None),
    )


def log_in(gateway: BinaryGateway) -> Line:
    line = Line(gateway)
    asked = LoginRequested(user="ann", password="x", session="", sequence=0)  # noqa: S106
    gateway.login(cast(Connection, line), asked)
    return line


def answer(gateway: BinaryGateway, *, granted: bool) -> None:
    claimed = [Claimed(session=0, granted=granted)]
    nothing: Any = []
    routed = Routed(
        resumed=nothing,
        claimed=claimed,
        moved=nothing,
        ended=nothing,
        behind=nothing,
        opened=nothing,
    )
    gateway.on_output(routed)


async def test_nothing_is_read_or_answered_before_the_claim_is() -> None:
    gateway = gateway_of()
    line = log_in(gateway)
    assert (line.packets, line.reading, gateway.order_entry.waiting) == ([], False, 1)
    answer(gateway, granted=True)
    assert line.kinds == [Kind.LOGIN_ACCEPTED, Kind.DEBUG]
    assert line.reading
    assert gateway.logins == 1


async def test_a_refused_claim_refuses_the_login() -> None:
    gateway = gateway_of()
    line = log_in(gateway)
    answer(gateway, granted=False)
    assert (line.kinds, line.closed) == ([Kind.LOGIN_REJECTED], True)
    assert gateway.rejected_logins.total() == 1
    assert log_in(gateway).packets == []


async def test_the_answer_to_one_who_has_gone_is_not_that_of_the_next() -> None:
    gateway = gateway_of(handover_grace_s=60)
    gone = log_in(gateway)
    gateway.lost(cast(Connection, gone))
    line = log_in(gateway)
    answer(gateway, granted=False)
    assert line.packets == []
    answer(gateway, granted=True)
    assert line.kinds == [Kind.LOGIN_ACCEPTED, Kind.DEBUG]
    gateway.close()


async def test_one_who_goes_before_the_answer_has_left_all_the_same() -> None:
    gateway = gateway_of(handover_grace_s=0)
    gateway.lost(cast(Connection, log_in(gateway)))
    await asyncio.sleep(0.01)
    # The claim, and behind it that the client is gone.
    assert gateway.order_entry.waiting == 2
    answer(gateway, granted=True)
    assert gateway.logins == 0


async def test_while_one_waits_another_login_is_refused() -> None:
    gateway = gateway_of()
    first, second = log_in(gateway), log_in(gateway)
    assert (first.packets, second.kinds) == ([], [Kind.LOGIN_REJECTED])


async def test_after_an_outage_no_old_answer_counts() -> None:
    gateway = gateway_of(handover_grace_s=60)
    line = log_in(gateway)
    gateway.on_outage()
    gateway.lost(cast(Connection, line))
    later = log_in(gateway)
    answer(gateway, granted=True)
    assert later.kinds == [Kind.LOGIN_ACCEPTED, Kind.DEBUG]
    gateway.close()
