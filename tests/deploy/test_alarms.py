"""Every alarm is made to fire by its cause, on a real cluster and a real Prometheus (``--alarms``).

The times of the rules are shorter, and nothing else of them is changed.
"""

import asyncio
import contextlib
import itertools
import os
import resource
import socket
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType

import settings
from core import Commands
from journal.kafka import Appender, Clients, Topics
from protocol import soup
from testing.client import Client, hang_up
from testing.cluster_process import ClusterProcess, end_cluster
from testing.kafka import Brokers
from testing.parts import system_clock
from testing.redis import RedisServer
from testing.waiting import until
from tests.deploy.rules import alerts
from tests.deploy.watched import Watched

IN_EACH_RUN = {"ProcessDown", "NotReady", "PartitionSilent", "CommandsNotAcknowledged"}
"""``test_watched.py`` brings these about."""
BROUGHT: set[str] = set()
MISTAKEN = """
import engine.follower as room
produced, seen = room.produced, 0
def mistaken(engine, records):
    global seen
    seen += len(records)
    if 100 < seen < 10**6:
        seen, first = 10**6, records[0]
        wrong = type(first)(
            offset=first.offset, append_ns=first.append_ns, chain=first.chain, batch=b"no batch"
        )
        records = [wrong, *records[1:]]
    return produced(engine, records)
room.produced = mistaken
"""
"""An engine that takes a command batch for none, once."""
UNFORESEEN = """
import quantscope.metrics.clock, time
look, count = quantscope.metrics.clock.ClockFigures.collect, 0
def collect(self):
    global count
    count += 1
    end = time.thread_time() + (0.7 if count % 8 == 0 else 0)
    while time.thread_time() < end:
        pass
    if count % 8 == 4:
        raise RuntimeError("deliberate")
    return look(self)
quantscope.metrics.clock.ClockFigures.collect = collect
"""
"""What nobody foresaw: some figures can't be read, others take long."""
Test = Callable[..., Any]


def brings(*names: str) -> Callable[[Test], Test]:
    """A test that brings these alarms about."""
    BROUGHT.update(names)
    return lambda test: test


class Stage:
    """What a test needs to bring about a cause."""

    def __init__(self, directory: Path, brokers: Brokers, redis: RedisServer) -> None:
        self.directory, self.brokers, self.redis = directory, brokers, redis

    def watched(self, *given: str, scale: float = 1 / 60, of: tuple[str, ...] = ()) -> Watched:
        """A cluster with some settings, not started yet."""
        watched = Watched(self.directory, self.brokers, self.redis, scale=scale)
        return watched.set(*given, of=of)


@pytest.fixture(scope="module")
def brokers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Brokers]:
    """Those that may be stopped."""
    with Brokers(tmp_path_factory.mktemp("kafka")) as brokers:
        yield brokers


@pytest.fixture
async def stage(
    pytestconfig: pytest.Config, tmp_path: Path, request: pytest.FixtureRequest
) -> AsyncIterator[Stage]:
    if not pytestconfig.getoption("alarms"):
        pytest.skip("only with --alarms: it takes minutes")
    brokers, redis = request.getfixturevalue("brokers"), request.getfixturevalue("redis")
    yield Stage(tmp_path, brokers, redis)
    await hang_up()
    end_cluster()


def topics_of(watched: Watched) -> tuple[Clients, Topics]:
    kafka = settings.load(watched.config, {}).kafka
    return Clients(kafka), Topics(kafka)


def crowd(stack: contextlib.ExitStack, port: int, count: int) -> None:
    """Connections that say nothing."""
    for _ in range(count):
        stack.enter_context(socket.create_connection(("127.0.0.1", port), 10))


def pid(process: ClusterProcess) -> int:
    assert process.process is not None
    return process.process.pid


def test_every_alarm_is_brought_about() -> None:
    assert alerts().keys() == IN_EACH_RUN | BROUGHT
    assert not IN_EACH_RUN & BROUGHT


@brings("RestErrors")
async def test_brokers_hang(stage: Stage) -> None:
    with stage.watched() as watched:
        await watched.is_up()
        asking = asyncio.create_task(ask_on(watched))
        await asyncio.sleep(0.5)
        stage.brokers.freeze()
        try:
            await watched.fires(("RestErrors", "facade"))
        finally:
            stage.brokers.thaw()
            asking.cancel()


async def ask_on(watched: Watched) -> None:
    while True:
        await asyncio.to_thread(watched.facade.try_place)
        await asyncio.sleep(0.05)


@brings("EngineBehind")
async def test_an_engine_of_a_pair_is_away(stage: Stage) -> None:
    with stage.watched() as watched:
        await watched.is_up()
        watched.twin.kill()
        await watched.fires(("EngineBehind", "engine-a"))


