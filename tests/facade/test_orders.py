"""Orders over REST: what the calls answer."""

import asyncio

import pytest

from settings import FacadeSettings
from testing.fixtures import NewInProcess
from testing.in_process import InProcess


async def test_an_order_that_rests_is_201_and_found_again(exchange: InProcess) -> None:
    order = await exchange.place(price=100.5, quantity="0.25", client_order_id="c-1")
    assert order["status"] == "NEW"
    assert (order["price"], order["quantity"]) == ("100.5", "0.25")
    assert order["remaining_quantity"] == "0.25"
    assert order["average_price"] is None
    assert order["client_order_id"] == "c-1"
    assert await exchange.get(f"/orders/{order['order_id']}") == order


async def test_a_trade_shows_in_both_orders_book_trades_and_ticker(exchange: InProcess) -> None:
    maker = await exchange.place(side="SELL", price="100.10", quantity=2, user_id="bob")
    taker = await exchange.place(price=101, quantity=3)
    assert taker["status"] == "PARTIALLY_FILLED"
    assert taker["average_price"] == "100.1"
    assert [fill["liquidity"] for fill in taker["fills"]] == ["TAKER"]
    maker = await exchange.get(f"/orders/{maker['order_id']}")
    assert [entry["status"] for entry in maker["status_history"]] == ["NEW", "FILLED"]
    book = await exchange.get("/orderbook/BTCUSD")
    assert book["bids"] == [{"price": "101", "quantity": "1", "orders": 1}]
    assert book["asks"] == []
    trades = (await exchange.get("/trades/BTCUSD"))["trades"]
    assert [(t["price"], t["quantity"], t["taker_side"]) for t in trades] == [("100.1", "2", "BUY")]
    ticker = await exchange.get("/ticker/BTCUSD")
    assert (ticker["last"], ticker["volume"], ticker["quote_volume"]) == ("100.1", "2", "200.2")
    assert (ticker["best_bid"], ticker["best_ask"], ticker["trades"]) == ("101", None, 1)
    assert [t["symbol"] for t in (await exchange.get("/ticker"))["tickers"]] == ["BTCUSD", "ETHUSD"]


async def test_a_market_order_has_no_price_and_what_it_leaves_is_canceled(
    exchange: InProcess,
) -> None:
    await exchange.place(side="SELL", quantity=1, user_id="bob")
    order = await exchange.place(order_type="MARKET", price=..., quantity=2)
    assert (order["status"], order["filled_quantity"]) == ("CANCELED", "1")
    assert (order["price"], order["time_in_force"], order["reason"]) == (None, "IOC", "UNFILLED")
    refused = await exchange.place(422, order_type="MARKET", price=5)
    assert refused["code"] == "PRICE_NOT_ALLOWED"
    assert (await exchange.place(order_type="MARKET", price=None))["price"] is None


async def test_a_repeat_never_makes_a_second_order(exchange: InProcess) -> None:
    first = await exchange.place(client_order_id="one")
    assert await exchange.place(200, client_order_id="one") == first
    other = await exchange.place(409, client_order_id="one", price=99)
    assert other["code"] == "DUPLICATE_CLIENT_ORDER_ID"
    refused = await exchange.place(422, client_order_id="two", price="0.001")
    assert refused["code"] == "PRICE_OFF_TICK"
    assert await exchange.place(422, client_order_id="two", price="0.001") == refused
    found = await exchange.get(f"/orders/{refused['order_id']}")
    assert (found["status"], found["reason"]) == ("REJECTED", "PRICE_OFF_TICK")


