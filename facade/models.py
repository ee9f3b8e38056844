"""Bodies of requests and answers: what is decoded, and what the document describes.

Answers are written natively; their structures here say what they hold.
"""

from typing import Annotated, Literal, get_args

import msgspec
from msgspec import UNSET, Meta, Raw, UnsetType

from core import SHOWN_MAX, cancel_reasons, refusals
from protocol.terms import Code, OrdType, SelfMatchPreventionInstruction, Side, TimeInForce


def _numbers(*members: Code) -> dict[str, int]:
    return {member.name: member.value for member in members}


TYPES_NOT_OFFERED = _numbers(OrdType.STOP, OrdType.STOP_LIMIT)
TIMES_NOT_OFFERED = _numbers(TimeInForce.GTD)
"""Values of FIX that the engine refuses."""
SIDES = _numbers(*Side)
ORDER_TYPES = _numbers(*(x for x in OrdType if x.name not in TYPES_NOT_OFFERED))
TIMES_IN_FORCE = _numbers(*(x for x in TimeInForce if x.name not in TIMES_NOT_OFFERED))
PREVENTIONS = _numbers(*SelfMatchPreventionInstruction)
_NOT_OF_ORDERS = {
    "ACCOUNT_LIMIT",
    "BUSY",
    "DUPLICATE_CLIENT_ORDER_ID",
    "NOTHING_TO_AMEND",
    "ORDER_CLOSED",
    "ORDER_ID_MISMATCH",
    "UNKNOWN_ORDER",
}
"""Refusals that give no order id, or of a change."""
REASONS = tuple(
    name for name in dict.fromkeys([*cancel_reasons(), *refusals()]) if name not in _NOT_OF_ORDERS
)
"""Why an order left the book without a trade, or was refused."""
Status = Literal["NEW", "PARTIALLY_FILLED", "FILLED", "CANCELED", "REJECTED", "EXPIRED"]
STATUSES = get_args(Status)
OPEN = ("NEW", "PARTIALLY_FILLED")

USER_ID = r"^[A-Za-z0-9_.:-]{1,32}$(?!\n)"
CLIENT_ORDER_ID = r"^[ -~]{1,36}$(?!\n)"
FORMS = {
    "user_id": "1 to 32 of A-Z a-z 0-9 _ . : -",
    "client_order_id": "1 to 36 printable ASCII characters",
}
"""What fields with a pattern must be, for people."""

UserId = Annotated[
    str,
    Meta(
        pattern=USER_ID,
        description=f"who trades; {FORMS['user_id']}",
        examples=["alice"],
    ),
]
Decimal = Annotated[
    str, Meta(description="an exact decimal, a multiple of 0.00000001", examples=["50000.5"])
]
Amount = Annotated[
    Raw,
    Meta(
        description="an exact decimal, as a number or a string, a multiple of 0.00000001",
        extra_json_schema={"type": ["string", "number"], "examples": ["50000.5"]},
    ),
]
Time = Annotated[
    str,
    Meta(description="RFC 3339, UTC, microseconds", extra_json_schema={"format": "date-time"}),
]
Id = Annotated[str, Meta(description="a number, as a string", examples=["1"])]


_Counted = Annotated[
    int | None,
    Meta(
        description="in all; null while a restarted server counts them, and where the older ones "
        "are kept nowhere any more"
    ),
]
CompleteSince = Annotated[
    Time | None,
    Meta(
        description="null where nothing is missing; else some of what was before this time may be, "
        "for it is kept nowhere any more"
    ),
]

_NextCursor = Annotated[
    str | None,
    Meta(description="the cursor of the next page, which may be empty; null where nothing is left"),
]

_Sequence = Annotated[
    int,
    Meta(description="number of the last event that is in it: notifications up to it are too"),
]


def _named(*names: str, about: str) -> Meta:
    return Meta(description=about, extra_json_schema={"enum": list(names)})


_SYMBOL_OF_ORDER = Meta(
    description="null where a refused order named no instrument; # and a number where it named one "
    "that there is not, in the binary protocol"
)
_REASON = Meta(
    description="why it left the book without a trade, or was refused; null otherwise",
    extra_json_schema={"enum": [*REASONS, None]},
)


