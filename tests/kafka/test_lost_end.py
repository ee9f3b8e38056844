"""Commands that have lost their end: nobody goes on by them, and nothing comes twice."""

import asyncio
from contextlib import AsyncExitStack

import pytest

from core import Commands, event_head, published_in, split_batches
from engine.verify import verify
from journal.kafka import (
    Base,
    Bases,
    Description,
    Eras,
    Journal,
    Logs,
    LostCommands,
    LostEnd,
    Place,
    Proof,
    Proofs,
    TopicReader,
)
from protocol.terms import Gateway
from quantscope.cluster.journal_watch import JournalWatch
from quantscope.cluster.setup import run_setup
from settings import Config, JournalSettings
from testing.client import Client
from testing.cluster import Cluster, records
from testing.cut_topic import cut_topic
from testing.kafka import Brokers

QUICK = Config(
    journal=JournalSettings(tick_interval_s=0.05, snapshot_interval_s=0.3, snapshot_commands_min=1)
)


def tick(stamp_ns: int) -> bytes:
    commands = Commands()
    commands.tick()
    sealed = commands.seal(Gateway.ENGINE, 0, 0, stamp_ns, 1)
    assert sealed is not None
    return sealed


async def set_up(cluster: Cluster, *, accept_loss: bool = False) -> list[str]:
    said: list[str] = []
    await asyncio.to_thread(run_setup, cluster.config, said.append, accept_loss=accept_loss)
    return said


async def journal_of(cluster: Cluster) -> Journal:
    async with cluster.control() as control:
        return (await control.read()).known()


async def refused(cluster: Cluster) -> str:
    """What each start of a process, an engine and ``setup`` say alike."""
    async with cluster.control() as control:
        journal = (await control.read()).known()
        watch = JournalWatch(cluster.clients, cluster.topics, control, journal, Eras())
        with pytest.raises(LostCommands) as said:
            await watch.begin()
        with pytest.raises(LostCommands, match="--accept-loss"):
            await cluster.follower(control).run()
    with pytest.raises(LostCommands) as of_setup:
        await set_up(cluster)
    assert str(of_setup.value) == str(said.value)
    return str(said.value)


async def traded(cluster: Cluster, stands: int = 20) -> Client:
    """A session has been told of forty orders, and a state stands behind so many of them."""
    async with cluster.following() as follower, cluster.gateway() as served:
        client = await Client(served.binary).login()
        for number in range(1, 41):
            client.place(number, price=10 + number)
            await client.expect_new(number)
            if number == stands:
                seen = follower.keeper.written
                async with asyncio.timeout(20):
                    while follower.keeper.written < seen + 2:
                        await asyncio.sleep(0.02)
    return client


def kept_events(cluster: Cluster, journal: Journal) -> list[bytes]:
    """What its engine tells, by these bases."""
    with Logs(cluster.clients, cluster.topics, Bases(journal.bases)).events("a") as log:
        return records(log)


async def goes_on(cluster: Cluster, before: list[bytes], known: Client) -> None:
    """The exchange goes on in a new era, and nothing that was told comes twice."""
    journal = await journal_of(cluster)
    place = journal.bases[-1].behind
    async with cluster.following() as follower, cluster.gateway() as served:
        client = await Client(served.binary).login()
        assert client.session != known.session
        assert client.following > 41
        await Client(served.binary).expect_rejected_login("S", known.session, 5)
        last = client.last_cl_ord_id
        for number in range(last + 1, last + 11):
            client.place(number, price=70)
            await client.expect_new(number)
        # What is there it knows, and what was lost it does not.
        assert follower.engine.counts()["open_orders"] == last + 10
    now = await asyncio.to_thread(kept_events, cluster, journal)
    kept = [batch for batch in before if event_head(batch).command_offset <= place]
    assert now[: len(kept)] == kept
    told, later = published_in(b"".join(before)), b"".join(now[len(kept) :])
    assert event_head(now[len(kept)]).command_offset > event_head(before[-1]).command_offset
    assert event_head(now[len(kept)]).first_seq > event_head(before[-1]).last_seq
    new = published_in(later)
    assert new.orders - new.given >= told.orders
    await asyncio.to_thread(verified, cluster, journal)


def verified(cluster: Cluster, journal: Journal) -> None:
    """The commands make what is told, and each state that counts."""
    bases = Bases(journal.bases)
    logs = Logs(cluster.clients, cluster.topics, bases)
    with (
        cluster.snapshots(bases).judged() as snapshots,
        logs.events("a") as events,
        logs.commands() as commands,
    ):
        assert verify(snapshots, commands, events).bad_snapshots == ()


async def test_the_end_is_lost_and_all_goes_on_above_it(own_kafka: Brokers) -> None:
    cut, others = Cluster(own_kafka, QUICK), Cluster(own_kafka, QUICK)
    clients, before = [], []
    for cluster in (cut, others):
        await cluster.make()
        clients.append(await traded(cluster))
        before.append(await asyncio.to_thread(cluster.events))
    await asyncio.to_thread(own_kafka.stop)
    for cluster in (cut, others):
        cut_topic(own_kafka, cluster.topics.commands, 25)
    await asyncio.to_thread(own_kafka.start)
    async with others.appender() as out:
        # A gateway that has not looked yet goes on.
        await out.append([tick(others.clock.now_ns() + number) for number in range(30)])
    commands = cut.topics.commands
    assert (await refused(cut)).startswith(f"{commands} ends before command batch ")
    commands = others.topics.commands
    assert (await refused(others)).startswith(f"{commands} holds another record as command batch ")
    for cluster, client, told in zip((cut, others), clients, before, strict=True):
        journal = await journal_of(cluster)
        said = await set_up(cluster, accept_loss=True)
        assert said[-2].startswith("sessions get new ids (era 2)")
        assert said[-1] == "the exchange is as it is configured"
        begun = await journal_of(cluster)
        assert (begun.journal_id, begun.era) == (journal.journal_id, 2)
        await goes_on(cluster, told, client)
        assert (await set_up(cluster, accept_loss=True))[0].startswith("nothing is lost")
        assert await journal_of(cluster) == begun


