"""Books, trades and tickers, also where only the store knows them."""

import asyncio
import json
import time
from typing import Any

import pytest

from core import Bar, StoredOrder, StoreFailed, Sum, Trade
from facade.archive import BAR_NS, DAY_NS
from settings import FacadeSettings
from testing.client import ONE
from testing.fake_store import SINCE_NS, FakeStore
from testing.fixtures import NewInProcess
from testing.in_process import PARTITION, InProcess
from testing.logs import Logs


async def test_a_book_shows_as_many_levels_as_are_asked_for(exchange: InProcess) -> None:
    for price in range(1, 151):
        await exchange.place(price=price)
    await exchange.place(side="SELL", price=151, quantity="0.5", user_id="bob")
    book = await exchange.get("/orderbook/BTCUSD")
    assert [len(book["bids"]), len(book["asks"])] == [100, 1]
    book = await exchange.get("/orderbook/BTCUSD", depth=10_000)
    assert [level["price"] for level in book["bids"]] == [str(n) for n in range(150, 0, -1)]
    assert book["asks"] == [{"price": "151", "quantity": "0.5", "orders": 1}]
    assert book["sequence"] == exchange.view.sequence
    for depth in (0, 10_001, -1, "x"):
        await exchange.get("/orderbook/BTCUSD", 400, depth=depth)
    assert (await exchange.get("/orderbook/ETHUSD"))["bids"] == []


@pytest.mark.parametrize("page", ["orderbook", "trades", "ticker"])
async def test_a_market_that_is_not_there_is_404(exchange: InProcess, page: str) -> None:
    assert (await exchange.get(f"/{page}/NOPE", 404))["code"] == "UNKNOWN_SYMBOL"


BASE = PARTITION << 56
"""Above it trades are counted."""


async def trade(exchange: InProcess, count: int, **fields: Any) -> None:
    for _ in range(count):
        await exchange.place(side="SELL", user_id="bob", **fields)
        await exchange.place(**fields)


def ids(page: Any) -> list[int]:
    assert page["count"] == len(page["trades"])
    return [int(trade["id"]) % (1 << 56) for trade in page["trades"]]


def following(page: Any) -> int | None:
    cursor = page["next_cursor"]
    return None if cursor is None else int(cursor) % (1 << 56)


def older(exchange: InProcess, *numbers: int) -> list[tuple[int, bytes]]:
    ids = [exchange.partition << 56 | number for number in numbers]
    return [(trade_id, b'{"id":"%d"}' % trade_id) for trade_id in ids]


async def test_trades_are_told_page_by_page(exchange: InProcess) -> None:
    await trade(exchange, 3)
    await trade(exchange, 1, symbol="ETHUSD")
    await trade(exchange, 2)
    page = await exchange.get("/trades/BTCUSD", limit=2)
    base = exchange.partition << 56
    assert (ids(page), following(page)) == ([6, 5], 5)
    page = await exchange.get("/trades/BTCUSD", limit=2, cursor=base + 5)
    assert (ids(page), following(page)) == ([3, 2], 2)
    page = await exchange.get("/trades/BTCUSD", limit=2, cursor=base + 2)
    assert (ids(page), following(page)) == ([1], None)
    for limit in (5, 6):
        page = await exchange.get("/trades/BTCUSD", limit=limit)
        assert (ids(page), following(page)) == ([6, 5, 3, 2, 1], None)
    for cursor in ("0", "-1", "x", "1" * 20):
        await exchange.get("/trades/BTCUSD", 400, cursor=cursor)
    # Memory knows that there are no others.
    assert exchange.store.asked == []
    assert ids(await exchange.get("/trades/ETHUSD")) == [4]
    assert exchange.store.asked == []


async def test_older_trades_are_the_stores(new_in_process: NewInProcess) -> None:
    async with new_in_process(FacadeSettings(recent_trades_max=2)) as exchange:
        base = exchange.partition << 56
        await trade(exchange, 4)
        exchange.record_all()
        exchange.store.older_trades = older(exchange, 2, 1)
        page = await exchange.get("/trades/BTCUSD", limit=2)
        assert (ids(page), following(page)) == ([4, 3], 3)
        assert exchange.store.asked == []
        page = await exchange.get("/trades/BTCUSD", limit=3)
        assert (ids(page), following(page)) == ([4, 3, 2], 2)
        page = await exchange.get("/trades/BTCUSD", limit=5)
        assert (ids(page), following(page)) == ([4, 3, 2, 1], None)
        page = await exchange.get("/trades/BTCUSD", cursor=base + 2)
        assert (ids(page), following(page)) == ([1], None)
        asked = [
            ("trades", 1, base + 3, 1),
            ("trades", 1, base + 3, 3),
            ("trades", 1, base + 2, 100),
        ]
        assert exchange.store.asked == asked


