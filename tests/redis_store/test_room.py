"""Closed orders go where Redis uses more than it may; open ones stay."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from store.redis import RedisStore
from store.sqlite import SqliteStore
from testing.batches import ordinary, placed_and_canceled
from testing.redis import RedisServer
from testing.redis_store import PlainLog, in_sqlite, named_in, reached, recording

KIB = 2**10


@pytest.mark.parametrize("full", [False, True])
async def test_the_oldest_closed_orders_go_and_the_rest_is_whole(
    full: bool, redis: RedisServer, tmp_path: Path
) -> None:
    batches = list(ordinary(1, 300))
    log, bound = PlainLog(batches[:100]), 2_500 * KIB
    settings = redis.settings(
        redis_bytes_max=2**40 if full else bound, redis_transaction_bytes_max=20_000
    )
    async with recording(log, settings) as recorder:
        await reached(recorder, log.last_seq)
        if full:
            redis.ask("CONFIG", "SET", "maxmemory", str(bound))
        for begin in range(100, 300, 50):
            log.append(batches[begin : begin + 50])
            await reached(recorder, log.last_seq)
            await asyncio.sleep(0.2)
        async with asyncio.timeout(20):
            while recorder.stats()["deleted"] <= 1_000:
                await asyncio.sleep(0.05)
        counts = recorder.stats()
    assert counts["deleted"] > 1_000
    assert bool(counts["failures"]) == full
    sqlite = await asyncio.to_thread(in_sqlite, tmp_path / "store.db", batches)
    store = RedisStore(settings)
    try:
        await the_rest_is_whole(store, sqlite, batches)
    finally:
        await store.close()
        await sqlite.close()


async def test_lists_of_accounts_become_shorter_as_well(redis: RedisServer, tmp_path: Path) -> None:
    batches = list(placed_and_canceled(40_000, later=2_000, users=3, commands=500))
    log = PlainLog(batches[:20])
    settings = redis.settings(redis_bytes_max=4_000 * KIB, redis_transaction_bytes_max=50_000)
    async with recording(log, settings) as recorder:
        for begin in range(20, len(batches), 4):
            log.append(batches[begin : begin + 4])
            await reached(recorder, log.last_seq)
            await asyncio.sleep(0.2)
    assert recorder.stats()["deleted"] > 20_000
    lengths = [int(redis.ask("STRLEN", f"quantscope:account:{x}")[1:]) // 8 for x in (1, 2, 3)]
    assert 0 < max(lengths) < 40_000 / 16 / 2
    sqlite = await asyncio.to_thread(in_sqlite, tmp_path / "store.db", batches)
    store = RedisStore(settings)
    for account in (1, 2, 3):
        kept = await all_orders(store, account)
        assert 100 < len(kept) < 7_000
        assert kept == (await all_orders(sqlite, account))[: len(kept)]
    await store.close()
    await sqlite.close()


async def the_rest_is_whole(store: RedisStore, sqlite: SqliteStore, batches: list[bytes]) -> None:
    """What Redis lacks was over before it says to be whole, and what it has is as SQLite has it."""
    order_ids, accounts, instruments, _ = named_in(batches)
    await store.position()
    since = store.complete_since
    assert since is not None
    kept: set[int] = set()
    for order_id in order_ids[1:]:
        expected, found = await sqlite.order(order_id), await store.order(order_id)
        assert expected is not None
        if found is not None:
            assert found.json == expected.json
            kept.add(order_id)
        else:
            assert not expected.open
            assert updated_ns(json.loads(expected.json)) < since
    assert 100 < len(kept) < len(order_ids) - 1_000
    for account in accounts:
        listed = await all_orders(store, account)
        assert listed == [x for x in await all_orders(sqlite, account) if x[0] in kept]
    for instrument in instruments:
        newest = await store.trades(instrument, limit=1_000)
        assert newest == (await sqlite.trades(instrument, limit=1_000))[: len(newest)]
        trades = await sqlite.trades_between(instrument, since, 2**63, limit=1_000)
        assert await store.trades_between(instrument, since, 2**63, limit=1_000) == trades
        assert await store.bars(instrument, since) == await sqlite.bars(instrument, since)


async def all_orders(store: Any, account: int) -> list[tuple[int, bytes]]:
    """The orders of an account, page by page."""
    found: list[tuple[int, bytes]] = []
    before: int | None = None
    while True:
        page = await store.orders(account, before=before, limit=50)
        found += page.orders
        before = page.next
        if before is None:
            return found


def updated_ns(order: dict[str, Any]) -> int:
    """When an order has changed last."""
    from datetime import datetime

    moment = datetime.fromisoformat(order["updated_at"])
    return int(moment.timestamp()) * 10**9 + moment.microsecond * 1_000
