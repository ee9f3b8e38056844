"""A line may be paused for two reasons, its own requests and its reader: each ends by itself."""

import asyncio
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest
import uvloop

from core import Traffic
from protocol.soup import Kind
from testing.client import Client
from testing.in_process import InProcess
from testing.waiting import until
from tests.gateway.inside import inside

Run = Callable[[Coroutine[Any, Any, None]], None]
IN_FLIGHT = "gateway.requests_in_flight_max=5"


@pytest.fixture(params=[asyncio.run, uvloop.run], ids=["asyncio", "uvloop"])
def run(request: pytest.FixtureRequest) -> Run:
    """Runs a scenario on each of the two event loops; the exchange itself uses uvloop."""
    loop: Run = request.param
    return loop


async def answered(served: InProcess, count: int) -> None:
    """So many requests have been read, and each has been told of."""
    await until(
        lambda: (
            served.gateway.order_entry.counts()
            == Traffic(requests=count, reports=count, garbled=0, resends=0, gaps=0)
        )
    )


async def fill_write_buffer(served: InProcess, client: Client) -> int:
    """Send orders, a few at a time, and read no report until the server's buffer is full."""
    (line,) = served.lines
    client.writer.transport.pause_reading()  # type: ignore[attr-defined]
    sent = 0
    while line.drained.is_set():
        for _ in range(50):
            sent += 1
            client.place(sent, price=1 + sent % 50)
        await answered(served, sent)
    return sent


@pytest.mark.parametrize("first", ["journal", "reader"])
def test_a_line_that_is_paused_for_both_reasons_is_read_again(
    tmp_path: Path, run: Run, first: str
) -> None:
    async def scenario() -> None:
        async with inside(tmp_path, IN_FLIGHT, "gateway.queue_bytes_max=400000") as served:
            gateway = served.gateway
            client = await Client(served.binary).login()
            sent = await fill_write_buffer(served, client)
            (line,) = served.lines

            served.hold()
            for number in range(sent + 1, sent + 101):
                client.place(number)
                # A write of its own each, so that the server reads more than once.
                await asyncio.sleep(0)
            await until(lambda: bool(gateway.throttled))
            assert not line.drained.is_set()
            if first == "journal":
                served.release()
                await answered(served, sent + 100)
                assert not line.drained.is_set()
                assert not gateway.throttled
            client.writer.transport.resume_reading()  # type: ignore[attr-defined]
            for number in range(1, sent + 1):
                await client.expect_new(number)
            if first == "reader":
                await until(line.drained.is_set)
                assert gateway.throttled
                served.release()
            for number in range(sent + 1, sent + 101):
                await client.expect_new(number)
            client.place(sent + 101)
            await client.expect_new(sent + 101)
            assert not gateway.throttled
            await client.logout()

    run(scenario())


def test_a_line_that_is_not_read_is_not_dropped_for_its_silence(tmp_path: Path, run: Run) -> None:
    """It says that it lives, but the server has stopped listening until a slow commit ends."""

    async def scenario() -> None:
        short = "gateway.idle_deadline_s=0.5"
        async with inside(tmp_path, IN_FLIGHT, short) as served:
            client = await Client(served.binary).login()
            served.hold()
            for number in range(1, 6):
                client.place(number)
            await until(lambda: bool(served.gateway.throttled))
            done = asyncio.Event()
            async with asyncio.TaskGroup() as group:
                group.create_task(client.heartbeat_until(done))
                await asyncio.sleep(1.2)
                served.release()
                for number in range(1, 6):
                    await client.expect_new(number)
                client.place(6)
                await client.expect_new(6)
                done.set()
            # From here on it is listened to again, and says nothing.
            await client.expect_closed()

    run(scenario())


def test_who_asks_without_end_holds_nobody_up(tmp_path: Path, run: Run) -> None:
    async def scenario() -> None:
        async with inside(tmp_path) as served:
            tell, answers = served.gateway.security_list, 0

            def counted(number: int, instrument: int | None) -> bytes:
                nonlocal answers
                answers += 1
                return tell(number, instrument)

            served.gateway.security_list = counted
            asking = await Client(served.binary, "demo1").login()
            other = await Client(served.binary, "demo2").login()
            questions = 20_000
            for number in range(questions):
                asking.ask_instruments(number)
            asking.place(1)
            await until(lambda: answers > 0)
            other.place(1)
            await until(lambda: served.gateway.order_entry.counts().requests > 0)
            assert answers < questions
            await other.expect_new(1)
            # What came behind the questions is heard behind them.
            while (await asking.packet()).kind != Kind.SEQUENCED:
                pass
            assert answers == questions
            await asking.logout()
            await other.logout()

    run(scenario())