async def test_trades_have_no_hole_where_the_recorder_is_behind(
    new_in_process: NewInProcess,
) -> None:
    """Memory has let go what the store does not have yet: who asks for it waits."""
    limits = FacadeSettings(recent_trades_max=2, store_deadline_s=0.1)
    async with new_in_process(limits) as exchange:
        base = exchange.partition << 56
        await trade(exchange, 2)
        exchange.record_all()
        await trade(exchange, 2)
        assert ids(await exchange.get("/trades/BTCUSD", limit=2)) == [4, 3]
        for more in ({"limit": 3}, {"cursor": base + 3}):
            refused = await exchange.get("/trades/BTCUSD", 503, **more)
            assert refused["code"] == "NOT_KNOWN_YET"
        assert exchange.store.asked == []
        exchange.store.older_trades = older(exchange, 2, 1)
        asked = asyncio.create_task(exchange.get("/trades/BTCUSD"))
        await asyncio.sleep(0.02)
        # The recorder passes what was let go; what came since is in memory.
        exchange.facade.on_recorded(exchange.view.sequence - 1)
        assert ids(await asked) == [4, 3, 2, 1]


async def test_trades_that_may_be_missing_are_told(new_in_process: NewInProcess) -> None:
    async with new_in_process(FacadeSettings(recent_trades_max=1)) as exchange:
        await trade(exchange, 2)
        exchange.record_all()
        exchange.store.older_trades = older(exchange, 1)
        assert (await exchange.get("/trades/BTCUSD"))["complete_since"] is None
        exchange.store.complete_since = SINCE_NS
        # Only behind the oldest that is kept some may be missing.
        for limit, since in ((1, None), (2, None), (3, "2023-11-14T22:13:20.000001Z")):
            answer = await exchange.get("/trades/BTCUSD", limit=limit)
            assert answer["complete_since"] == since, limit


