"""``quantscope setup``: what it makes, mends, and never makes anew."""

import asyncio

import msgspec
import pytest

from core import Commands, Engine
from journal.kafka import ControlLost, Journal, LostCommands
from quantscope.cluster.setup import run_setup
from settings import Config, JournalSettings, UserSettings
from testing.cluster import Cluster
from testing.kafka import Brokers

QUICK = JournalSettings(tick_interval_s=0.05, snapshot_interval_s=0.3, snapshot_commands_min=1)


async def set_up(cluster: Cluster, config: Config | None = None) -> list[str]:
    """What it says."""
    said: list[str] = []
    await asyncio.to_thread(run_setup, config or cluster.config, said.append)
    return said


async def delete(cluster: Cluster, *topics: str) -> None:
    async with cluster.clients.administering() as admin:
        await admin.delete_topics(list(topics))
        async with asyncio.timeout(20):
            while set(topics) & set(await admin.list_topics()):
                await asyncio.sleep(0.05)


async def journal_of(cluster: Cluster) -> Journal:
    async with cluster.control() as control:
        return (await control.read()).known()


async def test_it_says_what_it_did_and_does_it_once(kafka: Brokers) -> None:
    cluster = Cluster(kafka)
    said = await set_up(cluster)
    topics = [topic.name for topic in cluster.topics.all()]
    assert said[:5] == [f"made the topic {name}" for name in topics]
    journal = await journal_of(cluster)
    assert said[5:] == [
        f"a new exchange: its journal is {journal.journal_id:016x}",
        "journaled what the configuration changes: 2 command batch(es)",
    ]
    assert await set_up(cluster) == ["the exchange is as it is configured"]
    assert await journal_of(cluster) == journal


async def test_what_changes_is_journaled_while_the_exchange_runs(kafka: Brokers) -> None:
    cluster = await Cluster(kafka).make()
    async with cluster.following() as follower:
        users = (*cluster.config.users, UserSettings(name="late", password="x"))  # noqa: S106
        config = msgspec.structs.replace(cluster.config, users=users)
        assert await set_up(cluster, config) == [
            "journaled what the configuration changes: 1 command batch(es)"
        ]
        async with asyncio.timeout(20):
            while "late" not in {entry.name for entry in follower.engine.entries()}:
                await asyncio.sleep(0.02)
    assert await set_up(cluster, config) == ["the exchange is as it is configured"]


async def test_a_lost_control_is_written_as_a_snapshot_knows_it(kafka: Brokers) -> None:
    cluster = await Cluster(kafka, Config(journal=QUICK)).make()
    journal = await journal_of(cluster)
    async with cluster.following() as follower, asyncio.timeout(20):
        while follower.snapshots_written < 1:
            await asyncio.sleep(0.05)
    await delete(cluster, cluster.topics.control)
    assert await set_up(cluster) == [
        f"made the topic {cluster.topics.control}",
        f"written anew, as a snapshot knows it: {cluster.topics.control}",
        "the exchange is as it is configured",
    ]
    assert await journal_of(cluster) == journal


async def test_a_journal_that_nobody_knows_gets_no_other_name(kafka: Brokers) -> None:
    cluster = await Cluster(kafka).make()
    await delete(cluster, cluster.topics.control)
    with pytest.raises(ControlLost, match="there is no snapshot that knows"):
        await set_up(cluster)


async def test_lost_commands_are_not_made_anew(kafka: Brokers) -> None:
    cluster = await Cluster(kafka).make()
    await delete(cluster, cluster.topics.commands)
    with pytest.raises(LostCommands, match=f"{cluster.topics.commands} is gone"):
        await set_up(cluster)


async def test_no_engine_goes_on_where_commands_end_before_a_snapshot(kafka: Brokers) -> None:
    cluster = await Cluster(kafka).make()
    engine: Engine = await asyncio.to_thread(cluster.replayed)
    end = engine.position().command_offset
    commands = Commands()
    commands.tick()
    engine.apply(end + 1, 1, [commands.seal(0, 0, 0, 1, 1) or b""])
    await cluster.snapshots().publish("a", Journal(1), engine.position(), engine.snapshot())
    async with cluster.control() as control:
        with pytest.raises(
            LostCommands, match=f"ends at command batch {end}, and a snapshot was made behind"
        ):
            await cluster.follower(control).run()
