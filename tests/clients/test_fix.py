"""The FIX client against a scripted exchange: answers, refusals, and lines that break."""

import asyncio
import random
import ssl
import subprocess
import sys
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from clients import fix_reports as f
from clients.errors import (
    DisconnectedError,
    LoginRejectedError,
    NotExecutedError,
    OutcomeUnknownError,
    RejectedError,
    SessionEndedError,
    TooManyInFlightError,
)
from clients.fix import FileStore, FixClient, FixOptions
from clients.fix_store import Store
from clients.reports import ReportsLostError
from protocol.terms import (
    OrdStatus,
    OrdType,
    SecurityTradingStatus,
    SelfMatchPreventionInstruction,
    Side,
    TimeInForce,
    units,
)
from testing.certificates import Certificates
from testing.command import ROOT
from testing.fix_acceptor import ScriptedAcceptor, never, text
from testing.waiting import until

FAST = FixOptions(
    heartbeat_s=1.0,
    login_s_max=2.0,
    pause_s_min=0.01,
    pause_s_max=0.05,
    reconnect_s_max=5.0,
    logout_s_max=1.0,
)
PRICE = units("50000")


@pytest.fixture
async def exchange() -> AsyncIterator[ScriptedAcceptor]:
    async with asyncio.timeout(30), ScriptedAcceptor() as exchange:
        yield exchange


def client_of(
    exchange: ScriptedAcceptor,
    options: FixOptions = FAST,
    *,
    store: Store | None = None,
    sequence: int = 0,
) -> FixClient:
    return FixClient(
        "127.0.0.1",
        exchange.port,
        "demo1",
        "demo",
        begin_string=exchange.begin_string,
        options=options,
        store=store,
        sequence=sequence,
    )


async def buy(client: FixClient, quantity: str = "1") -> f.ExecutionReportNew:
    return await client.place(symbol="BTCUSD", side=Side.BUY, price=PRICE, quantity=units(quantity))


def answered(exchange: ScriptedAcceptor, name: str) -> int:
    """How many answers to an order of this name were told."""
    told = [fields for kind, _, fields in exchange.kept.values() if kind == "8"]
    return sum((11, name) in fields for fields in told)


@pytest.mark.parametrize("begin_string", ["FIX.4.2", "FIX.4.4"])
async def test_each_request_gets_its_answer(begin_string: str) -> None:
    async with ScriptedAcceptor(begin_string) as exchange, client_of(exchange) as client:
        first, second = await buy(client), await buy(client, "2.5")
        assert (first.symbol, first.side, first.price) == ("BTCUSD", Side.BUY, PRICE)
        assert (second.order_qty, second.ord_type) == (units("2.5"), OrdType.LIMIT)
        gone = await client.cancel(cl_ord_id=first.cl_ord_id)
        assert (gone.orig_cl_ord_id, gone.ord_status) == (first.cl_ord_id, OrdStatus.CANCELED)
        amended = await client.replace(order_id=second.order_id, quantity=units("2"))
        assert isinstance(amended, f.ExecutionReportReplace)
        assert (amended.order_qty, amended.price) == (units("2"), PRICE)
        state = await client.status(cl_ord_id=amended.cl_ord_id)
        assert (state.order_id, state.leaves_qty) == (amended.order_id, units("2"))
        nothing = await client.status(cl_ord_id="old", symbol="BTCUSD", side=Side.SELL)
        assert (nothing.order_id, nothing.ord_status) == (None, OrdStatus.REJECTED)
        by_number = await client.status(order_id=amended.order_id)
        assert by_number.cl_ord_id == amended.cl_ord_id
        assert client.session_id == f"{begin_string}:demo1->QUANTSCOPE"
        assert client.sequence == exchange.next_out
    assert client.sequence == exchange.next_out


