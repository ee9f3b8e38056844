"""What the reports of one session say together: trades, refusals, and the book of its own orders.

Pure: reports in, figures out.  A trade has a report for each of its sides; both stand in the
session when one account trades with itself, as an order flow file does.
"""

from collections import Counter
from typing import NamedTuple

from protocol.messages import (
    BusinessMessageReject,
    ExecutionReportCancel,
    ExecutionReportNew,
    ExecutionReportReject,
    ExecutionReportTrade,
    Message,
    OrderCancelReject,
)
from protocol.terms import Side, YesNo
from quantscope.flow_file import VenueTrade

ENDS = {
    "refused": "They name orders that were refused when they came.",
    "closed": "They name orders that had been filled or canceled.",
    "not_in_file": "They name orders that the file does not hold.",
}
"""What had become of orders whose cancels were refused."""


class Resting(NamedTuple):
    """An order in the book."""

    side: Side
    price: int | None


class FlowState:
    """Everything that the reports told so far."""

    def __init__(self, venue_ids: dict[int, str]) -> None:
        """Trades are named by the venue's ids of their orders."""
        self._venue_ids = venue_ids
        self._takers: dict[int, str] = {}
        self.answered = 0
        self.trades: list[VenueTrade] = []
        self.order_rejects: Counter[str] = Counter()
        self.cancel_rejects: Counter[str] = Counter()
        self.cancel_rejects_of: Counter[str] = Counter()
        """The same by what had become of the orders: see ``ENDS``."""
        self._refused: set[int] = set()
        self.open: dict[int, Resting] = {}
        self.open_max = 0

    def take(self, report: Message) -> None:
        """Take the next report of the session."""
        match report:
            case ExecutionReportNew():
                self._answer()
                self.open[report.cl_ord_id] = Resting(report.side, report.price)
            case ExecutionReportTrade():
                self._trade(report)
            case ExecutionReportCancel():
                self._cancel(report)
            case ExecutionReportReject():
                self._answer()
                self._refused.add(report.cl_ord_id)
                self.order_rejects[report.ord_rej_reason.name] += 1
            case OrderCancelReject():
                self._answer()
                self.cancel_rejects[report.cxl_rej_reason.name] += 1
                self.cancel_rejects_of[self._end(report.orig_cl_ord_id or 0)] += 1
            case BusinessMessageReject():
                self._answer()
                self.order_rejects[report.business_reject_reason.name] += 1

    def _end(self, cl_ord_id: int) -> str:
        """What had become of an order that could not be canceled."""
        if cl_ord_id in self._refused:
            return "refused"
        return "closed" if cl_ord_id in self._venue_ids else "not_in_file"

    def _answer(self) -> None:
        # The reports of one request stand together: what is open now is what the last one left.
        self.open_max = max(self.open_max, len(self.open))
        self.answered += 1

    def _trade(self, report: ExecutionReportTrade) -> None:
        order = self._venue_ids.get(report.cl_ord_id, str(report.order_id))
        if report.aggressor_indicator is YesNo.YES:
            self._takers[report.trade_id] = order
        else:
            taker = self._takers.pop(report.trade_id, "?")
            self.trades.append(VenueTrade(taker, order, report.last_px, report.last_qty))
        if report.leaves_qty == 0:
            self.open.pop(report.cl_ord_id, None)

    def _cancel(self, report: ExecutionReportCancel) -> None:
        asked_for = report.orig_cl_ord_id not in (None, report.cl_ord_id)
        if asked_for:
            self._answer()
        canceled = report.orig_cl_ord_id if asked_for else report.cl_ord_id
        self.open.pop(canceled or report.cl_ord_id, None)

    def levels(self, side: Side) -> list[int]:
        """The prices at which orders rest, the best first."""
        prices = {order.price for order in self.open.values() if order.side is side}
        known = (price for price in prices if price is not None)
        return sorted(known, reverse=side is Side.BUY)

    def equal_trades(self, venue: list[VenueTrade]) -> int:
        """How many of the trades the venue printed too, each of its trades counted once."""
        return (Counter(self.trades) & Counter(venue)).total()
