"""What one line sends is handled a little in each turn of the loop, in order, and not lost."""

import asyncio
import gc
import weakref
from collections import Counter
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import uvloop

from core import Turns
from gateway.connection import Connection
from protocol import messages as m
from protocol import soup
from protocol.soup import Kind
from testing.client import Client
from testing.in_process import InProcess
from tests.gateway.inside import inside

Run = Callable[[Coroutine[Any, Any, None]], None]
TURN_BYTES = 1_024
SETTINGS = (f"gateway.turn_bytes_max={TURN_BYTES}", "gateway.turn_us_max=100")
STEP_NS = 50_000
"""As long as each look at the clock takes in these tests: a turn has time for two that wait."""
HEARTBEAT = soup.encode(Kind.CLIENT_HEARTBEAT)


@pytest.fixture(params=[asyncio.run, uvloop.run], ids=["asyncio", "uvloop"])
def run(request: pytest.FixtureRequest) -> Run:
    """Runs a scenario on each of the two event loops; the exchange itself uses uvloop."""
    loop: Run = request.param
    return loop


class Watch:
    """How often each line went on between two turns of the loop."""

    def __init__(self, served: InProcess) -> None:
        self.served = served
        self.turn = 0
        self.went_on: Counter[tuple[int, int]] = Counter()
        self.running = True
        self._now = 0
        served.gateway.turns = Turns(100, self._clock)
        self._next_turn()

    def _clock(self) -> int:
        self._now += STEP_NS
        return self._now

    def _next_turn(self) -> None:
        self.turn += 1
        if self.running:
            asyncio.get_running_loop().call_soon(self._next_turn)

    def look_at(self, line: Connection) -> None:
        go_on = line.go_on

        def counted(until: int) -> None:
            self.went_on[self.turn, line.number] += 1
            go_on(until)

        line.go_on = counted  # type: ignore[method-assign]

    @property
    def total(self) -> int:
        return sum(self.went_on.values())


@asynccontextmanager
async def watched(directory: Path, *settings: str) -> AsyncIterator[Watch]:
    async with asyncio.timeout(60), inside(directory, *SETTINGS, *settings) as served:
        watch = Watch(served)
        try:
            yield watch
        finally:
            watch.running = False


async def until(holds: Callable[[], bool]) -> None:
    while not holds():
        await asyncio.sleep(0)


async def line_of(watch: Watch) -> Connection:
    lines = watch.served.lines
    watch.look_at(lines[-1])
    return lines[-1]


async def test_packets_before_a_login_are_read_a_little_in_each_turn(tmp_path: Path) -> None:
    # How many turns the other's order takes is not to depend on a disk.
    async with watched(tmp_path, "journal.adapter=memory") as watch:
        other = await Client(watch.served.binary, "demo2").login()
        flooding = await Client(watch.served.binary, "demo1").connect()
        await until(lambda: len(watch.served.lines) == 2)
        await line_of(watch)
        flood = HEARTBEAT * 200_000
        flooding.send(flood)
        flooding.send(soup.LoginRequest("demo1", "demo").encode())
        await until(lambda: watch.total > 5)
        other.place(1)
        await other.expect_new(1)
        assert watch.total * TURN_BYTES < len(flood)
        assert (await flooding.packet()).kind == Kind.LOGIN_ACCEPTED
        assert watch.total >= len(flood) // TURN_BYTES
        assert max(watch.went_on.values()) <= 2
        await other.logout()


PACKETS = {
    "heartbeats": HEARTBEAT,
    "debug": soup.encode(Kind.DEBUG, b"x"),
    "status": None,
    "unreadable": soup.encode(Kind.UNSEQUENCED, b"?"),
}


@pytest.mark.parametrize("kind", PACKETS)
async def test_packets_of_a_session_are_read_a_little_in_each_turn(
    tmp_path: Path, kind: str
) -> None:
    count = 3_000
    async with watched(tmp_path) as watch:
        other = await Client(watch.served.binary, "demo2").login()
        flooding = await Client(watch.served.binary, "demo1").login()
        await line_of(watch)
        for number in range(1, count + 1):
            packet = PACKETS[kind]
            if packet is None:
                flooding.request(m.OrderStatusRequest(number, 1, None, 1))
            else:
                flooding.send(packet)
        flooding.place(1)
        await until(lambda: watch.total > 1)
        other.place(1)
        await other.expect_new(1)
        answers = count if kind in ("status", "unreadable") else 0
        told = watch.served.gateway.order_entry.counts().reports
        assert not answers or told < answers
        for number in range(1, answers + 1):
            report = await flooding.report()
            if kind == "status":
                assert isinstance(report, m.ExecutionReportStatus)
                assert report.ord_status_req_id == number
            else:
                assert isinstance(report, m.BusinessMessageReject)
        await flooding.expect_new(1)
        assert max(watch.went_on.values()) <= 2
        await other.logout()
        await flooding.logout()


