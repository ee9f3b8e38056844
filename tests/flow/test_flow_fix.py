"""``quantscope flow --protocol fix``: the same figures as by the binary protocol."""

import asyncio
import json
import pathlib
import sys
from collections.abc import AsyncIterator

import pytest
from click.testing import CliRunner, Result

from clients import fix_reports as f
from clients.fix import FixClient
from protocol.terms import (
    BusinessRejectReason,
    CxlRejReason,
    CxlRejResponseTo,
    ExecType,
    OrdRejReason,
    OrdStatus,
    OrdType,
    Side,
    TimeInForce,
)
from quantscope import flow_fix
from quantscope.cli import main
from quantscope.flow_file import VenueTrade
from quantscope.flow_fix import FixFlow
from quantscope.flow_state import FlowState
from testing.fix_acceptor import ScriptedAcceptor, text
from testing.waiting import until

ROWS = """timestamp_ms,action,order_id,side,type,price,quantity
1,new,70,sell,post_only,100.5,2
2,new,71,buy,limit,100,0.5
3,new,72,buy,market,,1
4,cancel,70,,,,
5,cancel,9,,,,
"""


@pytest.fixture
async def exchange() -> AsyncIterator[ScriptedAcceptor]:
    async with asyncio.timeout(30), ScriptedAcceptor() as exchange:
        yield exchange


@pytest.fixture
def file(tmp_path: pathlib.Path) -> pathlib.Path:
    path = tmp_path / "flow.csv"
    path.write_text(ROWS)
    return path


async def flow(exchange: ScriptedAcceptor, file: pathlib.Path, *arguments: str) -> Result:
    port = str(exchange.port)
    command = ["flow", str(file), "--protocol", "fix", "--port", port, *arguments]
    return await asyncio.to_thread(CliRunner().invoke, main, command)


@pytest.mark.parametrize("in_flight", [1, 1000])
async def test_each_row_is_sent_and_answered(
    exchange: ScriptedAcceptor, file: pathlib.Path, in_flight: int
) -> None:
    # A second flow begins anew, under other names.
    for _ in range(2):
        done = await flow(exchange, file, "--json", "--in-flight", str(in_flight))
        assert done.exit_code == 0, done.output
        figures = json.loads(done.output[done.output.index("{") :])
        assert (figures["requests"], figures["cancel_rejects"]) == (5, {"UNKNOWN_ORDER": 1})
        assert (figures["resting"], figures["best_bid"], figures["best_ask"]) == (1, "100", None)
    sell, _, market, _, unknown = (m for m in exchange.seen[:6] if text(m, 35) != "x")
    assert [text(sell, tag) for tag in (18, 44, 54, 59)] == ["6", "100.5", "2", "1"]
    assert [text(market, tag) for tag in (40, 44, 59)] == ["1", "", "3"]
    assert text(unknown, 41) == text(unknown, 11)


@pytest.mark.parametrize(
    ("refusal", "arguments", "why"),
    [
        (["not authorized"], [], "the exchange refuses demo1: not authorized"),
        ([], ["--symbol", "NOTHING"], "the exchange has no instrument NOTHING"),
    ],
)
async def test_a_refusal_is_told_in_one_line(
    exchange: ScriptedAcceptor,
    file: pathlib.Path,
    refusal: list[str],
    arguments: list[str],
    why: str,
) -> None:
    exchange.refuse_logons = refusal
    done = await flow(exchange, file, *arguments)
    assert done.exit_code == 1
    assert f"Error: {why}\n" in done.output


async def test_an_exchange_that_goes_away_is_told(
    exchange: ScriptedAcceptor, file: pathlib.Path
) -> None:
    exchange.idle = True
    async with asyncio.TaskGroup() as tasks:
        running = tasks.create_task(flow(exchange, file, "--in-flight", "1"))
        await until(lambda: len(exchange.seen) > 0)
        await exchange.__aexit__()
    done = running.result()
    assert done.exit_code == 1
    assert "Error: not connected: " in done.output


async def test_an_exchange_that_does_not_answer_is_told(
    exchange: ScriptedAcceptor, file: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(flow_fix, "ANSWER_TIMEOUT_S", 0.3)

    def idle_after_two(count: int) -> bool:
        exchange.idle = count > 2
        return False

    exchange.break_after = idle_after_two
    done = await flow(exchange, file)
    assert "Error: no answer within 0.3 s" in done.output


async def test_trades_are_told_by_taker_and_maker() -> None:
    by_fix = FixFlow(FixClient("127.0.0.1", 1, "demo1", ""), "BTCUSD")
    state = FlowState({1: "maker", 2: "taker"})
    names = [by_fix._name(number) for number in (1, 2)]
    for report in (*new(names[0]), *new(names[1]), *trades(*names)):
        for message in by_fix.read(report):
            state.take(message)
    assert state.trades == [VenueTrade("taker", "maker", 5, n) for n in (1, 2)]
    assert (state.answered, state.open) == (2, {})


async def test_what_else_is_told_is_read() -> None:
    by_fix = FixFlow(FixClient("127.0.0.1", 1, "demo1", ""), "BTCUSD")
    state = FlowState({})
    name = by_fix._name(1)
    for report in (
        *new(name),
        *new("of another"),
        None,
        f.ExecutionReportCancel(
            *(0, 1, name, None, "e", 0, "BTCUSD", Side.BUY),
            *(ExecType.CANCELED, OrdStatus.CANCELED, None, None),
        ),
        f.ExecutionReportReject(
            0, name, "BTCUSD", OrdRejReason.POST_ONLY_WOULD_TRADE, Side.BUY, None, "e", None
        ),
        f.OrderCancelReject(
            *(0, None, by_fix._name(2), name, CxlRejReason.UNKNOWN_ORDER),
            *(CxlRejResponseTo.CANCEL, OrdStatus.REJECTED, None),
        ),
        f.OrderCancelReject(
            *(0, 1, by_fix._name(3), name, CxlRejReason.TOO_LATE_TO_CANCEL),
            *(CxlRejResponseTo.CANCEL, OrdStatus.CANCELED, None),
        ),
        f.BusinessMessageReject(None, "D", 1, BusinessRejectReason(2), None),
        f.SessionReject(1, "D", 38, 5, None),
    ):
        for message in by_fix.read(report):
            state.take(message)
    assert (state.answered, state.open) == (6, {})
    assert state.order_rejects == {"POST_ONLY_WOULD_TRADE": 1, "VALUE_OUT_OF_RANGE": 2}
    assert state.cancel_rejects == {"UNKNOWN_ORDER": 1, "TOO_LATE_TO_CANCEL": 1}
    assert state.cancel_rejects_of == {"refused": 2}


def new(name: str) -> list[f.Report]:
    return [
        f.ExecutionReportNew(
            *(0, 1, name, "e", 5, 3, "BTCUSD", Side.BUY),
            *(OrdType.LIMIT, TimeInForce.GTC, OrdStatus.NEW),
        )
    ]


def trades(maker: str, taker: str) -> list[f.Report]:
    """Two of them, each told to its taker and then to its maker."""
    return [
        f.ExecutionReportTrade(
            0, 1, name, "e", 5, n, 3 - n - (n == 2), n, "BTCUSD", Side.BUY, OrdStatus.FILLED
        )
        for n in (1, 2)
        for name in (taker, maker)
    ]


def test_what_it_needs_is_told(file: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "quantscope.flow_fix", None)
    done = CliRunner().invoke(main, ["flow", str(file), "--protocol", "fix", "--port", "1"])
    assert "Error: FIX needs quantscope.flow_fix: install quantscope[clients]\n" in done.output
