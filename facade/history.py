"""What the facade asks the store for: all that is older than its own memory."""

from typing import Protocol

Sum = tuple[int, int, int, int, int, int, int]
"""A row of trades: open, high, low, close, quantity x 10^8, price times quantity x 10^16, count."""


class History(Protocol):
    """Queries of the store.  Each sees what was recorded when it began."""

    async def order(self, order_id: int) -> bytes | None:
        """An order as JSON."""

    async def orders(
        self,
        user: str,
        *,
        before: int | None,
        limit: int,
        status: str | None = None,
        instrument: int | None = None,
    ) -> tuple[list[tuple[int, bytes]], int | None]:
        """A user's orders below the id ``before``, newest first, and the next page's ``before``."""

    async def trades(self, instrument: int, *, before: int | None, limit: int) -> list[bytes]:
        """Trades of an instrument below the trade id ``before`` as JSON, the newest first."""

    async def sum_between(self, instrument: int, after_ns: int, before_ns: int) -> Sum | None:
        """The sum of trades later than ``after_ns`` and before ``before_ns``."""