@pytest.mark.parametrize(
    ("fields", "status", "code"),
    [
        ({"symbol": "NOPE"}, 422, "UNKNOWN_SYMBOL"),
        ({"symbol": 5}, 400, "INVALID_FIELD"),
        ({"side": "HOLD"}, 400, "INVALID_FIELD"),
        ({"order_type": "STOP"}, 422, "UNSUPPORTED_ORDER_TYPE"),
        ({"time_in_force": "GTD"}, 422, "UNSUPPORTED_TIME_IN_FORCE"),
        ({"price": ...}, 422, "PRICE_REQUIRED"),
        ({"price": "1e3x"}, 400, "INVALID_FIELD"),
        ({"price": True}, 400, "INVALID_FIELD"),
        ({"price": -1}, 422, "INVALID_PRICE"),
        ({"quantity": ...}, 400, "INVALID_FIELD"),
        ({"quantity": None}, 400, "INVALID_FIELD"),
        ({"quantity": 0}, 422, "INVALID_QUANTITY"),
        ({"quantity": "0.000000001"}, 400, "INVALID_FIELD"),
        ({"quantity": 10**30}, 400, "INVALID_FIELD"),
        ({"user_id": ""}, 400, "INVALID_FIELD"),
        ({"user_id": "a b"}, 400, "INVALID_FIELD"),
        ({"user_id": "a\n"}, 400, "INVALID_FIELD"),
        ({"user_id": "x" * 33}, 400, "INVALID_FIELD"),
        ({"client_order_id": ""}, 400, "INVALID_FIELD"),
        ({"client_order_id": "x" * 37}, 400, "INVALID_FIELD"),
        ({"self_trade_prevention": "MAYBE"}, 400, "INVALID_FIELD"),
        ({"stop_price": 5}, 400, "UNKNOWN_FIELD"),
    ],
)
async def test_what_is_wrong_is_named(
    exchange: InProcess, fields: dict[str, object], status: int, code: str
) -> None:
    answer = await exchange.place(status, **fields)
    assert answer["code"] == code
    assert next(iter(fields)) in answer["error"]


async def test_a_query_string_that_would_be_passed_over_is_refused(exchange: InProcess) -> None:
    placing = await exchange.client.post("/orders?dry_run=true", json={})
    assert (placing.status_code, placing.json()["code"]) == (400, "UNKNOWN_FIELD")
    assert placing.json()["error"].startswith("dry_run: ")
    for method, path in (("PATCH", "/orders/1"), ("DELETE", "/orders/1"), ("DELETE", "/orders")):
        answer = await exchange.client.request(method, path, params={"dry_run": "true"})
        assert (answer.status_code, answer.json()["code"]) == (400, "UNKNOWN_FIELD")
    assert (await exchange.get("/orders", user_id="alice"))["count"] == 0


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"user_id": "a b"}, "user_id: 1 to 32 of A-Z a-z 0-9 _ . : -"),
        ({"client_order_id": "é"}, "client_order_id: 1 to 36 printable ASCII characters"),
        ({"user_id": 5}, "user_id: expected `str`, got `int`"),
        ({"price": "\\"}, "price: not a decimal number"),
    ],
)
async def test_the_sentence_is_for_people(
    exchange: InProcess, fields: dict[str, object], sentence: str
) -> None:
    assert (await exchange.place(400, **fields))["error"] == sentence


async def test_the_escapes_of_json_are_read_in_decimals_too(exchange: InProcess) -> None:
    body = (
        rb'{"symbol":"BTCUSD","side":"BUY","order_type":"LIMIT","price":"\u0031\u0030",'
        rb'"quantity":"1\u002e5","user_id":"alice"}'
    )
    order = (await exchange.client.post("/orders", content=body)).json()
    assert (order["price"], order["quantity"]) == ("10", "1.5")
    for wrong in (rb'"\u0078"', rb'"\""', rb'["\u0031"]', rb'{"\u0031":1}'):
        bad = body.replace(rb'"\u0031\u0030"', wrong)
        refused = await exchange.client.post("/orders", content=bad)
        assert (refused.status_code, refused.json()["code"]) == (400, "INVALID_FIELD")
        assert refused.json()["error"] == "price: not a decimal number"


