"""Rows become requests, in order, and figures follow from reports."""

import gzip
import pathlib

import pytest

from protocol.messages import (
    BusinessMessageReject,
    ExecutionReportCancel,
    ExecutionReportNew,
    ExecutionReportReject,
    ExecutionReportTrade,
    NewOrderSingle,
    OrderCancelReject,
    OrderCancelRequest,
)
from protocol.terms import (
    BusinessRejectReason,
    CxlRejReason,
    CxlRejResponseTo,
    ExecInst,
    ExecType,
    OrdRejReason,
    OrdStatus,
    OrdType,
    Side,
    TimeInForce,
    YesNo,
)
from quantscope.flow_file import (
    FlowFile,
    FlowFileError,
    VenueTrade,
    read_text,
    read_trades,
    scaled,
)
from quantscope.flow_state import FlowState

HEAD = "timestamp_ms,action,order_id,side,type,price,quantity\n"
DATA = pathlib.Path(__file__).parents[1] / "data"


def test_rows_become_requests_with_rising_numbers() -> None:
    flow = FlowFile(
        HEAD
        + "1,new,77,buy,post_only,100.5,0.25\n"
        + "2,new,78,sell,limit,99,1\n"
        + "3,new,79,sell,market,,2\n"
        + "4,cancel,77,,,,\n"
        + "5,cancel,1,,,,\n"
    )
    made = list(flow.requests(4, 11))
    assert len(flow) == len(made) == 5
    resting, limit, market, cancel, unknown = made
    assert isinstance(resting, NewOrderSingle)
    assert (resting.cl_ord_id, resting.price, resting.order_qty) == (11, 10_050_000_000, 25_000_000)
    assert (resting.side, resting.exec_inst) == (Side.BUY, ExecInst.POST_ONLY)
    assert isinstance(limit, NewOrderSingle)
    assert (limit.time_in_force, limit.exec_inst) == (TimeInForce.GTC, ExecInst.NONE)
    assert isinstance(market, NewOrderSingle)
    assert (market.ord_type, market.price) == (OrdType.MARKET, None)
    assert cancel == OrderCancelRequest(14, 11, None, 4)
    assert unknown == OrderCancelRequest(15, 15, None, 4), "a number that names no order"
    assert flow.venue_ids[12] == "78"


@pytest.mark.parametrize(
    ("row", "why"),
    [
        ("1,buy,7,buy,limit,1,1\n", "unknown action 'buy'"),
        ("1,new,7,hold,limit,1,1\n", "'hold'"),
        ("1,new,7,buy,limit,1.123456789,1\n", "no decimal"),
        ("1,new,7,buy,limit,x,1\n", "no decimal"),
        ("1,new,7\n", "not enough values"),
    ],
)
def test_a_bad_row_is_named_by_its_line(row: str, why: str) -> None:
    with pytest.raises(FlowFileError, match=f"^line 2: .*{why}"):
        list(FlowFile(HEAD + row).requests(1, 1))


def test_another_file_is_no_flow() -> None:
    with pytest.raises(FlowFileError, match="the first line is not timestamp_ms,action"):
        FlowFile("a,b\n1,2\n")


@pytest.mark.parametrize(
    ("text", "value"),
    [("1", 10**8), ("0.00000001", 1), ("483980000", 483980000 * 10**8), ("78318.5", 7831850000000)],
)
def test_decimals_are_exact(text: str, value: int) -> None:
    assert scaled(text) == value


def test_gzipped_and_plain_files_are_read_alike(tmp_path: pathlib.Path) -> None:
    plain, packed = tmp_path / "a.csv", tmp_path / "a.csv.gz"
    plain.write_text(HEAD)
    packed.write_bytes(gzip.compress(HEAD.encode()))
    assert read_text(plain) == read_text(packed) == HEAD


def test_the_recorded_flow_is_whole() -> None:
    assert len(FlowFile(read_text(DATA / "bitstamp-btcusd-orders.csv.gz"))) == 307_245
    assert len(read_trades(read_text(DATA / "bitstamp-btcusd-trades.csv"))) == 284


def new(number: int, side: Side, price: int | None) -> ExecutionReportNew:
    return ExecutionReportNew(
        0, number, number, 0, price, 5, 1, side, OrdType.LIMIT, TimeInForce.GTC, OrdStatus.NEW
    )


def trade(number: int, aggressor: YesNo, leaves: int) -> ExecutionReportTrade:
    return ExecutionReportTrade(
        0, number, number, 0, 9, 100, 2, leaves, 2, None, 0, 1, Side.BUY, OrdStatus.FILLED,
        aggressor,
    )  # fmt: skip


def cancel(number: int, orig: int | None) -> ExecutionReportCancel:
    return ExecutionReportCancel(
        0, 1, number, orig, 0, 0, 1, Side.BUY, ExecType.CANCELED, OrdStatus.CANCELED, None
    )


def test_trades_are_named_by_the_venue_s_ids() -> None:
    state = FlowState({1: "maker", 2: "taker"})
    for report in (
        new(1, Side.SELL, 100),
        new(2, Side.BUY, 100),
        trade(2, YesNo.YES, 0),
        trade(1, YesNo.NO, 3),
    ):
        state.take(report)
    assert state.trades == [VenueTrade("taker", "maker", 100, 2)]
    assert list(state.open) == [1]
    venue = [VenueTrade("taker", "maker", 100, 2), VenueTrade("taker", "other", 100, 2)]
    assert state.equal_trades(venue) == 1
    assert (state.answered, state.open_max) == (2, 1)


def test_the_book_follows_from_the_reports() -> None:
    state = FlowState({})
    for number, side, price in ((1, Side.BUY, 5), (2, Side.BUY, 7), (3, Side.SELL, 9)):
        state.take(new(number, side, price))
    state.take(new(4, Side.BUY, None))
    state.take(cancel(4, 4))
    assert (state.levels(Side.BUY), state.levels(Side.SELL)) == ([7, 5], [9])
    state.take(cancel(5, 2))
    assert state.levels(Side.BUY) == [5]
    assert (state.answered, state.open_max, len(state.open)) == (5, 3, 2)


def test_refusals_are_counted_by_their_reason() -> None:
    state = FlowState({})
    state.take(ExecutionReportReject(0, 1, 1, OrdRejReason.POST_ONLY_WOULD_TRADE, Side.BUY))
    state.take(
        OrderCancelReject(
            0, None, 2, 1, 1, CxlRejReason.UNKNOWN_ORDER, CxlRejResponseTo.CANCEL,
            OrdStatus.REJECTED,
        )
    )  # fmt: skip
    state.take(BusinessMessageReject(3, 100, BusinessRejectReason.VALUE_OUT_OF_RANGE))
    assert state.order_rejects == {"POST_ONLY_WOULD_TRADE": 1, "VALUE_OUT_OF_RANGE": 1}
    assert state.cancel_rejects == {"UNKNOWN_ORDER": 1}
    assert state.answered == 3
