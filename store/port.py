"""The Store port: what every adapter that keeps orders and trades fulfils."""

from typing import Protocol, TypeAlias

Sum: TypeAlias = tuple[int, int, int, int, int, int, int]
"""A row of trades: open, high, low, close, quantity x 10^8, price times quantity x 10^16, count."""
Trade: TypeAlias = tuple[int, int, int, int, int]
"""Trade id, time in ns, price and quantity x 10^8, the taker's side (FIX 54)."""
Bar: TypeAlias = tuple[int, int, int, Sum]
"""Minute since the epoch, times of its first and last trade in ns, sum of its trades."""


class Store(Protocol):
    """Queries.  Each sees what was recorded when it began, and raises ``StoreFailed`` if it can't.

    Orders and trades come as the JSON that REST shows; lists hold at most 1,000 of them.
    """

    async def position(self) -> tuple[int, int]:
        """Return the log offset and the event's sequence number up to which all is recorded."""

    async def order(self, order_id: int) -> bytes | None:
        """Return an order with its history and fills, as JSON."""

    async def orders(
        self,
        user: str,
        *,
        before: int | None = None,
        limit: int = 100,
        status: str | None = None,
        instrument: int | None = None,
    ) -> tuple[list[tuple[int, bytes]], int | None]:
        """Return a user's orders below the id ``before``, newest first, and the next ``before``.

        A page examines a limited number of orders: where few pass the filter it may hold fewer than
        ``limit`` and still name a next one.
        """

    async def trades(
        self, instrument: int, *, before: int | None = None, limit: int = 100
    ) -> list[bytes]:
        """Return an instrument's trades with ids below ``before`` as JSON, the newest first."""

    async def trades_between(
        self, instrument: int, from_ns: int, to_ns: int, *, after: int = 0, limit: int = 1_000
    ) -> list[Trade]:
        """Return trades of ``from_ns <= time < to_ns`` after the id ``after``, oldest first."""

    async def sum_between(self, instrument: int, after_ns: int, before_ns: int) -> Sum | None:
        """Return the sum of the trades later than ``after_ns`` and before ``before_ns``."""

    async def bars(self, instrument: int, from_ns: int) -> list[Bar]:
        """Return the minutes in which an instrument traded, from that of ``from_ns`` on."""

    async def instruments(self) -> list[tuple[int, str]]:
        """Return number and symbol of every instrument that is recorded."""

    async def close(self) -> None:
        """Wait for queries under way, and close."""