async def test_null_is_as_good_as_absent(exchange: InProcess) -> None:
    names = ("post_only", "self_trade_prevention", "time_in_force", "client_order_id")
    order = await exchange.place(**dict.fromkeys(names), side="SELL")
    assert (order["status"], order["time_in_force"]) == ("NEW", "GTC")
    assert (await exchange.place(**dict.fromkeys(names)))["status"] == "FILLED"


async def test_a_market_order_is_the_same_whatever_it_says_of_resting(exchange: InProcess) -> None:
    market = {"order_type": "MARKET", "price": ..., "client_order_id": "m"}
    first = await exchange.place(**market)
    assert first["time_in_force"] == "IOC"
    for name in ("IOC", "DAY", "GTC", None):
        assert await exchange.place(200, **market, time_in_force=name) == first
    await exchange.place(409, **market, time_in_force="FOK")
    refused = await exchange.place(422, **(market | {"client_order_id": "n", "quantity": 0}))
    repeat = market | {"client_order_id": "n", "quantity": 0, "time_in_force": "DAY"}
    assert await exchange.place(422, **repeat) == refused


async def test_a_symbol_that_is_not_the_orders_is_named(exchange: InProcess) -> None:
    order = await exchange.place()
    path = f"/orders/{order['order_id']}"
    answer = await exchange.client.delete(path, params={"symbol": "ETHUSD"})
    assert (answer.status_code, answer.json()["code"]) == (422, "ORDER_ID_MISMATCH")
    assert "symbol" in answer.json()["error"]


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b"nul", b"\xff", b'{"price":' + b"[" * 60_000, b'"x"']
)
async def test_what_is_no_object_is_invalid_json(exchange: InProcess, body: bytes) -> None:
    answer = await exchange.client.post("/orders", content=body)
    assert (answer.status_code, answer.json()["code"]) == (400, "INVALID_JSON")


async def test_post_only_and_self_trade_prevention(exchange: InProcess) -> None:
    await exchange.place(side="SELL")
    refused = await exchange.place(422, post_only=True)
    assert refused["code"] == "POST_ONLY_WOULD_TRADE"
    order = await exchange.place(self_trade_prevention="CANCEL_NEWEST")
    assert (order["status"], order["reason"]) == ("CANCELED", "SELF_TRADE")


async def test_an_order_of_which_self_trade_prevention_took_a_part_is_open_with_less(
    exchange: InProcess,
) -> None:
    resting = await exchange.place(side="SELL", quantity=3)
    await exchange.place(quantity=1, user_id="bob")
    taker = await exchange.place(quantity=1, self_trade_prevention="DECREMENT")
    assert (taker["status"], taker["reason"], taker["quantity"]) == ("CANCELED", "SELF_TRADE", "1")
    path = f"/orders/{resting['order_id']}"
    order = await exchange.get(path)
    names = ("quantity", "filled_quantity", "remaining_quantity", "status", "reason")
    assert [order[name] for name in names] == ["2", "1", "1", "PARTIALLY_FILLED", None]
    reduced = order["status_history"][-1]
    assert [reduced[name] for name in names] == ["2", "1", "1", "REDUCED", "DECREMENTED"]
    same = await exchange.client.patch(path, json={"quantity": "2"})
    assert (same.status_code, same.json()["code"]) == (422, "NOTHING_TO_AMEND")
    more = await exchange.client.patch(path, json={"quantity": "2.5"})
    assert (more.json()["quantity"], more.json()["remaining_quantity"]) == ("2.5", "1.5")
    canceled = (await exchange.client.delete(path)).json()
    assert (canceled["quantity"], canceled["reason"]) == ("2.5", "REQUESTED")