async def test_what_only_4_4_has(exchange: ScriptedAcceptor) -> None:
    async with client_of(exchange) as client:
        await buy(client)
        listed = await client.instruments()
        assert [(x.symbol, x.round_lot) for x in listed] == [
            ("BTCUSD", units("0.001")),
            ("ETHUSD", units("0.001")),
        ]
        assert await client.instruments("NONE") == []
        assert [x.symbol for x in await client.instruments("BTCUSD")] == ["BTCUSD"]
        status = await client.security_status(symbol="BTCUSD")
        assert status.security_trading_status is SecurityTradingStatus.READY_TO_TRADE
        assert (await client.mass_cancel()).total_affected_orders == 1
        with pytest.raises(RejectedError, match="UNKNOWN_SECURITY"):
            await client.mass_cancel(symbol="NONE", side=Side.BUY)


async def test_what_an_order_says(exchange: ScriptedAcceptor) -> None:
    async with client_of(exchange) as client:
        market = await client.place(
            symbol="BTCUSD", side=Side.SELL, quantity=1, time_in_force=TimeInForce.FOK
        )
        await client.place(
            symbol="BTCUSD",
            side=Side.SELL,
            quantity=units("0.001"),
            price=PRICE,
            post_only=True,
            self_match_prevention=SelfMatchPreventionInstruction.CANCEL_OLDEST,
            cl_ord_id="my own",
        )
    first, second = exchange.seen
    assert [text(first, tag) for tag in (55, 54, 40, 59, 38, 44)] == [
        *("BTCUSD", "2", "1", "4"),
        *("0.00000001", ""),
    ]
    assert [text(second, tag) for tag in (11, 55, 40, 18, 2964, 38, 44, 59)] == [
        *("my own", "BTCUSD", "2", "6", "2"),
        *("0.001", "50000", ""),
    ]
    assert market.ord_type is OrdType.MARKET


async def test_a_trade_is_told(exchange: ScriptedAcceptor) -> None:
    client = client_of(exchange)
    reports = client.reports()
    async with client:
        order = await client.place(symbol="BTCUSD", side=Side.SELL, quantity=units("3"))
        new, trade = await anext(reports), await anext(reports)
        assert new.report == order
        assert isinstance(trade.report, f.ExecutionReportTrade)
        assert (trade.report.last_px, trade.report.last_qty) == (units("50000.5"), units("3"))
        assert (trade.report.leaves_qty, trade.report.ord_status) == (0, OrdStatus.FILLED)
        assert trade.sequence == new.sequence + 1
    assert [x async for x in reports] == []


async def test_a_refusal_is_an_error_with_its_reason(exchange: ScriptedAcceptor) -> None:
    async with client_of(exchange) as client:
        with pytest.raises(RejectedError, match="INVALID_QUANTITY") as caught:
            await buy(client, "-1")
        assert isinstance(caught.value.report, f.ExecutionReportReject)
        with pytest.raises(RejectedError, match="UNKNOWN_ORDER"):
            await client.cancel(cl_ord_id="none", symbol="BTCUSD", side=Side.BUY)
        with pytest.raises(RejectedError, match="UNKNOWN_ORDER"):
            await client.replace(order_id=7, symbol="BTCUSD", side=Side.BUY, quantity=1)
        exchange.idle = True
        refused = client.place(symbol="BTCUSD", side=Side.BUY, quantity=1)
        also = client.place(symbol="BTCUSD", side=Side.BUY, quantity=1)
        await until(lambda: len(exchange.seen) == 5)
        number = text(exchange.seen[-2], 34)
        exchange.tell("j", [(45, number), (372, "D"), (379, refused.cl_ord_id), (380, 5)])
        with pytest.raises(RejectedError, match="CONDITIONALLY_REQUIRED_FIELD_MISSING"):
            await refused
        number = text(exchange.seen[-1], 34)
        exchange.tell("3", [(45, number), (372, "D"), (371, 38), (373, 5), (58, "38 is wrong")])
        with pytest.raises(RejectedError, match="VALUE_INCORRECT"):
            await also


