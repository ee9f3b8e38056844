"""All that a store holds, as its readers see it."""

from pathlib import Path
from typing import Any

import msgspec

from core import StoreReader
from tests.store.fold import Fold


def listed(reader: StoreReader, user: str, limit: int = 100) -> list[int]:
    """Ids of a user's orders, page by page."""
    ids: list[int] = []
    before = None
    while True:
        page, before = reader.orders(user, before=before, limit=limit)
        ids += [order_id for order_id, _ in page]
        if before is None:
            return ids


def content(path: Path, order_ids: list[int], instruments: list[int]) -> list[Any]:
    """Orders, trades and bars."""
    reader = StoreReader(path)
    return [
        [reader.order(order_id) for order_id in order_ids],
        [reader.trades(instrument, limit=1_000) for instrument in instruments],
        [reader.bars(instrument, 0) for instrument in instruments],
        reader.position()[1],
    ]


def check(path: Path, fold: Fold) -> None:
    """The store holds what the fold of the same events holds, and nothing else."""
    reader = StoreReader(path)
    assert reader.position()[1] == fold.sequence
    for order_id, expected in fold.orders.items():
        stored = reader.order(order_id)
        assert stored is not None
        assert msgspec.json.decode(stored) == expected
    assert reader.order(max(fold.orders, default=0) + 1) is None
    by_user: dict[str, list[int]] = {}
    for order_id, order in sorted(fold.orders.items(), reverse=True):
        by_user.setdefault(order["user_id"], []).append(order_id)
    for user, ids in by_user.items():
        known = reader.orders(user, limit=1)[0]
        assert not known or listed(reader, user) == ids
    for instrument, trades in fold.trades.items():
        newest = reader.trades(instrument, limit=1_000)
        assert [msgspec.json.decode(trade) for trade in newest] == trades[:1_000]
        assert sum(bar[3][6] for bar in reader.bars(instrument, 0)) == len(trades)
