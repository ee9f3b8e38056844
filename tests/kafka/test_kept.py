"""A partition read from code without an event loop."""

import asyncio
import contextlib
import random
from concurrent.futures import ThreadPoolExecutor

import pytest

from core import JournalError, JournalRange, xxh3_64
from journal.kafka import Clients, FencedLog, KafkaKept, TopicReader
from journal.kafka.reader import Record
from settings import KafkaSettings
from testing.cluster import Cluster
from testing.kafka import Brokers

STEPS = ((1, 97), (5, 161), (900, 31))


async def test_records_come_in_portions_from_anywhere(kafka: Brokers) -> None:
    cluster = await Cluster(kafka).make()
    batches = [b"%d" % number * 100 for number in range(1_000)]
    async with cluster.appender() as out:
        await out.append(batches)

    def read() -> None:
        with KafkaKept(cluster.clients, cluster.topics.commands) as log:
            assert log.first_offset == 1
            begin = log.next_offset - 1_000
            assert log.written_offset == begin + 999
            for first in (begin + 500, begin, begin + 999, begin + 1):
                at = first
                found = []
                while some := log.read(at, 5_000):
                    assert sum(len(x.batch) for x in some) <= 5_000
                    found += some
                    at = some[-1].offset + 1
                assert [x.batch for x in found] == batches[first - begin :]
                assert [x.offset for x in found] == list(range(first, begin + 1_000))
            one = log.read(begin, 1)
            assert [(x.batch, x.chain) for x in one] == [(batches[0], xxh3_64(batches[0]))]
            assert abs(one[0].append_ns - cluster.clock.now_ns()) < 60 * 10**9
            for outside in (0, log.next_offset + 1):
                with pytest.raises(JournalRange, match=f"and {outside} is asked for"):
                    log.read(outside, 1)

    await asyncio.to_thread(read)


async def test_who_looks_at_the_end_meanwhile_disturbs_no_reader(kafka: Brokers) -> None:
    cluster = await Cluster(kafka).make()
    batches = [b"%d" % number * 100 for number in range(2_000)]
    async with cluster.appender() as out:
        await out.append(batches)

    def read(log: KafkaKept, first: int, step: int) -> None:
        for at in range(first, log.next_offset, step):
            log.waiting(at, 1)
            assert log.read(at, 1)[0].offset == at

    def together() -> None:
        with (
            KafkaKept(cluster.clients, cluster.topics.commands) as log,
            ThreadPoolExecutor(3) as pool,
        ):
            readers = [pool.submit(read, log, first, step) for first, step in STEPS]
            for reader in readers:
                reader.result()

    await asyncio.to_thread(together)


class Learner:
    """Reads what has come; now and then from elsewhere, or with other looks between."""

    def __init__(self, log: KafkaKept, rng: random.Random) -> None:
        self.log = log
        self.rng = rng
        self.held = dict[int, bytes]()

    def learn(self) -> None:
        log, rng, held = self.log, self.rng, self.held
        log.look()
        at = max(held, default=0) + 1
        while some := log.read(at, 500):
            held.update((record.offset, record.batch) for record in some)
            at = some[-1].offset + 1
            if rng.random() < 0.3:
                log.look()
            if rng.random() < 0.2:
                place = rng.choice(list(held))
                assert log.read(place, 1)[0].batch == held[place]
                assert log.chain_at(place) == xxh3_64(held[place])


async def test_a_look_finds_all_that_has_come_between_offsets_without_a_record(
    kafka: Brokers, seed: int
) -> None:
    cluster = await Cluster(kafka, transaction_renew_s=1.0).make()
    topic, rng, sent = cluster.topics.events("a"), random.Random(seed), list[bytes]()
    with KafkaKept(cluster.clients, topic, journal_id=5) as log:
        learner = Learner(log, rng)
        async with FencedLog(cluster.clients, topic, 0, f"{topic}.writer", cluster.clock) as out:
            for step in range(40):
                some = [rng.randbytes(rng.randrange(1, 200)) for _ in range(rng.randrange(4))]
                await out.append(some)
                sent += some
                if step % 10 == 5:
                    await asyncio.sleep(1.1)
                if rng.random() < 0.7:
                    await asyncio.to_thread(learner.learn)
        await asyncio.to_thread(learner.learn)
        held = learner.held
        assert list(held.values()) == sent
        assert (log.written_offset, log.journal_id) == (max(held), 5)
        assert log.newest is not None
        assert log.newest.value == sent[-1]
        empty = set(range(1, max(held))) - set(held)
        assert empty
        for offset in (*empty, 0, log.next_offset):
            assert await asyncio.to_thread(log.chain_at, offset) is None


