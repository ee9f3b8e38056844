"""Who was told of an order, by whatever protocol, finds it so: no answer denies what happened."""

import asyncio
import json
import logging
from typing import Any

import pytest
import websockets

from core import StoreFailed, Stretch
from facade import app
from facade.archive import WAKE_INTERVAL_S
from settings import FacadeSettings
from testing.client import ONE
from testing.fake_store import SINCE_NS
from testing.fixtures import NewInProcess
from testing.in_process import InProcess

SMALL = FacadeSettings(recent_orders_max=1, overlay_orders_max=1, store_deadline_s=0.05)


def stored(order_id: int, status: str = "CANCELED") -> bytes:
    return json.dumps({"order_id": str(order_id), "status": status}).encode()


async def test_an_order_of_a_session_is_found_and_listed_at_once(exchange: InProcess) -> None:
    order_id = await exchange.session_places(price=100 * ONE, qty=3 * ONE)
    order = await exchange.get(f"/orders/{order_id}")
    assert (order["status"], order["user_id"], order["client_order_id"]) == ("NEW", "demo1", "1")
    await exchange.place(side="SELL", quantity=1)
    order = await exchange.get(f"/orders/{order_id}")
    assert (order["filled_quantity"], order["fills_count"]) == ("1", 1)
    listed = await exchange.get("/orders", user_id="demo1")
    page = {"orders": [order], "count": 1, "next_cursor": None, "complete_since": None}
    assert listed == page | {"sequence": exchange.view.sequence}
    assert exchange.store.asked == []


