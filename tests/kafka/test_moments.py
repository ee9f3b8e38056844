"""Moments at which a client could be told something twice, or nothing, or two could both end."""

import asyncio
from itertools import count

import pytest
from aiokafka import TopicPartition
from aiokafka.admin import RecordsToDelete

from core import EventsFollower
from engine.topic_retention import TopicRetention
from gateway.connection import Connection
from journal.kafka import Displaced, KafkaKept
from protocol.terms import Gateway
from settings import Config, GatewaySettings, JournalSettings
from testing.client import Client
from testing.cluster import Cluster
from testing.kafka import Brokers
from testing.waiting import SECONDS_MAX, until

QUICK = JournalSettings(tick_interval_s=0.05, snapshot_interval_s=0.3, snapshot_commands_min=1)
NOTHING_KEPT = GatewaySettings(session_replay_bytes_max=1)


async def placed(client: Client, first: int, last: int) -> None:
    for number in range(first, last + 1):
        client.place(number, price=10 + number)
        await client.expect_new(number)


def events_of(cluster: Cluster) -> tuple[int, int]:
    """The first offset of an engine's log, and the next."""
    with KafkaKept(cluster.clients, cluster.topics.events("a")) as events:
        return events.first_offset, events.next_offset


async def deletes_nothing(retention: TopicRetention) -> None:
    """As if all were needed."""


