"""The store as the facade asks it: only once the recorder has got where the question reaches.

The view begins where the engine stood when the process started, or when the view was made again;
the recorder may be behind that for a while.  Until it has caught up the rolling day is not
complete, and of orders from before only the state is known.
"""

import asyncio
import heapq
import itertools
import logging
from collections.abc import Awaitable, Callable
from typing import TypeVar

import msgspec

from core import (
    FAULTS,
    Bar,
    OrderStands,
    StoreDamaged,
    StoreFailed,
    Stretch,
    Sum,
    Trade,
    View,
)
from facade.errors import ApiError
from settings import FacadeSettings
from store.port import Store

log = logging.getLogger("quantscope.facade")

T = TypeVar("T")

BAR_NS = 60 * 10**9
DAY_NS = 86_400 * 10**9
PAGE = 1_000
RETRY_S = 1.0
"""Seconds between attempts to read from a store that fails."""
BEGINNINGS = 1_000
"""Orders whose beginnings are asked for at once."""
BEGINNINGS_PAUSE_S = 0.01
"""Seconds between such questions: they are nobody's hurry."""
DAMAGE_MAX = 100
"""Kinds of damage that are named; more are only counted."""
WAKE_INTERVAL_S = 0.02
"""Seconds between two calls of the recorder: who asks often does not make it write often."""


class _Ended(msgspec.Struct):
    status: str
    filled_quantity: str


_ENDED = msgspec.json.Decoder(_Ended)