async def test_a_market_order_that_is_reduced_and_then_finds_nothing(exchange: InProcess) -> None:
    await exchange.place(side="SELL", quantity=1)
    order = await exchange.place(
        order_type="MARKET", price=..., quantity=4, self_trade_prevention="DECREMENT"
    )
    assert (order["status"], order["quantity"], order["reason"]) == ("CANCELED", "3", "UNFILLED")
    shown = [(entry["status"], entry["quantity"]) for entry in order["status_history"]]
    assert shown == [("NEW", "4"), ("REDUCED", "3"), ("CANCELED", "3")]


async def test_cancel_is_200_then_409_and_404_for_what_never_was(exchange: InProcess) -> None:
    order = await exchange.place()
    path = f"/orders/{order['order_id']}"
    canceled = await exchange.client.delete(path, params={"symbol": "BTCUSD"})
    assert (canceled.status_code, canceled.json()["status"]) == (200, "CANCELED")
    assert canceled.json()["reason"] == "REQUESTED"
    again = await exchange.client.delete(path)
    assert (again.status_code, again.json()["code"]) == (409, "ORDER_CLOSED")
    for unknown in (str(2**40), "0", "x", "9" * 30):
        answer = await exchange.client.delete(f"/orders/{unknown}")
        assert (answer.status_code, answer.json()["code"]) == (404, "UNKNOWN_ORDER")
        await exchange.get(f"/orders/{unknown}", 404)


async def test_amend(exchange: InProcess) -> None:
    order = await exchange.place(quantity=4)
    path = f"/orders/{order['order_id']}"
    answer = await exchange.client.patch(path, json={"quantity": 3})
    assert (answer.status_code, answer.json()["quantity"]) == (200, "3")
    answer = await exchange.client.patch(path, json={"price": "99.5"})
    assert answer.json()["status_history"][-1]["status"] == "REPLACED"
    for body, status, code in (
        ({}, 400, "INVALID_FIELD"),
        ({"price": "99.5"}, 422, "NOTHING_TO_AMEND"),
        ({"price": "99.555"}, 422, "PRICE_OFF_TICK"),
        ({"side": "SELL"}, 400, "UNKNOWN_FIELD"),
    ):
        answer = await exchange.client.patch(path, json=body)
        assert (answer.status_code, answer.json()["code"]) == (status, code)
    await exchange.client.delete(path)
    answer = await exchange.client.patch(path, json={"price": 1})
    assert (answer.status_code, answer.json()["code"]) == (409, "ORDER_CLOSED")


async def test_an_order_amended_to_what_is_executed_is_filled(exchange: InProcess) -> None:
    order = await exchange.place(quantity=4)
    await exchange.place(user_id="bob", side="SELL", quantity=3)
    path = f"/orders/{order['order_id']}"
    answer = await exchange.client.patch(path, json={"quantity": 2})
    shown = answer.json()
    assert (answer.status_code, shown["status"], shown["reason"]) == (200, "FILLED", None)
    assert (shown["quantity"], shown["filled_quantity"]) == ("3", "3")
    assert shown["remaining_quantity"] == "0"
    book = (await exchange.client.get("/orderbook/BTCUSD")).json()
    assert (book["bids"], book["asks"]) == ([], [])
    found = (await exchange.client.get(path)).json()
    assert (found["status"], found["quantity"], len(found["fills"])) == ("FILLED", "3", 1)
    answer = await exchange.client.patch(path, json={"quantity": 9})
    assert (answer.json()["code"], answer.json()["status"]) == ("ORDER_CLOSED", "FILLED")


async def test_mass_cancel_says_how_many(exchange: InProcess) -> None:
    for price in (1, 2, 3):
        await exchange.place(price=price)
    await exchange.place(symbol="ETHUSD")
    await exchange.place(user_id="bob", price=1)

    async def cancel(status: int = 200, **params: str) -> object:
        answer = await exchange.client.delete("/orders", params=params)
        assert answer.status_code == status
        return answer.json()

    assert await cancel(user_id="alice", symbol="ETHUSD") == {"canceled": 1}
    assert await cancel(user_id="alice") == {"canceled": 3}
    assert await cancel(user_id="nobody") == {"canceled": 0}
    await cancel(400)
    await cancel(422, user_id="alice", symbol="NOPE")
    await cancel(400, user_id="alice", all="yes")


