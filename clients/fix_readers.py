"""From a FIX message to what it says: one function for each MsgType."""

from collections.abc import Callable

from clients import fix_fields as x
from clients import fix_reports as f
from clients.fix_message import Message
from protocol import messages as m
from protocol import terms as t

Reader = Callable[[Message], f.Answer | None]

_TRADES_OF_4_2 = ("1", "2")
_STATUS_OF_4_2 = "3"
_NO_SYMBOL, _UNDISCLOSED = "[N/A]", "7"


def readers(begin_string: str) -> dict[str, Reader]:
    """The functions of a version, by MsgType; each raises ``FaultError``."""
    execution = _execution_4_2 if begin_string == "FIX.4.2" else _execution
    return {
        "3": _session_reject,
        "8": execution,
        "9": _cancel_reject,
        "f": _security_status,
        "j": _business_reject,
        "r": _mass_cancel_report,
        "y": _security_list,
    }


def _execution(message: Message) -> f.Report | None:
    """An ExecutionReport; ``None`` for one of a kind that the exchange does not have."""
    reader = _EXECUTIONS.get(message.text(150))
    return None if reader is None else reader(message)


def _execution_4_2(message: Message) -> f.Report | None:
    """4.2 says by ExecTransType that it is a status, and by two ExecTypes that it is a trade."""
    if message.text(20) == _STATUS_OF_4_2:
        return _status(message)
    if message.text(150) in _TRADES_OF_4_2:
        return _trade(message)
    return _execution(message)


def _new(message: Message) -> f.ExecutionReportNew:
    return f.ExecutionReportNew(
        transact_time=x.transact_time(message),
        order_id=message.number(37),
        cl_ord_id=message.text(11),
        exec_id=message.text(17),
        price=x.optional_amount(message, 44),
        order_qty=x.order_qty(message),
        symbol=message.text(55),
        side=x.code(t.Side, message, 54),
        ord_type=x.optional_code(t.OrdType, message, 40),
        time_in_force=x.optional_code(t.TimeInForce, message, 59) or t.TimeInForce.DAY,
        ord_status=x.code(t.OrdStatus, message, 39),
    )


def _trade(message: Message) -> f.ExecutionReportTrade:
    return f.ExecutionReportTrade(
        transact_time=x.transact_time(message),
        order_id=message.number(37),
        cl_ord_id=message.text(11),
        exec_id=message.text(17),
        last_px=message.amount(31),
        last_qty=message.amount(32),
        leaves_qty=message.amount(151),
        cum_qty=message.amount(14),
        symbol=message.text(55),
        side=x.code(t.Side, message, 54),
        ord_status=x.code(t.OrdStatus, message, 39),
    )


def _canceled(message: Message) -> f.ExecutionReportCancel:
    return f.ExecutionReportCancel(
        transact_time=x.transact_time(message),
        order_id=message.number(37),
        cl_ord_id=message.text(11),
        orig_cl_ord_id=x.name(message, 41),
        exec_id=message.text(17),
        cum_qty=message.amount(14),
        symbol=message.text(55),
        side=x.code(t.Side, message, 54),
        exec_type=x.code(t.ExecType, message, 150),
        ord_status=x.code(t.OrdStatus, message, 39),
        exec_restatement_reason=x.optional_code(t.ExecRestatementReason, message, 378),
        text=message.get(58),
    )


def _replaced(message: Message) -> f.ExecutionReportReplace:
    return f.ExecutionReportReplace(
        transact_time=x.transact_time(message),
        order_id=message.number(37),
        cl_ord_id=message.text(11),
        orig_cl_ord_id=x.name(message, 41),
        exec_id=message.text(17),
        price=x.optional_amount(message, 44),
        order_qty=x.order_qty(message),
        leaves_qty=message.amount(151),
        symbol=message.text(55),
        side=x.code(t.Side, message, 54),
        ord_status=x.code(t.OrdStatus, message, 39),
    )


def _rejected(message: Message) -> f.ExecutionReportReject:
    return f.ExecutionReportReject(
        transact_time=x.transact_time(message),
        cl_ord_id=message.text(11),
        symbol=message.text(55),
        ord_rej_reason=x.reason(t.OrdRejReason, message, 103),
        side=x.code(t.Side, message, 54),
        order_id=x.order_id(message),
        exec_id=message.text(17),
        text=message.get(58),
    )


