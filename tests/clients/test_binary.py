"""The binary client against a scripted exchange: answers, refusals, and lines that break."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from clients.binary import BinaryClient, Options
from clients.errors import (
    DisconnectedError,
    LoginRejectedError,
    NotExecutedError,
    OutcomeUnknownError,
    RejectedError,
    SessionEndedError,
    TooManyInFlightError,
)
from clients.reports import ReportsLostError
from protocol import messages as m
from protocol import soup
from protocol.terms import BusinessRejectReason, OrdRejReason, Side, TimeInForce, units
from testing.waiting import until
from tests.clients.scripted import ScriptedServer, never

FAST = Options(
    heartbeat_s=0.1,
    silence_s_max=2.0,
    login_s_max=2.0,
    pause_s_min=0.01,
    pause_s_max=0.05,
    reconnect_s_max=5.0,
    rejected_s_max=0.3,
)


@pytest.fixture
async def exchange() -> AsyncIterator[ScriptedServer]:
    async with ScriptedServer() as exchange:
        yield exchange


def client_of(exchange: ScriptedServer, options: Options = FAST, sequence: int = 0) -> BinaryClient:
    return BinaryClient(
        "127.0.0.1", exchange.port, "demo1", "demo", options=options, sequence=sequence
    )


async def buy(client: BinaryClient, quantity: str = "1") -> m.ExecutionReportNew:
    async with asyncio.timeout(10):
        return await client.place(
            security_id=1, side=Side.BUY, price=units("50000"), quantity=units(quantity)
        )


async def test_each_request_gets_its_answer(exchange: ScriptedServer) -> None:
    async with client_of(exchange) as client:
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
        assert client.sequence == len(exchange.journal) + 1


async def test_a_market_order_has_no_price(exchange: ScriptedServer) -> None:
    async with client_of(exchange) as client:
        await client.place(security_id=1, side=Side.SELL, quantity=1, time_in_force=TimeInForce.FOK)
        await client.place(security_id=1, side=Side.SELL, quantity=1, price=1, post_only=True)
    market, post_only = exchange.seen
    assert isinstance(market, m.NewOrderSingle)
    assert isinstance(post_only, m.NewOrderSingle)
    assert (market.price, market.ord_type.name, post_only.exec_inst.name) == (
        None,
        "MARKET",
        "POST_ONLY",
    )


async def test_a_refusal_is_an_error_with_its_reason(exchange: ScriptedServer) -> None:
    async with client_of(exchange) as client:
        with pytest.raises(RejectedError, match="INVALID_QUANTITY") as caught:
            await buy(client, "0")
        assert isinstance(caught.value.report, m.ExecutionReportReject)
        with pytest.raises(RejectedError, match="UNKNOWN_ORDER"):
            await client.cancel(cl_ord_id=99, security_id=1)
        with pytest.raises(RejectedError, match="OTHER"):
            await client.mass_cancel(security_id=7)
        refused = client.place(security_id=1, side=Side.BUY, quantity=1)
        bad = BusinessRejectReason.VALUE_OUT_OF_RANGE
        exchange.tell(m.BusinessMessageReject(refused.cl_ord_id, 100, bad))
        with pytest.raises(RejectedError, match="VALUE_OUT_OF_RANGE"):
            await refused


async def test_instruments_are_listed(exchange: ScriptedServer) -> None:
    async with client_of(exchange) as client:
        assert [x.symbol for x in await client.instruments()] == ["BTCUSD", "ETHUSD"]
        assert await client.instruments(security_id=9) == []


async def test_an_answer_that_the_broken_line_held_back_comes_by_its_number(
    exchange: ScriptedServer,
) -> None:
    exchange.break_after = lambda count: count == 2
    async with client_of(exchange) as client:
        await buy(client)
        answer = await buy(client)
        assert answer.cl_ord_id == 2
    orders = [x for x in exchange.seen if isinstance(x, m.NewOrderSingle)]
    assert [x.cl_ord_id for x in orders] == [1, 2]
    assert exchange.logins[1].sequence == 2
    assert exchange.logins[1].session == "FAKE1"


async def test_a_request_that_did_not_arrive_is_sent_again_under_its_number(
    exchange: ScriptedServer,
) -> None:
    async with client_of(exchange) as client:
        await buy(client)
        exchange.break_before = lambda count: count == 1 and len(exchange.logins) == 1
        first = client.place(security_id=1, side=Side.BUY, quantity=1, price=1)
        second = client.place(security_id=1, side=Side.BUY, quantity=2, price=1)
        assert [(await first).order_qty, (await second).order_qty] == [1, 2]
    assert sorted(exchange.open) == [1, 2, 3]


async def test_a_request_that_did_not_arrive_fails_where_it_may_not_be_sent_again(
    exchange: ScriptedServer,
) -> None:
    async with client_of(exchange, replace(FAST, resend=False)) as client:
        exchange.break_before = lambda count: count == 0 and len(exchange.logins) == 1
        with pytest.raises(NotExecutedError):
            await buy(client)
        assert (await buy(client)).cl_ord_id == 2


async def test_each_report_comes_once_whatever_breaks(exchange: ScriptedServer) -> None:
    rng = random.Random(4)
    client = client_of(exchange)
    reports = client.reports()
    exchange.break_before = lambda _: rng.random() < 0.05
    exchange.break_after = lambda _: rng.random() < 0.05
    async with client:
        for _ in range(20):
            await asyncio.gather(*(buy(client) for _ in range(10)))
        exchange.break_before = exchange.break_after = never
        await until(lambda: client.connected and client.sequence == len(exchange.journal) + 1)
    seen = [report async for report in reports]
    assert [x.sequence for x in seen] == list(range(1, len(exchange.journal) + 1))
    orders = [x.report.cl_ord_id for x in seen if isinstance(x.report, m.ExecutionReportNew)]
    assert orders == sorted(set(orders)) == list(range(1, 201))
    assert len(exchange.logins) > 5


async def test_a_new_client_goes_on_where_another_stopped(exchange: ScriptedServer) -> None:
    async with client_of(exchange) as client:
        await buy(client)
        number = client.sequence
        exchange.break_after = lambda count: count == 2
        lost = client.place(security_id=1, side=Side.BUY, quantity=1)
        await until(lambda: len(exchange.journal) >= 2)
    assert lost.done()
    exchange.break_after = never
    client = client_of(exchange, sequence=number)
    reports = client.reports()
    async with client:
        assert (await anext(reports)).sequence == number
        assert (await buy(client)).cl_ord_id == 3


async def test_a_login_that_is_not_authorized_is_an_error(exchange: ScriptedServer) -> None:
    exchange.reject_logins = [b"A"]
    with pytest.raises(LoginRejectedError, match="not authorized"):
        async with client_of(exchange):
            pass


async def test_a_server_that_is_not_there_is_an_error(unused_tcp_port: int) -> None:
    with pytest.raises(DisconnectedError):
        async with BinaryClient("127.0.0.1", unused_tcp_port, "demo1", "demo"):
            pass


async def test_a_session_that_is_still_live_is_waited_for(exchange: ScriptedServer) -> None:
    async with client_of(exchange) as client:
        exchange.reject_logins = [b"S", b"S"]
        exchange.break_line()
        assert (await buy(client)).cl_ord_id == 1
    assert len(exchange.logins) == 4


async def test_a_session_that_is_gone_ends_everything(exchange: ScriptedServer) -> None:
    async with client_of(exchange) as client:
        reports = client.reports()
        exchange.reject_logins = [b"S"] * 1000
        exchange.break_line()
        with pytest.raises(LoginRejectedError):
            await buy(client)
        with pytest.raises(LoginRejectedError):
            await anext(reports)
        with pytest.raises(LoginRejectedError):
            client.cancel(order_id=1)
        with pytest.raises(LoginRejectedError):
            await anext(client.reports())


async def test_a_server_that_stays_away_ends_everything(exchange: ScriptedServer) -> None:
    async with client_of(exchange, replace(FAST, reconnect_s_max=0.2)) as client:
        await exchange.__aexit__()
        with pytest.raises(DisconnectedError):
            await buy(client)
    await exchange.__aenter__()


async def test_heartbeats_go_out_and_silence_is_the_end_of_a_line(exchange: ScriptedServer) -> None:
    async with client_of(exchange, replace(FAST, silence_s_max=0.5)) as client:
        await until(lambda: exchange.heartbeats > 1)
        exchange.silent = True
        await until(lambda: len(exchange.logins) > 1)
        assert (await buy(client)).cl_ord_id == 1


@pytest.mark.parametrize("junk", [b"\0\0", b"\0\x01L", b"\0\x02U?", b"\0\x02S?", b"\0\x01A"])
async def test_bytes_that_cant_be_end_the_line_and_nothing_else(
    exchange: ScriptedServer, junk: bytes
) -> None:
    async with client_of(exchange) as client:
        await buy(client)
        exchange.send(junk)
        await until(lambda: len(exchange.logins) == 2)
        assert (await buy(client)).cl_ord_id == 2


async def test_messages_of_a_later_version_are_passed_over(exchange: ScriptedServer) -> None:
    later = b"\0\0\xff\0\x64\0\0\0"
    client = client_of(exchange)
    reports = client.reports()
    async with client:
        exchange.journal.append(later)
        exchange.send(soup.encode(soup.Kind.SEQUENCED, later))
        exchange.send(soup.encode(soup.Kind.UNSEQUENCED, later))
        exchange.send(soup.encode(soup.Kind.SERVER_HEARTBEAT))
        assert (await anext(reports)).report is None
        await buy(client)
        assert (await anext(reports)).sequence == 2


async def test_an_operator_ends_the_session(exchange: ScriptedServer) -> None:
    async with client_of(exchange) as client:
        exchange.send(soup.encode(soup.Kind.END_OF_SESSION))
        with pytest.raises((SessionEndedError, DisconnectedError), match="operator"):
            await buy(client)


async def test_reports_that_are_not_kept_are_missed_aloud(exchange: ScriptedServer) -> None:
    client = client_of(exchange)
    reports = client.reports()
    async with client:
        await buy(client)
        exchange.break_after = lambda count: count == 2
        exchange.oldest = 3
        exchange.journal += exchange.journal
        with pytest.raises(OutcomeUnknownError):
            await buy(client)
        assert (await anext(reports)).sequence == 1
        with pytest.raises(ReportsLostError, match="2 to 2"):
            await anext(reports)
        assert (await anext(reports)).sequence == 3


async def test_requests_in_flight_are_bounded(exchange: ScriptedServer) -> None:
    async with client_of(exchange, replace(FAST, in_flight_max=2)) as client:
        pending = [client.status(order_id=1), client.status(order_id=2)]
        with pytest.raises(TooManyInFlightError):
            client.status(order_id=3)
        await asyncio.gather(*pending)
        await client.status(order_id=3)


async def test_nobody_waits_for_a_request_that_was_given_up(exchange: ScriptedServer) -> None:
    async with client_of(exchange) as client:
        exchange.break_before = lambda _: len(exchange.logins) == 1
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0):
                await client.place(security_id=1, side=Side.BUY, quantity=1)
        assert (await buy(client)).cl_ord_id == 2
    assert sorted(exchange.open) == [2]


async def test_closing_fails_what_is_unanswered(exchange: ScriptedServer) -> None:
    async with client_of(exchange) as client:
        exchange.silent = True
        pending = client.place(security_id=1, side=Side.BUY, quantity=1)
        listing = asyncio.create_task(client.instruments())
        await asyncio.sleep(0)
    with pytest.raises(DisconnectedError):
        await pending
    with pytest.raises(DisconnectedError):
        await listing
    with pytest.raises(SessionEndedError):
        await buy(client)


async def test_a_slow_reader_of_reports_loses_none(exchange: ScriptedServer) -> None:
    client = client_of(exchange, replace(FAST, reports_max=3, silence_s_max=1.0))
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
    assert seen == list(range(1, 52))
    assert len(exchange.logins) == 1


async def test_a_duplicate_says_nothing_about_the_first(exchange: ScriptedServer) -> None:
    async with client_of(exchange) as client:
        await buy(client)
        order = next(x for x in exchange.seen if isinstance(x, m.NewOrderSingle))
        exchange.tell(
            m.ExecutionReportReject(
                1, order.cl_ord_id, 1, OrdRejReason.DUPLICATE_CLIENT_ORDER_ID, Side.BUY
            )
        )
        assert (await buy(client)).cl_ord_id == 2