@brings("EnginesDiffer")
async def test_an_engine_makes_a_wrong_event(stage: Stage) -> None:
    with stage.watched().breaks("engine-b", MISTAKEN) as watched:
        await watched.fires(("EnginesDiffer", "engine-a"), ("EnginesDiffer", "engine-b"))


@brings("ProcessRestarts")
async def test_a_process_ends_again_and_again(stage: Stage) -> None:
    with stage.watched(scale=1 / 10) as watched:
        for _ in range(3):
            await watched.is_up()
            # Each life is seen.
            await asyncio.sleep(1)
            watched.gateway.kill()
            await watched.fires(("ProcessDown", "gateway-1"))
            watched.gateway.start()
        await watched.fires(("ProcessRestarts", "gateway-1"))


@brings("RoleMissing")
async def test_targets_name_no_facade(stage: Stage) -> None:
    with stage.watched() as watched:
        await watched.is_up()
        watched.prometheus.watch(x for x in watched.targets if x.role != "facade")
        await watched.fires(("RoleMissing", ""))


@brings("ClockSkew", "ClockHeld")
async def test_the_clock_of_a_gateway_is_wrong(stage: Stage, clock: Path) -> None:
    watched, wall = stage.watched(), stage.directory / "clock"
    wall.write_text("0\n")
    watched.gateway.env |= {"LD_PRELOAD": str(clock), "CLOCK": str(wall)}
    with watched:
        await watched.is_up()
        wall.write_text("-3\n")
        await watched.fires(("ClockSkew", "gateway-1"))
        wall.write_text("-100\n")
        await watched.fires(("ClockHeld", "gateway-1"))


@brings("ConnectionsRefused", "ConnectionsNearBound", "DescriptorsNearBound", "AcceptPaused")
async def test_connections_and_descriptors_run_out(stage: Stage) -> None:
    few = "facade.connections_max=5"
    with stage.watched(few) as watched, contextlib.ExitStack() as stack:
        await watched.is_up()
        crowd(stack, watched.facade.http, 6)
        await watched.fires(("ConnectionsNearBound", "facade"), ("ConnectionsRefused", "facade"))
        # The system has a few more for it than it uses.
        most = len(os.listdir(f"/proc/{pid(watched.gateway)}/fd")) + 4
        resource.prlimit(pid(watched.gateway), resource.RLIMIT_NOFILE, (most, most))
        await watched.fires(("DescriptorsNearBound", "gateway-1"))
        with contextlib.ExitStack() as others:
            crowd(others, watched.gateway.binary, 10)
            await asyncio.sleep(0.5)
        await watched.fires(("AcceptPaused", "gateway-1"))


@brings("MemoryNearBound")
async def test_a_process_has_little_memory(stage: Stage) -> None:
    """What the kernel says of a control group is put in its place: so no such group is needed."""
    assert os.geteuid() == 0, "only root may mount: run it by sudo"
    watched, groups = stage.watched(), stage.directory / "groups"
    (groups / "small").mkdir(parents=True)
    (groups / "small/memory.max").write_text(str(40 * 2**20))
    (groups / "named").write_text("0::/small\n")
    mounts = (
        f"mount --bind {groups} /sys/fs/cgroup && "
        f'mount --bind {groups / "named"} /proc/$$/cgroup && exec "$@"'
    )
    watched.engine.under = ["unshare", "--mount", "sh", "-c", mounts, "sh"]
    with watched:
        await watched.fires(("MemoryNearBound", "engine-a"))


@brings("Faults", "EventLoopStops")
async def test_something_that_nobody_foresaw(stage: Stage) -> None:
    with stage.watched(scale=1 / 20).breaks("gateway-1", UNFORESEEN) as watched:
        await watched.fires(("Faults", "gateway-1"), ("EventLoopStops", "gateway-1"))


@brings("CommandsSlow")
async def test_a_broker_is_slow(stage: Stage) -> None:
    with stage.watched() as watched:
        await watched.is_up()
        slow = asyncio.create_task(watched.fires(("CommandsSlow", "gateway-1")))
        while not slow.done():
            stage.brokers.freeze()
            await asyncio.sleep(1.5)
            stage.brokers.thaw()
            await asyncio.sleep(0.5)
        await slow


@brings("BuffersNearBound", "SlowReadersCut")
async def test_a_client_does_not_read(stage: Stage) -> None:
    limits = ("gateway.queue_bytes_max=400000", "gateway.write_deadline_s=30")
    with stage.watched(*limits) as watched, socket.socket() as line:
        await watched.is_up()
        line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        await asyncio.to_thread(line.connect, ("127.0.0.1", watched.gateway.binary))
        line.sendall(soup.LoginRequest("demo1", "demo").encode())
        packets, numbers = Client(watched.gateway.binary), itertools.count(1)

        def send_until(holds: Callable[[], bool]) -> None:
            while not holds():
                line.sendall(b"".join(packets.order_bytes(next(numbers)) for _ in range(50)))

        def half_full() -> bool:
            return (
                watched.gateway.metrics()['quantscope_order_entry_buffer_bytes{protocol="binary"}']
                > 210_000
            )

        await asyncio.to_thread(send_until, half_full)
        await watched.fires(("BuffersNearBound", "gateway-1"))
        await watched.fires(("SlowReadersCut", "gateway-1"))


