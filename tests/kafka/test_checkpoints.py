"""Checkpoints of sessions: a start reads the events behind the newest that serves."""

import asyncio
import re

import msgspec
import pytest

from core import Engine, EventsEnd, OrderEntry
from gateway.checkpoints import SessionCheckpoints
from journal.kafka import Journal
from quantscope.roles.sessions import users_of
from settings import Config, JournalSettings
from testing.client import Client
from testing.cluster import Cluster
from testing.kafka import Brokers

QUICK = JournalSettings(tick_interval_s=0.05, snapshot_interval_s=0.5)


async def traded(cluster: Cluster) -> Engine:
    """A session has been told of 30 orders."""
    async with cluster.following(), cluster.gateway() as served:
        client = await Client(served.binary).login()
        for number in range(1, 31):
            client.place(number, price=10 + number)
            await client.expect_new(number)
    return await asyncio.to_thread(cluster.replayed)


def learned(cluster: Cluster, engine: Engine) -> OrderEntry:
    """What a start knows of sessions."""
    sessions = OrderEntry(cluster.config.gateway, cluster.clock)
    users_of(cluster.config.users, engine, sessions, lambda _: lambda _: "")
    followed = cluster.engines()
    with followed.log() as events:
        checkpoints(cluster).learn(sessions, events, followed.told()["a"])
    return sessions


def checkpoints(cluster: Cluster) -> SessionCheckpoints:
    return SessionCheckpoints(
        cluster.clients, cluster.topics, deadline_s=cluster.settings.append_deadline_s
    )


async def test_a_start_reads_on_behind_the_newest(
    kafka: Brokers, caplog: pytest.LogCaptureFixture
) -> None:
    cluster = await Cluster(kafka, Config(journal=QUICK)).make()
    engine = await traded(cluster)
    whole = await asyncio.to_thread(learned, cluster, engine)
    async with cluster.following(), cluster.gateway() as served:
        async with asyncio.timeout(20):
            while len(await asyncio.to_thread(checkpoints(cluster).newest, 2)) < 2:
                await asyncio.sleep(0.1)
        assert served.role.checkpoints is not None
    caplog.clear()
    with caplog.at_level("INFO"):
        again = await asyncio.to_thread(learned, cluster, engine)
    assert msgspec.to_builtins(again.index().sessions) == msgspec.to_builtins(
        whole.index().sessions
    )
    (found,) = re.findall(r"reading event batches from (\d+) to (\d+)", caplog.text)
    newest = await asyncio.to_thread(checkpoints(cluster).newest, 1)
    assert newest[0].good.first_needed > 0
    assert int(found[0]) > 30


@pytest.mark.parametrize("harm", ["other events", "lacks a session"])
async def test_one_that_does_not_serve_is_passed_over(
    kafka: Brokers, harm: str, caplog: pytest.LogCaptureFixture
) -> None:
    cluster = await Cluster(kafka).make()
    engine = await traded(cluster)
    whole = await asyncio.to_thread(learned, cluster, engine)
    at = engine.position()
    wrong = at.event_hash ^ (harm == "other events")
    end = EventsEnd(sequence=at.event_seq, hash=wrong)
    sessions = whole
    if harm == "lacks a session":
        sessions = OrderEntry(cluster.config.gateway, cluster.clock)
        sessions.learn_instruments(engine)
    await checkpoints(cluster).publish(
        "b", Journal(1), at.command_offset, end, [sessions], cluster.config.gateway
    )
    again = await asyncio.to_thread(learned, cluster, engine)
    assert again.index().sessions == whole.index().sessions
    assert f"at command {at.command_offset}: it" in caplog.text
    assert harm in caplog.text