async def test_a_look_reads_little_and_nothing_twice(
    kafka: Brokers, monkeypatch: pytest.MonkeyPatch
) -> None:
    cluster = await Cluster(kafka).make()
    asked, real = list[int](), TopicReader.read

    async def read(self: TopicReader, start: int, end: int) -> list[Record]:
        asked.append(start)
        return await real(self, start, end)

    with KafkaKept(cluster.clients, cluster.topics.events("a")) as log:
        async with cluster.event_appender() as out:
            await out.append([b"one", b"two"])
            await asyncio.to_thread(log.look)
            assert len(await asyncio.to_thread(log.read, 1, 1_000)) == 2
            monkeypatch.setattr(TopicReader, "read", read)
            for _ in range(10):
                await asyncio.to_thread(log.look)
            assert asked == []
            await out.append([b"three", b"four"])
        await asyncio.to_thread(log.look)
        assert log.written_offset == 4
        found = await asyncio.to_thread(log.read, 3, 1_000)
        assert [record.batch for record in found] == [b"three", b"four"]
        assert log.chain_at(4) == xxh3_64(b"four")
        assert asked == [2]


async def test_who_asks_one_that_is_closed_is_told(kafka: Brokers) -> None:
    cluster = await Cluster(kafka).make()

    def use() -> None:
        with KafkaKept(cluster.clients, cluster.topics.commands) as log:
            log.look()
        for ask in (log.look, lambda: log.read(1, 1), lambda: log.waiting(1, 1)):
            with pytest.raises(JournalError, match="commands is closed"):
                ask()

    await asyncio.to_thread(use)


async def test_a_question_under_way_does_not_outlive_it(own_kafka: Brokers) -> None:
    cluster = await Cluster(own_kafka, request_timeout_s=60.0).make()

    def use() -> None:
        with ThreadPoolExecutor(1) as pool:
            with KafkaKept(cluster.clients, cluster.topics.commands) as log:
                own_kafka.freeze()
                asking = pool.submit(log.look)
                while not log._under_way:
                    pass
            with pytest.raises(JournalError, match="commands is closed"):
                asking.result()

    try:
        await asyncio.to_thread(use)
    finally:
        own_kafka.thaw()


async def test_after_a_failure_it_takes_another_client(
    kafka: Brokers, monkeypatch: pytest.MonkeyPatch
) -> None:
    cluster = await Cluster(kafka).make()
    async with cluster.appender() as out:
        await out.append([b"one"])
    taken = 0
    real = TopicReader.reconnect

    async def reconnect(self: TopicReader) -> None:
        nonlocal taken
        taken += 1
        await real(self)

    async def fail(self: TopicReader, start: int, end: int) -> list[Record]:
        raise TimeoutError

    def use() -> None:
        monkeypatch.setattr(TopicReader, "reconnect", reconnect)
        with KafkaKept(cluster.clients, cluster.topics.commands) as log:
            last = log.written_offset
            with monkeypatch.context() as failing:
                failing.setattr(TopicReader, "read", fail)
                with pytest.raises(JournalError, match="commands can't be read: no broker gives"):
                    log.read(last, 1)
            assert taken == 0
            assert log.read(last, 1)[0].batch == b"one"
            log.look()
            assert log.written_offset == last
            assert taken == 1

    await asyncio.to_thread(use)


def test_without_a_broker_it_says_so() -> None:
    settings = KafkaSettings(bootstrap_servers=("127.0.0.1:9",), start_deadline_s=0.5)
    with pytest.raises(JournalError, match="no broker"), contextlib.ExitStack() as stack:
        stack.enter_context(KafkaKept(Clients(settings), "nothing"))
