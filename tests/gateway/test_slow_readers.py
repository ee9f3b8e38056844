"""Readers that leave much unread: they are told the rest from the log, on the same line."""

import asyncio
from pathlib import Path

from protocol import messages as m
from protocol.soup import Kind
from protocol.terms import MassCancelRequestType, Side
from testing.client import Client
from testing.in_process import InProcess
from testing.waiting import until
from tests.gateway.inside import inside

QUEUE = 200_000
SMALL = f"gateway.queue_bytes_max={QUEUE}"


async def fill(served: InProcess, client: Client, count: int) -> None:
    """Place so many orders, and let none of their reports be read."""
    client.writer.transport.pause_reading()  # type: ignore[attr-defined]
    reports = served.gateway.order_entry.counts().reports
    behind = served.gateway.fallen_behind
    for number in range(1, count + 1):
        client.place(number, price=1 + number % 50)
        if number % 100 == 0:
            await asyncio.sleep(0)
    await until(lambda: served.gateway.order_entry.counts().requests == count)
    assert served.gateway.order_entry.counts().reports - reports < count
    assert served.gateway.fallen_behind > behind


async def test_a_reader_that_stops_and_goes_on_is_told_all_on_the_same_line(
    tmp_path: Path,
) -> None:
    count = 20_000
    async with inside(tmp_path, SMALL) as served:
        client = await Client(served.binary).login()
        await fill(served, client, count)
        report_bytes = 200
        assert served.gateway.largest_buffer < QUEUE + 1_000 * report_bytes
        client.writer.transport.resume_reading()  # type: ignore[attr-defined]
        for number in range(1, count + 1):
            await client.expect_new(number)
        # What happens is told again as it happens.
        (line,) = served.lines
        await until(lambda: served.gateway.order_entry.replay_command(line.number) is None)
        client.place(count + 1)
        await client.expect_new(count + 1)
        assert served.gateway.slow_readers == 0
        await client.logout()


async def test_one_request_that_is_answered_by_more_than_fits_cuts_nobody(tmp_path: Path) -> None:
    count = 5_000
    async with inside(tmp_path, SMALL, "gateway.requests_in_flight_max=500") as served:
        client = await Client(served.binary).login()
        for number in range(1, count + 1):
            client.place(number, side=Side.BUY, price=1 + number % 50)
        for number in range(1, count + 1):
            await client.expect_new(number)
        client.writer.transport.pause_reading()  # type: ignore[attr-defined]
        whole = MassCancelRequestType.ALL
        client.request(m.OrderMassCancelRequest(count + 1, None, whole, None))
        await until(lambda: served.gateway.fallen_behind > 0)
        await asyncio.sleep(0.1)
        client.writer.transport.resume_reading()  # type: ignore[attr-defined]
        canceled = [await client.expect(m.ExecutionReportCancel) for _ in range(count)]
        assert len({report.order_id for report in canceled}) == count
        await client.expect(m.OrderMassCancelReport)
        await client.logout()


async def test_a_reader_that_takes_nothing_is_cut_at_the_deadline(tmp_path: Path) -> None:
    async with inside(tmp_path, SMALL, "gateway.write_deadline_s=0.5") as served:
        client = await Client(served.binary).login()
        client.writer.transport.pause_reading()  # type: ignore[attr-defined]
        # It may be cut before all of them are read.
        for number in range(1, 20_001):
            client.place(number, price=1 + number % 50)
        await until(lambda: served.gateway.slow_readers == 1)
        client.cut()


async def test_a_line_that_is_closing_lets_go_of_its_session(tmp_path: Path) -> None:
    async with inside(tmp_path, SMALL) as served:
        client = await Client(served.binary).login()
        await fill(served, client, 20_000)
        (line,) = served.lines
        line.close("as after a Logout")
        # What is unread keeps it.
        await asyncio.sleep(0.1)
        again = await Client(served.binary).login(sequence=20_001)
        again.place(20_001)
        await again.expect_new(20_001)
        client.cut()
        await asyncio.sleep(0.1)
        again.place(20_002)
        await again.expect_new(20_002)
        await again.logout()


async def test_a_reader_that_takes_little_at_a_time_is_never_cut(tmp_path: Path) -> None:
    count = 20_000
    async with inside(tmp_path, SMALL, "gateway.write_deadline_s=1.5") as served:
        client = await Client(served.binary).login()
        await fill(served, client, count)
        transport = client.writer.transport
        end = asyncio.get_running_loop().time() + 3.0
        while asyncio.get_running_loop().time() < end:
            transport.resume_reading()  # type: ignore[attr-defined]
            await asyncio.sleep(0.002)
            transport.pause_reading()  # type: ignore[attr-defined]
            await asyncio.sleep(0.2)
        assert served.gateway.slow_readers == 0
        transport.resume_reading()  # type: ignore[attr-defined]
        for number in range(1, count + 1):
            await client.expect_new(number)
        await client.logout()


async def test_questions_that_nobody_reads_the_answers_of_wait(tmp_path: Path) -> None:
    count = 3_000
    async with inside(tmp_path, SMALL) as served:
        client = await Client(served.binary).login()
        client.writer.transport.pause_reading()  # type: ignore[attr-defined]
        for number in range(1, count + 1):
            client.ask_instruments(number)
        client.place(1)
        (line,) = served.lines
        await until(lambda: not line.drained.is_set())
        await asyncio.sleep(0.2)
        assert served.gateway.largest_buffer < QUEUE
        client.writer.transport.resume_reading()  # type: ignore[attr-defined]
        answers = 0
        while (await client.packet()).kind != Kind.SEQUENCED:
            answers += 1
        # What came behind the questions is heard behind them.
        assert answers >= count
        await client.logout()
