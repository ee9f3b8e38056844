"""What is refused, by one rule on every door: what has the form of an order has an order id."""

import asyncio
import json
import re
from pathlib import Path
from typing import Any

import msgspec
import pytest

from core import StoreFailed
from facade import models
from facade.models import PREVENTIONS, SIDES, TIMES_IN_FORCE
from facade.notifications import Notifications
from protocol.schema import SCHEMA
from settings import FacadeSettings
from testing.client import ONE
from testing.fixtures import NewInProcess
from testing.in_process import InProcess

ROOT = Path(__file__).parents[2]
ENUMERATIONS = {
    "side": [*SIDES],
    "order_type": ["LIMIT", "MARKET", "STOP", "STOP_LIMIT"],
    "time_in_force": [*TIMES_IN_FORCE, "GTD"],
    "self_trade_prevention": [*PREVENTIONS],
}


async def set_filters(exchange: InProcess, **filters: Any) -> None:
    """Give BTCUSD other filters."""
    changed = {"tick": ONE // 100, "lot": 1} | filters
    await exchange.command(lambda commands: commands.instrument(1, "BTCUSD", **changed))


@pytest.mark.parametrize("name", ENUMERATIONS)
async def test_an_enumeration_takes_its_values_and_nothing_else(
    exchange: InProcess, name: str
) -> None:
    values = ENUMERATIONS[name]
    near = {form(value) for value in values for form in (str.lower, str.title)}
    near |= {f" {values[0]}", f"{values[0]}\n", f"{values[0]}\0", "", " ", "0", "null", "GTX"}
    for value in (*near, 0, 1, True, [], {}, 1.5):
        refused = await exchange.place(400, **{name: value}, client_order_id="x")
        assert refused["code"] == "INVALID_FIELD"
        assert refused["error"].startswith(f"{name}: ")
        assert "order_id" not in refused
    # None of these has used the name up, and every value is one.
    await exchange.place(client_order_id="x")
    for number, value in enumerate(values):
        body = {"symbol": "ETHUSD", "side": "BUY", "order_type": "LIMIT", "price": 1, "quantity": 1}
        body |= {"user_id": "alice", name: value, "client_order_id": f"v{number}"}
        answer = await exchange.client.post("/orders", json=body)
        assert answer.status_code in (201, 422), answer.text
        assert "order_id" in answer.json()


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"symbol": "NOPE"}, "UNKNOWN_SYMBOL"),
        ({"symbol": ""}, "UNKNOWN_SYMBOL"),
        ({"order_type": "STOP"}, "UNSUPPORTED_ORDER_TYPE"),
        ({"order_type": "STOP_LIMIT"}, "UNSUPPORTED_ORDER_TYPE"),
        ({"time_in_force": "GTD"}, "UNSUPPORTED_TIME_IN_FORCE"),
        ({"order_type": "MARKET", "time_in_force": "GTD", "price": ...}, "UNSUPPORTED_TIME_IN_FOR"),
        ({"price": ...}, "PRICE_REQUIRED"),
        ({"order_type": "MARKET"}, "PRICE_NOT_ALLOWED"),
        ({"price": -1}, "INVALID_PRICE"),
        ({"price": "0.001"}, "PRICE_OFF_TICK"),
        ({"quantity": 0}, "INVALID_QUANTITY"),
        ({"post_only": True, "time_in_force": "IOC"}, "INVALID_EXEC_INST"),
    ],
)
async def test_what_has_the_form_of_an_order_has_an_order_id_and_uses_its_name_up(
    exchange: InProcess, fields: dict[str, Any], code: str
) -> None:
    refused = await exchange.place(422, **fields, client_order_id="x")
    assert refused["code"].startswith(code)
    assert await exchange.place(422, **fields, client_order_id="x") == refused
    again = await exchange.place(409, client_order_id="x", quantity=5)
    assert again["order_id"] == refused["order_id"]
    order = await exchange.get(f"/orders/{refused['order_id']}")
    assert (order["status"], order["reason"]) == ("REJECTED", refused["code"])
    assert order["symbol"] == (None if code == "UNKNOWN_SYMBOL" else "BTCUSD")
    assert (await exchange.get("/orders", user_id="alice"))["orders"] == [order]


async def test_an_instrument_of_the_binary_protocol_that_is_none_shows_as_its_number(
    exchange: InProcess,
) -> None:
    order = await exchange.get(f"/orders/{await exchange.session_places(instrument=77)}")
    assert (order["symbol"], order["reason"]) == ("#77", "UNKNOWN_SYMBOL")


