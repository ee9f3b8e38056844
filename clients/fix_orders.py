"""What a FIX client knows of its orders, since F, G and H have to say instrument and side."""

from collections import OrderedDict
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from clients import fix_reports as f
from protocol.terms import OrdType, Side

K = TypeVar("K")


@dataclass(frozen=True, slots=True)
class Known:
    """An order, as it was when it was told of last; ``None`` where nobody has said it."""

    symbol: str
    side: Side
    ord_type: OrdType = OrdType.LIMIT
    price: int | None = None
    quantity: int | None = None
    cl_ord_id: str | None = None
    """The newest of its chain."""


class Orders:
    """The newest ``orders_max`` orders, open or not, by ClOrdID and by OrderID."""

    def __init__(self, orders_max: int) -> None:
        """None is known."""
        self._max = orders_max
        self._by_name: OrderedDict[str, Known] = OrderedDict()
        self._by_id: OrderedDict[int, Known] = OrderedDict()

    def find(self, cl_ord_id: str | None, order_id: int | None) -> Known | None:
        """An order by one of its names."""
        by_id = None if order_id is None else self._by_id.get(order_id)
        return by_id or (None if cl_ord_id is None else self._by_name.get(cl_ord_id))

    def put(self, cl_ord_id: str, order: Known) -> None:
        """An order of this name is or will be there."""
        _put(self._by_name, cl_ord_id, order, self._max)

    def learn(self, report: Any) -> None:
        """Take what a report says of its order."""
        match report:
            case f.ExecutionReportNew() | f.ExecutionReportReplace():
                self._keep(report, report.price, report.order_qty)
            case f.ExecutionReportStatus(side=Side()) if report.order_id is not None:
                self._keep(report, report.price, report.order_qty)
            case f.ExecutionReportTrade():
                self._keep(report, None, None)

    def _keep(self, report: Any, price: int | None, quantity: int | None) -> None:
        order = self.find(report.cl_ord_id, report.order_id)
        order = order or Known(report.symbol, report.side, cl_ord_id=report.cl_ord_id)
        if price is not None or quantity is not None:
            # A report without a price is one of an order whose price did not change.
            price = order.price if price is None else price
            order = replace(order, price=price, quantity=quantity, cl_ord_id=report.cl_ord_id)
        if report.cl_ord_id is not None:
            self.put(report.cl_ord_id, order)
        if report.order_id is not None:
            _put(self._by_id, report.order_id, order, self._max)


def _put(orders: OrderedDict[K, Known], name: K, order: Known, most: int) -> None:
    orders[name] = order
    orders.move_to_end(name)
    if len(orders) > most:
        orders.popitem(last=False)
