"""``quantscope setup``: what it makes, mends, and never makes anew."""

import asyncio

import msgspec
import pytest
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import UnknownTopicOrPartitionError

from core import Commands, Engine
from journal.kafka import ControlLost, Journal, LostCommands, Place, Topics, mend
from quantscope.cluster.setup import run_forget, run_setup
from quantscope.examine import NothingThere
from settings import Config, JournalSettings, UserSettings
from testing.cluster import Cluster
from testing.kafka import Brokers

QUICK = JournalSettings(tick_interval_s=0.05, snapshot_interval_s=0.3, snapshot_commands_min=1)


async def set_up(
    cluster: Cluster, config: Config | None = None, *, dry_run: bool = False
) -> list[str]:
    """What it says."""
    said: list[str] = []
    wanted = config or cluster.config
    await asyncio.to_thread(run_setup, wanted, said.append, dry_run=dry_run)
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
    assert said[5] == f"a new exchange: its journal is {journal.journal_id:016x}"
    assert "instrument BTCUSD: new" in said
    assert said[-1] == "journaled what the configuration changes: 2 command batch(es)"
    assert await set_up(cluster) == ["the exchange is as it is configured"]
    assert await journal_of(cluster) == journal


async def test_a_broker_that_has_not_heard_of_a_new_topic_yet_is_asked_again(
    kafka: Brokers, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = 0

    async def mend_late(admin: AIOKafkaAdminClient, topics: Topics) -> list[str]:
        nonlocal asked
        asked += 1
        if asked == 1:
            raise UnknownTopicOrPartitionError(topics.control)
        return await mend(admin, topics)

    monkeypatch.setattr("quantscope.cluster.setup.mend", mend_late)
    said = await set_up(Cluster(kafka))
    assert asked == 2
    assert said[-1] == "journaled what the configuration changes: 2 command batch(es)"


async def test_what_changes_is_journaled_while_the_exchange_runs(kafka: Brokers) -> None:
    cluster = await Cluster(kafka).make()
    async with cluster.following() as follower:
        users = (*cluster.config.users, UserSettings(name="late", password="x"))  # noqa: S106
        config = msgspec.structs.replace(cluster.config, users=users)
        line = "user late: new; gateways know it after SIGHUP, or a start"
        assert await set_up(cluster, config, dry_run=True) == [line]
        assert await set_up(cluster, config) == [
            line,
            "journaled what the configuration changes: 1 command batch(es)",
        ]
        async with asyncio.timeout(20):
            while "late" not in {entry.name for entry in follower.engine.entries()}:
                await asyncio.sleep(0.02)
    assert await set_up(cluster, config) == ["the exchange is as it is configured"]


async def test_a_lost_control_is_written_as_a_snapshot_knows_it(kafka: Brokers) -> None:
    cluster = await Cluster(kafka, Config(journal=QUICK)).make()
    journal = await journal_of(cluster)
    async with cluster.following() as follower, asyncio.timeout(20):
        while follower.keeper.written < 1:
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
            LostCommands,
            match=f"ends before command batch {end + 1} .* of which a state of a knows",
        ):
            await cluster.follower(control).run()


async def test_what_is_no_longer_configured_is_named_before_it_is_closed(kafka: Brokers) -> None:
    cluster = await Cluster(kafka).make()
    first, *rest = cluster.config.instruments
    changed = msgspec.structs.replace(first, quantity_min="0.5")
    fewer = msgspec.structs.replace(cluster.config, instruments=(changed, *rest[:-1]))
    said = await set_up(cluster, fewer, dry_run=True)
    assert f"instrument {rest[-1].symbol}: closed, for it is not configured" in said
    assert any(line.startswith(f"instrument {first.symbol}: qty_min ") for line in said)
    assert len(said) == 2


async def test_a_recorder_is_forgotten_by_its_name(kafka: Brokers) -> None:
    cluster = await Cluster(kafka).make()
    async with cluster.control() as control:
        await control.say(Place("recorder.gone", 5, 9, 1))
        assert "recorder.gone" in (await control.read()).places
        said: list[str] = []
        with pytest.raises(NothingThere, match="no recorder has that name; there are: gone"):
            await asyncio.to_thread(run_forget, cluster.config, "goen", said.append)
        await asyncio.to_thread(run_forget, cluster.config, "gone", said.append)
        assert (await control.read()).places == {}
    assert said == ["nothing is kept for the recorder gone any more"]