def _status(message: Message) -> f.ExecutionReportStatus:
    return f.ExecutionReportStatus(
        transact_time=x.transact_time(message),
        ord_status_req_id=message.get(790),
        order_id=x.order_id(message),
        cl_ord_id=x.name(message, 11),
        price=x.optional_amount(message, 44),
        order_qty=x.optional_amount(message, 38),
        leaves_qty=message.amount(151),
        cum_qty=message.amount(14),
        avg_px=x.average(message),
        symbol=None if message.get(55) == _NO_SYMBOL else message.get(55),
        side=None if message.get(54) == _UNDISCLOSED else x.optional_code(t.Side, message, 54),
        ord_type=x.optional_code(t.OrdType, message, 40),
        time_in_force=x.optional_code(t.TimeInForce, message, 59),
        ord_status=x.code(t.OrdStatus, message, 39),
        text=message.get(58),
    )


def _cancel_reject(message: Message) -> f.OrderCancelReject:
    return f.OrderCancelReject(
        transact_time=x.transact_time(message),
        order_id=x.order_id(message),
        cl_ord_id=message.text(11),
        orig_cl_ord_id=x.name(message, 41),
        cxl_rej_reason=x.reason(t.CxlRejReason, message, 102),
        cxl_rej_response_to=x.code(t.CxlRejResponseTo, message, 434),
        ord_status=x.code(t.OrdStatus, message, 39),
        text=message.get(58),
    )


def _mass_cancel_report(message: Message) -> f.OrderMassCancelReport:
    return f.OrderMassCancelReport(
        transact_time=x.transact_time(message),
        cl_ord_id=message.text(11),
        total_affected_orders=x.optional_number(message, 533) or 0,
        symbol=message.get(55),
        mass_cancel_request_type=x.code(t.MassCancelRequestType, message, 530),
        mass_cancel_response=x.code(t.MassCancelResponse, message, 531),
        mass_cancel_reject_reason=x.optional_code(t.MassCancelRejectReason, message, 532),
        side=x.optional_code(t.Side, message, 54),
        text=message.get(58),
    )


def _business_reject(message: Message) -> f.BusinessMessageReject:
    return f.BusinessMessageReject(
        business_reject_ref_id=message.get(379),
        ref_msg_type=message.text(372),
        ref_seq_num=x.optional_number(message, 45),
        business_reject_reason=x.code(t.BusinessRejectReason, message, 380),
        text=message.get(58),
    )


def _session_reject(message: Message) -> f.SessionReject:
    return f.SessionReject(
        ref_seq_num=message.number(45),
        ref_msg_type=message.get(372),
        ref_tag_id=x.optional_number(message, 371),
        session_reject_reason=x.optional_number(message, 373),
        text=message.get(58),
    )


def _security_status(message: Message) -> f.SecurityStatus:
    return f.SecurityStatus(
        security_status_req_id=message.get(324),
        symbol=message.text(55),
        security_trading_status=x.optional_code(t.SecurityTradingStatus, message, 326),
    )


def _security_list(message: Message) -> f.SecurityListPart:
    """Its instruments stand in a group (146), each of which begins with Symbol (55)."""
    ids = message.text(320), x.optional_number(message, 393)
    result = x.code(t.SecurityRequestResult, message, 560)
    entries: list[dict[int, str]] = []
    for tag, value in message.fields:
        if tag == 55:
            entries.append({})
        if entries:
            entries[-1].setdefault(tag, value)
    listed = [_security(entry, result, ids[1] or len(entries)) for entry in entries]
    return f.SecurityListPart(ids[0], message.get(893) in (None, "Y"), listed)


def _security(entry: dict[int, str], result: t.SecurityRequestResult, total: int) -> m.SecurityList:
    """What FIX says of an instrument; the rest of what the binary protocol says is ``None``."""
    of = Message("", "y", [], first=entry)
    return m.SecurityList(
        security_req_id=None,
        min_price_increment=x.optional_amount(of, 969),
        round_lot=x.optional_amount(of, 561),
        min_trade_vol=x.optional_amount(of, 562),
        max_trade_vol=x.optional_amount(of, 1140),
        min_notional=None,
        tot_no_related_sym=total,
        security_id=None,
        price_band_bps=None,
        max_orders_per_side=None,
        session_end=None,
        symbol=of.text(55),
        security_request_result=result,
        security_trading_status=None,
        last_fragment=t.YesNo.NO,
    )


_EXECUTIONS: dict[str, Callable[[Message], f.Report]] = {
    "0": _new,
    "4": _canceled,
    "5": _replaced,
    "8": _rejected,
    "C": _canceled,
    "D": _replaced,
    "F": _trade,
    "I": _status,
}
"""By ExecType (150)."""
