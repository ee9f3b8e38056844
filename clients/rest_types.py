"""What REST and WebSocket answer, typed: decimals as ``Decimal``, times as ``datetime``."""

from datetime import datetime
from decimal import Decimal
from typing import Literal

import msgspec

Side = Literal["BUY", "SELL"]
Status = Literal["NEW", "PARTIALLY_FILLED", "FILLED", "CANCELED", "REJECTED", "EXPIRED"]


class Fill(msgspec.Struct, frozen=True):
    """A trade as one of its orders sees it."""

    trade_id: str
    price: Decimal
    quantity: Decimal
    liquidity: Literal["TAKER", "MAKER"]
    timestamp: datetime


class HistoryEntry(msgspec.Struct, frozen=True):
    """One change of an order, with the values after it."""

    status: Status | Literal["REPLACED", "REDUCED"]
    timestamp: datetime
    price: Decimal | None
    quantity: Decimal
    filled_quantity: Decimal
    remaining_quantity: Decimal
    reason: str | None


class Order(msgspec.Struct, frozen=True):
    """An order as the engine left it.

    Of what was placed, amended or canceled, fills and history are those of that command; of what
    was asked for, the newest.
    """

    order_id: str
    client_order_id: str | None
    user_id: str
    symbol: str | None
    """None where a refused order named no instrument."""
    side: Side
    order_type: str
    time_in_force: str
    price: Decimal | None
    quantity: Decimal
    status: Status
    filled_quantity: Decimal
    remaining_quantity: Decimal
    average_price: Decimal | None
    timestamp: datetime | None
    """None while a restarted exchange still reads when the order began."""
    updated_at: datetime
    reason: str | None
    fills_count: int | None
    """How many the order has in all; None as above."""
    fills_truncated: bool
    """Whether older ones are left out of ``fills``."""
    fills: tuple[Fill, ...]
    status_history_count: int | None
    status_history_truncated: bool
    status_history: tuple[HistoryEntry, ...]


class Fills(msgspec.Struct, frozen=True):
    """A page of an order's fills, the oldest first."""

    fills: tuple[Fill, ...]
    fills_count: int | None
    next_cursor: str | None
    sequence: int
    complete_since: datetime | None = None
    """None where nothing is missing; else what was before may be, and counts are None."""


class History(msgspec.Struct, frozen=True):
    """A page of an order's history, the oldest entry first."""

    status_history: tuple[HistoryEntry, ...]
    status_history_count: int | None
    next_cursor: str | None
    sequence: int
    complete_since: datetime | None = None


class Orders(msgspec.Struct, frozen=True):
    """A page of orders."""

    orders: tuple[Order, ...]
    count: int
    next_cursor: str | None
    sequence: int
    """Number of the last event that is in it: so are notifications up to it."""
    complete_since: datetime | None = None
    """None where nothing is missing; else orders that ended before may be."""


class Canceled(msgspec.Struct, frozen=True):
    """How many orders a mass cancel took."""

    canceled: int


class Level(msgspec.Struct, frozen=True):
    """What rests at one price."""

    price: Decimal
    quantity: Decimal
    orders: int


class OrderBook(msgspec.Struct, frozen=True):
    """An order book by price level, the best first."""

    symbol: str
    sequence: int
    timestamp: datetime
    bids: tuple[Level, ...]
    asks: tuple[Level, ...]


class Trade(msgspec.Struct, frozen=True):
    """A trade as everybody sees it."""

    id: str
    price: Decimal
    quantity: Decimal
    taker_side: Side
    timestamp: datetime


class Trades(msgspec.Struct, frozen=True):
    """A page of trades, the newest first."""

    trades: tuple[Trade, ...]
    next_cursor: str | None
    complete_since: datetime | None = None
    """None where nothing is missing; else trades of before may be."""


class Ticker(msgspec.Struct, frozen=True):
    """The last 24 hours of an instrument."""

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
    timestamp: datetime
    complete_since: datetime | None = None
    """None where nothing is missing; else trades of before may be."""


class Tickers(msgspec.Struct, frozen=True):
    """The tickers of all instruments."""

    tickers: tuple[Ticker, ...]
    next_cursor: str | None


class Instrument(msgspec.Struct, frozen=True):
    """An instrument and its filters; None is no limit."""

    symbol: str
    security_id: int
    status: Literal["OPEN", "CLOSED"]
    tick_size: Decimal | None
    lot_size: Decimal | None
    quantity_min: Decimal | None
    quantity_max: Decimal | None
    notional_min: Decimal | None
    price_band_bps: int | None
    orders_per_side_max: int | None
    session_end_s: int


class Instruments(msgspec.Struct, frozen=True):
    """All instruments."""

    instruments: tuple[Instrument, ...]
    next_cursor: str | None


class Readiness(msgspec.Struct, frozen=True):
    """Whether every part of the exchange does its work."""

    status: Literal["ready", "not ready"]


class Refusal(msgspec.Struct, frozen=True):
    """The body of every answer that is a refusal."""

    error: str
    code: str
    order_id: str | None = None
    status: Status | None = None
    """Status of the order, which was not changed."""
    filled_quantity: Decimal | None = None
    """What it has executed."""


class Notification(msgspec.Struct, frozen=True):
    """One change of an order of the user."""

    type: Literal["order", "execution"]
    event: Literal["NEW", "TRADE", "REPLACED", "REDUCED", "CANCELED", "EXPIRED", "REJECTED"]
    sequence: int
    exec_id: str
    user_id: str
    order_id: str
    client_order_id: str | None
    symbol: str | None
    """None where a refused order named no instrument."""
    side: Side
    status: Status
    price: Decimal | None
    quantity: Decimal
    filled_quantity: Decimal
    remaining_quantity: Decimal
    average_price: Decimal | None
    reason: str | None
    timestamp: datetime
    trade_id: str | None = None
    last_price: Decimal | None = None
    last_quantity: Decimal | None = None
    liquidity: Literal["TAKER", "MAKER"] | None = None


class Subscribed(msgspec.Struct, frozen=True):
    """The stream begins, or begins again: what happened up to ``sequence`` is not in it."""

    type: Literal["subscribed"]
    user_id: str
    sequence: int
