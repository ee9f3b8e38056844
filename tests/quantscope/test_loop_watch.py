"""The loop's stops: what it works counts, what it waits for does not."""

import asyncio
import time

from quantscope.loop_watch import BOUNDS_NS, INTERVAL_S, LoopWatch
from testing.parts import system_clock

MS = 1_000_000


def work(milliseconds: int) -> None:
    """Keep the thread's processor busy for so long."""
    end = time.thread_time_ns() + milliseconds * MS
    while time.thread_time_ns() < end:
        pass


async def watched(stop: object) -> LoopWatch:
    """What is seen while the loop does this once."""
    watch = LoopWatch(system_clock())
    running = asyncio.create_task(watch.run())
    await asyncio.sleep(5 * INTERVAL_S)
    if callable(stop):
        stop()
    await asyncio.sleep(5 * INTERVAL_S)
    running.cancel()
    return watch


async def test_work_that_nothing_else_gets_a_turn_beside_is_a_stop() -> None:
    watch = await watched(lambda: work(60))
    # All but what had passed of the time to the look.
    assert watch.longest_ns >= 50 * MS
    assert sum(watch.counts[BOUNDS_NS.index(50 * MS) + 1 :]) == 1
    assert watch.total_ns >= watch.longest_ns


async def test_time_without_a_processor_is_none() -> None:
    watch = await watched(lambda: time.sleep(0.2))
    assert sum(watch.counts) >= 2
    assert watch.longest_ns < 100 * MS


def test_a_stop_is_counted_where_it_belongs() -> None:
    watch = LoopWatch(system_clock())
    for stop_ns in (-5, 0, MS, MS + 1, 5 * MS, 1_000 * MS, 1_000 * MS + 1):
        watch.saw(stop_ns)
    assert watch.counts == [3, 1, 1, 0, 0, 0, 0, 0, 0, 1, 1]
    assert watch.longest_ns == 1_000 * MS + 1
