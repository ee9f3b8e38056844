"""Requests about orders, as fields to send: what FIX.4.2 and FIX.4.4 both have."""

from testing.foreign_fix.text import Field

BUY, SELL = 1, 2
TIME = "20260102-03:04:05.678"
"""Requests have to say when they were made, and nobody minds when that was."""
SYMBOL = "BTCUSD"


def new_order(
    name: str, side: int = BUY, quantity: object = 2, price: object = 50_000, *more: Field
) -> list[Field]:
    """A NewOrderSingle (D), limited; FIX.4.2 requires 21, which means nothing."""
    fields: list[Field] = [(11, name), (21, 1), (55, SYMBOL), (54, side), (60, TIME)]
    return [*fields, (38, quantity), (40, 2), (44, price), *more]


def replace(
    name: str,
    original: str,
    side: int = BUY,
    quantity: object = 2,
    price: object = 50_000,
    *more: Field,
) -> list[Field]:
    """An OrderCancelReplaceRequest (G)."""
    return [(41, original), *new_order(name, side, quantity, price, *more)]


def cancel(
    name: str, original: str, side: int = BUY, quantity: object = 2, *more: Field
) -> list[Field]:
    """An OrderCancelRequest (F)."""
    fields: list[Field] = [(11, name), (41, original), (55, SYMBOL), (54, side), (60, TIME)]
    return [*fields, (38, quantity), *more]


def status(name: str, side: int = BUY, *more: Field) -> list[Field]:
    """An OrderStatusRequest (H)."""
    return [(11, name), (55, SYMBOL), (54, side), *more]


def mass_cancel(name: str) -> list[Field]:
    """An OrderMassCancelRequest (q) for all orders of the session; FIX.4.4 alone has it."""
    return [(11, name), (530, 7), (60, TIME)]


def security_list(name: str) -> list[Field]:
    """A SecurityListRequest (x) for all instruments; FIX.4.4 alone has it."""
    return [(320, name), (559, 4)]
