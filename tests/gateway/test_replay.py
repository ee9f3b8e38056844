"""Old messages of a session, and how it comes from them to the new ones."""

import asyncio
import gc
import logging
from pathlib import Path
from typing import Any

import pytest

from protocol import messages as m
from protocol.terms import Side
from testing.client import ONE, Client
from tests.gateway.inside import inside

LOTS = 500_000
TRADES = 200


async def trade(client: Client, done: asyncio.Event) -> int:
    """Buy one at a time, as fast as it is answered, until ``done``; how many."""
    count = 0
    while not done.is_set():
        count += 1
        client.place(count)
        await client.expect_new(count)
        await client.expect(m.ExecutionReportTrade, cl_ord_id=count)
    return count


async def test_a_session_that_is_told_without_a_pause_catches_up(tmp_path: Path) -> None:
    """The events log is written far behind: what it lacks is all that the session hears of."""
    async with inside(tmp_path, "journal.events_linger_s=1") as served:
        maker = await Client(served.binary, "demo1").login()
        maker.place(1, side=Side.SELL, quantity=LOTS)
        await maker.expect_new(1)
        maker.cut()
        taker, done = await Client(served.binary, "demo2").login(), asyncio.Event()
        async with asyncio.TaskGroup() as group:
            trading = group.create_task(trade(taker, done))
            while served.gateway.order_entry.counts().reports < 100:
                await asyncio.sleep(0.001)
            again = await Client(served.binary, "demo1").login(maker.session, 1)
            number = served.lines[-1].number
            async with asyncio.timeout(20):
                while served.gateway.order_entry.replay_command(number) is not None:
                    await asyncio.sleep(0.001)
            done.set()
        await again.expect_new(1)
        for left in range(trading.result()):
            rest = LOTS - left - 1
            await again.expect(m.ExecutionReportTrade, cl_ord_id=1, leaves_qty=rest * ONE)
        assert again.following == trading.result() + 2
        await again.logout()
        await taker.logout()


async def filled(served: Any) -> Client:
    """A maker who was told of many trades, and is gone."""
    maker = await Client(served.binary, "demo1").login()
    maker.place(1, side=Side.SELL, quantity=LOTS)
    await maker.expect_new(1)
    maker.cut()
    taker = await Client(served.binary, "demo2").login()
    for number in range(1, TRADES + 1):
        taker.place(number)
        await taker.expect_new(number)
        await taker.expect(m.ExecutionReportTrade, cl_ord_id=number)
    await taker.logout()
    return maker


async def test_what_takes_many_reads_comes_in_order(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What follows is read while the one before is told."""
    monkeypatch.setattr("gateway.replay.READ_BYTES", 1)
    async with inside(tmp_path) as served:
        maker = await filled(served)
        again = await Client(served.binary, "demo1").login(maker.session, 1)
        await again.expect_new(1)
        for left in range(TRADES):
            await again.expect(m.ExecutionReportTrade, leaves_qty=(LOTS - left - 1) * ONE)
        assert again.following == TRADES + 2
        await again.logout()


async def test_who_leaves_in_the_middle_leaves_nothing_to_log(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("gateway.replay.READ_BYTES", 1)
    async with inside(tmp_path) as served:
        maker = await filled(served)
        for _ in range(5):
            again = await Client(served.binary, "demo1").login(maker.session, 1)
            await again.expect_new(1)
            again.cut()
            async with asyncio.timeout(20):
                while served.gateway.connections:
                    await asyncio.sleep(0.001)
        gc.collect()
    assert [record for record in caplog.records if record.levelno >= logging.WARNING] == []
