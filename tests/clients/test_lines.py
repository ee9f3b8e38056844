"""The binary client on lines that break, with the real exchange behind them."""

import asyncio
import random
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from clients.binary import BinaryClient, Options
from clients.errors import (
    DisconnectedError,
    NotExecutedError,
    SessionEndedError,
    TooManyInFlightError,
)
from protocol import messages as m
from protocol.terms import Side, TimeInForce, units
from testing.cable import Cable, never
from testing.checkers import check_sequence
from testing.fixtures import NewInProcess
from testing.in_process import InProcess
from testing.waiting import until
from tests.clients.quick import FAST, buy

PRICE = units("1")


@pytest.fixture
async def exchange(new_in_process: NewInProcess) -> AsyncIterator[InProcess]:
    async with asyncio.timeout(30), new_in_process() as exchange:
        yield exchange


@pytest.fixture
async def cable(exchange: InProcess) -> AsyncIterator[Cable]:
    async with Cable(exchange.binary) as cable:
        yield cable


def client_of(cable: Cable, options: Options = FAST, sequence: int = 0) -> BinaryClient:
    return BinaryClient(
        "127.0.0.1", cable.port, "demo1", "demo", options=options, sequence=sequence
    )


def told(exchange: InProcess) -> int:
    """How many messages the session has had so far."""
    (entry,) = (entry for entry in exchange.engine.entries() if entry.name == "demo1")
    return entry.entry_seq


async def open_orders(exchange: InProcess) -> list[int]:
    page = await exchange.get("/orders", user_id="demo1", status="NEW")
    return sorted(int(order["client_order_id"]) for order in page["orders"])


async def test_each_request_gets_its_answer(cable: Cable, exchange: InProcess) -> None:
    async with client_of(cable) as client:
        first, second = await buy(client), await buy(client)
        assert (first.cl_ord_id, second.cl_ord_id) == (1, 2)
        gone = await client.cancel(cl_ord_id=1, security_id=1)
        assert (gone.cl_ord_id, gone.orig_cl_ord_id) == (3, 1)
        amended = await client.replace(cl_ord_id=2, security_id=1, quantity=units("2"))
        assert isinstance(amended, m.ExecutionReportReplace)
        assert (amended.cl_ord_id, amended.order_qty) == (4, units("2"))
        nothing = await client.status(cl_ord_id=1)
        assert nothing.order_id is None
        assert (await client.mass_cancel()).total_affected_orders == 1
        assert client.sequence == told(exchange) + 1


async def test_a_market_order_has_no_price(cable: Cable) -> None:
    async with client_of(cable) as client:
        await client.place(security_id=1, side=Side.SELL, quantity=1, time_in_force=TimeInForce.FOK)
        await client.place(security_id=1, side=Side.SELL, quantity=1, price=PRICE, post_only=True)
    market, post_only = cable.seen
    assert isinstance(market, m.NewOrderSingle)
    assert isinstance(post_only, m.NewOrderSingle)
    assert (market.price, market.ord_type.name, post_only.exec_inst.name) == (
        None,
        "MARKET",
        "POST_ONLY",
    )


async def test_instruments_are_listed(cable: Cable) -> None:
    async with client_of(cable) as client:
        assert [x.symbol for x in await client.instruments()] == ["BTCUSD", "ETHUSD"]
        assert await client.instruments(security_id=9) == []


async def test_an_answer_that_the_broken_line_held_back_comes_by_its_number(
    cable: Cable,
) -> None:
    cable.break_after = lambda count: count == 2
    async with client_of(cable) as client:
        await buy(client)
        answer = await buy(client)
        assert answer.cl_ord_id == 2
    orders = [x for x in cable.seen if isinstance(x, m.NewOrderSingle)]
    assert [x.cl_ord_id for x in orders] == [1, 2]
    assert cable.logins[1].sequence == 2
    assert cable.logins[1].session == client.session_id != ""


async def test_a_request_that_did_not_arrive_is_sent_again_under_its_number(
    cable: Cable,
    exchange: InProcess,
) -> None:
    async with client_of(cable) as client:
        await buy(client)
        cable.break_before = lambda count: count == 1 and len(cable.logins) == 1
        first = client.place(security_id=1, side=Side.BUY, quantity=1, price=PRICE)
        second = client.place(security_id=1, side=Side.BUY, quantity=2, price=PRICE)
        assert [(await first).order_qty, (await second).order_qty] == [1, 2]
    assert await open_orders(exchange) == [1, 2, 3]


async def test_a_request_that_did_not_arrive_fails_where_it_may_not_be_sent_again(
    cable: Cable,
) -> None:
    async with client_of(cable, replace(FAST, resend=False)) as client:
        cable.break_before = lambda count: count == 0 and len(cable.logins) == 1
        with pytest.raises(NotExecutedError):
            await buy(client)
        assert (await buy(client)).cl_ord_id == 2


