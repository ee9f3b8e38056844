"""The Store port: what every adapter that keeps orders and trades fulfils."""

from typing import Protocol

from core import Bar, Beginnings, OrdersPage, Recorded, StoredOrder, Stretch, Sum, Trade


class Stretches(Protocol):
    """Reads a page of what happened to an order, the oldest first."""

    async def __call__(
        self, order_id: int, *, after: int, limit: int, bytes_max: int
    ) -> Stretch | None:
        """Return a page behind the first ``after``; None for an order that is not kept."""


class Store(Protocol):
    """Queries.  Each sees what was recorded when it began, and raises ``StoreFailed`` if it can't.

    Orders and trades come as the JSON that REST shows; lists hold at most 1,000 of them.
    """

    async def position(self) -> Recorded:
        """Return up to where all is recorded."""

    @property
    def complete_since(self) -> int | None:
        """From when on it has everything, in ns and whole microseconds; None where it has all.

        Of what ended before, it may know nothing: it was begun when the journal had deleted that.
        """

    async def order(self, order_id: int) -> StoredOrder | None:
        """Return an order with its newest changes."""

    async def history(
        self, order_id: int, *, after: int, limit: int, bytes_max: int
    ) -> Stretch | None:
        """Return a page of an order's history: see ``Stretches``."""

    async def fills(
        self, order_id: int, *, after: int, limit: int, bytes_max: int
    ) -> Stretch | None:
        """Return a page of an order's fills: see ``Stretches``."""

    async def beginnings(self, order_ids: list[int]) -> Beginnings:
        """Return when orders began, and how much has happened to them.

        Orders whose beginning is not kept are left out.
        """

    async def orders(
        self,
        account: int,
        *,
        before: int | None = None,
        limit: int = 100,
        bytes_max: int = 2**18,
        status: str | None = None,
        instrument: int | None = None,
    ) -> OrdersPage:
        """Return an account's orders below the id ``before``, newest first.

        A page examines a limited number of orders, and ends with the first order that brings it to
        ``bytes_max``: it may hold fewer than ``limit`` and still name a next one.
        """

    async def trades(
        self, instrument: int, *, before: int | None = None, limit: int = 100
    ) -> list[tuple[int, bytes]]:
        """Return an instrument's trades below the id ``before``: ids and JSON, newest first."""

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
