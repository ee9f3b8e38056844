"""How long the event loop stops: the time in which it works on one thing and looks at no other.

Whoever is asked late was late for everybody.  Every few milliseconds a timer is due; by how much it
comes late, as far as the thread had a processor meanwhile, the loop stood still.  Time in which the
system ran something else is not the loop's, and does not count.
"""

import asyncio
import time
from bisect import bisect_left

from core import Clock

INTERVAL_S = 0.002
"""Seconds between two looks: of a stop that begins before one is due, so much may not be seen."""
CLUSTER_INTERVAL_S = 0.02
"""The same in a process of a cluster, of which every one looks, and whose answers take longer."""
BOUNDS_NS = [bound * 1_000_000 for bound in (1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000)]
"""Upper bounds of the histogram, in nanoseconds."""


class LoopWatch:
    """Counts the stops of the loop that runs it."""

    def __init__(self, clock: Clock, interval_s: float = INTERVAL_S) -> None:
        """Nothing has been seen."""
        self._interval_s = interval_s
        self._now_ns = clock.monotonic_ns
        self.counts = [0] * (len(BOUNDS_NS) + 1)
        self.total_ns = 0
        self.longest_ns = 0
        """The longest since the start, in nanoseconds."""

    async def run(self) -> None:
        """Look until canceled."""
        while True:
            due, worked = self._now_ns() + int(self._interval_s * 1e9), time.thread_time_ns()
            await asyncio.sleep(self._interval_s)
            late = self._now_ns() - due
            self.saw(min(late, time.thread_time_ns() - worked))

    def saw(self, stop_ns: int) -> None:
        """The loop stood still for so long."""
        stop_ns = max(stop_ns, 0)
        self.counts[bisect_left(BOUNDS_NS, stop_ns)] += 1
        self.total_ns += stop_ns
        self.longest_ns = max(self.longest_ns, stop_ns)
