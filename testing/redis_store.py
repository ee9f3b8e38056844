"""A store on Redis, its recorder at work, and the same events in SQLite to compare it with."""

import asyncio
import random
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec

from core import LogRecord, describe_events, event_head, xxh3_64
from journal.kafka import Displaced
from quantscope.cluster.process import found_in
from settings import RedisSettings, StoreSettings
from store.port import Store
from store.redis import RedisStore
from store.redis_recorder import RedisRecorder
from store.sqlite import SqliteStore
from testing.parts import memory_log, new_recorder
from testing.waiting import SECONDS_MAX

JOURNAL_ID = 7
QUICK = StoreSettings(
    recorder_interval_s=0.005, recorder_interval_busy_s=0.02, recorder_retry_interval_s_max=0.2
)


class PlainLog:
    """Events as an engine publishes them: a ``NamedLog`` that a test fills and shortens."""

    def __init__(self, batches: Iterable[bytes] = (), journal_id: int = JOURNAL_ID) -> None:
        self.journal_id = journal_id
        self.records: list[LogRecord] = []
        self.first_offset = 1
        self.append(batches)

    def append(self, batches: Iterable[bytes]) -> None:
        """More of them."""
        for batch in batches:
            offset = self.next_offset
            chain = xxh3_64(batch)
            record = LogRecord(offset=offset, append_ns=1, chain=chain, batch=batch)
            self.records.append(record)

    def delete_before(self, offset: int) -> None:
        """The oldest are gone."""
        self.records = [record for record in self.records if record.offset >= offset]
        self.first_offset = offset

    @property
    def next_offset(self) -> int:
        return self.first_offset + len(self.records)

    @property
    def written_offset(self) -> int:
        return self.next_offset - 1

    @property
    def last_seq(self) -> int:
        """Number of the last event."""
        return event_head(self.records[-1].batch).last_seq

    def look(self) -> None:
        """It is as it is."""

    def read(self, start: int, bytes_max: int) -> list[LogRecord]:
        """Records of about so many bytes."""
        found: list[LogRecord] = []
        size = 0
        for record in self.records[start - self.first_offset :]:
            size += len(record.batch)
            if found and size > bytes_max:
                break
            found.append(record)
        return found

    def chain_at(self, offset: int) -> int | None:
        """As ``NamedLog`` has it."""
        at = offset - self.first_offset
        return self.records[at].chain if 0 <= at < len(self.records) else None


@asynccontextmanager
async def recording(
    log: PlainLog, settings: RedisSettings, store: StoreSettings = QUICK, seed: bytes | None = None
) -> AsyncIterator[RedisRecorder]:
    """A recorder at work; at the end it has recorded all that is there."""
    recorder = RedisRecorder(log, settings, store, seed=lambda: seed)
    try:
        async with asyncio.TaskGroup() as group:
            group.create_task(recorder.run())
            yield recorder
            recorder.stop()
    except BaseExceptionGroup as errors:
        if displaced := found_in(errors, Displaced):
            raise displaced from errors
        raise


async def reached(recorder: RedisRecorder, sequence: int) -> None:
    """Wait until it has recorded an event."""
    async with asyncio.timeout(SECONDS_MAX):
        while recorder.position().sequence < sequence:
            await asyncio.sleep(0.005)


async def record(
    log: PlainLog, settings: RedisSettings, seed: bytes | None = None
) -> RedisRecorder:
    """Have one record all that is there."""
    async with recording(log, settings, seed=seed) as recorder:
        pass
    assert recorder.failure is None
    if log.records:
        assert recorder.position().sequence == log.last_seq
    return recorder


def in_sqlite(path: Path, batches: list[bytes], seed: bytes | None = None) -> SqliteStore:
    """The same events in a store of SQLite."""
    log = memory_log(JOURNAL_ID)
    log.append(1, batches)
    recorder = new_recorder(path, log, seed)
    recorder.stop()
    assert recorder.failure is None
    return SqliteStore(path)


