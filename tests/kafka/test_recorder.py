"""The recorder of a cluster, also where brokers, stores or logs are not as they should be."""

import asyncio
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from core import Engine, StoreFailed, StoreReader, event_head, recorder_seed
from journal import DataDirLocked
from journal.kafka import Clients, Displaced, Journal, KafkaKept, Unavailable
from quantscope.cluster.recorder import ClusterRecorder
from settings import Config, StoreSettings
from testing.batches import ordinary
from testing.cluster import Cluster, settings_of
from testing.fold import Fold
from testing.kafka import Brokers
from testing.parts import memory_log, new_recorder
from testing.stored import check, held
from tests.kafka.flowing import flow, grown
from tests.kafka.recording import JOURNAL_ID, recording

QUICK = Config(store=StoreSettings(recorder_interval_s=0.01, recorder_retry_interval_s_max=0.2))


async def recorded_some(role: ClusterRecorder) -> None:
    """Wait until it has recorded something, however slow the machine is."""
    async with asyncio.timeout(30):
        while role.position().command_offset == 0:
            await asyncio.sleep(0.02)


async def publish(cluster: Cluster, batches: Sequence[bytes]) -> None:
    """Event batches, as if an engine had made them."""
    async with cluster.event_appender() as out:
        await out.append(batches)


def rows(path: Path) -> dict[str, list[Any]]:
    """All that a store at rest holds, but for where in its log that stood."""
    with closing(sqlite3.connect(path)) as store:
        tables = store.execute("SELECT name FROM sqlite_schema WHERE type = 'table'").fetchall()
        found = {
            name: sorted(store.execute(f"SELECT * FROM {name}").fetchall())  # noqa: S608
            for (name,) in tables
            if name != "position"
        }
        place = "SELECT seq, hash, command_offset, part, first_seq, journal_id FROM position"
        return found | {"position": store.execute(place).fetchall()}


async def compared(cluster: Cluster, path: Path, beside: Path) -> None:
    """The store of the directory is the one that a recorder on a log in memory makes."""
    batches = await asyncio.to_thread(cluster.events)
    log = memory_log(JOURNAL_ID)
    log.append(1, batches)
    new_recorder(beside, log).stop()
    assert rows(path / "store.db") == rows(beside)
    fold = Fold()
    fold.add(b"".join(batches))
    check(path / "store.db", fold)


def holes(cluster: Cluster) -> int:
    """How many offsets of the events have no record."""
    with KafkaKept(cluster.clients, cluster.topics.events("a")) as log:
        return log.next_offset - log.first_offset - len(cluster.events())


async def test_stopped_and_begun_again_it_records_what_a_log_without_holes_makes(
    kafka: Brokers, tmp_path: Path, seed: int
) -> None:
    cluster = await Cluster(kafka, QUICK, transaction_renew_s=0.2).make()
    async with cluster.following(), flow(cluster, seed) as sent:
        for _ in range(4):
            async with recording(cluster, tmp_path / "archive") as role:
                await grown(sent, 20)
                await recorded_some(role)
                position = role.position()
                assert position.sequence > 0
                assert position.command_offset > 0
            assert role.durable() == role.position()
            assert role.durable().sequence >= position.sequence
            await grown(sent, 20)
        # However quick the machine is: some transaction is to end, which is what leaves a hole.
        async with asyncio.timeout(30):
            while await asyncio.to_thread(holes, cluster) <= 0:
                await grown(sent, 1)
    async with recording(cluster, tmp_path / "archive") as role:
        pass
    assert role.service.restarts == 0
    await compared(cluster, tmp_path / "archive", tmp_path / "beside.db")


async def test_brokers_that_die_are_waited_for_and_that_is_said_once(
    own_kafka: Brokers, tmp_path: Path, seed: int, caplog: pytest.LogCaptureFixture
) -> None:
    cluster = await Cluster(own_kafka, QUICK, request_timeout_s=2.0).make()
    async with cluster.following(), flow(cluster, seed) as sent:
        async with recording(cluster, tmp_path / "archive") as role:
            for _ in range(2):
                await grown(sent, 30)
                # After a long outage there may be no event: the orders come too late.
                before = role.position().command_offset
                await asyncio.to_thread(own_kafka.kill)
                async with asyncio.timeout(60):
                    while not role.standing():
                        await asyncio.sleep(0.05)
                assert "recorder archive failed: " in role.standing()[0]
                await asyncio.sleep(3)
                await asyncio.to_thread(own_kafka.start)
                await grown(sent, 30)
                async with asyncio.timeout(60):
                    while role.standing() or role.position().command_offset <= before:
                        await asyncio.sleep(0.05)
        assert role.service.restarts == 0
    async with recording(cluster, tmp_path / "archive"):
        pass
    said = [x.message for x in caplog.records if x.name == "quantscope.store"]
    assert [text.endswith("; will try again") for text in said] == [True, False, True, False], said
    await compared(cluster, tmp_path / "archive", tmp_path / "beside.db")