@brings("SnapshotsMissing", "EngineRestarted", "RequestsRepeated")
async def test_topics_take_too_little(stage: Stage) -> None:
    with stage.watched() as watched:
        await watched.is_up()
        clients, topics = topics_of(watched)
        for topic, alert in (
            (topics.snapshots, ("SnapshotsMissing", "")),
            (topics.events("a"), ("EngineRestarted", "engine-a")),
            (topics.commands, ("RequestsRepeated", "gateway-1")),
        ):
            async with clients.administering() as admin:
                small = {"max.message.bytes": "1"}
                changed = ConfigResource(ConfigResourceType.TOPIC, topic, configs=small)
                await admin.alter_configs([changed])
            await watched.fires(alert)
        assert "no snapshot" in watched.engine.said() + watched.twin.said()


@brings("UnreadableCommands", "BatchesOutOfOrder")
async def test_somebody_else_writes_commands(stage: Stage) -> None:
    with stage.watched() as watched:
        await watched.is_up()
        clients, topics = topics_of(watched)
        async with Appender(clients, topics.commands, deadline_s=10) as out:
            await out.append([b"no batch"])
            await watched.fires(("UnreadableCommands", "engine-a"))
            # Of a gateway of its own, that leaves a number out.
            for number in (0, 5):
                commands = Commands()
                commands.gateway_open(77, 1) if number == 0 else commands.tick()
                now_ns = system_clock().now_ns()
                batch = commands.seal(77, incarnation_of(number), number, now_ns, 1)
                assert batch is not None
                await out.append([batch])
            await watched.fires(("BatchesOutOfOrder", "engine-a"))


def incarnation_of(number: int) -> int:
    """Its opening begins the first."""
    return min(number, 1)


@brings("ReaderFarBehind", "JournalAboveBound", "EventsDeletedUnread")
async def test_a_recorder_is_down_for_too_long(stage: Stage) -> None:
    small = ("journal.journal_bytes_max=1000", "gateway.session_replay_bytes_max=1000")
    # Of many snapshots only the newest are looked at.
    with stage.watched(*small, "journal.snapshot_interval_s=10") as watched:
        await watched.is_up()
        await asyncio.sleep(2)
        watched.archive.kill()
        await watched.fires(("ReaderFarBehind", "engine-a"), ("JournalAboveBound", "engine-a"))
        # Nothing is deleted that may not be on the brokers' disks yet, for a minute.
        await watched.fires(("EventsDeletedUnread", "engine-a"), seconds=180)


@brings("RecorderFailed", "RecorderLag", "StoreUnreadable", "RedisSteppedBack")
async def test_redis_goes_and_forgets(stage: Stage) -> None:
    with stage.watched() as watched:
        await watched.is_up()
        watched.facade.place()
        await asyncio.sleep(1)
        stage.redis.ask("FLUSHALL")
        await watched.fires(("RedisSteppedBack", "recorder"))
        await asyncio.to_thread(stage.redis.kill)
        watched.facade.place()
        await watched.fires(
            ("RecorderFailed", "recorder"),
            ("StoreUnreadable", "facade"),
            ("RecorderLag", "recorder"),
        )
        await asyncio.to_thread(stage.redis.start)
        await watched.is_quiet(seconds=60)


@brings("RedisFull", "RedisAboveBound")
async def test_redis_has_no_room(stage: Stage) -> None:
    with stage.watched("redis.redis_bytes_max=100000") as watched:
        await watched.fires(("RedisAboveBound", "recorder"))
        stage.redis.ask("CONFIG", "SET", "maxmemory", "100000")
        await watched.fires(("RedisFull", "recorder"))
        stage.redis.ask("CONFIG", "SET", "maxmemory", "0")


@brings("StoreDamaged")
async def test_a_value_on_redis_is_another(stage: Stage) -> None:
    with stage.watched() as watched:
        await watched.is_up()
        order = watched.facade.place()["order_id"]
        watched.facade.cancel(order)
        found = f"orders:{int(order) >> 4}"
        await until(lambda: f"{found}\r\n" in stage.redis.ask("KEYS", "*orders:*"))
        # One that begins now does not have it in memory.
        watched.facade.stop()
        watched.facade.start()
        await until(lambda: watched.facade.ask(f"/orders/{order}")[0] == 200)
        stage.redis.ask("SET", f"quantscope:{found}", "damaged")
        status, _ = watched.facade.ask(f"/orders/{order}")
        assert status == 503
        await watched.fires(("StoreDamaged", "facade"))