@pytest.mark.parametrize("asked_before", [True, False])
async def test_a_replay_that_is_ahead_of_what_is_told_tells_nothing_twice(
    kafka: Brokers, asked_before: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    cluster = await Cluster(kafka).make()
    async with cluster.following(), cluster.gateway() as served:
        client = await Client(served.binary).login()
        await placed(client, 1, 5)
        client.cut()
        await asyncio.sleep(0.2)
        replayer = served.role.binary._replayer
        pump, gate = replayer._pump, asyncio.Event()

        async def gated(connection: Connection) -> None:
            await gate.wait()
            await pump(connection)

        monkeypatch.setattr(replayer, "_pump", gated)
        again = await Client(served.binary).login(sequence=1)
        if asked_before:
            again.place(6, price=10)
            await asyncio.sleep(0.5)
        async with served.lane._telling:
            again.place(7, price=10)
            await asyncio.sleep(0.5)
            await asyncio.to_thread(served.role._events().look)
            gate.set()
            await asyncio.sleep(0.5)
        again.place(8, price=10)
        for number in (*range(1, 6), *((6,) if asked_before else ()), 7, 8):
            await again.expect_new(number)


async def test_who_moves_to_a_gateway_that_is_behind_is_let_in(kafka: Brokers) -> None:
    cluster = await Cluster(kafka).make()
    async with cluster.following(), cluster.gateway(11) as one, cluster.gateway(12) as other:
        client = await Client(one.binary).login()
        # So long no other gateway can have the session.
        await asyncio.sleep(cluster.config.engine.claim_interval_s + 0.2)
        async with other.lane._telling:
            await placed(client, 1, 3)
            client.cut()
            moving = Client(other.binary)
            login = asyncio.create_task(moving.login(sequence=4))
            await asyncio.sleep(1.2)
            assert not login.done()
        await login
        moving.place(4, price=10)
        await moving.expect_new(4)


async def test_whose_session_moves_is_hung_up_on_and_the_log_says_so(
    kafka: Brokers, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", "quantscope.gateway")
    cluster = await Cluster(kafka).make()
    async with cluster.following(), cluster.gateway(11) as one, cluster.gateway(12) as other:
        client = await Client(one.binary).login()
        await asyncio.sleep(cluster.config.engine.claim_interval_s + 0.2)
        await Client(other.binary).login()
        await client.expect_closed()
        session = f"binary session {client.session} of demo1 from 127.0.0.1:"
        said = [message for message in caplog.messages if message.startswith(session)]
        moved = "is closed: its session was logged in to at another gateway"
        assert any(message.endswith(moved) for message in said)
        assert len(said) == 3


async def test_what_engines_delete_is_promised_to_nobody(
    kafka: Brokers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("engine.topic_retention.SETTLED_S", -3600.0)
    cluster = await Cluster(kafka, Config(journal=QUICK, gateway=NOTHING_KEPT)).make()
    async with cluster.following(), cluster.gateway() as served:
        client = await Client(served.binary).login()
        await placed(client, 1, 20)
        client.cut()
        _, told = await asyncio.to_thread(events_of, cluster)
        async with asyncio.timeout(SECONDS_MAX):
            while (await asyncio.to_thread(events_of, cluster))[0] < told:
                await asyncio.sleep(0.2)
        # From here on what there is stays.
        monkeypatch.setattr(TopicRetention, "delete", deletes_nothing)
        await asyncio.sleep(0.5)

        async def let_in() -> Client:
            """It may be let in while the oldest is deleted, or before that is heard of."""
            for number in count(21):
                again = await Client(served.binary).login(sequence=1)
                again.place(number, price=10)
                try:
                    async with asyncio.timeout(10):
                        # What was placed before it was cut is told again first.
                        while getattr(await again.report(), "cl_ord_id", None) != number:
                            pass
                        if again.oldest > 1:
                            return again
                except (EOFError, OSError):
                    pass
                again.cut()
            raise AssertionError

        async with asyncio.timeout(60):
            assert (await let_in()).oldest > 1


async def test_of_two_gateways_of_a_number_that_open_in_turns_one_goes_on(kafka: Brokers) -> None:
    cluster = await Cluster(kafka).make()
    async with cluster.following(), cluster.control() as control:
        begins = await asyncio.to_thread(cluster.engines().standing)
        place = begins.beginning
        older, later = (cluster.lane(Gateway.BINARY, control) for _ in range(2))
        first = asyncio.create_task(older.run(place))
        await until(lambda: older.ready)
        async with older._telling:
            # It does not hear of the later one yet, and opens anew.
            second = asyncio.create_task(later.run(place))
            await until(lambda: later.ready)
            older._outage("it opens anew")
            await asyncio.sleep(1)
        with pytest.raises(ExceptionGroup) as ended:
            await asyncio.wait_for(first, 10)
        assert ended.value.subgroup(Displaced) is not None
        await until(lambda: later.ready)
        assert not second.done()
        second.cancel()
        await asyncio.wait([second])


async def lost(cluster: Cluster, kept: int) -> list[bytes]:
    """The events that there were; of their topic only the first so many are left."""
    stored = await asyncio.to_thread(cluster.events)
    topic = cluster.topics.events("a")
    async with cluster.clients.administering() as admin:
        await admin.delete_topics([topic])
        async with asyncio.timeout(20):
            while topic in await admin.list_topics():
                await asyncio.sleep(0.05)
    await cluster.make()
    async with cluster.event_appender() as out:
        await out.append(stored[:kept])
    return stored


async def traded(cluster: Cluster) -> None:
    async with cluster.following() as follower, cluster.gateway() as served:
        await placed(await Client(served.binary).login(), 1, 20)
        seen = follower.keeper.written
        await until(lambda: follower.keeper.written > seen + 1)


@pytest.mark.parametrize("kept", [10, 0])
async def test_a_log_that_lost_its_end_is_made_again_without_a_gap(
    kafka: Brokers, kept: int
) -> None:
    cluster = await Cluster(kafka, Config(journal=QUICK)).make()
    await traded(cluster)
    stored = await lost(cluster, kept)
    async with cluster.following(), cluster.gateway() as served:
        again = await Client(served.binary).login(sequence=1)
        for number in range(1, 21):
            await again.expect_new(number)
    now = await asyncio.to_thread(cluster.events)
    assert now[: len(stored)] == stored
    EventsFollower(1, None).take(b"".join(now))


async def test_a_log_that_no_snapshot_reaches_begins_anew_behind_one(kafka: Brokers) -> None:
    cluster = await Cluster(kafka, Config(journal=QUICK)).make()
    await traded(cluster)
    await lost(cluster, 10)
    (newest,) = await asyncio.to_thread(cluster.snapshots().newest, 1)
    behind = RecordsToDelete(before_offset=newest.good.command_offset)
    async with cluster.clients.administering() as admin:
        await admin.delete_records({TopicPartition(cluster.topics.commands, 0): behind})
    async with cluster.following(), cluster.gateway() as served:
        client = await Client(served.binary).login()
        client.place(100, price=10)
        await client.expect_new(100)
    async with cluster.control() as control:
        (began,) = (await control.read()).eras.began.values()
    assert began.command_offset == newest.good.command_offset
    async with cluster.following(), cluster.gateway() as served:
        again = await Client(served.binary).login(sequence=client.following)
        again.place(101, price=10)
        await again.expect_new(101)


async def test_an_engine_that_is_silent_is_told_of_and_lines_close(kafka: Brokers) -> None:
    cluster = await Cluster(kafka, partition_silence_s=1.0, append_deadline_s=2.0).make()
    async with cluster.gateway_beside() as (served, engine):
        client = await Client(served.binary).login()
        await engine.aclose()
        await until(lambda: not served.lane.ready)
        assert served.role.standing() == ["commands are not taken: the engine is silent"]
        await client.expect_closed()
        async with cluster.following():
            await until(lambda: served.lane.ready)
            again = await Client(served.binary).login()
            again.place(1, price=10)
            await again.expect_new(1)
