"""Fields of FIX messages as values of the exchange; each function raises ``FaultError``."""

from decimal import Decimal, InvalidOperation
from typing import TypeVar

from clients.fix_message import FaultError, Message
from clients.fix_reports import Reason
from protocol.terms import Code

C = TypeVar("C", bound=Code)


def code(of: type[C], message: Message, tag: int) -> C:
    """A value of an enumeration: a number, or a letter as its ASCII code."""
    text = message.text(tag)
    if text.isascii() and text.isdigit() and len(text) < 9:
        return of(int(text))
    if len(text) != 1:
        raise FaultError(Reason.INCORRECT_DATA_FORMAT, tag)
    return of(ord(text))


def optional_code(of: type[C], message: Message, tag: int) -> C | None:
    """The same, where the field may be absent."""
    return None if message.get(tag) is None else code(of, message, tag)


def reason(of: type[C], message: Message, tag: int) -> C | None:
    """Why something was refused: as Text (58) names it, for FIX lacks numbers of many reasons."""
    named = of.__members__.get(message.get(58) or "")
    return optional_code(of, message, tag) if named is None else named


def optional_amount(message: Message, tag: int) -> int | None:
    """A price or quantity that may be absent."""
    return None if message.get(tag) is None else message.amount(tag)


def optional_number(message: Message, tag: int) -> int | None:
    """A number that may be absent."""
    return None if message.get(tag) is None else message.number(tag)


def name(message: Message, tag: int) -> str | None:
    """An id of a client; ``NONE`` stands for none."""
    text = message.get(tag)
    return None if text == "NONE" else text


def order_id(message: Message) -> int | None:
    """OrderID (37) as a number; ``NONE`` stands for none."""
    return None if message.text(37) == "NONE" else message.number(37)


def transact_time(message: Message) -> int:
    """TransactTime (60), or when the message was first sent."""
    tag = next((tag for tag in (60, 122) if message.get(tag) is not None), 52)
    return message.time_ns(tag)


def order_qty(message: Message) -> int:
    """OrderQty (38); where it is absent, what was executed and what is left."""
    quantity = optional_amount(message, 38)
    return message.amount(14) + message.amount(151) if quantity is None else quantity


def average(message: Message) -> int:
    """AvgPx (6), cut to a multiple of 10^-8."""
    try:
        return int(Decimal(message.text(6)).scaleb(8))
    except (InvalidOperation, ValueError, OverflowError):
        raise FaultError(Reason.INCORRECT_DATA_FORMAT, 6) from None