async def test_without_any_command_it_goes_on_from_a_state(kafka: Brokers) -> None:
    cluster = await Cluster(kafka, QUICK).make()
    client = await traded(cluster)
    before = await asyncio.to_thread(cluster.events)
    topics = (cluster.topics.commands, cluster.topics.control)
    async with cluster.clients.administering() as admin:
        await admin.delete_topics(list(topics))
        async with asyncio.timeout(20):
            while set(topics) & set(await admin.list_topics()):
                await asyncio.sleep(0.05)
    with pytest.raises(LostCommands, match="is gone, and these are there"):
        await set_up(cluster)
    said = await set_up(cluster, accept_loss=True)
    assert f"made the topic {cluster.topics.commands}" in said
    assert f"written anew, as a snapshot knows it: {cluster.topics.control}" in said
    assert any("the exchange goes on from the state behind command batch" in x for x in said)
    await goes_on(cluster, before, client)


async def test_whatever_knows_of_a_lost_command_proves_it(kafka: Brokers) -> None:
    cluster = await Cluster(kafka).make()
    engine = await asyncio.to_thread(cluster.replayed)
    end = engine.position().command_offset
    told = split_batches(engine.apply(end + 1, 1, [tick(1)]))
    snapshots, sessions = cluster.snapshots(), cluster.checkpoints()
    await snapshots.publish("a", Journal(1), engine.position(), engine.snapshot())
    what = Description("gateway.1", Journal(1), end, 1, 1, command_hash=7)
    await sessions.write(what, b"?", await asyncio.to_thread(sessions.end))
    async with cluster.event_appender() as out:
        await out.append(told)
    topics, gone = cluster.topics, f"ends before command batch {end + 1} (Kafka's offset {end}), of"
    other = (
        f"holds another record as command batch {end} (Kafka's offset {end - 1}) than the one of"
    )
    place = Place("recorder.archive", end + 1, 1, 1)
    for proofs, places, own, said in (
        (Proofs(cluster.logs, (), (snapshots,)), (), (), f"{gone} which a state of a in "),
        (Proofs(cluster.logs, (), (sessions,)), (), (), f"{other} which a state of gateway.1 in "),
        (Proofs(cluster.logs, ("a",), ()), (), (), f"{gone} which {topics.events('a')} knows"),
        (Proofs(cluster.logs, (), ()), (place,), (), f"{gone} which recorder.archive knows"),
        (Proofs(cluster.logs, (), ()), (), (Proof("this", end + 1),), f"{gone} which this knows"),
    ):
        wrong = await asyncio.to_thread(proofs.wrong, places, *own)
        assert wrong is not None
        assert f"{topics.commands} {said}" in wrong
        with pytest.raises(LostCommands, match="put back what was there, or let quantscope setup"):
            await asyncio.to_thread(proofs.hold, places, *own)
    # What it knows is there, or was accepted to be lost.
    known = Proofs(cluster.logs, (), ())
    assert await asyncio.to_thread(known.wrong, (), Proof("this", end)) is None
    bases = Bases((Base(0, 1), Base(end, 1000 - end, kafka_end=end, behind=end)))
    lost = Logs(cluster.clients, cluster.topics, bases)
    accepted = Proofs(lost, ("a",), (cluster.snapshots(bases),))
    assert await asyncio.to_thread(accepted.wrong, (place,)) is None


async def test_a_reader_reads_its_last_record_again_after_an_outage(own_kafka: Brokers) -> None:
    clusters = [await Cluster(own_kafka).make() for _ in range(3)]
    names, readers = [cluster.topics.commands for cluster in clusters], []
    async with AsyncExitStack() as stack:
        ends = []
        for cluster, name in zip(clusters, names, strict=True):
            async with cluster.appender() as out:
                for number in range(10):
                    await out.append([tick(number)])
            reader = await stack.enter_async_context(TopicReader(cluster.clients, name))
            readers.append(reader)
            ends.append(await read_to_the_end(reader))
        await asyncio.to_thread(own_kafka.stop)
        # The first loses nothing, the second its end; the third gets another.
        for name in names[1:]:
            cut_topic(own_kafka, name, 4)
        await asyncio.to_thread(own_kafka.start)
        for cluster in (clusters[0], clusters[2]):
            async with cluster.appender() as out:
                await out.append([tick(100 + number) for number in range(6)])
        async with asyncio.timeout(30):
            found = await readers[0].follow(ends[0], 5)
            while not found:
                found = await readers[0].follow(ends[0], 5)
            assert [x.value for x in found] == [tick(100 + number) for number in range(6)]
            # The third may have been seen to have ended, or not.
            ended = "has ended before Kafka's offset"
            for number, said in ((1, ended), (2, f"({ended}|holds another record at)")):
                with pytest.raises(LostEnd, match=f"{names[number]} {said}"):
                    await nothing_more(readers[number], ends[number])


async def nothing_more(reader: TopicReader, at: int) -> None:
    """Follow as long as it goes."""
    while True:
        assert await reader.follow(at, 1) == []


async def read_to_the_end(reader: TopicReader) -> int:
    """Follow to where it ends now, a little at a time."""
    at, end = 0, await reader.end()
    while at < end:
        for record in await reader.follow(at, 1):
            at = record.offset + 1
    return at