async def test_a_logon_that_is_not_authorized_is_an_error(exchange: ScriptedAcceptor) -> None:
    exchange.refuse_logons = ["not authorized"]
    with pytest.raises(LoginRejectedError, match="not authorized"):
        async with client_of(exchange):
            pass


async def test_a_server_that_is_not_there_is_an_error(unused_tcp_port: int) -> None:
    with pytest.raises(DisconnectedError):
        async with FixClient("127.0.0.1", unused_tcp_port, "demo1", "demo"):
            pass


async def test_over_tls(tmp_path: Path) -> None:
    certificates = Certificates(tmp_path)
    server = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    server.load_cert_chain(certificates.server_with_key)
    trusting = ssl.create_default_context(cafile=certificates.ca)
    async with (
        ScriptedAcceptor(tls=server) as exchange,
        FixClient(
            "127.0.0.1", exchange.port, "demo1", "demo", options=FAST, tls=trusting
        ) as client,
    ):
        assert (await buy(client)).symbol == "BTCUSD"


async def test_an_answer_that_the_broken_line_held_back_comes(exchange: ScriptedAcceptor) -> None:
    exchange.break_after = lambda count: count == 2
    async with client_of(exchange) as client:
        await buy(client)
        answer = await buy(client)
    assert exchange.kinds() == ["D", "D"]
    assert answered(exchange, answer.cl_ord_id) == 1


async def test_what_did_not_arrive_is_sent_again_as_it_was(exchange: ScriptedAcceptor) -> None:
    async with client_of(exchange) as client:
        await buy(client)
        exchange.break_before = lambda count: count == 1 and not text(exchange.seen[-1], 43)
        first = client.place(symbol="BTCUSD", side=Side.BUY, quantity=1, price=PRICE)
        second = client.place(symbol="BTCUSD", side=Side.BUY, quantity=2, price=PRICE)
        await until(lambda: not client.connected)
        exchange.break_before = never
        assert [(await first).order_qty, (await second).order_qty] == [1, 2]
    again = exchange.seen[1:]
    assert [text(x, 43) for x in again] == ["Y", "Y"]
    assert all(text(x, 122) <= text(x, 52) for x in again)
    assert [text(x, 11) for x in again] == [first.cl_ord_id, second.cl_ord_id]


async def test_what_did_not_arrive_fails_where_it_may_not_be_sent_again(
    exchange: ScriptedAcceptor,
) -> None:
    async with client_of(exchange, replace(FAST, resend=False)) as client:
        await until(lambda: client.connected)
        exchange.break_before = lambda _: True
        with pytest.raises(NotExecutedError):
            await client.place(symbol="BTCUSD", side=Side.BUY, quantity=1)
        exchange.break_before = never
        await exchange.__aexit__()
        await until(lambda: not client.connected)
        queued = client.place(symbol="BTCUSD", side=Side.BUY, quantity=2)
        await exchange.__aenter__()
        with pytest.raises(NotExecutedError):
            await queued
        await buy(client)
    assert exchange.kinds() == ["D"]


async def test_an_answer_that_is_not_kept_is_not_known(exchange: ScriptedAcceptor) -> None:
    async with client_of(exchange) as client:
        await buy(client)
        exchange.silent = True
        lost = client.place(symbol="BTCUSD", side=Side.BUY, quantity=1)
        question = client.status(order_id=1000)
        listing = asyncio.create_task(client.instruments())
        await until(lambda: len(exchange.seen) == 4)
        exchange.kept.clear()
        exchange.break_line()
        with pytest.raises(OutcomeUnknownError):
            await lost
        assert (await question).order_id == 1000
        assert len(await listing) == 2
    assert exchange.kinds() == ["D", "D", "H", "x", "H", "x"]