async def test_each_report_comes_once_whatever_breaks(cable: Cable, exchange: InProcess) -> None:
    rng = random.Random(4)
    client = client_of(cable)
    reports = client.reports()
    cable.break_before = lambda _: rng.random() < 0.05
    cable.break_after = lambda _: rng.random() < 0.05
    async with client:
        for _ in range(20):
            await asyncio.gather(*(buy(client) for _ in range(10)))
        cable.break_before = cable.break_after = never
        await until(lambda: client.connected and client.sequence == told(exchange) + 1)
    seen = [report async for report in reports]
    check_sequence([x.sequence for x in seen], told(exchange))
    orders = [x.report.cl_ord_id for x in seen if isinstance(x.report, m.ExecutionReportNew)]
    assert orders == sorted(set(orders)) == list(range(1, 201))
    assert len(cable.logins) > 5


async def test_a_new_client_goes_on_where_another_stopped(
    cable: Cable, exchange: InProcess
) -> None:
    async with client_of(cable) as client:
        await buy(client)
        number = client.sequence
        cable.break_after = lambda count: count == 2
        lost = client.place(security_id=1, side=Side.BUY, quantity=1)
        await until(lambda: told(exchange) >= 2)
    assert lost.done()
    await asyncio.gather(lost, return_exceptions=True)
    cable.break_after = never
    client = client_of(cable, sequence=number)
    reports = client.reports()
    async with client:
        assert (await anext(reports)).sequence == number
        assert (await buy(client)).cl_ord_id == 3


async def test_a_server_that_stays_away_ends_everything(cable: Cable) -> None:
    async with client_of(cable, replace(FAST, reconnect_s_max=0.2)) as client:
        await cable.__aexit__()
        with pytest.raises(DisconnectedError):
            await buy(client)
    await cable.__aenter__()


async def test_heartbeats_go_out_and_silence_is_the_end_of_a_line(cable: Cable) -> None:
    async with client_of(cable, replace(FAST, silence_s_max=0.5)) as client:
        await until(lambda: cable.heartbeats > 1)
        cable.silent = True
        await until(lambda: len(cable.logins) > 1)
        assert (await buy(client)).cl_ord_id == 1


@pytest.mark.parametrize("junk", [b"\0\0", b"\0\x01L", b"\0\x02U?", b"\0\x02S?", b"\0\x01A"])
async def test_bytes_that_cant_be_end_the_line_and_nothing_else(cable: Cable, junk: bytes) -> None:
    async with client_of(cable) as client:
        await buy(client)
        cable.inject(junk)
        await until(lambda: len(cable.logins) >= 2)
        assert (await buy(client)).cl_ord_id == 2


async def test_requests_in_flight_are_bounded(cable: Cable) -> None:
    async with client_of(cable, replace(FAST, in_flight_max=2)) as client:
        pending = [client.status(order_id=1), client.status(order_id=2)]
        with pytest.raises(TooManyInFlightError):
            client.status(order_id=3)
        await asyncio.gather(*pending)
        await client.status(order_id=3)


async def test_nobody_waits_for_a_request_that_was_given_up(
    cable: Cable, exchange: InProcess
) -> None:
    async with client_of(cable) as client:
        cable.break_before = lambda _: len(cable.logins) == 1
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0):
                await client.place(security_id=1, side=Side.BUY, quantity=1)
        assert (await buy(client)).cl_ord_id == 2
    assert await open_orders(exchange) == [2]


async def test_closing_fails_what_is_unanswered(cable: Cable) -> None:
    async with client_of(cable) as client:
        cable.silent = True
        pending = client.place(security_id=1, side=Side.BUY, quantity=1)
        listing = asyncio.create_task(client.instruments())
        await asyncio.sleep(0)
    with pytest.raises(DisconnectedError):
        await pending
    with pytest.raises(DisconnectedError):
        await listing
    with pytest.raises(SessionEndedError):
        await buy(client)


async def test_a_slow_reader_of_reports_loses_none(cable: Cable) -> None:
    client = client_of(cable, replace(FAST, reports_max=3, silence_s_max=1.0))
    reports = client.reports()
    async with client:
        early = [client.status(order_id=1) for _ in range(50)]
        await until(lambda: early[0].done())
        await asyncio.sleep(1.5)
        later = client.status(order_id=1)
        await asyncio.sleep(0.1)
        assert not later.done()
        seen = [(await anext(reports)).sequence for _ in range(51)]
        await asyncio.gather(*early, later)
    check_sequence(seen, 51)
    assert len(cable.logins) == 1
