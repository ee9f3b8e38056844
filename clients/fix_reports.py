"""What the exchange tells over FIX, as Python sees it.

Classes and fields are those of ``protocol.messages``, but that ids of clients are text, that
ExecIDs are, and that an instrument is its symbol, for FIX has no numbers of instruments.  ``text``
is what stands in Text (58); where it names one of the exchange's reasons, that is the reason.
"""

from enum import IntEnum
from typing import NamedTuple

from protocol import messages as m
from protocol import terms as t

UNKNOWN_SECURITY = 2
"""BusinessRejectReason (380) of a symbol that there is not; the binary protocol has none."""


class Reason(IntEnum):
    """SessionRejectReason (373)."""

    INVALID_TAG_NUMBER = 0
    REQUIRED_TAG_MISSING = 1
    TAG_NOT_DEFINED_FOR_MESSAGE = 2
    UNDEFINED_TAG = 3
    TAG_WITHOUT_A_VALUE = 4
    VALUE_INCORRECT = 5
    INCORRECT_DATA_FORMAT = 6
    DECRYPTION_PROBLEM = 7
    SIGNATURE_PROBLEM = 8
    COMP_ID_PROBLEM = 9
    SENDING_TIME_ACCURACY_PROBLEM = 10
    INVALID_MSG_TYPE = 11
    XML_VALIDATION_ERROR = 12
    TAG_APPEARS_TWICE = 13
    TAG_OUT_OF_ORDER = 14
    GROUP_FIELDS_OUT_OF_ORDER = 15
    INCORRECT_GROUP_COUNT = 16
    VALUE_INCLUDES_SOH = 17
    OTHER = 99


class ExecutionReportNew(NamedTuple):
    """An order is accepted."""

    transact_time: int
    order_id: int
    cl_ord_id: str
    exec_id: str
    price: int | None
    order_qty: int
    symbol: str
    side: t.Side
    ord_type: t.OrdType | None
    time_in_force: t.TimeInForce
    ord_status: t.OrdStatus


class ExecutionReportTrade(NamedTuple):
    """One side of a trade."""

    transact_time: int
    order_id: int
    cl_ord_id: str
    exec_id: str
    last_px: int
    last_qty: int
    leaves_qty: int
    cum_qty: int
    symbol: str
    side: t.Side
    ord_status: t.OrdStatus


class ExecutionReportCancel(NamedTuple):
    """An order was canceled or has expired."""

    transact_time: int
    order_id: int
    cl_ord_id: str
    orig_cl_ord_id: str | None
    exec_id: str
    cum_qty: int
    symbol: str
    side: t.Side
    exec_type: t.ExecType
    ord_status: t.OrdStatus
    exec_restatement_reason: t.ExecRestatementReason | None
    text: str | None


class ExecutionReportReplace(NamedTuple):
    """An order was amended, or self-trade prevention took a part of it."""

    transact_time: int
    order_id: int
    cl_ord_id: str
    orig_cl_ord_id: str | None
    exec_id: str
    price: int | None
    order_qty: int
    leaves_qty: int
    symbol: str
    side: t.Side
    ord_status: t.OrdStatus


class ExecutionReportReject(NamedTuple):
    """An order was refused."""

    transact_time: int
    cl_ord_id: str
    symbol: str
    ord_rej_reason: t.OrdRejReason | None
    side: t.Side
    order_id: int | None
    exec_id: str
    text: str | None


class OrderCancelReject(NamedTuple):
    """A cancel or an amendment was refused."""

    transact_time: int
    order_id: int | None
    cl_ord_id: str
    orig_cl_ord_id: str | None
    cxl_rej_reason: t.CxlRejReason | None
    cxl_rej_response_to: t.CxlRejResponseTo
    ord_status: t.OrdStatus
    text: str | None


class OrderMassCancelReport(NamedTuple):
    """The end of a mass cancel."""

    transact_time: int
    cl_ord_id: str
    total_affected_orders: int
    symbol: str | None
    mass_cancel_request_type: t.MassCancelRequestType
    mass_cancel_response: t.MassCancelResponse
    mass_cancel_reject_reason: t.MassCancelRejectReason | None
    side: t.Side | None
    text: str | None


class ExecutionReportStatus(NamedTuple):
    """The state of an order as asked for."""

    transact_time: int
    ord_status_req_id: str | None
    order_id: int | None
    cl_ord_id: str | None
    price: int | None
    order_qty: int | None
    leaves_qty: int
    cum_qty: int
    avg_px: int
    symbol: str | None
    side: t.Side | None
    ord_type: t.OrdType | None
    time_in_force: t.TimeInForce | None
    ord_status: t.OrdStatus
    text: str | None


class BusinessMessageReject(NamedTuple):
    """A message was refused before it was a request (j)."""

    business_reject_ref_id: str | None
    ref_msg_type: str
    ref_seq_num: int | None
    business_reject_reason: t.BusinessRejectReason
    text: str | None


class SessionReject(NamedTuple):
    """A message was no message of its kind (3)."""

    ref_seq_num: int
    ref_msg_type: str | None
    ref_tag_id: int | None
    session_reject_reason: int | None
    text: str | None


class SecurityListPart(NamedTuple):
    """A part of the answer to a SecurityListRequest (y)."""

    security_req_id: str
    last: bool
    securities: list[m.SecurityList]


class SecurityStatus(NamedTuple):
    """Whether an instrument trades (f)."""

    security_status_req_id: str | None
    symbol: str
    security_trading_status: t.SecurityTradingStatus | None


Refusal = (
    ExecutionReportReject
    | OrderCancelReject
    | OrderMassCancelReport
    | BusinessMessageReject
    | SessionReject
)
"""The reports that say no; of a mass cancel, where its response is REJECTED."""

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
    | SessionReject
)
"""What ``FixClient.reports`` yields."""

Answer = Report | SecurityListPart | SecurityStatus
"""What the exchange sends."""


def reason(refusal: Refusal) -> str:
    """Why: the name of the reason; where FIX has none for it, what the exchange says in words."""
    match refusal:
        case ExecutionReportReject():
            named: t.Code | None = refusal.ord_rej_reason
        case OrderCancelReject():
            named = refusal.cxl_rej_reason
        case OrderMassCancelReport():
            named = refusal.mass_cancel_reject_reason
        case BusinessMessageReject():
            named = refusal.business_reject_reason
            if named == UNKNOWN_SECURITY:
                return t.OrdRejReason.UNKNOWN_SYMBOL.name
        case SessionReject():
            names = {each.value: each.name for each in Reason}
            number = refusal.session_reject_reason
            said = None if number is None else names.get(number)
            return said or refusal.text or "OTHER"
    if named is None or named.name.startswith("UNKNOWN_") or named.name.endswith("_OPTION"):
        return refusal.text or ("OTHER" if named is None else named.name)
    return named.name
