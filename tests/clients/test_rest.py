"""The REST and WebSocket clients against a facade."""

import asyncio
import json
from collections.abc import AsyncIterator
from decimal import Decimal

import httpx
import msgspec
import pytest
from websockets.exceptions import InvalidStatus

from clients import rest, ws
from clients.rest import RefusedError, RestClient, UnsettledError
from clients.rest_types import Notification, Subscribed
from core import Stretch
from settings import FacadeSettings
from testing.fixtures import NewInProcess
from testing.in_process import InProcess


@pytest.fixture
async def exchange(new_in_process: NewInProcess) -> AsyncIterator[InProcess]:
    async with asyncio.timeout(30), new_in_process() as running:
        yield running


@pytest.fixture
async def client(exchange: InProcess) -> AsyncIterator[RestClient]:
    async with RestClient(f"http://127.0.0.1:{exchange.http}") as running:
        yield running


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rest, "PAUSE_S", 0.02)
    monkeypatch.setattr(ws, "PAUSE_S", 0.02)


async def test_every_call_is_typed(exchange: InProcess, client: RestClient) -> None:
    order = await client.place(
        user_id="a", symbol="BTCUSD", side="BUY", price=Decimal("100.5"), quantity=2
    )
    assert (order.price, order.status) == (Decimal("100.5"), "NEW")
    amended = await client.amend(order.order_id, quantity=1)
    assert amended.status_history[-1].status == "REPLACED"
    taker = await client.place(user_id="b", symbol="BTCUSD", side="SELL", quantity=1)
    assert (taker.order_type, taker.fills[0].liquidity) == ("MARKET", "TAKER")
    assert (await client.order(order.order_id)).status == "FILLED"
    assert (await client.trades("BTCUSD"))[0].price == Decimal("100.5")
    assert [trade.id async for trade in client.all_trades("BTCUSD", page_trades=1)] == [
        str(exchange.partition << 56 | 1)
    ]
    assert (await client.ticker("BTCUSD")).last == Decimal("100.5")
    assert {ticker.symbol for ticker in await client.tickers()} == {"BTCUSD", "ETHUSD"}
    assert (await client.instruments())[0].tick_size == Decimal("0.01")
    resting = await client.place(
        user_id="a",
        symbol="BTCUSD",
        side="BUY",
        price=1,
        quantity=1,
        time_in_force="DAY",
        post_only=True,
    )
    assert (await client.orderbook("BTCUSD", 1)).bids[0].price == 1
    assert (await client.cancel(resting.order_id)).status == "CANCELED"
    assert await client.cancel_all("a") == 0
    found = [o.order_id async for o in client.orders("a", page_orders=1)]
    assert found == [resting.order_id, order.order_id]
    assert (taker.fills_count, taker.fills_truncated) == (1, False)
    assert await client.ready()


async def test_all_that_happened_to_an_order_comes_page_by_page(
    exchange: InProcess, client: RestClient
) -> None:
    order = await client.place(user_id="a", symbol="BTCUSD", side="BUY", price=1, quantity=9)
    for _ in range(3):
        await client.place(user_id="b", symbol="BTCUSD", side="SELL", quantity=1)
    shown = json.loads((await exchange.client.get(f"/orders/{order.order_id}")).content)
    exchange.record_all()
    for name, read in (("fills", client.fills), ("status_history", client.history)):

        async def page(_: int, *, after: int, name: str = name, **__: int) -> Stretch:
            following = after + 1 if after + 1 < len(shown[name]) else None
            part = json.dumps(shown[name][after : after + 1]).encode()
            return Stretch(json=part, count=1, of=len(shown[name]), next=following)

        setattr(exchange.store, "history" if name == "status_history" else name, page)
        found = [json.loads(msgspec.json.encode(item)) async for item in read(order.order_id)]
        assert [item["timestamp"] for item in found] == [i["timestamp"] for i in shown[name]]


async def test_a_refusal_is_an_error_with_its_code(client: RestClient) -> None:
    with pytest.raises(RefusedError) as refused:
        await client.place(user_id="a", symbol="BTCUSD", side="BUY", price="0.001", quantity=1)
    assert (refused.value.status, refused.value.code) == (422, "PRICE_OFF_TICK")
    assert refused.value.order_id is not None


async def test_an_order_whose_answer_was_lost_is_settled_by_its_name(
    new_in_process: NewInProcess,
) -> None:
    hasty = FacadeSettings(answer_deadline_s=0.1)
    async with (
        asyncio.timeout(30),
        new_in_process(hasty) as exchange,
        RestClient(f"http://127.0.0.1:{exchange.http}") as client,
    ):
        exchange.hold()
        placing = asyncio.create_task(
            client.place(user_id="a", symbol="BTCUSD", side="BUY", price=1, quantity=1)
        )
        while exchange.facade.server.connections and not exchange.facade.trading.waiting:
            await asyncio.sleep(0.01)
        while exchange.facade.trading.waiting:
            await asyncio.sleep(0.01)
        exchange.release()
        order = await placing
        assert [o.order_id async for o in client.orders("a")] == [order.order_id]


async def test_what_can_not_be_settled_says_so(exchange: InProcess) -> None:
    async with RestClient("http://127.0.0.1:1", attempts=2) as nowhere:
        with pytest.raises(UnsettledError) as unsettled:
            await nowhere.place(
                user_id="a", symbol="BTCUSD", side="BUY", quantity=1, client_order_id="mine"
            )
        assert unsettled.value.client_order_id == "mine"
        with pytest.raises(httpx.ConnectError):
            await nowhere.ready()


async def test_notifications_go_on_over_a_lost_line(exchange: InProcess) -> None:
    stream = ws.notifications(exchange.url, "alice")
    assert isinstance(await anext(stream), Subscribed)
    await exchange.place()
    first = await anext(stream)
    assert isinstance(first, Notification)
    assert (first.event, first.price) == ("NEW", Decimal(100))
    for connection in tuple(exchange.facade.server.connections):
        if connection.upgraded is not None:
            connection.transport.abort()
    again = await anext(stream)
    assert isinstance(again, Subscribed)
    assert again.sequence >= first.sequence
    await exchange.place(price=99)
    second = await anext(stream)
    assert isinstance(second, Notification)
    assert second.price == Decimal(99)
    await stream.aclose()  # type: ignore[attr-defined]


async def test_a_user_id_that_can_not_be_one_ends_the_stream(exchange: InProcess) -> None:
    with pytest.raises(InvalidStatus):
        await anext(ws.notifications(exchange.url, "a b"))


async def test_a_server_that_is_not_there_is_asked_again(exchange: InProcess) -> None:
    stream = ws.notifications("ws://127.0.0.1:1", "alice")
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(anext(stream), 0.2)