@pytest.mark.parametrize("method", ["DELETE", "PATCH"])
async def test_what_was_done_is_answered_from_its_events_whatever_the_store_does(
    exchange: InProcess, method: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(*_: Any, **__: Any) -> None:
        raise StoreFailed("the disk is gone")

    for name in ("order", "orders", "beginnings"):
        monkeypatch.setattr(exchange.store, name, fail)
    ids = [await exchange.session_places(qty=4 * ONE)]
    ids.append(int((await exchange.place(price=1, quantity=4))["order_id"]))
    exchange.recorder_ended = "a sync failed"
    for order_id in ids:
        answer = await exchange.client.request(
            method, f"/orders/{order_id}", json={"quantity": 3} if method == "PATCH" else None
        )
        order = answer.json()
        assert answer.status_code == 200
        assert order["status"] == ("NEW" if method == "PATCH" else "CANCELED")
        assert [entry["status"] for entry in order["status_history"]] == [
            "REPLACED" if method == "PATCH" else "CANCELED"
        ]
        assert (order["status_history_count"], order["status_history_truncated"]) == (2, True)


async def test_an_order_from_before_a_restart_is_changed_without_the_store() -> None:
    async with InProcess() as before:
        order = await before.place(quantity=4, client_order_id="mine")
        await before.place(side="SELL", quantity=1, user_id="bob")
    async with InProcess(SMALL, before.logs) as exchange:
        path = f"/orders/{order['order_id']}"
        assert (await exchange.get(path, 503))["code"] == "NOT_KNOWN_YET"
        amended = await exchange.client.patch(path, json={"quantity": 3})
        shown = amended.json()
        assert amended.status_code == 200
        assert (shown["quantity"], shown["filled_quantity"]) == ("3", "1")
        assert (shown["client_order_id"], shown["time_in_force"]) == ("mine", "GTC")
        assert (shown["timestamp"], shown["fills_count"]) == (None, None)
        assert (shown["fills"], shown["fills_truncated"]) == ([], True)
        canceled = await exchange.client.delete(path)
        assert (canceled.status_code, canceled.json()["status"]) == (200, "CANCELED")
        again = await exchange.client.delete(path)
        assert (again.status_code, again.json()["code"]) == (409, "ORDER_CLOSED")


async def assert_nobodys(exchange: InProcess, order_id: int) -> None:
    """No call knows an order of this id, and the store is not asked for it."""
    path, asked = f"/orders/{order_id}", len(exchange.store.asked)
    for method, tail, body in (
        ("GET", "", None),
        ("GET", "/fills", None),
        ("GET", "/history", None),
        ("DELETE", "", None),
        ("PATCH", "", {"quantity": 3}),
    ):
        answer = await exchange.client.request(method, path + tail, json=body)
        assert (answer.status_code, answer.json()["code"]) == (404, "UNKNOWN_ORDER"), (method, tail)
    assert len(exchange.store.asked) == asked


async def raise_orders(exchange: InProcess, orders: int) -> None:
    """Numbers go on above those of another life."""
    await exchange.command(
        lambda commands: commands.raise_numbers(orders=orders, trades=0, events=0)
    )


async def test_ids_that_were_passed_over_are_nobodys() -> None:
    """As after a backup was put back: numbers go on above what its future may have told."""
    async with InProcess() as exchange:
        before = int((await exchange.place(quantity=4))["order_id"])
        for _ in range(2):
            await raise_orders(exchange, 1_000)
        assert (await exchange.get(f"/orders/{before}"))["status"] == "NEW"
        await assert_nobodys(exchange, before + 1)
        behind = int((await exchange.place(quantity=4))["order_id"])
        assert behind & 0xFFFF == 1_001
        for order_id in (before + 1, before + 500, behind - 1):
            await assert_nobodys(exchange, order_id)
        for order_id in (before, behind):
            answer = await exchange.client.delete(f"/orders/{order_id}")
            assert (answer.status_code, answer.json()["status"]) == (200, "CANCELED")
            answer = await exchange.client.delete(f"/orders/{order_id}")
            assert (answer.status_code, answer.json()["code"]) == (409, "ORDER_CLOSED")
        await raise_orders(exchange, 2_000)
        # A view that begins later knows it from the engine, which has it in its snapshots.
        exchange.logs.snapshot = exchange.engine.snapshot()
    async with InProcess(None, exchange.logs) as later:
        for order_id in (before + 1, behind - 1, behind + 1, behind + 999):
            await assert_nobodys(later, order_id)
        later.store.complete_since = SINCE_NS
        assert (await later.client.get(f"/orders/{before}")).status_code == 410
        await later.place(quantity=4)
        await assert_nobodys(later, behind + 999)


async def test_a_closed_order_that_memory_has_dropped_waits_for_the_recorder(
    new_in_process: NewInProcess,
) -> None:
    async with new_in_process(SMALL) as exchange:
        order_id = await exchange.dropped()
        path = f"/orders/{order_id}"
        answer = await exchange.client.get(path)
        assert (answer.status_code, answer.json()["code"]) == (503, "NOT_KNOWN_YET")
        assert answer.headers["retry-after"] == "1"
        assert exchange.woken
        listed = await exchange.get("/orders", 503, user_id="demo1")
        assert listed["code"] == "NOT_KNOWN_YET"
        # It exists and is not open: that needs no store.
        closed = await exchange.client.delete(path)
        assert (closed.status_code, closed.json()["code"]) == (409, "ORDER_CLOSED")
        assert closed.json()["order_id"] == str(order_id)
        # What is closed in the store is final, however far that is.
        exchange.store.kept[order_id] = stored(order_id)
        assert (await exchange.get(path))["status"] == "CANCELED"
        # What is open there may have changed since.
        exchange.store.kept[order_id] = stored(order_id, "NEW")
        assert (await exchange.get(path, 503))["code"] == "NOT_KNOWN_YET"
        exchange.record_all()
        assert (await exchange.get(path))["status"] == "NEW"
        assert (await exchange.get("/orders", user_id="demo1"))["count"] == 2


async def test_who_waits_is_answered_as_soon_as_the_recorder_is_there() -> None:
    async with InProcess(FacadeSettings(recent_orders_max=1, overlay_orders_max=1)) as exchange:
        order_id = await exchange.dropped()
        asked = asyncio.create_task(exchange.get(f"/orders/{order_id}"))
        # Again and again: what it is to see may not have been written when it looked first.
        while exchange.woken < 3:
            await asyncio.sleep(0.005)
        assert not asked.done()
        exchange.store.kept[order_id] = stored(order_id)
        exchange.record_all()
        assert (await asked)["status"] == "CANCELED"
        exchange.woken = 0
        await asyncio.sleep(5 * WAKE_INTERVAL_S)
        assert not exchange.woken


async def test_a_repeat_of_an_order_that_only_the_store_has(new_in_process: NewInProcess) -> None:
    async with new_in_process(SMALL) as exchange:
        order = await exchange.place(time_in_force="IOC", client_order_id="one")
        await exchange.place(time_in_force="IOC")
        await exchange.place(time_in_force="IOC")
        again = await exchange.place(503, time_in_force="IOC", client_order_id="one")
        assert again["code"] == "NOT_KNOWN_YET"
        exchange.store.kept[int(order["order_id"])] = stored(int(order["order_id"]))
        again = await exchange.place(200, time_in_force="IOC", client_order_id="one")
        assert again["order_id"] == order["order_id"]


async def test_an_order_that_the_store_does_not_have_is_never_unknown(
    new_in_process: NewInProcess, caplog: pytest.LogCaptureFixture
) -> None:
    async with new_in_process(SMALL) as exchange:
        order_id = await exchange.dropped()
        exchange.record_all()
        exchange.store.complete_since = SINCE_NS
        for path in (f"/orders/{order_id}", f"/orders/{order_id}/fills"):
            assert (await exchange.get(path, 410))["code"] == "ORDER_ARCHIVED"
        exchange.store.complete_since = None
        assert (await exchange.get(f"/orders/{order_id}", 503))["code"] == "UNAVAILABLE"
        assert f"lacks order {order_id}" in caplog.text
        assert (await exchange.get(f"/orders/{order_id + 2}", 404))["code"] == "UNKNOWN_ORDER"


async def test_whatever_is_not_known_of_an_order_names_it(new_in_process: NewInProcess) -> None:
    """A repeat by client_order_id tells its order id no other way."""
    async with new_in_process(SMALL) as exchange:
        order = await exchange.place(time_in_force="IOC", client_order_id="one")
        path = f"/orders/{order['order_id']}"
        for _ in range(2):
            await exchange.place(time_in_force="IOC")
        told = [(await exchange.get(path + page, 503)) for page in ("", "/fills", "/history")]
        exchange.record_all()
        exchange.store.complete_since = SINCE_NS
        told.append(await exchange.place(410, time_in_force="IOC", client_order_id="one"))
        told += [(await exchange.get(path + page, 410)) for page in ("", "/fills", "/history")]
        exchange.hold()
        for change in (
            exchange.client.delete(path),
            exchange.client.patch(path, json={"price": 2}),
        ):
            asked = asyncio.create_task(change)
            while not exchange.facade.trading.waiting:
                await asyncio.sleep(0.005)
            exchange.facade.on_outage()
            told.append((await asked).json())
        placing = asyncio.create_task(exchange.place(503))
        while not exchange.facade.trading.waiting:
            await asyncio.sleep(0.005)
        exchange.facade.on_outage()
        assert "order_id" not in await placing
        codes = ["NOT_KNOWN_YET"] * 3 + ["ORDER_ARCHIVED"] * 4 + ["OUTCOME_UNKNOWN"] * 2
        assert [answer["code"] for answer in told] == codes
        assert {answer["order_id"] for answer in told} == {order["order_id"]}


async def test_what_may_be_missing_is_told_wherever_it_is_asked_for(
    new_in_process: NewInProcess,
) -> None:
    async with new_in_process(SMALL) as exchange:
        order_id = await exchange.dropped()
        exchange.record_all()
        exchange.store.kept[order_id] = stored(order_id)
        time = "2023-11-14T22:13:20.000001Z"
        for since_ns, since in ((None, None), (SINCE_NS, time)):
            exchange.store.complete_since = since_ns
            page = await exchange.get("/orders", user_id="demo1")
            assert page["complete_since"] == since
            for status, marked in (("FILLED", since), ("NEW", None), ("PARTIALLY_FILLED", None)):
                page = await exchange.get("/orders", user_id="demo1", status=status)
                assert page["complete_since"] == marked, status
            # Of an order that has all, nothing is missing.
            for of, marked in ((1, None), (None, since)):
                exchange.store.stretch = Stretch(json=b"[{}]", count=1, of=of, next=None)
                for name in ("fills", "history"):
                    page = await exchange.get(f"/orders/{order_id}/{name}")
                    counts = {page.get("fills_count"), page.get("status_history_count")}
                    assert counts == {of, None}
                    assert page["complete_since"] == marked


async def test_a_recorder_that_has_ended_is_told_where_it_is_missed(
    new_in_process: NewInProcess,
) -> None:
    async with new_in_process(SMALL) as exchange:
        order_id = await exchange.dropped()
        exchange.recorder_ended = "a sync failed"
        refused = await exchange.get(f"/orders/{order_id}", 503)
        assert refused["code"] == "UNAVAILABLE"
        assert "a sync failed" in refused["error"]
        ready = await exchange.get("/ready", 503)
        assert ready == {
            "status": "not ready",
            "faults": ["the recorder has ended: a sync failed"],
        }
        await exchange.place()


async def test_the_exchange_goes_on_without_a_view_that_failed(
    exchange: InProcess, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(app, "RESTART_S", 0.2)
    caplog.set_level(logging.ERROR)
    order = await exchange.place(quantity=2)
    exchange.hold()
    waiting = asyncio.create_task(exchange.place(503))
    while not exchange.facade.trading.waiting:
        await asyncio.sleep(0.005)
    async with websockets.connect(f"{exchange.url}/ws/notifications?user_id=alice") as listener:
        await listener.recv()
        exchange.facade.on_output(exchange.view.apply(b"no batch at all"))
        assert (await waiting)["code"] == "OUTCOME_UNKNOWN"
        with pytest.raises(websockets.ConnectionClosedError):
            await listener.recv()
        assert listener.close_code == 1011
    ready = await exchange.get("/ready", 503)
    assert ready["faults"][0].startswith("the view failed: ")
    assert (await exchange.place(503))["code"] == "UNAVAILABLE"
    assert (await exchange.get("/orderbook/BTCUSD", 503))["code"] == "UNAVAILABLE"
    assert (await exchange.get("/health"))["status"] == "ok"
    assert (exchange.facade.view_faults, len(caplog.records)) == (1, 1)
    exchange.release()
    await exchange.session_places(price=99 * ONE)
    while exchange.view.fault is not None:
        await asyncio.sleep(0.01)
    exchange.record_all()
    assert (await exchange.get("/ready"))["faults"] == []
    book = await exchange.get("/orderbook/BTCUSD")
    assert [level["price"] for level in book["bids"]] == ["100", "99"]
    canceled = await exchange.client.delete(f"/orders/{order['order_id']}")
    assert canceled.json()["status"] == "CANCELED"


async def test_what_a_store_that_was_put_back_lacks_is_not_known_yet(
    new_in_process: NewInProcess, caplog: pytest.LogCaptureFixture
) -> None:
    async with new_in_process(SMALL) as exchange:
        order_id = await exchange.session_places(tif=3)
        exchange.record_all()
        for _ in range(3):
            await exchange.session_places(tif=3)
        exchange.record_all()
        assert not exchange.view.keeps(order_id)
        recorded = exchange.view.sequence
        exchange.facade.on_recorded(recorded - 1)
        assert "the store has stepped back from event" in caplog.text
        for page in ("", "/fills", "/history"):
            refused = await exchange.get(f"/orders/{order_id}{page}", 503)
            assert (refused["code"], refused["order_id"]) == ("NOT_KNOWN_YET", str(order_id))
        exchange.store.kept[order_id] = b'{"status":"CANCELED"}'
        assert await exchange.get(f"/orders/{order_id}") == {"status": "CANCELED"}
        exchange.store.kept.clear()
        exchange.facade.on_recorded(recorded)
        # Now it should have it.
        assert (await exchange.get(f"/orders/{order_id}", 503))["code"] == "UNAVAILABLE"
