"""No answer is larger than a page may be, but for order books and the files of the documents."""

import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from core import Commands
from protocol.terms import Gateway
from settings import FacadeSettings, InstrumentSettings
from store.sqlite import SqliteStore
from testing.client import ONE
from testing.in_process import PARTITION, InProcess, config_of
from testing.logs import Logs
from testing.parts import new_recorder

PAGE_BYTES_MIN = 2**16
"""The least that may be configured."""
SYMBOLS = 1_000
CHANGES = 1_200
"""Fills of the busy order, and amendments of it."""
FREE = ("/orderbook/{symbol}", "/docs/{file}")
"""As large as they are."""
RESTING = 600
HIGH = 92_233_720_368 * ONE
LARGE = 90_000_000 * ONE
USER = "u" * 32
BUSY = f"{0:X>64}"
FIRST = 1 << 56 | 1
"""The order that is amended."""
LAST = 1 << 56 | RESTING
"""The order that is filled."""


class Filling:
    """Command batches of a life before, in a log that an exchange begins with."""

    def __init__(self) -> None:
        self.logs = Logs(partition=PARTITION)
        self._number = 0

    def add(self, gateway: int, what: str, *values: Any, **terms: Any) -> None:
        commands = Commands()
        getattr(commands, what)(*values, **terms)
        number = self._number if gateway else 0
        batch = commands.seal(gateway, min(number, 1), number, time.time_ns(), 10)
        self._number += bool(gateway)
        assert batch is not None
        self.logs.memory[0].append(time.time_ns(), [batch])

    def order(self, **terms: Any) -> None:
        plain = {"instrument": 3, "ord_type": 2, "tif": 1, "user": USER, "text": ""}
        self.add(Gateway.FACADE, "new_order", **plain, **terms)


def busy() -> Logs:
    """As many instruments as there may be, with long names, and orders to which much happens."""
    life = Filling()
    for number, instrument in enumerate(INSTRUMENTS, 1):
        life.add(0, "instrument", number, instrument.symbol, tick=1, lot=1)
    life.add(Gateway.FACADE, "gateway_open", Gateway.FACADE, 1)
    for number in range(RESTING):
        life.order(side=2, qty=LARGE, price=HIGH - number)
    for number in range(CHANGES):
        # The newest has the best price.
        life.order(side=1, qty=1, price=HIGH)
        life.add(Gateway.FACADE, "replace", order_id=FIRST, qty=LARGE - number - 1)
    return life.logs


INSTRUMENTS = (
    InstrumentSettings(symbol="BTCUSD"),
    InstrumentSettings(symbol="ETHUSD"),
    *(
        InstrumentSettings(
            symbol=f"{number:X>64}",
            tick="0.00000001",
            quantity_max=str(LARGE // ONE),
            notional_min="0.00000001",
            orders_per_side_max=0,
        )
        for number in range(SYMBOLS - 2)
    ),
)


@pytest.fixture(params=[FacadeSettings().page_bytes_max, PAGE_BYTES_MIN])
async def exchange(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[InProcess]:
    """An exchange whose store has everything, too."""
    facade = FacadeSettings(page_bytes_max=request.param)
    config = msgspec.structs.replace(config_of(facade), instruments=INSTRUMENTS)
    logs = busy()
    # Whoever begins with these commands makes their events: the recorder comes behind them.
    InProcess(facade, logs, config=config).service.start()
    recorder = new_recorder(tmp_path / "store.db", logs.events_in_memory)
    recorder.stop()
    store = SqliteStore(tmp_path / "store.db")
    try:
        async with InProcess(facade, logs, store, config=config) as running:
            running.record_all()
            yield running
    finally:
        await store.close()


async def test_no_answer_is_larger_than_a_page(exchange: InProcess) -> None:
    most = exchange.limits.page_bytes_max
    largest = {}
    # What changes an order comes behind what asks for it: the store here records nothing more.
    routes = sorted(exchange.facade._router.routes, key=lambda route: route.method != "GET")
    for route in routes:
        if route.path in FREE or route.path.startswith("/ws/"):
            continue
        path = route.path.format(order_id=FIRST, symbol=BUSY)
        queries = [""]
        if route.path == "/orders":
            queries = [f"?user_id={USER}&limit=1000"]
        elif "limit" in route.fields:
            queries.append("?limit=1000")
        for query in queries:
            answer = await exchange.client.request(
                route.method, path + query, json={"quantity": "5"} if route.body else None
            )
            assert answer.status_code < 500, (route, answer.text)
            largest[route.method, path + query] = len(answer.content)
    assert max(largest.values()) <= most, largest
    assert max(largest.values()) > most / 2, largest


@pytest.mark.parametrize(
    ("path", "name", "count"),
    [
        (f"/orders?user_id={USER}&limit=1000", "orders", RESTING + CHANGES),
        ("/instruments", "instruments", SYMBOLS),
        ("/ticker", "tickers", SYMBOLS),
        (f"/orders/{LAST}/fills?limit=1000", "fills", CHANGES),
        (f"/trades/{BUSY}?limit=1000", "trades", CHANGES),
    ],
)
async def test_pages_that_end_at_their_size_go_on(
    exchange: InProcess, path: str, name: str, count: int
) -> None:
    found: list[str] = []
    cursor: str | None = ""
    while cursor is not None:
        mark = "&" if "?" in path else "?"
        answer = await exchange.client.get(path + (f"{mark}cursor={cursor}" if cursor else ""))
        page = answer.json()
        assert len(answer.content) <= exchange.limits.page_bytes_max
        key = {"orders": "order_id", "fills": "trade_id", "trades": "id"}.get(name, "symbol")
        assert page["count"] == len(page[name])
        found += [item[key] for item in page[name]]
        cursor = page["next_cursor"]
    assert len(found) == len(set(found)) == count


async def test_an_order_with_many_changes_shows_the_same_from_memory_and_from_the_store(
    exchange: InProcess,
) -> None:
    before = await exchange.get(f"/orders/{LAST}")
    assert (before["fills_count"], len(before["fills"])) == (CHANGES, 50)
    assert before["fills_truncated"]
    amended = await exchange.client.patch(f"/orders/{LAST}", json={"quantity": "1000"})
    shown = amended.json()
    assert (amended.status_code, len(amended.content) < 2_000) == (200, True)
    assert [entry["status"] for entry in shown["status_history"]] == ["REPLACED"]
    assert shown["filled_quantity"] == before["filled_quantity"]
    history = await exchange.get(f"/orders/{FIRST}/history", limit=5, cursor=CHANGES - 2)
    assert history["status_history_count"] == 1 + CHANGES
    assert len(history["status_history"]) == 3
    assert history["next_cursor"] is None
