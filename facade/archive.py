"""The store as the facade asks it: only once the recorder has got where the question reaches.

The view begins where the engine stood when the process started; the recorder may be behind that for
a while.  Until it has caught up nothing is asked, and the rolling day is not complete.
"""

from __future__ import annotations

import asyncio
import heapq
import itertools
import logging
from typing import TYPE_CHECKING, Final

from core import StoreFailed, View
from facade.errors import ApiError

if TYPE_CHECKING:
    from facade.limits import Limits
    from store.port import Bar, Store, Trade

log = logging.getLogger("facade")

BAR_NS: Final = 60 * 10**9
DAY_NS: Final = 86_400 * 10**9
PAGE: Final = 1_000
RETRY_S: Final = 1.0
"""Seconds between attempts to read the rolling day from a store that fails."""


class Archive:
    """The store, and how far it is."""

    def __init__(self, view: View, store: Store, limits: Limits) -> None:
        """``view`` has seen nothing yet but the engine it was restored from."""
        self.store = store
        self._view = view
        self._limits = limits
        self._base = view.sequence
        self._trade_id = view.trade_id
        self._time_ns = view.time_ns
        self._recorded = 0
        self._waiting: list[tuple[int, int, asyncio.Future[None]]] = []
        self._order = itertools.count()
        self._complete = asyncio.Event()

    def recorded(self, sequence: int) -> None:
        """The store has every event up to ``sequence``."""
        self._recorded = max(self._recorded, sequence)
        self._view.recorded(sequence)
        while self._waiting and self._waiting[0][0] <= sequence:
            future = heapq.heappop(self._waiting)[2]
            if not future.done():
                future.set_result(None)

    async def _until(self, sequence: int) -> None:
        if sequence > self._recorded:
            future = asyncio.get_running_loop().create_future()
            heapq.heappush(self._waiting, (sequence, next(self._order), future))
            await future

    async def reach(self, sequence: int = 0) -> Store:
        """The store, once it has every event up to ``sequence`` and all from before the start."""
        try:
            async with asyncio.timeout(self._limits.store_deadline_s):
                await self._until(max(sequence, self._base))
        except TimeoutError:
            raise ApiError(503, "BUSY", "the store is too far behind; ask again later") from None
        return self.store

    async def complete(self) -> Store:
        """The store, once the view has the whole rolling day."""
        if not self._complete.is_set():
            try:
                async with asyncio.timeout(self._limits.store_deadline_s):
                    await self._complete.wait()
            except TimeoutError:
                raise ApiError(503, "BUSY", "the rolling day is being read") from None
        return self.store

    async def fill(self) -> None:
        """Give the view what was traded in the day before it began."""
        if self._trade_id:
            await self._until(self._base)
            for instrument, symbol in self._view.instruments():
                self._view.fill(symbol, await self._bars(instrument))
        self._complete.set()

    async def _bars(self, instrument: int) -> list[Bar]:
        minute = self._time_ns // BAR_NS
        while True:
            try:
                bars = await self.store.bars(instrument, max(0, self._time_ns - DAY_NS))
                bars = [bar for bar in bars if bar[0] < minute]
                return bars + await self._begun(instrument, minute)
            except StoreFailed as error:
                log.error("the rolling day can't be read yet: %s", error)
                await asyncio.sleep(RETRY_S)

    async def _begun(self, instrument: int, minute: int) -> list[Bar]:
        """The bar of the minute in which the view began, of the trades before it alone."""
        trades: list[Trade] = []
        after, start = 0, minute * BAR_NS
        while True:
            page = await self.store.trades_between(
                instrument, start, start + BAR_NS, after=after, limit=PAGE
            )
            trades += [trade for trade in page if trade[0] <= self._trade_id]
            if len(page) < PAGE or page[-1][0] >= self._trade_id:
                break
            after = page[-1][0]
        if not trades:
            return []
        prices = [price for _, _, price, _, _ in trades]
        total = sum(qty for _, _, _, qty, _ in trades)
        quote = sum(price * qty for _, _, price, qty, _ in trades)
        sums = (prices[0], max(prices), min(prices), prices[-1], total, quote, len(trades))
        return [(minute, trades[0][1], trades[-1][1], sums)]
