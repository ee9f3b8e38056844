"""Order ids that others have given, and the view has not seen yet."""

import asyncio

import pytest

from core import Commands, Engine, View
from facade.coming import AHEAD_MAX, Coming
from facade.errors import ApiError
from settings import FacadeSettings
from testing.batches import ordinary
from testing.parts import system_clock

HOUR_NS = 3_600 * 10**9


class Seeing:
    """A view that sees a batch of events after the other, all of a time that is past."""

    def __init__(self, deadline_s: float | None = 0.05) -> None:
        self.view = View(2, FacadeSettings())
        self.clock = system_clock()
        self.coming = Coming(self.view, self.clock, deadline_s)
        self._engine = Engine()
        self._batches = ordinary(3, 100, engine=self._engine)
        self.see()

    def see(self) -> None:
        self.view.apply(next(self._batches))

    def pass_time(self) -> None:
        """A batch comes that is newer than whatever was asked."""
        tick = Commands()
        tick.tick()
        now = self.clock.now_ns() + HOUR_NS
        sealed = tick.seal(0, 0, 0, now, 1)
        assert sealed is not None
        offset = self._engine.position().command_offset + 1
        self.view.apply(self._engine.apply(offset, now, [sealed]))


def test_only_what_may_have_been_placed_is_expected() -> None:
    seeing = Seeing()
    seeing.see()
    newest = seeing.view.newest_order
    assert newest > 0
    expected = {n: seeing.coming.expects(newest + n) for n in (0, 1, AHEAD_MAX, AHEAD_MAX + 1)}
    assert expected == {0: False, 1: True, AHEAD_MAX: True, AHEAD_MAX + 1: False}


def test_who_is_alone_expects_nothing() -> None:
    assert not Seeing(deadline_s=None).coming.expects(1)


async def test_each_waits_until_its_order_is_seen() -> None:
    seeing = Seeing(deadline_s=20.0)
    waiting = [asyncio.create_task(seeing.coming.seen(order_id)) for order_id in (200, 1, 100)]
    for _ in range(10):
        await asyncio.sleep(0.01)
        newest = seeing.view.newest_order
        assert [task.done() for task in waiting] == [n <= newest for n in (200, 1, 100)]
        seeing.see()
        await asyncio.sleep(0.02)
        if seeing.view.newest_order >= 200:
            break
    await asyncio.gather(*waiting)
    assert seeing.view.newest_order >= 200


async def test_who_gives_up_costs_the_others_nothing() -> None:
    seeing = Seeing(deadline_s=20.0)
    tasks = [asyncio.create_task(seeing.coming.seen(1)) for _ in range(3)]
    await asyncio.sleep(0.01)
    tasks[1].cancel()
    await asyncio.sleep(0.01)
    seeing.see()
    results = await asyncio.gather(*tasks, return_exceptions=True)
    assert [type(result) for result in results] == [type(None), asyncio.CancelledError, type(None)]


async def test_while_events_are_late_nobody_says_that_there_is_no_order() -> None:
    with pytest.raises(ApiError) as refused:
        await Seeing().coming.seen(1)
    assert (refused.value.status, refused.value.code) == (503, "NOT_KNOWN_YET")
    assert refused.value.order_id == 1


async def test_at_the_deadline_a_view_that_is_up_to_date_is_asked() -> None:
    seeing = Seeing()
    seeing.pass_time()
    loop = asyncio.get_running_loop()
    begun = loop.time()
    await seeing.coming.seen(1)
    assert loop.time() - begun >= 0.04


async def test_a_view_that_fails_is_not_asked() -> None:
    seeing = Seeing()
    seeing.view.apply(b"no batch at all")
    with pytest.raises(ApiError) as refused:
        await seeing.coming.seen(1)
    assert (refused.value.status, refused.value.code) == (503, "UNAVAILABLE")
