"""Commands and events are read by the list of bases: what was lost is passed over."""

import asyncio

import pytest

from core import Commands, Engine, EventsFollower, JournalRange, split_batches
from engine.followed import told_in
from journal.kafka import Base, Bases, Logs, TopicReader
from protocol.terms import Gateway
from testing.cluster import Cluster, records
from testing.kafka import Brokers

BASES = Bases((Base(0, 1), Base(9, 991, kafka_end=6, behind=6)))
"""Of nine commands three are nobody's; the tenth stands at 1000."""


def test_all_commands_count_where_none_was_ever_lost() -> None:
    assert Bases().all_count
    assert not BASES.all_count
    # What stood before was deleted with all that knew of it.
    assert not Bases((Base(5, 1),)).all_count


def tick(stamp_ns: int) -> bytes:
    commands = Commands()
    commands.tick()
    sealed = commands.seal(Gateway.ENGINE, 0, 0, stamp_ns, 1)
    assert sealed is not None
    return sealed


async def followed(reader: TopicReader, start: int, count: int) -> list[tuple[int, bytes]]:
    """So many records from an offset on, asked for as a role does."""
    found: list[tuple[int, bytes]] = []
    async with reader, asyncio.timeout(20):
        while len(found) < count:
            for record in await reader.follow(start, 0.2):
                found.append((record.offset, record.value))
                start = record.offset + 1
        assert await reader.follow(start, 0.2) == []
    return found


async def test_commands_that_are_nobodys_are_passed_over(kafka: Brokers) -> None:
    cluster = await Cluster(kafka).make()
    # What setup has journaled stands there already.
    begun = await asyncio.to_thread(cluster.followed().commands_end)
    batches = [tick(number) for number in range(1, 13 - begun)]
    async with cluster.appender() as out:
        await out.append(batches)
    logs = Logs(cluster.clients, cluster.topics, BASES)

    def read() -> None:
        with logs.commands() as log:
            assert (log.first_offset, log.written_offset, log.next_offset) == (1, 1002, 1003)
            found = [record for start in (1, 7) for record in log.read(start, 1 << 20)]
            assert [x.offset for x in found] == [1, 2, 3, 4, 5, 6, *[1000, 1001, 1002] * 2]
            assert found[-1].batch == batches[-1]
            # A few at a time, over what is passed over.
            some = log.read(5, len(found[4].batch) + len(found[5].batch))
            assert [x.offset for x in some] == [5, 6]
            assert [x.offset for x in log.read(500, 1)] == [1000]
            assert log.chain_at(6) == found[5].chain
            assert [log.chain_at(place) for place in (7, 999, 1003)] == [None, None, None]
            with pytest.raises(JournalRange, match="holds offsets from 1 to 1002"):
                log.read(1004, 1)

    await asyncio.to_thread(read)
    for start in (0, 6, 7):
        found = await followed(logs.follow_commands(), start, 9 - start if start == 0 else 3)
        assert [at for at, _ in found][-3:] == [9, 10, 11]
        assert found[-1][1] == batches[-1]


async def test_events_of_lost_places_are_passed_over_and_the_log_goes_on(kafka: Brokers) -> None:
    cluster = await Cluster(kafka).make()
    engine, kept, lost = Engine(), list[bytes](), list[bytes]()
    for place in range(1, 7):
        kept += split_batches(engine.apply(place, place, [tick(place)]))
    other = Engine.restore(engine.snapshot())
    for place in range(7, 10):
        lost += split_batches(other.apply(place, place, [tick(place)]))
    logs = Logs(cluster.clients, cluster.topics, BASES)
    async with cluster.event_appender() as out:
        await out.append([*kept, *lost])

        def behind() -> tuple[int, int]:
            with logs.events("a") as log:
                assert records(log) == kept
                return told_in(log), log.batch_after(6)

        # Nothing stands there that counts, so far.
        assert await asyncio.to_thread(behind) == (6, 7)
        goes_on = [x for n in (1000, 1001) for x in split_batches(engine.apply(n, n, [tick(n)]))]
        await out.append(goes_on)

    def read() -> list[bytes]:
        with logs.events("a") as log:
            assert told_in(log) == 1001
            return records(log)

    assert await asyncio.to_thread(read) == [*kept, *goes_on]
    follower = EventsFollower(Gateway.BINARY, None)
    follower.take(b"".join([*kept, *goes_on]))
    found = await followed(logs.follow_events("a"), 0, 8)
    assert [value for _, value in found] == [*kept, *goes_on]
    assert [at for at, _ in found] == [0, 1, 2, 3, 4, 5, 9, 10]
