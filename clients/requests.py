"""Which report answers which request: a table without I/O.

ClOrdIDs rise with each request, so an unanswered one can always be sent again under its own number:
the exchange executes the first copy and refuses the second, whose refusal then answers nothing.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Generic, TypeGuard, TypeVar

from clients.errors import Refusal
from protocol import messages as m
from protocol.schema import SCHEMA
from protocol.terms import MassCancelResponse

Answer = TypeVar("Answer")
Key = tuple[str, int]

_REQUEST, _STATUS = "request", "status"

# Which reports answer which request, beside BusinessMessageReject, which answers all.
_ANSWERS: dict[type, tuple[type, ...]] = {
    m.NewOrderSingle: (m.ExecutionReportNew, m.ExecutionReportReject),
    m.OrderCancelRequest: (m.ExecutionReportCancel, m.OrderCancelReject),
    m.OrderCancelReplaceRequest: (
        m.ExecutionReportReplace,
        m.ExecutionReportCancel,
        m.OrderCancelReject,
    ),
    m.OrderMassCancelRequest: (m.OrderMassCancelReport,),
    m.OrderStatusRequest: (m.ExecutionReportStatus,),
}
_STATUS_TEMPLATE = next(x.template for x in SCHEMA.messages if x.name == "OrderStatusRequest")


@dataclass(eq=False)
class Waiting(Generic[Answer]):
    """A request and whoever waits for its answer."""

    key: Key
    request: m.Request
    waiter: Answer


class Requests(Generic[Answer]):
    """The unanswered requests of a session, oldest first."""

    def __init__(self) -> None:
        """Nothing waits."""
        self._waiting: dict[Key, Waiting[Answer]] = {}

    def __len__(self) -> int:
        """How many wait."""
        return len(self._waiting)

    def add(self, request: m.Request, waiter: Answer) -> Waiting[Answer]:
        """Remember a request."""
        waiting = Waiting(_key(request), request, waiter)
        self._waiting[waiting.key] = waiting
        return waiting

    def forget(self, waiting: Waiting[Answer]) -> None:
        """Nobody waits for this one any more; it is not sent again."""
        self._waiting.pop(waiting.key, None)

    def answered_by(self, report: m.Report) -> Answer | None:
        """Who waited for this report, now answered; ``None`` where nobody did."""
        key = _answered(report)
        waiting = None if key is None else self._waiting.get(key)
        if waiting is None or key is None:
            return None
        kinds = _ANSWERS[type(waiting.request)]
        if not isinstance(report, (m.BusinessMessageReject, *kinds)):
            return None
        del self._waiting[key]
        return waiting.waiter

    def unanswered(self) -> Iterator[m.Request]:
        """What to send again, oldest first."""
        return (waiting.request for waiting in list(self._waiting.values()))

    def drain(self) -> list[Answer]:
        """Everyone who still waits; afterwards nobody does."""
        waiters = [waiting.waiter for waiting in self._waiting.values()]
        self._waiting.clear()
        return waiters


def is_refusal(report: m.Report) -> TypeGuard[Refusal]:
    """Whether a report that answers a request says no."""
    if isinstance(report, m.OrderMassCancelReport):
        return report.mass_cancel_response == MassCancelResponse.REJECTED
    return isinstance(report, Refusal)


def _key(request: m.Request) -> Key:
    if isinstance(request, m.OrderStatusRequest):
        return _STATUS, request.ord_status_req_id or 0
    if isinstance(request, m.SecurityListRequest):
        raise TypeError("a SecurityListRequest is answered outside the sequence")
    return _REQUEST, request.cl_ord_id


def _answered(report: Any) -> Key | None:
    if isinstance(report, m.ExecutionReportTrade):
        return None
    if isinstance(report, m.ExecutionReportStatus):
        return _STATUS, report.ord_status_req_id or 0
    if isinstance(report, m.BusinessMessageReject):
        kind = _STATUS if report.ref_template_id == _STATUS_TEMPLATE else _REQUEST
        ref_id = report.business_reject_ref_id
        return None if ref_id is None else (kind, ref_id)
    return _REQUEST, report.cl_ord_id
