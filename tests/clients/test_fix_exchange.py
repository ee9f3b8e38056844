"""The FIX client on the real exchange: each call, and an exchange that is killed meanwhile."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from clients import fix_reports as f
from clients.errors import LoginRejectedError, RejectedError
from clients.fix import FileStore, FixClient, FixOptions, Told
from clients.fix_store import Store
from protocol.terms import (
    ExecRestatementReason,
    OrdStatus,
    SecurityTradingStatus,
    SelfMatchPreventionInstruction,
    Side,
    TimeInForce,
    units,
)
from testing.checkers import check_sequence
from testing.process import ServerProcess

PRICE = units("50000")
ONE = units("1")
VERSIONS = pytest.mark.parametrize("begin_string", ["FIX.4.2", "FIX.4.4"])


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    """One exchange; each test has users and prices of its own."""
    with ServerProcess(tmp_path_factory.mktemp("shared") / "data") as exchange:
        yield exchange


@pytest.fixture
def server(tmp_path: Path) -> Iterator[ServerProcess]:
    """One that a test may kill."""
    with ServerProcess(tmp_path / "data", same_port=True) as exchange:
        yield exchange


def user(
    exchange: ServerProcess,
    name: str,
    word: str = "demo",
    *,
    begin_string: str = "FIX.4.4",
    store: Store | None = None,
    sequence: int = 0,
    next_expected: bool = False,
    reset: bool = False,
) -> FixClient:
    options = FixOptions(pause_s_max=0.2, next_expected=next_expected, reset=reset)
    return FixClient(
        "127.0.0.1",
        exchange.fix,
        name,
        word,
        begin_string=begin_string,
        store=store,
        sequence=sequence,
        options=options,
    )


async def buy(client: FixClient, price: int = PRICE) -> f.ExecutionReportNew:
    return await client.place(symbol="BTCUSD", side=Side.BUY, price=price, quantity=ONE)


@VERSIONS
async def test_an_order_lives_and_dies(shared: ServerProcess, begin_string: str) -> None:
    async with user(shared, "demo1", begin_string=begin_string) as client:
        order = await buy(client)
        assert (order.ord_status, order.time_in_force) == (OrdStatus.NEW, TimeInForce.DAY)
        found = await client.status(cl_ord_id=order.cl_ord_id)
        assert (found.order_id, found.leaves_qty) == (order.order_id, ONE)
        amended = await client.replace(order_id=order.order_id, quantity=2 * ONE)
        assert isinstance(amended, f.ExecutionReportReplace)
        assert (amended.order_qty, amended.orig_cl_ord_id) == (2 * ONE, order.cl_ord_id)
        gone = await client.cancel(cl_ord_id=amended.cl_ord_id)
        assert (gone.ord_status, gone.cum_qty) == (OrdStatus.CANCELED, 0)
        assert gone.orig_cl_ord_id == amended.cl_ord_id
        with pytest.raises(RejectedError):
            await client.cancel(order_id=order.order_id)
        unknown = await client.status(cl_ord_id="never", symbol="BTCUSD", side=Side.SELL)
        assert (unknown.order_id, unknown.ord_status) == (None, OrdStatus.REJECTED)


@VERSIONS
async def test_both_sides_of_a_trade_are_told(shared: ServerProcess, begin_string: str) -> None:
    buyer = user(shared, "demo2", begin_string=begin_string)
    seller = user(shared, "demo3", begin_string=begin_string)
    bought, sold = buyer.reports(), seller.reports()
    async with buyer, seller:
        maker = await buy(buyer)
        taker = await seller.place(symbol="BTCUSD", side=Side.SELL, quantity=3 * ONE)
        trades = []
        for stream in (bought, sold):
            assert isinstance((await anext(stream)).report, f.ExecutionReportNew)
            trade = (await anext(stream)).report
            assert isinstance(trade, f.ExecutionReportTrade)
            trades.append(trade)
        rest = (await anext(sold)).report
    assert [x.order_id for x in trades] == [maker.order_id, taker.order_id]
    assert [x.leaves_qty for x in trades] == [0, 2 * ONE]
    assert trades[0].exec_id != trades[1].exec_id
    assert [(x.last_px, x.last_qty) for x in trades] == [(PRICE, ONE)] * 2
    assert isinstance(rest, f.ExecutionReportCancel)
    assert (rest.cum_qty, rest.ord_status) == (ONE, OrdStatus.CANCELED)


async def test_self_trade_prevention_tells_what_it_took(shared: ServerProcess) -> None:
    client = user(shared, "demo4")
    reports = client.reports()
    async with client:
        await client.place(symbol="BTCUSD", side=Side.BUY, price=PRICE, quantity=3 * ONE)
        taker = await client.place(
            symbol="BTCUSD",
            side=Side.SELL,
            price=PRICE,
            quantity=ONE,
            self_match_prevention=SelfMatchPreventionInstruction.DECREMENT,
        )
        told = [(await anext(reports)).report for _ in range(4)]
        await client.mass_cancel()
    reduced = next(x for x in told if isinstance(x, f.ExecutionReportReplace))
    gone = next(x for x in told if isinstance(x, f.ExecutionReportCancel))
    assert reduced.leaves_qty == 2 * ONE
    # The standard's ExecRestatementReason (378) ends before the one that would say it.
    assert gone.exec_restatement_reason == ExecRestatementReason.EXCHANGE_OPTION
    assert gone.order_id == taker.order_id


async def test_what_only_4_4_has(shared: ServerProcess) -> None:
    async with user(shared, "demo5") as client:
        assert [x.symbol for x in await client.instruments()] == [
            *("BTCUSD", "ETHUSD", "SOLUSD", "XRPUSD")
        ]
        assert [x.symbol for x in await client.instruments("ETHUSD")] == ["ETHUSD"]
        assert await client.instruments("NOTHING") == []
        status = await client.security_status(symbol="BTCUSD")
        assert status.security_trading_status is SecurityTradingStatus.READY_TO_TRADE
        for price in (PRICE, PRICE - ONE):
            await buy(client, price)
        assert (await client.mass_cancel(symbol="BTCUSD")).total_affected_orders == 2
        assert (await client.mass_cancel()).total_affected_orders == 0
        with pytest.raises(RejectedError, match="UNKNOWN_SYMBOL"):
            await client.mass_cancel(symbol="NOTHING", side=Side.BUY)


async def test_4_2_has_no_mass_cancel(shared: ServerProcess) -> None:
    async with user(shared, "demo5", begin_string="FIX.4.2") as client:
        with pytest.raises(RejectedError):
            await client.mass_cancel()


async def test_a_refusal_is_an_error_with_its_reason(shared: ServerProcess) -> None:
    async with user(shared, "demo6") as client:
        with pytest.raises(RejectedError, match="INVALID_QUANTITY"):
            await client.place(symbol="BTCUSD", side=Side.BUY, price=PRICE, quantity=0)
        with pytest.raises(RejectedError, match="UNKNOWN_ORDER"):
            await client.cancel(cl_ord_id="none", symbol="BTCUSD", side=Side.BUY)
        with pytest.raises(RejectedError, match="UNKNOWN_ORDER"):
            await client.replace(
                order_id=10**9, symbol="BTCUSD", side=Side.BUY, quantity=ONE, price=PRICE
            )
        with pytest.raises(RejectedError):
            await client.place(symbol="NOTHING", side=Side.BUY, price=PRICE, quantity=ONE)
        order = await client.place(
            symbol="BTCUSD", side=Side.BUY, price=PRICE, quantity=ONE, cl_ord_id="mine"
        )
        await client.cancel(order_id=order.order_id)
        with pytest.raises(RejectedError, match="DUPLICATE"):
            await client.place(
                symbol="BTCUSD", side=Side.BUY, price=PRICE, quantity=ONE, cl_ord_id="mine"
            )


async def test_a_logon_that_is_not_authorized_is_an_error(shared: ServerProcess) -> None:
    for name, word in (("demo7", "wrong"), ("nobody", "demo")):
        with pytest.raises(LoginRejectedError, match="not authorized"):
            async with user(shared, name, word):
                pass


async def test_a_session_may_begin_anew_and_orders_stay(shared: ServerProcess) -> None:
    async with user(shared, "demo8") as client:
        order = await buy(client)
        before = client.sequence
    async with user(shared, "demo8", reset=True) as client:
        gone = await client.cancel(order_id=order.order_id, symbol="BTCUSD", side=Side.BUY)
        assert gone.order_id == order.order_id
        assert client.sequence <= before


@pytest.mark.parametrize("next_expected", [False, True])
async def test_a_next_program_goes_on_with_the_file(
    shared: ServerProcess, tmp_path: Path, *, next_expected: bool
) -> None:
    name = "demo9" if next_expected else "demo10"
    with FileStore(tmp_path / "store") as store:
        async with user(shared, name, store=store, next_expected=next_expected) as client:
            first = await buy(client)
            await client.cancel(order_id=first.order_id)
    with FileStore(tmp_path / "store") as store:
        client = user(shared, name, store=store, sequence=2, next_expected=next_expected)
        reports = client.reports()
        async with client:
            again = await anext(reports)
            assert (again.report, again.possible_duplicate) == (first, True)
            gone = (await anext(reports)).report
            assert isinstance(gone, f.ExecutionReportCancel)
            assert gone.order_id == first.order_id


@pytest.mark.parametrize("how", ["stop", "kill"])
@VERSIONS
async def test_a_client_outlives_its_server(
    server: ServerProcess, how: str, begin_string: str
) -> None:
    client = user(server, "demo1", begin_string=begin_string)
    reports = client.reports()
    async with client:
        early = [await buy(client) for _ in range(20)]
        flying = [asyncio.ensure_future(buy(client)) for _ in range(200)]
        await asyncio.sleep(0)
        await asyncio.to_thread(server.stop if how == "stop" else server.kill)
        waiting = asyncio.ensure_future(buy(client))
        await asyncio.to_thread(server.start)
        async with asyncio.timeout(60):
            late = [*await asyncio.gather(*flying), await waiting]
            ended = await buy(client)
    seen = await until_told(reports, ended)
    numbers = [x.sequence for x in seen]
    assert numbers == sorted(set(numbers))
    news = [x.report for x in seen if isinstance(x.report, f.ExecutionReportNew)]
    told = [x.order_id for x in news]
    assert sorted(told) == sorted(x.order_id for x in [*early, *late, ended])
    check_sequence(sorted(told), 222)
    assert len({x.cl_ord_id for x in news}) == 222


async def until_told(reports: object, last: f.ExecutionReportNew) -> list[Told]:
    """What was told up to a report."""
    seen: list[Told] = []
    async for told in reports:  # type: ignore[attr-defined]
        seen.append(told)
        if told.report == last:
            break
    return seen
