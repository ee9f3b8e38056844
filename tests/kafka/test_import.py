"""An exchange of one process that stopped cleanly goes on in a cluster."""

import asyncio
from collections.abc import AsyncIterator
from itertools import pairwise
from pathlib import Path

import pytest

from core import StoreReader, event_head
from journal.datadir import DataDir
from protocol import messages as m
from protocol.terms import Side
from quantscope.importing_cluster import run_import_into_cluster
from quantscope.journals import StartRefused
from testing.client import Client, hang_up
from testing.cluster import Cluster
from testing.kafka import Brokers
from testing.process import ServerProcess
from testing.version_1 import unpacked
from tests.kafka.recording import recording


@pytest.fixture(autouse=True)
async def lines() -> AsyncIterator[None]:
    """No line outlives its test."""
    yield
    await hang_up()


async def brought(cluster: Cluster, source: Path, archive: Path | None) -> list[str]:
    """Have it imported; what is said."""
    said: list[str] = []
    await asyncio.to_thread(run_import_into_cluster, cluster.config, source, archive, said.append)
    return said


async def journal_id(cluster: Cluster) -> int:
    async with cluster.control() as control:
        return (await control.read()).known().journal_id


async def played(directory: Path) -> tuple[Client, list[m.Message]]:
    """A session that has traded with REST, and what it was told."""
    with ServerProcess(directory) as exchange:
        client = await Client(exchange.binary).login()
        for number in range(1, 6):
            client.place(number, price=10 + number, quantity=2)
        told = [await client.report() for _ in range(5)]
        sold = exchange.place(side="SELL", price="15", quantity="1", user_id="alice")
        assert sold["status"] == "FILLED"
        told.append(await client.report())
        await client.logout()
    return client, told


async def test_sessions_orders_and_history_go_on_on_kafka(kafka: Brokers, tmp_path: Path) -> None:
    old, archive = tmp_path / "old", tmp_path / "archive"
    before, told = await played(old)
    cluster = Cluster(kafka)
    said = await brought(cluster, old, archive)
    assert any("the cluster goes on from command batch" in line for line in said)
    async with cluster.following() as follower, cluster.gateway() as served:
        assert follower.engine.counts()["open_orders"] == 5
        client = await Client(served.binary).login(before.session, 1)
        assert (client.session, client.last_cl_ord_id) == (before.session, 5)
        assert [await client.report() for _ in told] == told
        client.cancel(6, 1)
        assert isinstance(await client.report(), m.ExecutionReportCancel)
        client.place(7, side=Side.SELL, price=15)
        new, trade = await client.report(), await client.report()
        assert isinstance(new, m.ExecutionReportNew)
        assert isinstance(trade, m.ExecutionReportTrade)
        assert new.order_id == 7
        assert trade.trade_id == 2
        async with recording(cluster, archive, await journal_id(cluster)) as role:
            place = follower.engine.position().event_seq
            async with asyncio.timeout(20):
                while role.position().sequence < place:
                    await asyncio.sleep(0.02)
    reader = StoreReader(archive / "store.db")
    assert all(reader.order(order_id) for order_id in (1, 6, 7))
    assert len(reader.trades(1, limit=10)) == 2
    # It is the store of before, not one that was begun anew.
    assert not list(archive.glob("*.aside-*"))
    heads = [event_head(batch) for batch in await asyncio.to_thread(cluster.events)]
    assert heads[0].first_seq == 1
    for one, other in pairwise(heads):
        assert other.previous_hash == one.hash
    with pytest.raises(StartRefused, match="topics are there already"):
        await brought(cluster, old, None)


async def test_what_version_1_wrote_goes_on_too(kafka: Brokers, tmp_path: Path) -> None:
    left = unpacked(tmp_path)
    with DataDir(left) as directory:
        mark = directory.read_mark()
        assert mark is not None
        directory.write_mark(mark)
    cluster = Cluster(kafka)
    await brought(cluster, left, tmp_path / "archive")
    async with cluster.following() as follower:
        assert follower.engine.position().command_offset >= 11
        known = await journal_id(cluster)
        async with recording(cluster, tmp_path / "archive", known) as role, asyncio.timeout(20):
            while role.position().sequence < follower.engine.position().event_seq:
                await asyncio.sleep(0.02)
    assert StoreReader(tmp_path / "archive" / "store.db").order(1) is not None


async def test_what_was_not_stopped_cleanly_is_not_brought(kafka: Brokers, tmp_path: Path) -> None:
    exchange = ServerProcess(tmp_path / "old")
    exchange.start()
    exchange.place()
    exchange.kill()
    cluster = Cluster(kafka)
    with pytest.raises(StartRefused, match="it was not stopped cleanly: start it with"):
        await brought(cluster, tmp_path / "old", None)
    async with cluster.clients.administering() as admin:
        assert cluster.topics.commands not in await admin.list_topics()