def test_orders_that_wait_for_a_commit_are_bounded_and_none_is_lost(
    tmp_path: Path, run: Run
) -> None:
    async def scenario() -> None:
        async with watched(tmp_path, "gateway.requests_waiting_max=50") as watch:
            entry = watch.served.gateway.order_entry
            flooding = [await Client(watch.served.binary, f"demo{n}").login() for n in (1, 2, 3)]
            other = await Client(watch.served.binary, "demo4").login()
            watch.served.hold()
            for client in flooding:
                for number in range(1, 1_001):
                    client.place(number, price=1 + number % 50)
            turn = watch.turn
            await until(lambda: watch.turn > turn + 300)
            a_turn = TURN_BYTES // len(Client.order_bytes(1))
            waited = entry.waiting
            # Each line's first read, and one turn's bytes beyond the limit.
            assert waited <= 50 + 4 * a_turn
            other.place(1)
            await until(lambda: entry.waiting > waited)
            watch.served.release()
            await other.expect_new(1)
            assert entry.counts().reports < 3_000
            for client in flooding:
                for number in range(1, 1_001):
                    await client.expect_new(number)
                await client.logout()
            await other.logout()

    run(scenario())


async def test_a_line_that_is_cut_does_nothing_more(tmp_path: Path) -> None:
    async with watched(tmp_path) as watch:
        flooding = await Client(watch.served.binary).login()
        line = await line_of(watch)
        for number in range(1, 2_001):
            flooding.place(number, price=1 + number % 50)
        await until(lambda: watch.total > 2)
        line.abort("a test")
        requests = watch.served.gateway.order_entry.counts().requests
        assert requests < 2_000
        turn = watch.turn
        await until(lambda: watch.turn > turn + 100)
        assert watch.served.gateway.order_entry.counts().requests == requests


@pytest.mark.parametrize("first", ["login", "malformed", "nothing"])
def test_a_line_that_is_gone_leaves_nothing_to_collect(
    tmp_path: Path, run: Run, first: str
) -> None:
    async def scenario() -> None:
        async with asyncio.timeout(60), inside(tmp_path) as served:
            client = Client(served.binary)
            await (client.login() if first == "login" else client.connect())
            while not served.lines:
                await asyncio.sleep(0.002)
            gone = weakref.ref(served.lines.pop())
            gc.collect()
            gc.disable()
            try:
                if first == "malformed":
                    client.send(b"\0\0")
                    assert (await client.packet()).kind == Kind.DEBUG
                client.cut()
                while gone() is not None:
                    await asyncio.sleep(0.002)
            finally:
                gc.enable()

    run(scenario())


async def test_a_client_that_hangs_up_has_sent_what_it_has_sent(tmp_path: Path) -> None:
    async with watched(tmp_path) as watch:
        client = await Client(watch.served.binary).login()
        for number in range(1, 2_001):
            client.place(number, price=1 + number % 50)
        client.writer.write_eof()
        await client.reports_until_closed()
        again = await Client(watch.served.binary).login(sequence=1)
        for number in range(1, 2_001):
            await again.expect_new(number)
        await again.logout()


async def test_an_outage_lets_those_go_on_who_come_after_it(tmp_path: Path) -> None:
    async with watched(tmp_path, "gateway.requests_waiting_max=10") as watch:
        gateway = watch.served.gateway
        flooding = await Client(watch.served.binary).login()
        watch.served.hold()
        for number in range(1, 1_001):
            flooding.place(number, price=1 + number % 50)
        turn = watch.turn
        await until(lambda: watch.turn > turn + 100)
        gateway.on_outage()
        watch.served.release()
        await flooding.reports_until_closed()
        again = await Client(watch.served.binary).login()
        number = again.last_cl_ord_id + 1
        for following in range(number, number + 200):
            again.place(following, price=1 + following % 50)
        told: list[int] = []
        while told[-1:] != [number + 199]:
            told.append((await again.expect(m.ExecutionReportNew)).cl_ord_id)
        assert told[-200:] == list(range(number, number + 200))
        await again.logout()


def test_questions_of_many_lines_share_a_turn(tmp_path: Path, run: Run) -> None:
    async def scenario() -> None:
        async with watched(tmp_path) as watch:
            tell, told = watch.served.gateway.security_list, Counter[int]()

            def counted(number: int, instrument: int | None) -> bytes:
                told[watch.turn] += 1
                return tell(number, instrument)

            watch.served.gateway.security_list = counted
            clients = [await Client(watch.served.binary, f"demo{n}").login() for n in range(1, 7)]
            for client in clients:
                for number in range(50):
                    client.ask_instruments(number)
            await until(lambda: sum(told.values()) == 300)
            # Two in their turn, and what is read first of a line.
            assert sorted(told.values())[-7] <= 2

    run(scenario())