async def test_it_stops_while_brokers_hang_and_goes_on_where_it_was(
    own_kafka: Brokers, tmp_path: Path
) -> None:
    cluster = await Cluster(own_kafka, QUICK, request_timeout_s=1.0).make()
    batches = list(ordinary(9, 20))
    await publish(cluster, batches[:10])
    try:
        async with asyncio.timeout(30), recording(cluster, tmp_path / "archive") as role:
            while role.position().sequence != event_head(batches[9]).last_seq:
                await asyncio.sleep(0.02)
            own_kafka.freeze()
            while not role.standing():
                await asyncio.sleep(0.02)
    finally:
        own_kafka.thaw()
    await publish(cluster, batches[10:])
    async with recording(cluster, tmp_path / "archive"):
        pass
    await compared(cluster, tmp_path / "archive", tmp_path / "beside.db")


async def test_it_says_how_far_it_is_behind(kafka: Brokers, tmp_path: Path) -> None:
    cluster = await Cluster(kafka, QUICK).make()
    batches = list(ordinary(3, 10))
    async with recording(cluster, tmp_path) as role:
        assert (role.lag.events, role.lag.seconds, role.standing()) == (0, 0.0, [])
        async with held(tmp_path / "store.db"), asyncio.timeout(20):
            await publish(cluster, batches)
            last = event_head(batches[-1]).last_seq
            while role.lag.events != last or role.lag.seconds < 0.5:
                await asyncio.sleep(0.05)
            while not any("locked" in text for text in role.standing()):
                await asyncio.sleep(0.05)
        async with asyncio.timeout(20):
            while role.lag.events or role.lag.seconds:
                await asyncio.sleep(0.05)
        assert role.position().sequence == last
        assert role.position().command_offset == event_head(batches[-1]).command_offset


async def test_a_store_of_another_journal_is_put_aside(kafka: Brokers, tmp_path: Path) -> None:
    cluster = await Cluster(kafka, QUICK).make()
    batches = list(ordinary(4, 20))
    await publish(cluster, batches)
    async with recording(cluster, tmp_path, journal_id=8):
        pass
    assert not (tmp_path / "store.db.aside-1").exists()
    async with recording(cluster, tmp_path) as role:
        assert "put aside" in (role.service.recorder.notice or "")
    assert (tmp_path / "store.db.aside-1").exists()
    await compared(cluster, tmp_path, tmp_path / "beside.db")


async def test_a_store_that_the_log_does_not_go_on_from_is_refused(
    kafka: Brokers, tmp_path: Path
) -> None:
    batches = list(ordinary(5, 30))
    first, later = await Cluster(kafka, QUICK).make(), await Cluster(kafka, QUICK).make()
    await publish(first, batches[:10])
    async with recording(first, tmp_path):
        pass
    await publish(later, batches[20:])
    begins = event_head(batches[20]).first_seq
    with pytest.raises(StoreFailed, match=f"the events log begins with event {begins}"):
        async with recording(later, tmp_path):
            pass
    # What goes on right behind it is taken, wherever it stands.
    behind = await Cluster(kafka, QUICK).make()
    await publish(behind, batches[10:])
    async with recording(behind, tmp_path) as role:
        pass
    assert role.position().sequence == event_head(batches[-1]).last_seq


