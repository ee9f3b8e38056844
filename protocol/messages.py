"""Every message of order entry, as Python sees it.

A class has the fields of its message in the order of the wire; ``None`` is SBE's null.  Prices
and quantities are multiples of 10^-8, times are nanoseconds since the epoch, UTC.  ``protocol.sbe``
turns them into bytes and back, and refuses to be imported when they don't match the schema.
"""

from typing import NamedTuple

from protocol.terms import (
    BusinessRejectReason,
    CxlRejReason,
    CxlRejResponseTo,
    ExecInst,
    ExecRestatementReason,
    ExecType,
    MassCancelRejectReason,
    MassCancelRequestType,
    MassCancelResponse,
    OrdRejReason,
    OrdStatus,
    OrdType,
    SecurityListRequestType,
    SecurityRequestResult,
    SecurityTradingStatus,
    SelfMatchPreventionInstruction,
    Side,
    TimeInForce,
    YesNo,
)


class NewOrderSingle(NamedTuple):
    """A new order."""

    cl_ord_id: int
    price: int | None
    order_qty: int
    stop_px: int | None
    security_id: int
    side: Side
    ord_type: OrdType
    time_in_force: TimeInForce | None
    exec_inst: ExecInst
    self_match_prevention_instruction: SelfMatchPreventionInstruction | None


class OrderCancelRequest(NamedTuple):
    """A cancel."""

    cl_ord_id: int
    orig_cl_ord_id: int | None
    order_id: int | None
    security_id: int | None


class OrderCancelReplaceRequest(NamedTuple):
    """An amendment."""

    cl_ord_id: int
    orig_cl_ord_id: int | None
    order_id: int | None
    price: int | None
    order_qty: int | None
    security_id: int | None


class OrderMassCancelRequest(NamedTuple):
    """A mass cancel of orders that this session entered."""

    cl_ord_id: int
    security_id: int | None
    mass_cancel_request_type: MassCancelRequestType
    side: Side | None


class OrderStatusRequest(NamedTuple):
    """Asks for the state of an order."""

    ord_status_req_id: int | None
    cl_ord_id: int | None
    order_id: int | None
    security_id: int | None


class SecurityListRequest(NamedTuple):
    """Asks for one instrument or all; answered outside the sequence."""

    security_req_id: int | None
    security_id: int | None
    security_list_request_type: SecurityListRequestType


class ExecutionReportNew(NamedTuple):
    """An order is accepted."""

    transact_time: int
    order_id: int
    cl_ord_id: int
    exec_id: int
    price: int | None
    order_qty: int
    security_id: int
    side: Side
    ord_type: OrdType
    time_in_force: TimeInForce
    ord_status: OrdStatus


class ExecutionReportTrade(NamedTuple):
    """One side of a trade."""

    transact_time: int
    order_id: int
    cl_ord_id: int
    exec_id: int
    trade_id: int
    last_px: int
    last_qty: int
    leaves_qty: int
    cum_qty: int
    misc_fee_amt: int | None
    misc_fee_curr: int
    security_id: int
    side: Side
    ord_status: OrdStatus
    aggressor_indicator: YesNo


class ExecutionReportCancel(NamedTuple):
    """An order was canceled or has expired."""

    transact_time: int
    order_id: int
    cl_ord_id: int
    orig_cl_ord_id: int | None
    exec_id: int
    cum_qty: int
    security_id: int
    side: Side
    exec_type: ExecType
    ord_status: OrdStatus
    exec_restatement_reason: ExecRestatementReason | None


class ExecutionReportReplace(NamedTuple):
    """An order was amended, or self-trade prevention took a part of it."""

    transact_time: int
    order_id: int
    cl_ord_id: int
    orig_cl_ord_id: int | None
    exec_id: int
    price: int | None
    order_qty: int
    leaves_qty: int
    security_id: int
    side: Side
    ord_status: OrdStatus


class ExecutionReportReject(NamedTuple):
    """An order was refused."""

    transact_time: int
    cl_ord_id: int
    security_id: int | None
    ord_rej_reason: OrdRejReason
    side: Side | None
    order_id: int | None = None
    exec_id: int | None = None


class OrderCancelReject(NamedTuple):
    """A cancel or an amendment was refused."""

    transact_time: int
    order_id: int | None
    cl_ord_id: int
    orig_cl_ord_id: int | None
    security_id: int | None
    cxl_rej_reason: CxlRejReason
    cxl_rej_response_to: CxlRejResponseTo
    ord_status: OrdStatus


class OrderMassCancelReport(NamedTuple):
    """The end of a mass cancel."""

    transact_time: int
    cl_ord_id: int
    total_affected_orders: int
    security_id: int | None
    mass_cancel_request_type: MassCancelRequestType
    mass_cancel_response: MassCancelResponse
    mass_cancel_reject_reason: MassCancelRejectReason | None
    side: Side | None


class ExecutionReportStatus(NamedTuple):
    """The state of an order as asked for."""

    transact_time: int
    ord_status_req_id: int | None
    order_id: int | None
    cl_ord_id: int | None
    price: int | None
    order_qty: int
    leaves_qty: int
    cum_qty: int
    avg_px: int
    security_id: int | None
    side: Side | None
    ord_type: OrdType | None
    time_in_force: TimeInForce | None
    ord_status: OrdStatus


class BusinessMessageReject(NamedTuple):
    """A message was refused before it was a request."""

    business_reject_ref_id: int | None
    ref_template_id: int
    business_reject_reason: BusinessRejectReason


class SecurityList(NamedTuple):
    """One instrument of the answer to a SecurityListRequest."""

    security_req_id: int | None
    min_price_increment: int | None
    round_lot: int | None
    min_trade_vol: int | None
    max_trade_vol: int | None
    min_notional: int | None
    tot_no_related_sym: int
    security_id: int | None
    price_band_bps: int | None
    max_orders_per_side: int | None
    session_end: int | None
    symbol: str
    security_request_result: SecurityRequestResult
    security_trading_status: SecurityTradingStatus | None
    last_fragment: YesNo


Request = (
    NewOrderSingle
    | OrderCancelRequest
    | OrderCancelReplaceRequest
    | OrderMassCancelRequest
    | OrderStatusRequest
    | SecurityListRequest
)
"""What a client sends."""

Report = (
    ExecutionReportNew
    | ExecutionReportTrade
    | ExecutionReportCancel
    | ExecutionReportReplace
    | ExecutionReportReject
    | OrderCancelReject
    | OrderMassCancelReport
    | ExecutionReportStatus
    | BusinessMessageReject
)
"""What the exchange sends in sequence."""

Message = Request | Report | SecurityList
"""Any message."""
