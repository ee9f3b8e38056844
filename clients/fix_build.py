"""Fields that several requests over FIX have."""

import time

from clients.fix_message import Field, write_amount, write_time
from clients.fix_orders import Known

CL_ORD_ID_BYTES_MAX = 36


def checked_name(text: str) -> str:
    """A ClOrdID that FIX can carry."""
    if not (text.isascii() and text.isprintable() and 0 < len(text) <= CL_ORD_ID_BYTES_MAX):
        raise ValueError(f"{text!r} is no ClOrdID: 1 to {CL_ORD_ID_BYTES_MAX} printable characters")
    return text


def order_names(cl_ord_id: str | None, order_id: int | None) -> list[Field]:
    """The names of the order that a request is about."""
    fields: list[Field] = [] if cl_ord_id is None else [(41, checked_name(cl_ord_id))]
    return fields + ([] if order_id is None else [(37, order_id)])


def transact_time() -> list[Field]:
    """TransactTime (60): now."""
    return [(60, write_time(time.time_ns()))]


def about(order: Known) -> list[Field]:
    """Instrument and side of an order."""
    return [(55, order.symbol), (54, order.side.value)]


def order_terms(order: Known) -> list[Field]:
    """Quantity, type and price of an order, as far as they are known."""
    fields: list[Field] = []
    fields += [] if order.quantity is None else [(38, write_amount(order.quantity))]
    fields.append((40, order.ord_type.value))
    return fields + ([] if order.price is None else [(44, write_amount(order.price))])