async def test_numbers_that_are_skipped_are_lost(exchange: ScriptedAcceptor) -> None:
    client = client_of(exchange)
    reports = client.reports()
    async with client:
        await buy(client)
        await anext(reports)
        expected = exchange.next_out
        exchange.silent = True
        lost = client.place(symbol="BTCUSD", side=Side.BUY, quantity=1)
        question = client.status(order_id=1000)
        await until(lambda: len(exchange.seen) == 3)
        exchange.silent = False
        exchange.say("4", [(36, exchange.next_out + 1)])
        with pytest.raises(OutcomeUnknownError):
            await lost
        assert (await question).order_id == 1000
        with pytest.raises(ReportsLostError) as caught:
            await anext(reports)
        assert (caught.value.lost.first, caught.value.lost.last) == (expected, expected + 3)


async def test_each_report_comes_once_whatever_breaks(exchange: ScriptedAcceptor) -> None:
    rng = random.Random(4)
    client = client_of(exchange)
    reports = client.reports()
    exchange.break_before = lambda _: rng.random() < 0.05
    exchange.break_after = lambda _: rng.random() < 0.05
    async with client:
        for _ in range(20):
            await asyncio.gather(*(buy(client) for _ in range(10)))
        exchange.break_before = exchange.break_after = never
        await until(lambda: client.connected and client.sequence == exchange.next_out)
    seen = [each async for each in reports]
    assert [x.sequence for x in seen] == sorted(exchange.kept)
    orders = [x.report.cl_ord_id for x in seen if isinstance(x.report, f.ExecutionReportNew)]
    assert orders == list(exchange.orders)
    assert len(set(orders)) == 200
    assert sum(text(x, 35) == "A" for x in exchange.admin) > 5


async def test_a_next_program_goes_on_with_the_file(
    exchange: ScriptedAcceptor, tmp_path: Path
) -> None:
    """Killed with an order on the way and an answer not read: neither is lost."""
    with FileStore(tmp_path / "store") as store:
        client = client_of(exchange, store=store)
        async with client:
            first = await buy(client)
            exchange.break_before = lambda _: True
            lost = client.place(symbol="BTCUSD", side=Side.BUY, quantity=7, price=PRICE)
            await until(lambda: not client.connected)
    exchange.break_before = never
    with FileStore(tmp_path / "store") as store:
        client = client_of(exchange, store=store, sequence=2)
        reports = client.reports()
        async with client:
            again, late = await anext(reports), await anext(reports)
            assert (again.report, again.possible_duplicate) == (first, True)
            assert isinstance(late.report, f.ExecutionReportNew)
            assert late.report.cl_ord_id == lost.cl_ord_id
            gone = await client.cancel(order_id=first.order_id)
            assert gone.orig_cl_ord_id == first.cl_ord_id
    names = {text(x, 11) for x in exchange.seen}
    assert len(names) == len(exchange.seen) == 3


async def test_a_session_may_begin_anew(exchange: ScriptedAcceptor) -> None:
    exchange.next_in, exchange.next_out = 500, 700
    async with client_of(exchange, replace(FAST, reset=True)) as client:
        await buy(client)
        assert client.sequence == exchange.next_out < 10
        exchange.break_line()
        await buy(client)
    logons = [x for x in exchange.admin if text(x, 35) == "A"]
    assert [text(x, 141) for x in logons] == ["Y", ""]


async def test_a_session_that_the_exchange_begins_anew(exchange: ScriptedAcceptor) -> None:
    async with client_of(exchange) as client:
        exchange.idle = True
        lost = client.place(symbol="BTCUSD", side=Side.BUY, quantity=1)
        await until(lambda: len(exchange.seen) == 1)
        exchange.next_out = exchange.next_in = 1
        exchange.say("A", [(98, 0), (108, 1), (141, "Y")])
        with pytest.raises(OutcomeUnknownError):
            await lost


async def test_a_session_that_is_refused_later_ends_everything(
    exchange: ScriptedAcceptor,
) -> None:
    async with client_of(exchange) as client:
        reports = client.reports()
        exchange.refuse_logons = ["session was reset, log on with ResetSeqNumFlag=Y"]
        exchange.break_line()
        with pytest.raises(LoginRejectedError, match="session was reset"):
            await buy(client)
        with pytest.raises(LoginRejectedError):
            await anext(reports)
        with pytest.raises(LoginRejectedError):
            client.cancel(order_id=1, side=Side.BUY, symbol="BTCUSD")