class Archive:
    """The store, and how far it is."""

    def __init__(
        self,
        view: View,
        store: Store,
        limits: FacadeSettings,
        *,
        wake: Callable[[], None],
        ended: Callable[[], str | None],
        away: Callable[[], str | None] = lambda: None,
    ) -> None:
        """``wake`` makes the recorder look at the log now; ``ended`` says why it records no more.

        ``away`` says why the store can't be asked at all, where another process fills it.
        ``view`` has seen nothing yet but the engine it was restored from.
        """
        self.store = store
        self.ended = ended
        self.faults = 0
        self.failures = 0
        """Questions that the store could not answer."""
        self.damage: list[str] = []
        """What was found to be wrong with the store, each once."""
        self._view = view
        self._limits = limits
        self._wake = wake
        self._away = away
        self._again: asyncio.TimerHandle | None = None
        self._recorded = self._durable = 0
        self._recorded_once = 0
        """The highest that it ever was: of what is older than that memory may have let go."""
        self._waiting: list[tuple[int, int, asyncio.Future[None]]] = []
        self._order = itertools.count()
        self.begin()

    def failed(self, error: StoreFailed) -> None:
        """The store could not answer: count it, and say what is damaged once."""
        self.failures += 1
        said = str(error)
        if isinstance(error, StoreDamaged):
            if said in self.damage or len(self.damage) >= DAMAGE_MAX:
                return
            self.damage.append(said)
        log.error("the store can't be read: %s", said)

    def begin(self) -> None:
        """The view begins (again) where it stands now: what was before, the store has."""
        self._base = self._view.sequence
        self._trade_id = self._view.trade_id
        self._time_ns = self._view.time_ns
        self._complete = asyncio.Event()
        self._view.recorded(self._durable)

    def recorded(self, sequence: int, durable: int | None = None) -> None:
        """The store has every event up to ``sequence``, and was put back where that is lower.

        Where a crash may take back what it has, it is there for good up to ``durable``: memory lets
        go of no more.
        """
        if sequence < self._recorded:
            said = "the store has stepped back from event %d to %d: what it lacks is not known yet"
            log.error(said, self._recorded, sequence)
        self._recorded = sequence
        self._durable = sequence if durable is None else durable
        self._recorded_once = max(self._recorded_once, self._durable)
        self._view.recorded(self._durable)
        while self._waiting and self._waiting[0][0] <= sequence:
            future = heapq.heappop(self._waiting)[2]
            if not future.done():
                future.set_result(None)

    async def _until(self, sequence: int) -> None:
        sequence = max(sequence, self._recorded_once)
        if sequence > self._recorded:
            future = asyncio.get_running_loop().create_future()
            heapq.heappush(self._waiting, (sequence, next(self._order), future))
            if self._again is None:
                self._hurry()
            await future

    def _hurry(self) -> None:
        """Have the recorder look now, and again and again as long as somebody waits.

        What it is to see may not be written yet, for the events log writes a little behind.
        """
        self._again = None
        self._waiting = [waiting for waiting in self._waiting if not waiting[2].done()]
        heapq.heapify(self._waiting)
        if self._waiting:
            self._wake()
            self._again = asyncio.get_running_loop().call_later(WAKE_INTERVAL_S, self._hurry)

    def _present(self) -> None:
        """Say so where the store can't be asked at all."""
        reason = self._away()
        if reason is not None:
            raise ApiError(503, "UNAVAILABLE", f"the store can't be read: {reason}")

    async def _reach(self, sequence: int) -> None:
        """Wait until the store has every event up to ``sequence`` and all from before the start."""
        self._present()
        reason = self.ended()
        if reason is not None and max(sequence, self._base) > self._recorded:
            raise ApiError(503, "UNAVAILABLE", f"the recorder has ended: {reason}")
        await self._until(max(sequence, self._base))

    async def ask(
        self,
        needs: Callable[[], int],
        ask: Callable[[Store], Awaitable[T]],
        order_id: int | None = None,
    ) -> T:
        """What the store says, once it has what the answer needs; a refusal names the order.

        ``needs`` tells the sequence number, now: it is looked at again behind the answer, for the
        question may have become one about later events meanwhile.
        """
        try:
            async with asyncio.timeout(self._limits.store_deadline_s):
                while True:
                    await self._reach(needs())
                    recorded = self._recorded
                    answer = await ask(self.store)
                    if needs() <= recorded <= self._recorded:
                        return answer
        except TimeoutError:
            raise ApiError(503, "NOT_KNOWN_YET", order_id=order_id) from None

    async def order(self, order_id: int) -> bytes:
        """An order that exists, as JSON, as it is now."""
        self._present()
        stored = await self.store.order(order_id)
        # What is closed does not change: however far the recorder is, this is the order.
        if stored is None or stored.open:
            stored = await self.ask(
                lambda: self._view.store_needs(order_id) or 0,
                lambda store: store.order(order_id),
                order_id,
            )
        if stored is None:
            raise self._missing(order_id)
        return stored.json

    async def ended_as(self, order_id: int) -> OrderStands | None:
        """How a closed order ended, if the store has that by now and can say so in time."""
        try:
            async with asyncio.timeout(self._limits.store_deadline_s):
                stored = await self.store.order(order_id)
        except TimeoutError:
            return None
        if stored is None or stored.open:
            return None
        ended = _ENDED.decode(stored.json)
        return OrderStands(status=ended.status, filled_quantity=ended.filled_quantity)

    async def stretch(
        self, order_id: int, ask: Callable[[Store], Awaitable[Stretch | None]]
    ) -> Stretch:
        """A page of an order's history or fills; the order exists."""
        page = await self.ask(lambda: self._view.store_needs(order_id) or 0, ask, order_id)
        if page is None:
            raise self._missing(order_id)
        return page

    def _missing(self, order_id: int) -> Exception:
        """Why the store does not have an order that exists."""
        if self.store.complete_since is None:
            return StoreDamaged(f"the store is damaged: it lacks order {order_id}")
        return ApiError(410, "ORDER_ARCHIVED", order_id=order_id)

    async def complete(self) -> Store:
        """The store, once the view has the whole rolling day."""
        if not self._complete.is_set():
            self._present()
            try:
                async with asyncio.timeout(self._limits.store_deadline_s):
                    await self._complete.wait()
            except TimeoutError:
                raise ApiError(503, "NOT_KNOWN_YET", "the rolling day is being read") from None
        return self.store

    async def fill(self) -> None:
        """Give the view what was before it began: the day's trades, and when open orders began."""
        complete = self._complete
        await self._persist(self._fill_day)
        complete.set()
        await self._persist(self._fill_beginnings)

    async def _persist(self, work: Callable[[], Awaitable[None]]) -> None:
        """Do it, again and again while the store fails: nobody else is to suffer from that."""
        while True:
            try:
                return await work()
            except StoreFailed as error:
                self.failed(error)
            except FAULTS:
                log.exception("what was before the start can't be read")
            self.faults += 1
            await asyncio.sleep(RETRY_S)

    async def _fill_day(self) -> None:
        if not self._trade_id:
            return
        await self._until(self._base)
        for instrument, symbol in self._view.instruments():
            self._view.fill(symbol, await self._bars(instrument))

    async def _bars(self, instrument: int) -> list[Bar]:
        minute = self._time_ns // BAR_NS
        bars = await self.store.bars(instrument, max(0, self._time_ns - DAY_NS))
        bars = [bar for bar in bars if bar.minute < minute]
        return bars + await self._begun(instrument, minute)

    async def _begun(self, instrument: int, minute: int) -> list[Bar]:
        """The bar of the minute in which the view began, of the trades before it alone."""
        trades: list[Trade] = []
        after, start = 0, minute * BAR_NS
        while True:
            page = await self.store.trades_between(
                instrument, start, start + BAR_NS, after=after, limit=PAGE
            )
            trades += [trade for trade in page if trade.trade_id <= self._trade_id]
            if len(page) < PAGE or page[-1].trade_id >= self._trade_id:
                break
            after = page[-1].trade_id
        if not trades:
            return []
        prices = [trade.price for trade in trades]
        traded = Sum(
            open=prices[0],
            high=max(prices),
            low=min(prices),
            close=prices[-1],
            quantity=sum(trade.quantity for trade in trades),
            quote=sum(trade.price * trade.quantity for trade in trades),
            count=len(trades),
        )
        first, last = trades[0].time_ns, trades[-1].time_ns
        return [Bar(minute=minute, first_ns=first, last_ns=last, sum=traded)]

    async def _fill_beginnings(self) -> None:
        await self._until(self._base)
        while order_ids := self._view.lacking(BEGINNINGS):
            self._view.set_beginnings(await self.store.beginnings(order_ids))
            await asyncio.sleep(BEGINNINGS_PAUSE_S)
