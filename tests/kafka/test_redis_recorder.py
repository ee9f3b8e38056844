"""The recorder of a cluster on Redis: from a log with holes, and from one without its beginning."""

import asyncio
import threading
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import msgspec
import pytest

from core import Engine, LogRecord, event_head, recorder_seed
from journal.kafka import Displaced, Journal, KafkaKept
from quantscope.cluster.redis_recorder import ClusterRedisRecorder
from settings import Config, StoreSettings
from testing.batches import ordinary
from testing.cluster import Cluster
from testing.kafka import Brokers
from testing.redis import RedisServer
from testing.redis_store import compared
from testing.waiting import until
from tests.kafka.flowing import flow, grown

QUICK = Config(store=StoreSettings(adapter="redis", recorder_interval_s=0.01))


@asynccontextmanager
async def recording(cluster: Cluster, redis: RedisServer) -> AsyncIterator[ClusterRedisRecorder]:
    """A recorder at work; at the end it has recorded all that is there."""
    cluster.config = msgspec.structs.replace(cluster.config, redis=redis.settings())
    async with cluster.around() as around:
        role = ClusterRedisRecorder(around, "redis")
        async with cluster.running(role, around):
            yield role


async def recorded_some(role: ClusterRedisRecorder) -> None:
    """Wait until it has recorded something, however slow the machine is."""
    async with asyncio.timeout(30):
        while role.position().command_offset == 0:
            await asyncio.sleep(0.02)


async def test_stopped_and_begun_again_it_has_what_sqlite_has(
    kafka: Brokers, redis: RedisServer, tmp_path: Path, seed: int
) -> None:
    cluster = await Cluster(kafka, QUICK, transaction_renew_s=1.0).make()
    async with cluster.following(), flow(cluster, seed) as sent:
        for _ in range(3):
            async with recording(cluster, redis) as role:
                await grown(sent, 20)
                await recorded_some(role)
            await grown(sent, 20)
    async with recording(cluster, redis) as role:
        pass
    batches = await asyncio.to_thread(cluster.events)
    assert role.position().sequence == event_head(batches[-1]).last_seq
    await compared(redis.settings(), tmp_path / "store.db", batches)


@pytest.mark.parametrize("empty", [False, True])
async def test_beside_a_log_without_its_beginning_it_asks_a_snapshot(
    kafka: Brokers, redis: RedisServer, tmp_path: Path, empty: bool
) -> None:
    cluster, engine = await Cluster(kafka, QUICK).make(), Engine(0)
    batches = list(ordinary(6, 60, engine=engine))
    async with cluster.control() as control:
        journal = Journal((await control.read()).known().journal_id)
    await cluster.snapshots().publish("a", journal, engine.position(), engine.snapshot())

    async def publish() -> None:
        async with cluster.event_appender() as out:
            await out.append(batches[40:])

    if not empty:
        await publish()
    async with recording(cluster, redis) as role, asyncio.timeout(30):
        if empty:
            await publish()
        while role.position().sequence != event_head(batches[-1]).last_seq:
            await asyncio.sleep(0.02)
    seed = recorder_seed(engine)
    await compared(redis.settings(), tmp_path / "store.db", batches[40:], seed)


async def test_of_two_of_a_name_that_wait_for_redis_the_later_goes_on(
    kafka: Brokers, redis: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Nobody looks whose the name is but who begins to write.
    monkeypatch.setattr("quantscope.cluster.reader_place.INTERVAL_S", 60.0)
    cluster = await Cluster(kafka, QUICK).make()
    batches = list(ordinary(6, 20))
    async with cluster.event_appender() as out:
        await out.append(batches)
    await asyncio.to_thread(redis.kill)
    roles: list[ClusterRedisRecorder] = []
    over = asyncio.Event()

    async def record() -> None:
        async with recording(cluster, redis) as role:
            roles.append(role)
            await over.wait()

    older = asyncio.create_task(record())
    await until(lambda: bool(roles) and roles[0].recorder.failure is not None)
    later = asyncio.create_task(record())
    await until(lambda: len(roles) > 1 and roles[1].recorder.failure is not None)
    await asyncio.to_thread(redis.start)
    with pytest.raises(Displaced, match="another recorder redis has begun: this one ends"):
        await older
    last = event_head(batches[-1]).last_seq
    await until(lambda: roles[1].position().sequence == last)
    assert roles[1].standing() == []
    over.set()
    await later


async def test_a_later_one_of_its_name_ends_it(kafka: Brokers, redis: RedisServer) -> None:
    cluster = await Cluster(kafka, QUICK).make()

    async def displaced() -> None:
        async with recording(cluster, redis), recording(cluster, redis):
            await asyncio.sleep(10)

    with pytest.raises(Displaced, match="this one ends"):
        await displaced()


async def test_canceled_while_it_opens_it_leaves_no_connection(
    kafka: Brokers, monkeypatch: pytest.MonkeyPatch
) -> None:
    cluster = await Cluster(kafka, QUICK).make()
    begun, enter = threading.Event(), KafkaKept.__enter__
    before = readers()

    def late(self: KafkaKept) -> KafkaKept:
        begun.set()
        time.sleep(0.1)
        return enter(self)

    monkeypatch.setattr(KafkaKept, "__enter__", late)
    async with cluster.around() as around:
        role = ClusterRedisRecorder(around, "redis")
        opening = asyncio.create_task(role.open())
        await asyncio.to_thread(begun.wait)
        opening.cancel()
        await asyncio.wait([opening])
        assert opening.cancelled()
        await role.close()
    assert readers() == before


def readers() -> list[threading.Thread]:
    """Threads in which topics are read."""
    return [thread for thread in threading.enumerate() if thread.name == "kafka"]


async def test_it_goes_over_to_the_engine_that_lives_and_nothing_fails(
    kafka: Brokers,
    redis: RedisServer,
    tmp_path: Path,
    seed: int,
    caplog: pytest.LogCaptureFixture,
) -> None:
    cluster = await Cluster(kafka, QUICK, engines=("a", "b")).make()
    reads = Overlaps()
    async with AsyncExitStack() as first:
        await first.enter_async_context(cluster.following("a"))
        async with (
            cluster.following("b"),
            flow(cluster, seed) as sent,
            recording(cluster, redis) as role,
        ):
            reads.watch(role)
            await grown(sent, 20)
            await recorded_some(role)
            await first.aclose()
            (last,) = (await asyncio.to_thread(cluster.events, "a"))[-1:]
            at = event_head(last).command_offset
            async with asyncio.timeout(30):
                while role.position().command_offset < at + 20:
                    await asyncio.sleep(0.02)
    assert [text for text in caplog.messages if "the log of engine b is recorded" in text]
    assert not [text for text in caplog.messages if text.startswith("recorder: ")]
    assert reads.changed == 1
    batches = await asyncio.to_thread(cluster.events, "b")
    recorded = [x for x in batches if event_head(x).last_seq <= role.position().sequence]
    await compared(redis.settings(), tmp_path / "store.db", recorded)


class Overlaps:
    """Sees to it that no other log is given while one is read."""

    def __init__(self) -> None:
        self.reading = False
        self.changed = 0

    def watch(self, role: ClusterRedisRecorder) -> None:
        log = role._events
        read, change = log.read, log.change

        def reading(start: int, bytes_max: int) -> list[LogRecord]:
            self.reading = True
            try:
                return read(start, bytes_max)
            finally:
                self.reading = False

        def changing() -> None:
            assert not self.reading
            assert threading.current_thread() is not threading.main_thread()
            self.changed += 1
            change()

        log.read, log.change = reading, changing  # type: ignore[method-assign]