async def test_a_ticker_tells_that_its_day_may_not_be_whole(
    exchange: InProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    exchange.store.complete_since = SINCE_NS
    for now_ns, since in (
        (SINCE_NS + DAY_NS - 1, "2023-11-14T22:13:20.000001Z"),
        (SINCE_NS + DAY_NS, None),
    ):
        monkeypatch.setattr(exchange.facade.queries, "_now", lambda now_ns=now_ns: now_ns)
        assert (await exchange.get("/ticker/BTCUSD"))["complete_since"] == since
        for ticker in (await exchange.get("/ticker"))["tickers"]:
            assert ticker["complete_since"] == since


async def test_a_market_without_trades_has_an_empty_ticker(exchange: InProcess) -> None:
    ticker = await exchange.get("/ticker/ETHUSD")
    assert (ticker["last"], ticker["change_percent"], ticker["volume"]) == (None, None, "0")


async def test_the_ticker_counts_change_and_percent(exchange: InProcess) -> None:
    for price in ("96", "99", "97.5"):
        await exchange.place(side="SELL", price=price, user_id="bob")
        await exchange.place(price=price)
    ticker = await exchange.get("/ticker/BTCUSD")
    names = ("open", "high", "low", "last", "change", "change_percent")
    assert [ticker[name] for name in names] == ["96", "99", "96", "97.5", "1.5", "1.5625"]


def restarted(logs: Logs) -> InProcess:
    """The exchange after a restart: a view that begins where the engine stands."""
    return InProcess(FacadeSettings(store_deadline_s=0.05), logs)


async def traded() -> Logs:
    async with InProcess() as before:
        await before.place(side="SELL", price=50, user_id="bob")
        await before.place(price=50)
        return before.logs


def summed(
    first: int, high: int, low: int, last: int, quantity: int, quote: int, count: int
) -> Sum:
    """The sum of a row of trades, in whole units."""
    return Sum(
        open=first * ONE,
        high=high * ONE,
        low=low * ONE,
        close=last * ONE,
        quantity=quantity * ONE,
        quote=quote * ONE * ONE,
        count=count,
    )


async def test_after_a_restart_the_day_comes_from_the_store_up_to_the_restart() -> None:
    async with restarted(await traded()) as exchange:
        now = exchange.view.time_ns
        minute = now // BAR_NS
        start = minute * BAR_NS
        whole = summed(40, 60, 30, 45, 7, 300, 9)
        before = start - 5 * BAR_NS
        exchange.store.day = [
            Bar(minute=minute - 5, first_ns=before, last_ns=before + BAR_NS - 1, sum=whole),
            Bar(minute=minute, first_ns=start, last_ns=now, sum=whole),
        ]
        exchange.store.minute = [
            Trade(trade_id=BASE + 1, time_ns=start, price=50 * ONE, quantity=ONE, taker_side=1),
            Trade(trade_id=BASE + 2, time_ns=now, price=70 * ONE, quantity=ONE, taker_side=1),
        ]
        assert (await exchange.get("/ticker/BTCUSD", 503))["code"] == "NOT_KNOWN_YET"
        assert (await exchange.get("/trades/BTCUSD", 503))["code"] == "NOT_KNOWN_YET"
        exchange.record_all()
        ticker = await exchange.get("/ticker/BTCUSD")
        names = ("open", "high", "low", "last", "volume", "quote_volume", "trades")
        assert [ticker[name] for name in names] == ["40", "60", "30", "50", "8", "350", 10]


async def test_a_store_that_fails_at_the_start_is_asked_again(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("facade.archive.RETRY_S", 0.01)
    failures = [StoreFailed("no")]
    bars = FakeStore.bars

    async def fail(self: FakeStore, instrument: int, from_ns: int) -> object:
        if failures:
            raise failures.pop()
        return await bars(self, instrument, from_ns)

    monkeypatch.setattr(FakeStore, "bars", fail)
    async with InProcess(FacadeSettings(), await traded()) as exchange:
        exchange.record_all()
        assert (await exchange.get("/ticker/BTCUSD"))["last"] == "50"
        assert "can't be read" in caplog.text


async def test_a_store_that_fails_is_503(
    exchange: InProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(*_: object, **__: object) -> None:
        raise StoreFailed("the disk is gone")

    monkeypatch.setattr(exchange.store, "orders", fail)
    monkeypatch.setattr(exchange.store, "fills", fail)
    order = await exchange.place()
    exchange.record_all()
    for path in ("/orders?user_id=alice", f"/orders/{order['order_id']}/fills"):
        answer = await exchange.client.get(path)
        assert (answer.status_code, answer.json()["code"]) == (503, "UNAVAILABLE")


async def test_the_edge_of_the_day_is_summed_by_the_store(
    exchange: InProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = time.time_ns()
    minute = (now - DAY_NS) // BAR_NS
    ticker_at = (minute + 1) * BAR_NS + DAY_NS - BAR_NS // 2
    bar = Bar(
        minute=minute,
        first_ns=minute * BAR_NS,
        last_ns=(minute + 1) * BAR_NS - 1,
        sum=summed(10, 12, 9, 11, 5, 50, 4),
    )
    exchange.view.fill("BTCUSD", [bar])
    exchange.store.total = summed(10, 11, 10, 11, 1, 10, 1)
    monkeypatch.setattr(exchange.facade.queries, "_now", lambda: ticker_at)
    ticker = await exchange.get("/ticker/BTCUSD")
    assert (ticker["trades"], ticker["volume"], ticker["low"]) == (1, "1", "10")
    assert exchange.store.asked == [("sum", 1, ticker_at - DAY_NS, (minute + 1) * BAR_NS)]


async def test_more_queries_than_may_be_under_way_are_busy(new_in_process: NewInProcess) -> None:
    limits = FacadeSettings(queries_max=1, recent_orders_max=1, overlay_orders_max=1)
    async with new_in_process(limits) as exchange:
        order_id = await exchange.dropped()
        blocked = asyncio.Event()

        async def wait(order_id: int) -> StoredOrder | None:
            await blocked.wait()
            return StoredOrder(json=json.dumps({"order_id": order_id}).encode(), open=False)

        exchange.store.order = wait  # type: ignore[method-assign]
        first = asyncio.create_task(exchange.get(f"/orders/{order_id}"))
        await asyncio.sleep(0.05)
        assert (await exchange.get(f"/orders/{order_id}", 503))["code"] == "BUSY"
        blocked.set()
        assert (await first)["order_id"] == order_id


async def test_who_repeats_an_order_is_not_told_that_nothing_was_done(
    new_in_process: NewInProcess,
) -> None:
    """However many queries are under way, and whatever fails in the store: it was executed."""
    limits = FacadeSettings(queries_max=1, recent_orders_max=1, overlay_orders_max=1)
    async with new_in_process(limits) as exchange:
        once: dict[str, Any] = {"client_order_id": "x", "time_in_force": "IOC", "price": 1}
        placed = await exchange.place(**once)
        other = await exchange.dropped()
        blocked = asyncio.Event()

        async def fail(order_id: int) -> StoredOrder | None:
            await blocked.wait()
            raise StoreFailed("it is damaged")

        exchange.store.order = fail  # type: ignore[method-assign]
        asked = asyncio.create_task(exchange.get(f"/orders/{other}", 503))
        await asyncio.sleep(0.05)
        told = [await exchange.place(503, **once)]
        blocked.set()
        assert (await asked)["code"] == "UNAVAILABLE"
        told.append(await exchange.place(503, **once))
        for refused in told:
            assert (refused["code"], refused["order_id"]) == ("NOT_KNOWN_YET", placed["order_id"])
