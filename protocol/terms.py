"""The field's numbers: FIX's enumerations with FIX's numbers, every reason to refuse, and ours.

This is their only home in Python.  ``core.terms`` tells what they are in Rust, and a test compares
the two.

A number that a later exchange sends and this list lacks becomes a member ``UNKNOWN_<number>`` of
its enumeration, so that old clients go on.
"""

from decimal import Context, Decimal, Inexact, InvalidOperation
from enum import IntEnum, IntFlag
from typing import Self


class Code(IntEnum):
    """A small integer with a name."""

    @classmethod
    def _missing_(cls, value: object) -> Self | None:
        if not isinstance(value, int):
            return None
        member = int.__new__(cls, value)
        member._name_ = f"UNKNOWN_{value}"
        member._value_ = value
        return member


class Side(Code):
    """FIX 54."""

    BUY = 1
    SELL = 2


class OrdType(Code):
    """FIX 40."""

    MARKET = 1
    LIMIT = 2
    STOP = 3
    STOP_LIMIT = 4


class TimeInForce(Code):
    """FIX 59."""

    DAY = 0
    GTC = 1
    IOC = 3
    FOK = 4
    GTD = 6


class SelfMatchPreventionInstruction(Code):
    """FIX 2964; 0 and 100 are ours. Orders of one account are a match of oneself."""

    NONE = 0
    CANCEL_NEWEST = 1
    CANCEL_OLDEST = 2
    CANCEL_BOTH = 3
    DECREMENT = 100


class OrdStatus(Code):
    """FIX 39, letters as their ASCII code."""

    NEW = 0
    PARTIALLY_FILLED = 1
    FILLED = 2
    CANCELED = 4
    REJECTED = 8
    EXPIRED = 67


class ExecType(Code):
    """FIX 150, letters as their ASCII code."""

    CANCELED = 4
    EXPIRED = 67


class ExecRestatementReason(Code):
    """FIX 378: why an order was canceled that its client did not cancel."""

    PARTIAL_DECLINE = 5
    EXCHANGE_OPTION = 8
    CANCEL_ON_CONNECTION_LOSS = 12
    SELF_MATCH_PREVENTION = 17


class OrdRejReason(Code):
    """FIX 103; 100 and more are ours."""

    UNKNOWN_SYMBOL = 1
    EXCHANGE_CLOSED = 2
    ORDER_LIMIT = 3
    UNKNOWN_ORDER = 5
    DUPLICATE_CLIENT_ORDER_ID = 6
    UNSUPPORTED_ORDER_TYPE = 11
    INVALID_QUANTITY = 13
    PRICE_OUTSIDE_BAND = 16
    PRICE_OFF_TICK = 18
    UNSUPPORTED_TIME_IN_FORCE = 100
    POST_ONLY_WOULD_TRADE = 101
    QUANTITY_TOO_SMALL = 102
    QUANTITY_TOO_LARGE = 103
    QUANTITY_OFF_LOT = 104
    NOTIONAL_TOO_SMALL = 105
    PRICE_REQUIRED = 106
    PRICE_NOT_ALLOWED = 107
    INVALID_PRICE = 108
    ORDER_CLOSED = 109
    NOTHING_TO_AMEND = 110
    ACCOUNT_LIMIT = 111
    BUSY = 112
    INVALID_EXEC_INST = 113
    ORDER_ID_MISMATCH = 114
    OUT_OF_RANGE = 115


