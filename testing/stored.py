"""All that a store holds, as its readers see it."""

import asyncio
import sys
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec

from core import StoreReader
from testing.fold import Fold, shown

HOLD = """
import sqlite3, sys
store = sqlite3.connect(sys.argv[1], isolation_level=None)
store.execute("BEGIN IMMEDIATE")
print("held", flush=True)
sys.stdin.readline()
"""


@asynccontextmanager
async def held(path: Path) -> AsyncIterator[None]:
    """Nobody else can write the store meanwhile."""
    # A process of its own: two copies of SQLite in one do not see each other's locks.
    other = await asyncio.create_subprocess_exec(
        sys.executable, "-c", HOLD, str(path), stdin=PIPE, stdout=PIPE
    )
    assert other.stdout is not None
    assert await other.stdout.readline() == b"held\n"
    yield
    await other.communicate(b"\n")


def listed(reader: StoreReader, user: str, limit: int = 100) -> list[int]:
    """Ids of a user's orders, page by page."""
    ids: list[int] = []
    before = None
    account = reader.account(user)
    while account is not None:
        page = reader.orders(account, before=before, limit=limit)
        ids += [order_id for order_id, _ in page.orders]
        before = page.next
        if before is None:
            break
    return ids


def content(path: Path, order_ids: list[int], instruments: list[int]) -> list[Any]:
    """Orders, trades and bars."""
    reader = StoreReader(path)
    return [
        [order and (order.json, order.open) for order in map(reader.order, order_ids)],
        [reader.trades(instrument, limit=1_000) for instrument in instruments],
        [reader.bars(instrument, 0) for instrument in instruments],
        reader.position().sequence,
    ]


def check(path: Path, fold: Fold) -> None:
    """The store holds what the fold of the same events holds, and nothing else."""
    reader = StoreReader(path)
    assert reader.position().sequence == fold.sequence
    for order_id, expected in fold.orders.items():
        stored = reader.order(order_id)
        assert stored is not None
        assert msgspec.json.decode(stored.json) == shown(expected)
        assert stored.open == (expected["status"] in ("NEW", "PARTIALLY_FILLED"))
        check_pages(reader, order_id, expected)
    assert reader.order(max(fold.orders, default=0) + 1) is None
    by_user: dict[str, list[int]] = {}
    for order_id, order in sorted(fold.orders.items(), reverse=True):
        by_user.setdefault(order["user_id"], []).append(order_id)
    for user, ids in by_user.items():
        assert reader.account(user) is None or listed(reader, user) == ids
    for instrument, trades in fold.trades.items():
        newest = reader.trades(instrument, limit=1_000)
        assert [msgspec.json.decode(trade) for _, trade in newest] == trades[:1_000]
        assert sum(bar.sum.count for bar in reader.bars(instrument, 0)) == len(trades)


def check_pages(reader: StoreReader, order_id: int, expected: dict[str, Any]) -> None:
    """All that happened to an order, page by page."""
    for name, read in (("fills", reader.fills), ("status_history", reader.history)):
        found: list[Any] = []
        after: int | None = 0
        while after is not None:
            page = read(order_id, after=after, limit=7, bytes_max=10_000)
            assert page is not None
            items, after = msgspec.json.decode(page.json), page.next
            found += items
            assert (page.count, page.of) == (len(items), len(expected[name]))
        assert found == expected[name]
