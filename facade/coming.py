"""Orders that others have placed, and the view has not seen yet.

Whoever placed an order at another facade, or with a gateway, may ask here before the events that
tell of it have come.  So an order id above the highest that was seen is waited for.
"""

import asyncio
import contextlib
import heapq
import itertools

from core import Clock, View
from facade.errors import ApiError

AHEAD_MAX = 2**20
"""How far above the highest order id that was seen one may be that is waited for: more orders than
are placed within the deadline.  No order has one that is higher yet."""
LOOK_INTERVAL_S = 0.002
"""Seconds between looks at the view, while somebody waits."""


class Coming:
    """Those who wait for an order id."""

    def __init__(self, view: View, clock: Clock, deadline_s: float | None) -> None:
        """``deadline_s`` is how long one is waited for; None where nobody else places orders."""
        self._view = view
        self._clock = clock
        self._deadline_s = deadline_s
        self._waiting: list[tuple[int, int, asyncio.Future[None]]] = []
        self._order = itertools.count()
        self._timer: asyncio.TimerHandle | None = None

    def expects(self, order_id: int) -> bool:
        """Whether an order of this id may have been placed that the view has not seen."""
        if self._deadline_s is None:
            return False
        newest = self._view.newest_order
        return newest < order_id <= newest + AHEAD_MAX

    async def seen(self, order_id: int) -> None:
        """Wait until the view has seen an order of this id, or one above it.

        Returns at the deadline too, where the view knows all that was there when this began.
        """
        begun_ns = self._clock.now_ns()
        future = asyncio.get_running_loop().create_future()
        heapq.heappush(self._waiting, (order_id, next(self._order), future))
        if self._timer is None:
            self._look()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self._deadline_s):
                await future
        if self._view.fault is not None:
            raise ApiError(503, "UNAVAILABLE", "the view failed, and is begun again")
        # Engine time passes with each tick: where it stands still, events are late.
        if future.cancelled() and self._view.time_ns < begun_ns:
            raise ApiError(503, "NOT_KNOWN_YET", order_id=order_id)

    def _look(self) -> None:
        self._timer = None
        newest = self._view.newest_order
        self._waiting = [waiting for waiting in self._waiting if not waiting[2].done()]
        heapq.heapify(self._waiting)
        while self._waiting and self._waiting[0][0] <= newest:
            heapq.heappop(self._waiting)[2].set_result(None)
        if self._waiting:
            self._timer = asyncio.get_running_loop().call_later(LOOK_INTERVAL_S, self._look)
