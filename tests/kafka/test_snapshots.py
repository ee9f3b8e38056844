"""Engines' states in Kafka: whole or passed over, and gone on from."""

import asyncio
import logging

import msgspec
import pytest

from core import Engine
from engine.replica import replica
from journal.kafka import PLAIN, Appender, Good, Journal, KafkaKept, Portion
from settings import Config, JournalSettings
from testing.cluster import Cluster
from testing.kafka import Brokers

JOURNAL = Journal(1)
QUICK = JournalSettings(tick_interval_s=0.05, snapshot_interval_s=0.5, snapshot_commands_min=5)


def restored(cluster: Cluster) -> list[Engine]:
    return list(cluster.snapshots().engines())


async def test_an_engine_goes_on_from_its_newest_and_replays_no_more(kafka: Brokers) -> None:
    cluster = await Cluster(kafka, Config(journal=QUICK)).make()
    async with cluster.following() as first, asyncio.timeout(30):
        while first.keeper.written < 3:
            await asyncio.sleep(0.05)
    engines = await asyncio.to_thread(restored, cluster)
    offsets = [engine.position().command_offset for engine in engines]
    assert len(offsets) >= 3
    assert offsets == sorted(offsets, reverse=True)
    async with cluster.following() as second:
        replayed = second.recovered.commands
        assert replayed <= second.recovered.engine.position().command_offset - offsets[0]
    await asyncio.to_thread(cluster.compared)


async def test_one_of_many_portions_is_what_was_written(kafka: Brokers) -> None:
    cluster = await Cluster(kafka).make()
    engine = await asyncio.to_thread(cluster.replayed)
    # As if its state were large.
    state, kept = engine.snapshot(), cluster.snapshots()
    await kept.publish("a", JOURNAL, engine.position(), state)
    (again,) = await asyncio.to_thread(restored, cluster)
    assert again.state_hash() == engine.state_hash()


@pytest.mark.parametrize("harm", ["missing", "other", "twice", "between", "strange"])
async def test_what_is_not_whole_is_passed_over_with_a_word(
    kafka: Brokers, harm: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("journal.kafka.portions.PORTION_BYTES", 100)
    cluster = await Cluster(kafka).make()
    engine = await asyncio.to_thread(cluster.replayed)
    kept, at = cluster.snapshots(), engine.position()
    await kept.publish("a", JOURNAL, at, engine.snapshot())

    def parts() -> list[Portion | Good]:
        with KafkaKept(cluster.clients, cluster.topics.snapshots, bases=PLAIN) as log:
            records = log.read(0, 1 << 20)
        decoder = msgspec.msgpack.Decoder(Portion | Good)
        return [decoder.decode(record.batch) for record in records]

    *portions, mark = await asyncio.to_thread(parts)
    assert isinstance(mark, Good)
    assert len(portions) > 3
    begin = await asyncio.to_thread(kept.end)
    newer = msgspec.structs.replace(mark, maker="b", begin=begin)
    own = [msgspec.structs.replace(part, maker="b") for part in portions]
    match harm:
        case "missing":
            del own[1]
        case "other":
            own[2] = msgspec.structs.replace(own[2], data=b"x" * 100)
        case "twice":
            own.insert(2, own[1])
        case "between":
            own[1:1] = portions
    encoded = [msgspec.msgpack.encode(part) for part in (*own, newer)]
    if harm == "strange":
        encoded.insert(1, b"no record of ours")
    async with Appender(cluster.clients, cluster.topics.snapshots, deadline_s=5) as out:
        await out.append(encoded)
    with caplog.at_level(logging.ERROR):
        engines = await asyncio.to_thread(restored, cluster)
    assert [x.state_hash() for x in engines] == [engine.state_hash()] * len(engines)
    assert len(engines) == (1 if harm in ("missing", "other") else 2)
    assert bool(caplog.records) == (harm in ("missing", "other", "strange"))


async def test_a_replica_is_made_from_them(kafka: Brokers) -> None:
    cluster = await Cluster(kafka, Config(journal=QUICK)).make()
    async with cluster.following() as follower, asyncio.timeout(30):
        while follower.keeper.written < 1:
            await asyncio.sleep(0.05)
        at = follower.engine.position()

    def made() -> Engine:
        with KafkaKept(cluster.clients, cluster.topics.commands) as commands:
            return replica(cluster.snapshots(), commands, at)

    assert (await asyncio.to_thread(made)).position().event_hash == at.event_hash