async def test_a_change_that_is_refused_names_the_order_as_it_stands(exchange: InProcess) -> None:
    order = await exchange.place(quantity=2)
    await exchange.place(side="SELL", user_id="bob")
    path = f"/orders/{order['order_id']}"
    wrong = await exchange.client.delete(path, params={"symbol": "ETHUSD"})
    unknown = await exchange.client.delete(path, params={"symbol": "NOPE"})
    same = await exchange.client.patch(path, json={"price": 100})
    for answer, code in (
        (wrong, "ORDER_ID_MISMATCH"),
        (unknown, "ORDER_ID_MISMATCH"),
        (same, "NOTHING_TO_AMEND"),
    ):
        assert answer.status_code == 422
        told = answer.json()
        assert (told["code"], told["order_id"]) == (code, order["order_id"])
        assert (told["status"], told["filled_quantity"]) == ("PARTIALLY_FILLED", "1")
    assert (await exchange.get(path))["remaining_quantity"] == "1"
    right = await exchange.client.delete(path, params={"symbol": "BTCUSD"})
    assert right.json()["status"] == "CANCELED"
    closed = await exchange.client.delete(path, params={"symbol": "NOPE"})
    assert (closed.status_code, closed.json()["code"]) == (409, "ORDER_CLOSED")
    assert closed.json()["order_id"] == order["order_id"]


async def refuse(exchange: InProcess, order_id: int | str) -> Any:
    """What a cancel and an amendment of a closed order are told."""
    path = f"/orders/{order_id}"
    deleted = await exchange.client.delete(path)
    patched = await exchange.client.patch(path, json={"quantity": 9})
    assert deleted.status_code == patched.status_code == 409
    assert deleted.json() == patched.json()
    told = deleted.json()
    assert (told.pop("code"), told.pop("order_id")) == ("ORDER_CLOSED", str(order_id))
    assert told.pop("error")
    msgspec.convert(deleted.json(), models.Error)
    return told


async def test_who_comes_too_late_is_told_how_the_order_ended(exchange: InProcess) -> None:
    filled = await exchange.place(quantity="1.5")
    await exchange.place(side="SELL", quantity="1.5", user_id="bob")
    assert await refuse(exchange, filled["order_id"]) == {
        "status": "FILLED",
        "filled_quantity": "1.5",
    }
    canceled = await exchange.place(quantity=2)
    await exchange.place(side="SELL", quantity="0.5", user_id="bob")
    await exchange.client.delete(f"/orders/{canceled['order_id']}")
    ended = {"status": "CANCELED", "filled_quantity": "0.5"}
    assert await refuse(exchange, canceled["order_id"]) == ended
    rejected = await exchange.place(422, quantity=0)
    ended = {"status": "REJECTED", "filled_quantity": "0"}
    assert await refuse(exchange, rejected["order_id"]) == ended
    # Of what a session entered, and memory alone.
    ended = {"status": "CANCELED", "filled_quantity": "0"}
    assert await refuse(exchange, await exchange.session_places(tif=3)) == ended
    assert exchange.store.asked == []


