"""Memory and store show the same order byte for byte, and the same lists, trades and tickers."""

import asyncio
import functools
import json
import random
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from core import InMemory
from settings import FacadeSettings, RedisSettings
from store.port import Store
from store.redis import RedisStore
from store.sqlite import SqliteStore
from testing.in_process import InProcess
from testing.logs import Logs
from testing.parts import new_recorder
from testing.redis import RedisServer
from testing.redis_store import PlainLog, reached, recording

USERS = ("alice", "bob", "carol")


async def trade(exchange: InProcess, chance: random.Random) -> list[str]:
    """A random session over REST; the ids of its orders."""
    ids: list[str] = []
    for n in range(150):
        body: dict[str, Any] = {
            "symbol": chance.choice(["BTCUSD", "ETHUSD"] * 10 + ["NOPE"]),
            "side": chance.choice(["BUY", "SELL"]),
            "order_type": chance.choice(["LIMIT", "LIMIT", "LIMIT", "MARKET"]),
            "quantity": chance.choice([1, 2, "0.00000001", 5, 0]),
            "user_id": chance.choice(USERS),
            "time_in_force": chance.choice(["GTC", "DAY", "IOC", "FOK"]),
            "self_trade_prevention": chance.choice(["NONE", "DECREMENT", "CANCEL_OLDEST"]),
        }
        if body["order_type"] == "LIMIT":
            body["price"] = chance.randrange(95, 106)
        if chance.random() < 0.3:
            body["client_order_id"] = f'c"{n}'
        placed = (await exchange.client.post("/orders", json=body)).json()
        ids.append(placed["order_id"])
        other = chance.choice(ids)
        if chance.random() < 0.2:
            await exchange.client.delete(f"/orders/{other}")
        elif chance.random() < 0.3:
            await exchange.client.patch(f"/orders/{other}", json={"quantity": chance.randrange(4)})
    return ids


async def recorded(logs: Logs, path: Path, *, batch_events_max: int = 200_000) -> SqliteStore:
    """A store of all that happened."""
    log = logs.events_in_memory
    recorder = await asyncio.to_thread(
        functools.partial(new_recorder, path, log, recorder_transaction_events_max=batch_events_max)
    )
    while recorder.position().offset + 1 < log.next_offset:
        recorder.wake()
        await asyncio.sleep(0.02)
    await asyncio.to_thread(recorder.stop)
    return SqliteStore(path)


async def recorded_on_redis(logs: Logs, settings: RedisSettings) -> RedisStore:
    """The same on Redis."""
    kept = logs.events_in_memory
    found = kept.read(1, 2**30)
    assert found[-1].offset == kept.written_offset
    log = PlainLog((record.batch for record in found), kept.journal_id)
    async with recording(log, settings) as recorder:
        await reached(recorder, log.last_seq)
        # It looks each second whether there is room.
        while settings.redis_bytes_max == 1 and not recorder.stats()["deleted"]:
            await asyncio.sleep(0.01)
    store = RedisStore(settings)
    await store.position()
    return store


async def test_memory_and_redis_agree(redis: RedisServer) -> None:
    async with InProcess() as exchange:
        ids = await trade(exchange, random.Random(21))
        ids.append(str(await exchange.session_places(instrument=77)))
        store = await recorded_on_redis(exchange.logs, redis.settings())
        await assert_the_same(exchange, store, ids)
        before = [await shown(exchange, page) for page in PAGES]
    async with InProcess(FacadeSettings(recent_trades_max=3), exchange.logs, store) as fresh:
        fresh.record_all()
        assert [await shown(fresh, page) for page in PAGES] == before
    await store.close()


async def test_what_redis_has_no_more_is_archived(redis: RedisServer) -> None:
    async with InProcess() as exchange:
        ids = await trade(exchange, random.Random(22))
        store = await recorded_on_redis(exchange.logs, redis.settings(redis_bytes_max=1))
    lacking = [order_id for order_id in ids if await store.order(int(order_id)) is None]
    assert lacking
    async with InProcess(logs=exchange.logs, store=store) as fresh:
        fresh.record_all()
        for order_id in lacking:
            answer = await fresh.client.get(f"/orders/{order_id}")
            assert (answer.status_code, answer.json()["code"]) == (410, "ORDER_ARCHIVED")
        page = (await fresh.client.get("/orders?user_id=alice")).json()
        assert page["complete_since"] is not None
    await store.close()


@pytest.mark.parametrize("batch_events_max", [1, 200_000])
async def test_memory_and_store_agree(tmp_path: Path, batch_events_max: int) -> None:
    path = tmp_path / "store.db"
    async with InProcess() as exchange:
        ids = await trade(exchange, random.Random(20))
        ids.append(str(await exchange.session_places(instrument=77)))
        store = await recorded(exchange.logs, path, batch_events_max=batch_events_max)
        try:
            await assert_the_same(exchange, store, ids)
        except BaseException:
            await store.close()
            raise
        before = [await shown(exchange, page) for page in PAGES]
    try:
        async with InProcess(FacadeSettings(recent_trades_max=3), exchange.logs, store) as fresh:
            fresh.record_all()
            assert not any(fresh.view.keeps(int(order_id)) for order_id in ids)
            assert [await shown(fresh, page) for page in PAGES] == before
    finally:
        await store.close()


async def assert_the_same(exchange: InProcess, store: Store, ids: list[str]) -> None:
    """Memory and store show each order alike."""
    seen: set[str] = set()
    symbols: set[str | None] = set()
    for order_id in ids:
        kept = exchange.view.find(int(order_id))
        assert isinstance(kept, InMemory)
        stored = await store.order(int(order_id))
        assert stored is not None
        assert stored.json == kept.json
        order = json.loads(kept.json)
        symbols.add(order["symbol"])
        seen |= {entry["status"] for entry in order["status_history"]}
        check(order)
    assert seen > {"REPLACED", "REDUCED", "PARTIALLY_FILLED", "REJECTED", "CANCELED"}
    assert symbols == {"BTCUSD", "ETHUSD", None, "#77"}


def check(order: Any) -> None:
    """What holds of every order that is shown."""
    quantity, filled, remaining = (
        Decimal(order[name]) for name in ("quantity", "filled_quantity", "remaining_quantity")
    )
    is_open = order["status"] in ("NEW", "PARTIALLY_FILLED")
    assert is_open == (remaining > 0)
    if is_open:
        assert quantity == filled + remaining
        assert order["reason"] is None
    assert filled == sum(Decimal(fill["quantity"]) for fill in order["fills"])


PAGES = [
    *(f"/orders?user_id={user}&limit=7" for user in USERS),
    "/orders?user_id=alice&status=FILLED&symbol=BTCUSD",
    "/orders?user_id=bob&status=REJECTED&limit=3",
    *(f"/{page}/{symbol}" for page in ("trades", "ticker") for symbol in ("BTCUSD", "ETHUSD")),
]


async def shown(exchange: InProcess, path: str) -> list[Any]:
    """What a page and those that follow it show."""
    pages = []
    cursor: str | None = ""
    while cursor is not None:
        got = await exchange.client.get(path + (f"&cursor={cursor}" if cursor else ""))
        assert got.status_code == 200, got.text
        answer = got.json()
        cursor = answer.pop("next_cursor", None)
        answer.pop("timestamp", None)
        answer.pop("count", None)
        pages += answer.pop("orders", [answer])
    return pages
