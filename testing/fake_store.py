"""A store for tests of the facade: it holds what it is given, and knows what it was asked."""

from typing import Any

from core import Bar, Beginnings, OrdersPage, Recorded, StoredOrder, Stretch, Sum, Trade

SINCE_NS = 1_700_000_000_000_001_000
"""A moment since when a store may have everything."""


class FakeStore:
    """A store that holds what it is given."""

    def __init__(self) -> None:
        self.kept: dict[int, bytes] = {}
        self.complete_since: int | None = None
        self.stretch: Stretch | None = None
        self.older_trades: list[tuple[int, bytes]] = []
        self.total: Sum | None = None
        self.asked: list[tuple[Any, ...]] = []
        self.day: list[Bar] = []
        self.minute: list[Trade] = []

    async def bars(self, instrument: int, from_ns: int) -> list[Bar]:
        return self.day if instrument == 1 else []

    async def trades_between(
        self, instrument: int, from_ns: int, to_ns: int, *, after: int = 0, limit: int = 1_000
    ) -> list[Trade]:
        found = [t for t in self.minute if from_ns <= t.time_ns < to_ns and t.trade_id > after]
        return found[:limit] if instrument == 1 else []

    async def position(self) -> Recorded:
        return Recorded(offset=0, sequence=0, command_offset=0)

    async def instruments(self) -> list[tuple[int, str]]:
        return []

    async def close(self) -> None:
        self.kept.clear()

    async def order(self, order_id: int) -> StoredOrder | None:
        self.asked.append(("order", order_id))
        kept = self.kept.get(order_id)
        return None if kept is None else StoredOrder(json=kept, open=b'"NEW"' in kept)

    async def history(
        self, order_id: int, *, after: int, limit: int, bytes_max: int
    ) -> Stretch | None:
        self.asked.append(("history", order_id, after, limit, bytes_max))
        return self.stretch

    async def fills(
        self, order_id: int, *, after: int, limit: int, bytes_max: int
    ) -> Stretch | None:
        self.asked.append(("fills", order_id, after, limit, bytes_max))
        return self.stretch

    async def beginnings(self, order_ids: list[int]) -> Beginnings:
        return Beginnings(orders=[], sequence=0)

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
        ids = sorted((i for i in self.kept if before is None or i < before), reverse=True)
        following = ids[limit - 1] if len(ids) > limit else None
        return OrdersPage(orders=[(i, self.kept[i]) for i in ids[:limit]], next=following)

    async def trades(
        self, instrument: int, *, before: int | None = None, limit: int = 100
    ) -> list[tuple[int, bytes]]:
        self.asked.append(("trades", instrument, before, limit))
        older = [trade for trade in self.older_trades if before is None or trade[0] < before]
        return older[:limit]

    async def sum_between(self, instrument: int, after_ns: int, before_ns: int) -> Sum | None:
        self.asked.append(("sum", instrument, after_ns, before_ns))
        return self.total