async def test_how_an_order_ended_that_memory_has_dropped_is_the_stores_to_say(
    new_in_process: NewInProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    limits = FacadeSettings(recent_orders_max=4, overlay_orders_max=1, store_deadline_s=0.05)
    async with new_in_process(limits) as exchange:
        order_id = await exchange.dropped()
        # That it is closed is known, whatever the store does: nobody waits for the recorder.
        assert await refuse(exchange, order_id) == {}
        row = {"order_id": order_id, "status": "NEW", "filled_quantity": "0"}
        exchange.store.kept[order_id] = json.dumps(row).encode()
        assert await refuse(exchange, order_id) == {}
        row |= {"status": "CANCELED", "filled_quantity": "0.25"}
        exchange.store.kept[order_id] = json.dumps(row).encode()
        ended = {"status": "CANCELED", "filled_quantity": "0.25"}
        assert await refuse(exchange, order_id) == ended

        async def fail(order_id: int) -> None:
            raise StoreFailed("the disk is gone")

        async def hang(order_id: int) -> None:
            await asyncio.sleep(10)

        for trouble in (fail, hang):
            monkeypatch.setattr(exchange.store, "order", trouble)
            assert await refuse(exchange, order_id) == {}
        monkeypatch.setattr(exchange.facade, "_group", None)
        assert await refuse(exchange, order_id) == {}


async def test_a_user_is_told_without_case(exchange: InProcess) -> None:
    first = await exchange.session_places()
    order = await exchange.place(user_id="Demo1", price=50, client_order_id="x")
    assert order["user_id"] == "demo1"
    assert await exchange.place(200, user_id="DEMO1", price=50, client_order_id="x") == order
    listed = await exchange.get("/orders", user_id="dEMO1")
    assert [o["order_id"] for o in listed["orders"]] == [order["order_id"], str(first)]
    canceled = await exchange.client.delete("/orders", params={"user_id": "DEMO1"})
    assert canceled.json() == {"canceled": 2}
    assert exchange.engine.counts()["accounts"] == 1


async def test_an_account_with_capitals_from_before_is_told_by_its_exact_name(
    exchange: InProcess,
) -> None:
    await exchange.command(lambda commands: commands.entry_open(0, "Alice", "Alice"))
    of_old = await exchange.place(user_id="Alice")
    for name in ("alice", "ALICE"):
        assert (await exchange.place(user_id=name))["user_id"] == "alice"
    listed = await exchange.get("/orders", user_id="Alice")
    assert [o["order_id"] for o in listed["orders"]] == [of_old["order_id"]]
    assert (await exchange.get("/orders", user_id="Alicea"))["count"] == 0


async def test_notifications_are_told_without_case(
    exchange: InProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard: list[bytes] = []
    monkeypatch.setattr(
        Notifications, "send", lambda _, notices: heard.extend(frame for _, frame in notices)
    )
    exchange.view.listen(1, exchange.view.user("BOB"))
    order = await exchange.place(user_id="bOb")
    assert json.loads(heard[0][heard[0].index(b"{") :])["order_id"] == order["order_id"]


async def test_only_what_would_rest_needs_room(exchange: InProcess) -> None:
    await set_filters(exchange, orders_per_side_max=3)
    for price in (8, 9, 10):
        await exchange.place(price=price, user_id="far")
    assert (await exchange.place(422, price=7))["code"] == "ORDER_LIMIT"
    await exchange.place(side="SELL", price=11, quantity=2, user_id="bob")
    filled = await exchange.place(price=11)
    assert (filled["status"], filled["reason"]) == ("FILLED", None)
    part = await exchange.place(price=11, quantity=5, time_in_force="DAY")
    shown = ("status", "filled_quantity", "remaining_quantity", "reason")
    assert [part[name] for name in shown] == ["CANCELED", "1", "0", "ORDER_LIMIT"]
    assert part["status_history"][-1]["reason"] == "ORDER_LIMIT"
    book = await exchange.get("/orderbook/BTCUSD")
    assert (len(book["bids"]), book["asks"]) == (3, [])


async def test_what_only_met_its_own_account_and_finds_no_room_is_not_said_to_have_traded(
    exchange: InProcess,
) -> None:
    await set_filters(exchange, orders_per_side_max=1)
    await exchange.place(price=8, user_id="far")
    await exchange.place(side="SELL", price=11)
    part = await exchange.place(price=11, quantity=5, self_trade_prevention="CANCEL_OLDEST")
    shown = ("status", "filled_quantity", "reason")
    assert [part[name] for name in shown] == ["CANCELED", "0", "ORDER_LIMIT"]
    manual = (ROOT / "docs/rest-api.md").read_text()
    (row,) = re.findall(r"^\| `ORDER_LIMIT` \| (.*) \|$", manual, re.MULTILINE)
    declined = SCHEMA.types["ExecRestatementReason"].values[0]
    assert declined.name == "PARTIAL_DECLINE"
    for told in (row, declined.description):
        assert "traded" not in told
        assert "self-trade prevention took" in told


async def test_a_market_order_is_not_held_to_the_least_notional(exchange: InProcess) -> None:
    await set_filters(exchange, notional_min=100 * ONE)
    small = {"price": 10, "quantity": 1}
    assert (await exchange.place(422, **small))["code"] == "NOTIONAL_TOO_SMALL"
    await exchange.place(side="SELL", price=10, quantity=20, user_id="bob")
    market = await exchange.place(order_type="MARKET", price=..., quantity=1)
    assert (market["status"], market["average_price"]) == ("FILLED", "10")


async def test_post_only_and_self_trade_prevention_act_when_an_order_is_amended(
    exchange: InProcess,
) -> None:
    await exchange.place(side="SELL", price=101, user_id="bob")
    passive = await exchange.place(price=99, post_only=True)
    path = f"/orders/{passive['order_id']}"
    crossing = await exchange.client.patch(path, json={"price": 101})
    assert (crossing.status_code, crossing.json()["code"]) == (422, "POST_ONLY_WOULD_TRADE")
    assert (await exchange.client.patch(path, json={"price": 100})).status_code == 200
    own = await exchange.place(side="SELL", price=102, self_trade_prevention="CANCEL_NEWEST")
    amended = await exchange.client.patch(f"/orders/{own['order_id']}", json={"price": 100})
    assert (amended.json()["status"], amended.json()["reason"]) == ("CANCELED", "SELF_TRADE")
    assert (await exchange.get(path))["status"] == "NEW"


async def test_a_books_number_moves_when_the_book_does(exchange: InProcess) -> None:
    async def number() -> int:
        return int((await exchange.get("/orderbook/BTCUSD"))["sequence"])

    before = await number()
    await exchange.place(time_in_force="IOC")
    await exchange.place(time_in_force="FOK")
    await exchange.place(order_type="MARKET", price=...)
    await exchange.place(422, price="0.001")
    await exchange.place(symbol="ETHUSD")
    assert await number() == before
    order = await exchange.place()
    resting = await number()
    assert resting > before
    await exchange.client.patch(f"/orders/{order['order_id']}", json={"price": "0.001"})
    assert await number() == resting
    await exchange.client.delete(f"/orders/{order['order_id']}")
    assert await number() > resting


async def test_a_sum_that_is_too_large_is_named(exchange: InProcess) -> None:
    await set_filters(exchange, tick=1)
    most = "92233720368.54775807"
    await exchange.place(price="0.00000001", quantity=most)
    refused = await exchange.place(422, price="0.00000001", quantity=1)
    assert refused["code"] == "OUT_OF_RANGE"
    assert refused["error"].startswith("quantity: with what rests on this side of the book")
    assert most in refused["error"]
    await asyncio.sleep(0)