@pytest.mark.parametrize("empty", [False, True])
async def test_a_new_store_beside_a_log_without_its_beginning_asks_a_snapshot(
    kafka: Brokers, tmp_path: Path, empty: bool
) -> None:
    cluster, engine = await Cluster(kafka, QUICK).make(), Engine(0)
    batches = list(ordinary(6, 60, engine=engine))
    state = engine.snapshot()
    await cluster.snapshots().publish("a", Journal(JOURNAL_ID), engine.position(), state)
    log = memory_log(JOURNAL_ID)
    log.append(1, batches[40:])
    beside = tmp_path / "beside.db"
    new_recorder(beside, log, recorder_seed(engine)).stop()
    if not empty:
        await publish(cluster, batches[40:])
    async with recording(cluster, tmp_path):
        if empty:
            await publish(cluster, batches[40:])
    reader = StoreReader(tmp_path / "store.db")
    assert reader.complete_since() is not None
    assert reader.instruments() == StoreReader(beside).instruments() != []
    await asyncio.to_thread(_same_orders, reader, StoreReader(beside), engine)


def _same_orders(reader: StoreReader, other: StoreReader, engine: Engine) -> None:
    assert engine.counts()["open_orders"] > 0
    for user in range(5):
        account = reader.account(f"user{user}")
        assert account == other.account(f"user{user}")
        if account is not None:
            found = [x.orders(account, limit=1_000).orders for x in (reader, other)]
            assert found[0] == found[1] != []


async def test_a_directory_has_one_recorder_and_brokers_that_never_came_are_told(
    kafka: Brokers, tmp_path: Path
) -> None:
    cluster = await Cluster(kafka, QUICK).make()
    async with recording(cluster, tmp_path):
        with pytest.raises(DataDirLocked):
            async with recording(cluster, tmp_path):
                pass
    cluster.clients = Clients(
        settings_of(kafka, bootstrap_servers=("127.0.0.1:9",), start_deadline_s=0.5)
    )
    with pytest.raises(Unavailable, match="no broker"):
        async with recording(cluster, tmp_path):
            pass


async def test_what_is_missing_in_the_log_is_told_and_ends_nothing(
    kafka: Brokers, tmp_path: Path
) -> None:
    cluster = await Cluster(kafka, QUICK).make()
    batches = list(ordinary(8, 20))
    await publish(cluster, batches[:5])
    async with recording(cluster, tmp_path) as role, asyncio.timeout(20):
        while role.position().sequence != event_head(batches[4]).last_seq:
            await asyncio.sleep(0.02)
        await publish(cluster, [batches[6]])
        while not any("should come" in text for text in role.standing()):
            await asyncio.sleep(0.02)
        assert role.position().sequence == event_head(batches[4]).last_seq


async def test_it_says_how_far_it_is_and_a_later_one_of_its_name_ends_it(
    kafka: Brokers, tmp_path: Path
) -> None:
    cluster = await Cluster(kafka, QUICK).make()
    batches = list(ordinary(9, 20))
    await publish(cluster, batches)

    async def displaced() -> None:
        async with recording(cluster, tmp_path / "one"):
            async with cluster.control() as control, asyncio.timeout(20):
                while not (await control.read()).places:
                    await asyncio.sleep(0.05)
            async with recording(cluster, tmp_path / "two"):
                await asyncio.sleep(2.5)

    with pytest.raises(ExceptionGroup) as ended:
        await displaced()
    assert ended.value.subgroup(Displaced) is not None
    async with cluster.control() as control:
        place = (await control.read()).places["recorder.archive"]
    last = event_head(batches[-1])
    assert (place.command_offset, place.event_seq) == (last.command_offset, last.last_seq)


async def test_an_archive_that_is_put_back_from_a_backup_is_brought_to_the_end(
    kafka: Brokers, tmp_path: Path, seed: int
) -> None:
    cluster = await Cluster(kafka, QUICK).make()
    path, backup = tmp_path / "archive", tmp_path / "backup.db"
    async with cluster.following(), flow(cluster, seed) as sent:
        async with recording(cluster, path) as role:
            await grown(sent, 20)
            # As an operator makes it, while the recorder works.
            with closing(sqlite3.connect(path / "store.db")) as store:
                store.execute("VACUUM INTO ?", (str(backup),))
            then = role.position().sequence
            await grown(sent, 20)
            await recorded_some(role)
        for left in path.glob("store.db*"):
            left.unlink()
        backup.rename(path / "store.db")
        async with recording(cluster, path) as role:
            assert role.service.recorder.notice is None
            await grown(sent, 10)
        assert role.position().sequence > then
    async with recording(cluster, path):
        pass
    await compared(cluster, path, tmp_path / "beside.db")
