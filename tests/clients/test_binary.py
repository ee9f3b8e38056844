"""The binary client against a scripted exchange: answers, refusals, and lines that break."""

from collections.abc import AsyncIterator

import pytest

from clients.binary import BinaryClient, Options
from clients.errors import (
    DisconnectedError,
    LoginRejectedError,
    OutcomeUnknownError,
    RejectedError,
    SessionEndedError,
)
from clients.reports import ReportsLostError
from protocol import messages as m
from protocol import soup
from protocol.terms import BusinessRejectReason, OrdRejReason, Side
from tests.clients.quick import FAST, buy
from tests.clients.scripted import ScriptedServer


@pytest.fixture
async def exchange() -> AsyncIterator[ScriptedServer]:
    async with ScriptedServer() as exchange:
        yield exchange


def client_of(exchange: ScriptedServer, options: Options = FAST, sequence: int = 0) -> BinaryClient:
    return BinaryClient(
        "127.0.0.1", exchange.port, "demo1", "demo", options=options, sequence=sequence
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
