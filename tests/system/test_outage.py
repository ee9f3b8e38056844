"""What an operator sees of an outage while it lasts."""

import asyncio
from pathlib import Path

import pytest

from testing.client import Client
from testing.disk import FAULTY, Disk, ready_again
from testing.process import ServerProcess

SHOWN = ("quantscope_ready", "quantscope_outages_total")


async def scrape(exchange: ServerProcess, seen: list[tuple[float, ...]]) -> None:
    """Scrape without a pause, and note what the outage's figures were."""
    while True:
        figures = await asyncio.to_thread(exchange.metrics)
        seen.append(tuple(figures[name] for name in SHOWN))


@pytest.mark.parametrize("fault", ["sync 1", "space 1"])
async def test_metrics_and_health_are_answered_in_an_outage_and_show_it(
    tmp_path: Path, faults: Path, fault: str
) -> None:
    disk = Disk(faults, tmp_path / "faults")
    with ServerProcess(tmp_path / "data", *FAULTY, env=disk.env) as exchange:
        client = await Client(exchange.binary).login()
        for number in range(1, 201):
            client.place(number)
            await client.expect_new(number)
        seen: list[tuple[float, ...]] = []
        scraping = asyncio.create_task(scrape(exchange, seen))
        while not seen:
            await asyncio.sleep(0.01)

        disk.fail(fault)
        client.place(201)
        await client.expect_closed()
        # Long enough for the journal to be opened again, in vain, some times.
        for _ in range(20):
            await asyncio.to_thread(exchange.get, "/health")
            await asyncio.to_thread(exchange.get, "/ready", 503)
            assert (await asyncio.to_thread(exchange.metrics))["quantscope_ready"] == 0
            await asyncio.sleep(0.02)

        disk.work()
        await ready_again(exchange)
        figures = await asyncio.to_thread(exchange.metrics)
        # A scrape that was refused, at whatever moment, ends the task with its error.
        assert not scraping.done()
        scraping.cancel()
        assert seen[0] == (1, 0)
        assert (0, 1) in seen
        assert [figures[name] for name in SHOWN] == [1, 1]
        assert figures['quantscope_order_entry_connections{protocol="binary"}'] == 0
    assert "Traceback" not in exchange.said()