async def test_a_logout_of_the_exchange_is_answered_and_the_client_comes_back(
    exchange: ScriptedAcceptor,
) -> None:
    async with client_of(exchange) as client:
        await until(lambda: client.connected)
        exchange.say("5", [(58, "until tomorrow")])
        await until(lambda: sum(text(x, 35) == "A" for x in exchange.admin) == 2)
        await buy(client)
    kinds = [text(x, 35) for x in exchange.admin]
    assert kinds.count("A") == 2
    assert "5" in kinds[: kinds.index("A", 1)]


async def test_a_logout_that_is_not_answered_is_not_waited_for_long(
    exchange: ScriptedAcceptor,
) -> None:
    async with client_of(exchange, replace(FAST, logout_s_max=0.05)) as client:
        exchange.deaf = True
        lost = client.place(symbol="BTCUSD", side=Side.BUY, quantity=-1)
        exchange.silent = True
    assert text(exchange.admin[-1], 35) == "5"
    with pytest.raises((DisconnectedError, RejectedError)):
        await lost
    with pytest.raises(SessionEndedError):
        await buy(client)


async def test_silence_is_the_end_of_a_line(exchange: ScriptedAcceptor) -> None:
    async with client_of(exchange) as client:
        await until(lambda: any(text(x, 35) == "0" for x in exchange.admin))
        exchange.silent = True
        await until(lambda: sum(text(x, 35) == "A" for x in exchange.admin) == 2)
        await buy(client)


async def test_requests_in_flight_are_bounded(exchange: ScriptedAcceptor) -> None:
    async with client_of(exchange, replace(FAST, in_flight_max=2)) as client:
        pending = [client.place(symbol="BTCUSD", side=Side.BUY, quantity=n) for n in (1, 2)]
        with pytest.raises(TooManyInFlightError):
            client.security_status(symbol="BTCUSD")
        await asyncio.gather(*pending)
        await client.security_status(symbol="BTCUSD")


async def test_nobody_waits_for_a_request_that_was_given_up(exchange: ScriptedAcceptor) -> None:
    async with client_of(exchange, replace(FAST, in_flight_max=1)) as client:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0):
                await client.place(symbol="BTCUSD", side=Side.BUY, quantity=1)
        await buy(client)


@pytest.mark.parametrize("name", ["", "x" * 37, "a\x01b", "b\n", "é"])
async def test_a_name_that_fix_cannot_carry_is_refused_here(
    exchange: ScriptedAcceptor, name: str
) -> None:
    async with client_of(exchange) as client:
        with pytest.raises(ValueError, match="ClOrdID"):
            client.place(symbol="BTCUSD", side=Side.BUY, quantity=1, cl_ord_id=name)
        with pytest.raises(ValueError, match="ClOrdID"):
            client.cancel(cl_ord_id=name, symbol="BTCUSD", side=Side.BUY)
    assert exchange.seen == []


async def test_what_a_request_lacks_is_said(exchange: ScriptedAcceptor) -> None:
    async with client_of(exchange) as client:
        with pytest.raises(ValueError, match="which order"):
            client.cancel()
        with pytest.raises(ValueError, match="symbol and side"):
            client.cancel(order_id=5)
        exchange.silent = True
        client.place(symbol="BTCUSD", side=Side.BUY, quantity=1, cl_ord_id="a")
        with pytest.raises(ValueError, match="waits"):
            client.place(symbol="BTCUSD", side=Side.BUY, quantity=1, cl_ord_id="a")


def test_clients_of_other_protocols_do_without_simplefix() -> None:
    program = "import clients.binary, clients.rest, sys; sys.exit('simplefix' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], cwd=ROOT, check=False).returncode == 0