async def test_orders_of_a_user_come_in_pages_the_newest_first(exchange: InProcess) -> None:
    placed = [(await exchange.place(price=n + 1))["order_id"] for n in range(5)]
    await exchange.place(user_id="bob")
    seen: list[str] = []
    cursor: dict[str, str] = {}
    while True:
        page = await exchange.get("/orders", user_id="alice", limit=2, **cursor)
        assert page["count"] == len(page["orders"])
        seen += [order["order_id"] for order in page["orders"]]
        if page["next_cursor"] is None:
            break
        cursor = {"cursor": page["next_cursor"]}
    assert seen == placed[::-1]
    await exchange.client.delete(f"/orders/{placed[0]}")
    found = await exchange.get("/orders", user_id="alice", status="CANCELED", symbol="BTCUSD")
    assert [order["order_id"] for order in found["orders"]] == [placed[0]]
    assert (await exchange.get("/orders", user_id="nobody"))["orders"] == []
    for wrong in ({"limit": 0}, {"limit": 1001}, {"status": "OPEN"}, {"cursor": "x"}, {"a": 1}):
        await exchange.get("/orders", 400, user_id="alice", **wrong)
    await exchange.get("/orders", 400)


async def test_new_orders_are_busy_while_the_recorder_is_too_far_behind(
    exchange: InProcess,
) -> None:
    first = await exchange.place()
    exchange.service.busy = True
    assert (await exchange.place(503))["code"] == "BUSY"
    assert (await exchange.client.delete(f"/orders/{first['order_id']}")).status_code == 200


async def test_a_repeat_is_answered_while_new_orders_are_busy(exchange: InProcess) -> None:
    first = await exchange.place(client_order_id="one")
    refused = await exchange.place(422, client_order_id="off", price="0.001")
    exchange.service.busy = True
    assert (await exchange.place(503))["code"] == "BUSY"
    assert await exchange.place(200, client_order_id="one") == first
    assert await exchange.place(422, client_order_id="off", price="0.001") == refused
    other = await exchange.place(409, client_order_id="one", post_only=True)
    assert other["code"] == "DUPLICATE_CLIENT_ORDER_ID"
    for user in ("alice", "new"):
        busy = await exchange.place(503, client_order_id="two", user_id=user)
        assert (busy["code"], "order_id" in busy) == ("BUSY", False)
    exchange.service.busy = False
    second = await exchange.place(client_order_id="two")
    assert int(second["order_id"]) == int(first["order_id"]) + 2
    assert (await exchange.get("/orders", user_id="alice"))["count"] == 3
    exchange.engine.validate()


async def test_an_outage_leaves_the_outcome_unknown_and_then_refuses(exchange: InProcess) -> None:
    exchange.hold()
    waiting = asyncio.create_task(exchange.place(503))
    while not exchange.facade.trading.waiting:
        await asyncio.sleep(0.01)
    await exchange.lose_journal()
    assert (await waiting)["code"] == "OUTCOME_UNKNOWN"
    assert (await exchange.place(503))["code"] == "UNAVAILABLE"
    assert (await exchange.get("/ready", 503))["status"] == "not ready"
    await exchange.mend_journal()
    await exchange.place()
    assert (await exchange.get("/ready"))["status"] == "ready"


async def test_an_engine_that_does_not_answer_leaves_the_outcome_unknown(
    new_in_process: NewInProcess,
) -> None:
    limits = FacadeSettings(answer_deadline_s=0.05, sweep_interval_s=0.02)
    async with new_in_process(limits) as exchange:
        exchange.hold()
        assert (await exchange.place(503))["code"] == "OUTCOME_UNKNOWN"
        exchange.release()
        assert len((await exchange.get("/orders", user_id="alice"))["orders"]) == 1
