"""What goes on until canceled is begun again whenever it fails, and shows while it does not."""

import asyncio
import logging
from contextlib import suppress

import pytest

from core import FAULTS, Faults, PanicException, faults
from core.faults import PARTS


def test_a_panic_is_a_fault_and_a_wish_to_stop_is_none() -> None:
    for error in (RuntimeError(), OSError(), PanicException("")):
        assert isinstance(error, FAULTS)
    for stop in (asyncio.CancelledError(), KeyboardInterrupt(), SystemExit(), GeneratorExit()):
        assert not isinstance(stop, FAULTS)


@pytest.mark.parametrize("error", [RuntimeError("deliberate"), PanicException("deliberate")])
async def test_what_fails_is_begun_again_with_growing_pauses(
    error: BaseException, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.ERROR)
    monkeypatch.setattr(faults, "RESTART_S", 0.01)
    monkeypatch.setattr(faults, "RESTART_MAX_S", 0.04)
    kept, begun, shown = Faults(), 0, []
    pauses: list[float] = []
    sleep, works = asyncio.sleep, asyncio.Event()

    async def note(pause: float) -> None:
        pauses.append(pause)
        shown.append(dict(kept.standing))
        await sleep(0)

    async def work() -> None:
        nonlocal begun
        begun += 1
        assert kept.standing == {}
        if begun < 6:
            raise type(error)(*error.args)
        works.set()
        await asyncio.Event().wait()

    monkeypatch.setattr(asyncio, "sleep", note)
    task = asyncio.create_task(kept.keep("watch", "the look", work))
    async with asyncio.timeout(10):
        await works.wait()
    assert pauses == [0.01, 0.02, 0.04, 0.04, 0.04]
    assert shown == 5 * [{"the look": "the look failed: deliberate"}]
    assert kept.standing == {}
    assert kept.counts["watch"] == 5
    assert caplog.text.count("in work") == 5  # the tracebacks
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
    assert task.cancelled()


async def test_what_has_to_end_the_process_is_raised_and_what_is_done_is_done() -> None:
    kept = Faults()

    class End(Exception):
        """There is nothing to go on with."""

    async def end() -> None:
        raise End

    async def done() -> None:
        """Nothing to do."""

    with pytest.raises(End):
        await kept.keep("watch", "the look", end, ends=(End,))
    await kept.keep("watch", "the look", done)
    assert set(kept.counts) == set(PARTS)
    assert not any(kept.counts.values())


async def test_what_a_callback_raises_is_counted(caplog: pytest.LogCaptureFixture) -> None:
    kept, loop = Faults(), asyncio.get_running_loop()
    loop.set_exception_handler(kept.on_callback)

    def fail() -> None:
        raise RuntimeError("deliberate")

    loop.call_soon(fail)
    loop.call_later(0.001, fail)
    async with asyncio.timeout(10):
        while kept.counts["callback"] < 2:
            await asyncio.sleep(0.001)
    assert caplog.text.count("in fail") == 2