class NewOrder(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """A new order."""

    symbol: Annotated[str, Meta(max_length=64, description="the instrument", examples=["BTCUSD"])]
    side: Annotated[str, _named(*SIDES, about="BUY or SELL")]
    order_type: Annotated[str, _named(*ORDER_TYPES, about="LIMIT, or MARKET without a price")]
    quantity: Amount
    user_id: UserId
    price: Amount | UnsetType = UNSET
    time_in_force: (
        Annotated[
            str, _named(*TIMES_IN_FORCE, about="GTC unless given; a MARKET order is IOC or FOK")
        ]
        | None
    ) = None
    client_order_id: (
        Annotated[
            str,
            Meta(
                pattern=CLIENT_ORDER_ID,
                description="the client's name for it, "
                f"{FORMS['client_order_id']}; a repeat never makes a second order",
            ),
        ]
        | None
    ) = None
    post_only: (
        Annotated[bool, Meta(description="refuse the order rather than let it trade at once")]
        | None
    ) = None
    self_trade_prevention: (
        Annotated[
            str,
            _named(*PREVENTIONS, about="what happens where it would trade with its own account"),
        ]
        | None
    ) = None


class Amendment(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """What to change of an order; priority is kept only when the quantity alone falls."""

    price: Amount | UnsetType = UNSET
    quantity: Amount | UnsetType = UNSET


class Fill(msgspec.Struct):
    """A trade as one of its orders sees it."""

    trade_id: Id
    price: Decimal
    quantity: Decimal
    liquidity: Literal["TAKER", "MAKER"]
    timestamp: Time


class HistoryEntry(msgspec.Struct):
    """One change of an order, with the values after it."""

    status: Literal[Status, "REPLACED", "REDUCED"]
    timestamp: Time
    price: Decimal | None
    quantity: Decimal
    filled_quantity: Decimal
    remaining_quantity: Decimal
    reason: Annotated[str | None, _REASON]


class Order(msgspec.Struct):
    """An order as the engine left it, with the newest of what happened to it.

    An answer to POST, PATCH or DELETE shows what its command did; any other the newest of all.
    """

    order_id: Id
    client_order_id: str | None
    user_id: str
    symbol: Annotated[str | None, _SYMBOL_OF_ORDER]
    side: Literal["BUY", "SELL"]
    order_type: Annotated[
        Literal["LIMIT", "MARKET", "STOP", "STOP_LIMIT"], Meta(description="stops: refused")
    ]
    time_in_force: Annotated[
        Literal["DAY", "GTC", "IOC", "FOK", "GTD"], Meta(description="GTD: refused")
    ]
    price: Decimal | None
    quantity: Decimal
    status: Status
    filled_quantity: Decimal
    remaining_quantity: Decimal
    average_price: Decimal | None
    timestamp: Annotated[
        Time | None, Meta(description="its first event; null while a restarted server reads it")
    ]
    updated_at: Time
    reason: Annotated[str | None, _REASON]
    fills_count: _Counted
    fills_truncated: Annotated[bool, Meta(description="older fills are left out")]
    fills: Annotated[list[Fill], Meta(description=f"the oldest first; {SHOWN_MAX} at most")]
    status_history_count: _Counted
    status_history_truncated: Annotated[bool, Meta(description="older entries are left out")]
    status_history: Annotated[
        list[HistoryEntry], Meta(description=f"the oldest first; {SHOWN_MAX} at most")
    ]


class Fills(msgspec.Struct):
    """A page of an order's fills, the oldest first."""

    order_id: Id
    fills: list[Fill]
    count: Annotated[int, Meta(description="fills on this page")]
    fills_count: Annotated[
        int | None, Meta(description="fills of the order; null where older ones may be missing")
    ]
    next_cursor: _NextCursor
    sequence: _Sequence
    complete_since: CompleteSince


class History(msgspec.Struct):
    """A page of an order's history, the oldest entry first."""

    order_id: Id
    status_history: list[HistoryEntry]
    count: Annotated[int, Meta(description="entries on this page")]
    status_history_count: Annotated[
        int | None,
        Meta(description="entries of the order's history; null where older ones may be missing"),
    ]
    next_cursor: _NextCursor
    sequence: _Sequence
    complete_since: CompleteSince


class Orders(msgspec.Struct):
    """A page of a user's orders, the newest first."""

    orders: list[Order]
    count: Annotated[int, Meta(description="orders on this page")]
    next_cursor: _NextCursor
    sequence: _Sequence
    complete_since: CompleteSince


class Canceled(msgspec.Struct):
    """The outcome of a mass cancel."""

    canceled: Annotated[int, Meta(description="how many orders were canceled")]


class Level(msgspec.Struct):
    """What rests at one price."""

    price: Decimal
    quantity: Decimal
    orders: int


class OrderBook(msgspec.Struct):
    """An order book by price level, the best first."""

    symbol: str
    sequence: Annotated[int, Meta(description="number of the last event that changed it")]
    timestamp: Time
    bids: list[Level]
    asks: list[Level]


class Trade(msgspec.Struct):
    """A trade as everybody sees it."""

    id: Id
    price: Decimal
    quantity: Decimal
    taker_side: Literal["BUY", "SELL"]
    timestamp: Time


class Trades(msgspec.Struct):
    """A page of an instrument's trades, the newest first."""

    trades: list[Trade]
    count: Annotated[int, Meta(description="trades on this page")]
    next_cursor: _NextCursor
    complete_since: CompleteSince


class Ticker(msgspec.Struct):
    """The last 24 hours of an instrument, rolling and exact; null where nothing traded."""

    symbol: str
    last: Decimal | None
    open: Decimal | None
    high: Decimal | None
    low: Decimal | None
    change: Decimal | None
    change_percent: Decimal | None
    volume: Decimal
    quote_volume: Decimal
    trades: int
    best_bid: Decimal | None
    best_ask: Decimal | None
    timestamp: Time
    complete_since: CompleteSince


class Tickers(msgspec.Struct):
    """The tickers of all instruments, page by page."""

    tickers: list[Ticker]
    count: Annotated[int, Meta(description="tickers on this page")]
    next_cursor: _NextCursor


class Instrument(msgspec.Struct):
    """An instrument and its filters; null is no limit."""

    symbol: str
    security_id: Annotated[int, Meta(description="its number in the binary protocol")]
    status: Literal["OPEN", "CLOSED"]
    tick_size: Decimal | None
    lot_size: Decimal | None
    quantity_min: Decimal | None
    quantity_max: Decimal | None
    notional_min: Decimal | None
    price_band_bps: int | None
    orders_per_side_max: int | None
    session_end_s: Annotated[int, Meta(description="end of DAY orders, seconds after 00:00 UTC")]


class Instruments(msgspec.Struct):
    """All instruments, page by page."""

    instruments: list[Instrument]
    count: Annotated[int, Meta(description="instruments on this page")]
    next_cursor: _NextCursor


class Health(msgspec.Struct):
    """The server lives."""

    status: str


class Readiness(msgspec.Struct):
    """Whether every part of the server does its work."""

    status: Literal["ready", "not ready"]
    faults: Annotated[list[str], Meta(description="what does not, and why")]


class Error(msgspec.Struct):
    """A refusal: a sentence for people, a stable code for programs."""

    error: str
    code: str
    order_id: Id | UnsetType = UNSET
    status: Annotated[
        Status | UnsetType,
        Meta(description="of the order of that id, which was not changed; absent where not known"),
    ] = UNSET
    filled_quantity: Annotated[
        Decimal | UnsetType, Meta(description="of that order; absent where not known")
    ] = UNSET


class Notification(msgspec.Struct):
    """One change of an order, as its user is told by WebSocket."""

    type: Literal["order", "execution"]
    event: Literal["NEW", "TRADE", "REPLACED", "REDUCED", "CANCELED", "EXPIRED", "REJECTED"]
    sequence: Annotated[int, Meta(description="number of the event; rises, with gaps")]
    exec_id: Id
    user_id: str
    order_id: Id
    client_order_id: str | None
    symbol: Annotated[str | None, _SYMBOL_OF_ORDER]
    side: Literal["BUY", "SELL"]
    status: Status
    price: Decimal | None
    quantity: Decimal
    filled_quantity: Decimal
    remaining_quantity: Decimal
    average_price: Decimal | None
    reason: Annotated[str | None, _REASON]
    timestamp: Time
    trade_id: Id | UnsetType = UNSET
    last_price: Decimal | UnsetType = UNSET
    last_quantity: Decimal | UnsetType = UNSET
    liquidity: Literal["TAKER", "MAKER"] | UnsetType = UNSET