class CxlRejReason(Code):
    """FIX 102 where FIX has a number; else as OrdRejReason where that is ours, and 200 more than it
    where it is FIX 103's.
    """

    TOO_LATE_TO_CANCEL = 0
    UNKNOWN_ORDER = 1
    EXCHANGE_OPTION = 2
    DUPLICATE_CLIENT_ORDER_ID = 6
    PRICE_OUTSIDE_BAND = 8
    PRICE_OFF_TICK = 18
    UNSUPPORTED_TIME_IN_FORCE = 100
    POST_ONLY_WOULD_TRADE = 101
    QUANTITY_TOO_SMALL = 102
    QUANTITY_TOO_LARGE = 103
    QUANTITY_OFF_LOT = 104
    NOTIONAL_TOO_SMALL = 105
    PRICE_REQUIRED = 106
    PRICE_NOT_ALLOWED = 107
    INVALID_PRICE = 108
    NOTHING_TO_AMEND = 110
    ACCOUNT_LIMIT = 111
    BUSY = 112
    INVALID_EXEC_INST = 113
    ORDER_ID_MISMATCH = 114
    OUT_OF_RANGE = 115
    ORDER_LIMIT = 203
    UNSUPPORTED_ORDER_TYPE = 211
    INVALID_QUANTITY = 213


class CxlRejResponseTo(Code):
    """FIX 434."""

    CANCEL = 1
    REPLACE = 2


class MassCancelRequestType(Code):
    """FIX 530."""

    SECURITY = 1
    ALL = 7


class MassCancelResponse(Code):
    """FIX 531."""

    REJECTED = 0
    SECURITY = 1
    ALL = 7


class MassCancelRejectReason(Code):
    """FIX 532."""

    UNKNOWN_SECURITY = 1
    OTHER = 99


class YesNo(Code):
    """FIX Boolean, letters as their ASCII code."""

    NO = 78
    YES = 89


class BusinessRejectReason(Code):
    """FIX 380; 100 and more are ours."""

    UNSUPPORTED_MESSAGE_TYPE = 3
    CONDITIONALLY_REQUIRED_FIELD_MISSING = 5
    VALUE_OUT_OF_RANGE = 100
    UNKNOWN_SCHEMA = 101
    CUT_SHORT = 102


class SecurityListRequestType(Code):
    """FIX 559."""

    SYMBOL = 0
    ALL_SECURITIES = 4


class SecurityRequestResult(Code):
    """FIX 560."""

    VALID = 0
    NO_INSTRUMENTS_FOUND = 2


class SecurityTradingStatus(Code):
    """FIX 326."""

    READY_TO_TRADE = 17
    NOT_AVAILABLE = 18


class ExecInst(IntFlag):
    """Bits of FIX 18."""

    NONE = 0
    POST_ONLY = 1


REPEAT_ONLY = 0x80
"""Beside ``ExecInst`` in a record, from a gateway that takes no new orders now: the order that came
before is answered again, any other is refused with BUSY."""
POSS_RESEND = 0x40
"""Beside ``ExecInst`` in a record of FIX: the client may have sent the order before."""
STP_OF_ENTRY = 255
"""In place of a ``SelfMatchPreventionInstruction`` in a record: what the entry was opened with."""


class EntryKind(Code):
    """The protocol of an entry, which is the way in by which a client speaks."""

    REST = 0
    BINARY = 1
    FIX = 2


class Gateway(Code):
    """Who sealed a command batch: the engine itself, order entry by a protocol, the facade."""

    ENGINE = 0
    BINARY = 1
    FACADE = 2
    FIX = 3


PRICE_SCALE = 10**8
"""Prices and quantities are multiples of ``1 / PRICE_SCALE``."""


def units(number: str | Decimal) -> int:
    """A decimal as a multiple of 10^-8; ``ValueError`` where it is none."""
    try:
        scaled = Decimal(number).scaleb(8, _EXACT)
    except ArithmeticError:
        raise ValueError(f"{number!r} is not a number") from None
    if not scaled.is_finite() or scaled != int(scaled):
        raise ValueError(f"{number} is not a multiple of 10^-8")
    return int(scaled)


def decimal(number: int) -> Decimal:
    """A multiple of 10^-8 as a decimal."""
    return Decimal(number).scaleb(-8, _EXACT)


_EXACT = Context(prec=60, traps=[Inexact, InvalidOperation])
