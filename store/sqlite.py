"""The Store on SQLite: queries run in threads of their own, so that no disk holds up the loop."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from os import PathLike
from typing import TypeVar

from core import (
    Bar,
    Beginnings,
    OrdersPage,
    Recorded,
    StoredOrder,
    StoreFailed,
    StoreReader,
    Stretch,
    Sum,
    Trade,
)

T = TypeVar("T")

READERS_MAX = 2
"""Queries at the same time, each on a connection of its own."""


class SqliteStore:
    """Queries of the file that a ``Recorder`` has made, which may be recording into it."""

    def __init__(
        self,
        path: str | PathLike[str],
        *,
        readers_max: int = READERS_MAX,
        suspended: str | None = None,
    ) -> None:
        """Open ``readers_max`` connections, but where it begins ``suspended``, and why it does."""
        self._path = path
        self._readers_max = readers_max
        self._free: list[StoreReader] = []
        self._threads = ThreadPoolExecutor(readers_max, thread_name_prefix="store")
        self._suspended = suspended
        self._complete_since: int | None = None
        if suspended is None:
            self._open()

    async def suspend(self, reason: str) -> None:
        """Wait for queries under way and close the connections; queries fail with the reason."""
        if self._suspended is None:
            self._suspended = reason
            await asyncio.to_thread(self._threads.shutdown)
            self._free.clear()
            self._threads = ThreadPoolExecutor(self._readers_max, thread_name_prefix="store")
        self._suspended = reason

    async def resume(self) -> None:
        """Open the connections afresh, and answer again."""
        if self._suspended is not None:
            self._open()
            self._suspended = None

    def _open(self) -> None:
        opened = [StoreReader(self._path) for _ in range(self._readers_max)]
        self._complete_since = opened[0].complete_since()
        self._free = opened

    async def _ask(self, ask: Callable[[StoreReader], T]) -> T:
        if self._suspended is not None:
            raise StoreFailed(self._suspended)
        return await asyncio.get_running_loop().run_in_executor(self._threads, self._run, ask)

    def _run(self, ask: Callable[[StoreReader], T]) -> T:
        # As many threads as connections, so there is always one.
        reader = self._free.pop()
        try:
            return ask(reader)
        finally:
            self._free.append(reader)

    async def position(self) -> Recorded:
        """See ``Store``."""
        return await self._ask(lambda reader: reader.position())

    @property
    def complete_since(self) -> int | None:
        """See ``Store``."""
        return self._complete_since

    async def order(self, order_id: int) -> StoredOrder | None:
        """See ``Store``."""
        return await self._ask(lambda reader: reader.order(order_id))

    async def history(
        self, order_id: int, *, after: int, limit: int, bytes_max: int
    ) -> Stretch | None:
        """See ``Store``."""
        return await self._ask(
            lambda reader: reader.history(order_id, after=after, limit=limit, bytes_max=bytes_max)
        )

    async def fills(
        self, order_id: int, *, after: int, limit: int, bytes_max: int
    ) -> Stretch | None:
        """See ``Store``."""
        return await self._ask(
            lambda reader: reader.fills(order_id, after=after, limit=limit, bytes_max=bytes_max)
        )

    async def beginnings(self, order_ids: list[int]) -> Beginnings:
        """See ``Store``."""
        return await self._ask(lambda reader: reader.beginnings(order_ids))

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
        """See ``Store``."""
        return await self._ask(
            lambda reader: reader.orders(
                account,
                before=before,
                limit=limit,
                bytes_max=bytes_max,
                status=status,
                instrument=instrument,
            )
        )

    async def trades(
        self, instrument: int, *, before: int | None = None, limit: int = 100
    ) -> list[tuple[int, bytes]]:
        """See ``Store``."""
        return await self._ask(lambda reader: reader.trades(instrument, before=before, limit=limit))

    async def trades_between(
        self, instrument: int, from_ns: int, to_ns: int, *, after: int = 0, limit: int = 1_000
    ) -> list[Trade]:
        """See ``Store``."""
        return await self._ask(
            lambda reader: reader.trades_between(
                instrument, from_ns, to_ns, after=after, limit=limit
            )
        )

    async def sum_between(self, instrument: int, after_ns: int, before_ns: int) -> Sum | None:
        """See ``Store``."""
        return await self._ask(lambda reader: reader.sum_between(instrument, after_ns, before_ns))

    async def bars(self, instrument: int, from_ns: int) -> list[Bar]:
        """See ``Store``."""
        return await self._ask(lambda reader: reader.bars(instrument, from_ns))

    async def instruments(self) -> list[tuple[int, str]]:
        """See ``Store``."""
        return await self._ask(lambda reader: reader.instruments())

    async def close(self) -> None:
        """See ``Store``."""
        await asyncio.to_thread(self._threads.shutdown)
        self._free.clear()
