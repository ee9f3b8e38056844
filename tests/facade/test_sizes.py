"""No answer is larger than a page may be, but for order books and the files of the documents."""

import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from core import Commands, split_batches
from settings import FacadeSettings
from store.sqlite import SqliteStore
from testing.parts import memory_log, new_recorder
from tests.facade.harness import ONE, Exchange, Sequencer

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


class Busy(Sequencer):
    """As many instruments as there may be, with long names, and orders to which much happens."""

    def __init__(self) -> None:
        super().__init__()
        for number in range(SYMBOLS - 2):
            commands = Commands()
            commands.instrument(f"{number:X>64}", tick=1, lot=1, qty_max=LARGE, notional_min=1)
            self.apply(commands.seal(0, 0, 0, time.time_ns(), 1))
        for number in range(RESTING):
            self.order(side=2, qty=LARGE, price=HIGH - number)
        for number in range(CHANGES):
            # The newest has the best price.
            self.order(side=1, qty=1, price=HIGH)
            self.amend(LARGE - number - 1)

    def order(self, **terms: Any) -> None:
        self.send(
            lambda commands: commands.new_order(
                instrument=3, ord_type=2, tif=1, user=USER, text="", **terms
            )
        )

    def amend(self, qty: int) -> None:
        self.send(lambda commands: commands.replace(order_id=FIRST, qty=qty))

    def send(self, write: Callable[[Commands], object]) -> None:
        commands = Commands()
        write(commands)
        self.number += 1
        self.apply(commands.seal(2, 1, self.number, time.time_ns(), 10))


@pytest.fixture(params=[FacadeSettings().page_bytes_max, PAGE_BYTES_MIN])
async def exchange(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Exchange]:
    """An exchange whose store has everything, too."""
    limits = FacadeSettings(page_bytes_max=request.param)
    sequencer = Busy()
    log = memory_log()
    for events in sequencer.events:
        log.append(time.time_ns(), split_batches(events))
    recorder = new_recorder(tmp_path / "store.db", log)
    recorder.stop()
    store = SqliteStore(tmp_path / "store.db")
    try:
        async with Exchange(limits, sequencer, store) as running:
            running.record_all()
            yield running
    finally:
        await store.close()


async def test_no_answer_is_larger_than_a_page(exchange: Exchange) -> None:
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
    exchange: Exchange, path: str, name: str, count: int
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
    exchange: Exchange,
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
