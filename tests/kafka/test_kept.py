"""A partition read from code without an event loop."""

import asyncio
import contextlib
from concurrent.futures import ThreadPoolExecutor

import pytest

from core import JournalError, JournalRange, xxh3_64
from journal.kafka import Clients, KafkaKept
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


def test_without_a_broker_it_says_so() -> None:
    settings = KafkaSettings(bootstrap_servers=("127.0.0.1:9",), start_deadline_s=0.5)
    with pytest.raises(JournalError, match="no broker"), contextlib.ExitStack() as stack:
        stack.enter_context(KafkaKept(Clients(settings), "nothing"))
