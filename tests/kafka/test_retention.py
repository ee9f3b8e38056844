"""What nobody needs any more is deleted, and nothing else."""

import asyncio

import pytest

from core import Engine, first_batch_after
from engine.topic_retention import TopicRetention, sampled_bytes
from journal.kafka import PLAIN, Journal, KafkaKept, Place
from quantscope.metrics.retention import RetentionFigures
from settings import Config, GatewaySettings, JournalSettings
from testing.client import Client
from testing.cluster import Cluster
from testing.kafka import Brokers
from testing.waiting import SECONDS_MAX

QUICK = JournalSettings(tick_interval_s=0.05, snapshot_interval_s=0.3, snapshot_commands_min=1)
"""Snapshots come as fast as they can."""
UNREAD = "quantscope_reader_unread_bytes{'reader': 'recorder.archive'}"
PASSED_OVER = "quantscope_reader_passed_over{'reader': 'recorder.archive'}"
BYTES = GatewaySettings(session_replay_bytes_max=1)
"""Nothing is kept for sessions."""


@pytest.fixture(autouse=True)
def settled(monkeypatch: pytest.MonkeyPatch) -> None:
    """What was written counts at once."""
    monkeypatch.setattr("engine.topic_retention.SETTLED_S", -3600.0)


async def traded(cluster: Cluster) -> None:
    """A session has been told of 20 orders, and two good snapshots stand behind them."""
    async with cluster.following() as follower, cluster.gateway() as served:
        client = await Client(served.binary).login()
        for number in range(1, 21):
            client.place(number, price=10 + number)
            await client.expect_new(number)
        last, snapshots = follower.engine.position().command_offset, cluster.snapshots()
        async with asyncio.timeout(SECONDS_MAX):
            while True:
                newest = await asyncio.to_thread(snapshots.newest, 2)
                if len(newest) == 2 and newest[1].good.command_offset > last:
                    break
                await asyncio.sleep(0.05)


def begins(cluster: Cluster) -> dict[str, int]:
    """The first offset of each topic."""
    topics = cluster.topics
    found = {}
    for topic in (topics.commands, topics.events("a"), topics.snapshots, topics.sessions):
        with KafkaKept(cluster.clients, topic, bases=PLAIN) as kept:
            found[topic] = kept.first_offset
    return found


async def delete(cluster: Cluster, *places: Place) -> TopicRetention:
    async with cluster.control() as control:
        for place in places:
            await control.say(place)
        journal = (await control.read()).known()
        retention = TopicRetention(
            cluster.clients, cluster.topics, "a", cluster.config, cluster.clock, control, journal
        )
        await retention.delete()
        return retention


async def test_what_is_left_is_enough_for_engine_gateway_and_old_messages(kafka: Brokers) -> None:
    cluster = await Cluster(kafka, Config(journal=QUICK)).make()
    await traded(cluster)
    await delete(cluster)
    found = begins(cluster)
    topics = cluster.topics
    assert found[topics.commands] > 0
    assert found[topics.snapshots] > 0
    # The session's messages are kept, however few they are.
    assert found[topics.events("a")] < found[topics.commands]
    async with cluster.following() as follower, cluster.gateway() as served:
        assert follower.engine.counts()["open_orders"] == 20
        again = await Client(served.binary).login(sequence=1)
        for number in range(1, 21):
            await again.expect_new(number)
        again.place(21, price=10)
        await again.expect_new(21)


async def test_above_the_bound_the_oldest_messages_go(kafka: Brokers) -> None:
    cluster = await Cluster(kafka, Config(journal=QUICK, gateway=BYTES)).make()
    await traded(cluster)
    await delete(cluster)
    assert begins(cluster)[cluster.topics.events("a")] > 0
    async with cluster.following(), cluster.gateway() as served:
        again = await Client(served.binary).login(sequence=1)
        assert again.oldest == 21
        again.place(21, price=10)
        await again.expect_new(21)


async def test_events_stay_for_a_reader_up_to_a_bound(
    kafka: Brokers, caplog: pytest.LogCaptureFixture
) -> None:
    cluster = await Cluster(kafka, Config(journal=QUICK, gateway=BYTES)).make()
    await traded(cluster)
    place = Place("recorder.archive", 5, 9, cluster.clock.now_ns())
    retention = await delete(cluster, place)
    assert retention.behind == {}
    assert 0 < retention.unread["recorder.archive"] <= retention.events_bytes
    assert figures(retention) == {
        "quantscope_events_log_bytes": retention.events_bytes,
        UNREAD: retention.unread["recorder.archive"],
        PASSED_OVER: 0,
    }
    with KafkaKept(cluster.clients, cluster.topics.events("a")) as events:
        # And the one before it, from which the log is known to go on.
        assert events.first_offset == first_batch_after(events, 4)
        assert sampled_bytes(events) > 0
    bound = JournalSettings(
        tick_interval_s=0.05, snapshot_interval_s=0.3, snapshot_commands_min=1, journal_bytes_max=1
    )
    cluster.config = Config(journal=bound, gateway=BYTES, kafka=cluster.settings)
    retention = await delete(cluster)
    assert retention.behind == {"recorder.archive": 5}
    assert figures(retention)[PASSED_OVER] == 1
    assert "recorder.archive has read the events of command batch 5" in caplog.text
    with KafkaKept(cluster.clients, cluster.topics.events("a")) as events:
        assert first_batch_after(events, 5) == events.first_offset > 10


async def test_how_far_readers_are_is_known_before_anything_is_deleted(
    kafka: Brokers, monkeypatch: pytest.MonkeyPatch
) -> None:
    cluster = await Cluster(kafka, Config(journal=QUICK, gateway=BYTES)).make()
    monkeypatch.setattr("engine.topic_retention.SETTLED_S", 60.0)
    await traded(cluster)
    place = Place("recorder.archive", 0, 0, cluster.clock.now_ns())
    retention = await delete(cluster, place)
    assert retention.unread == {"recorder.archive": retention.events_bytes}
    assert retention.events_bytes > 0


def figures(retention: TopicRetention) -> dict[str, float]:
    return {
        sample.name + (str(sample.labels) if sample.labels else ""): sample.value
        for family in RetentionFigures(retention).collect()
        for sample in family.samples
    }


async def test_without_two_settled_snapshots_nothing_goes(
    kafka: Brokers, monkeypatch: pytest.MonkeyPatch
) -> None:
    cluster = await Cluster(kafka, Config(journal=QUICK, gateway=BYTES)).make()
    monkeypatch.setattr("engine.topic_retention.SETTLED_S", 60.0)
    await traded(cluster)
    await delete(cluster)
    assert set(begins(cluster).values()) == {0}
    engine: Engine = await asyncio.to_thread(cluster.compared)
    assert engine.counts()["open_orders"] == 20
    assert (await cluster_journal(cluster)).journal_id


async def cluster_journal(cluster: Cluster) -> Journal:
    async with cluster.control() as control:
        return (await control.read()).known()