def named_in(batches: list[bytes]) -> tuple[list[int], list[int], list[int], list[int]]:
    """Order ids, accounts, instruments, and times of trades that events name."""
    orders: set[int] = set()
    accounts: set[int] = set()
    instruments: set[int] = set()
    times: set[int] = set()
    for batch in msgspec.json.decode(describe_events(b"".join(batches))):
        for event in batch["events"]:
            for name in ("order_id", "taker_order_id", "maker_order_id"):
                orders.add(event.get(name) or 0)
            accounts.add(event.get("account") or 0)
            instruments.add(event.get("instrument") or 0)
            if event["type"].lower() == "trade":
                times.add(batch["time_ns"])
    return sorted(orders), sorted(accounts), sorted(instruments), sorted(times)


async def answers(store: Store, batches: list[bytes], chance: random.Random) -> list[Any]:
    """What a store says to every question of the port, about all that events name."""
    orders, accounts, instruments, times = named_in(batches)
    said: list[Any] = [(await store.position()).sequence, store.complete_since]
    said.append(await store.instruments())
    said.append(_beginnings(await store.beginnings([*reversed(orders), 10**9])))
    for order_id in [*orders, orders[-1] + 1]:
        order = await store.order(order_id)
        said.append(order and (order.json, order.open))
    for order_id in chance.sample(orders, min(len(orders), 40)):
        for ask in (store.history, store.fills):
            for after, limit in ((0, 100), (chance.randrange(4), 2), (0, 1)):
                page = await ask(order_id, after=after, limit=limit, bytes_max=1_000)
                said.append(page and (page.json, page.count, page.of, page.next))
    for account in accounts:
        said.append(await _pages(store, account))
        said.append(await _pages(store, account, limit=7, bytes_max=3_000))
        said.append(await _pages(store, account, limit=5, status="FILLED"))
        said.append(await _pages(store, account, limit=50, instrument=chance.choice(instruments)))
        said.append(await _pages(store, account, before=chance.choice(orders)))
    for instrument in instruments:
        said += await _traded(store, instrument, times or [1], chance)
    return said


def _beginnings(found: Any) -> Any:
    return found.sequence, [(x.order_id, x.created_ns, x.history, x.fills) for x in found.orders]


async def _pages(store: Store, account: int, **query: Any) -> list[Any]:
    pages: list[Any] = []
    before = query.pop("before", None)
    while True:
        page = await store.orders(account, before=before, **query)
        pages += [page.orders, page.next]
        before = page.next
        if before is None:
            return pages


async def _traded(
    store: Store, instrument: int, times: list[int], chance: random.Random
) -> list[Any]:
    newest = await store.trades(instrument, limit=1_000)
    said: list[Any] = [newest]
    before: int | None = None
    while page := await store.trades(instrument, before=before, limit=7):
        said.append(page)
        before = page[-1][0]
    for _ in range(6):
        begin, end = sorted(chance.choices(times, k=2))
        after = chance.choice([0, *(trade_id for trade_id, _ in newest)])
        end += chance.choice((0, 1, 10**9))
        found = await store.trades_between(instrument, begin, end, after=after, limit=20)
        said.append(found)
        said.append(await store.sum_between(instrument, begin, end))
    said.append(await store.bars(instrument, 0))
    said.append(await store.bars(instrument, chance.choice(times)))
    return said


async def compared(
    settings: RedisSettings, path: Path, batches: list[bytes], seed: bytes | None = None
) -> None:
    """Redis gives the same answers as SQLite does."""
    await asyncio.to_thread(path.unlink, missing_ok=True)
    sqlite = await asyncio.to_thread(in_sqlite, path, batches, seed)
    redis = RedisStore(settings)
    try:
        await redis.position()
        chance = random.Random(len(batches))
        expected = await answers(sqlite, batches, chance)
        found = await answers(redis, batches, random.Random(len(batches)))
        assert len(found) == len(expected)
        for one, other in zip(found, expected, strict=True):
            assert one == other
    finally:
        await redis.close()
        await sqlite.close()
