"""The recorder at work in an event loop: it says when it has recorded, and when it cannot."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from types import TracebackType

from core import FAULTS, Faults, Recorder, StoreFailed
from journal.datadir import DataDirLost

log = logging.getLogger("quantscope.store")

RETRY_S = 1.0
"""Seconds before a recorder that ended is begun again a second time; then twice as long each."""
RETRY_MAX_S = 30.0
"""Longest of these pauses; who has recorded for longer than that is begun again at once."""


async def _nothing(_reason: str | None) -> None:
    """Nobody asks the store."""


async def _nobody() -> None:
    """Nothing has to be prepared."""


class RecorderService:
    """Runs a recorder from entering to leaving; leaving records what the log holds.

    ``on_recorded`` is called in the loop with the sequence number up to which all is recorded, as
    soon as it has risen, and once at the start.  A failure is logged when it begins and ends.

    A recorder that has ended (its sync failed, its files are gone or others, what the log holds
    does not follow) is begun again, by ``run``.  From its end until the new one has caught up with
    what the old one had said, the store must not be asked: ``failed`` says why.
    """

    def __init__(
        self,
        make: Callable[[], Recorder],
        on_recorded: Callable[[int], None] = lambda _: None,
        *,
        on_failed: Callable[[str | None], Awaitable[None]] = _nothing,
        prepare: Callable[[], Awaitable[None]] = _nobody,
        retry_s: float = RETRY_S,
        faults: Faults | None = None,
    ) -> None:
        """Prepare; ``make`` opens store and log, which may take a while, in a thread.

        ``on_failed`` is awaited with the reason when the recorder has ended, before another is
        made: no connection to the store may be open any more when it returns.  With None it is
        awaited when the store may be asked again.  ``prepare`` is awaited before another recorder
        is made.
        """
        self._faults = faults or Faults()
        self._make = make
        self._on_recorded = on_recorded
        self._on_failed = on_failed
        self._prepare = prepare
        self._retry_s = retry_s
        self._failure: str | None = None
        self._recorded = -1
        self._ended = asyncio.Event()
        self._caught_up = asyncio.Event()
        self._stirred = asyncio.Event()
        self.recorder: Recorder
        self.failed: str | None = None
        """Why the store can't be asked now; None while it can."""
        self._before: dict[str, int] = {}
        self._pause = 0.0
        self._begun_at = float("-inf")
        self.restarts = 0
        """How often a recorder that had ended was begun again."""

    async def __aenter__(self) -> "RecorderService":
        """Open the store and begin to record."""
        await self._begin()
        self._changed()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Record what the log holds, and stop."""
        await self._end()
        self._changed()

    def stats(self) -> dict[str, int]:
        """What the recorder counts, with those before it; ``lag_entries`` is of now."""
        now = self.recorder.stats()
        return {name: count + self._before.get(name, 0) for name, count in now.items()}

    async def run(self) -> None:
        """Begin the recorder again whenever it has ended, until canceled."""
        while True:
            await self._ended.wait()
            await self._again()

    def begin_again(self, reason: str) -> None:
        """End the recorder, and begin another: what it reads is to be another."""
        self._fail(reason)
        # That is no failure, after which one waits.
        self._pause = 0.0
        self._ended.set()

    async def _begin(self) -> None:
        self.recorder = await asyncio.to_thread(self._make)
        if self.recorder.notice is not None:
            log.warning("recorder: %s", self.recorder.notice)
        asyncio.get_running_loop().add_reader(self.recorder.notify_fd(), self._changed)

    async def _end(self) -> None:
        # Where another could not be made, the one that has ended is asked for figures still.
        asyncio.get_running_loop().remove_reader(self.recorder.notify_fd())
        await asyncio.to_thread(self.recorder.stop)

    async def _again(self) -> None:
        """Another recorder, until one has caught up with what was said to be recorded."""
        # One that ends soon after it was begun may do so again and again.
        now = asyncio.get_running_loop().time
        if now() - self._begun_at > RETRY_MAX_S:
            self._pause = 0.0
        while True:
            self._ended.clear()
            self._caught_up.clear()
            pause = self._pause
            self._pause = min(max(2 * pause, self._retry_s), RETRY_MAX_S)
            try:
                await self._end()
                await self._on_failed(self.failed)
                await asyncio.sleep(pause)
                await self._prepare()
                counted = self.stats()
                await self._begin()
                self._before = counted | {"lag_entries": 0}
                if await self._catches_up():
                    await self._on_failed(None)
                    # It may have ended meanwhile.
                    if not self._ended.is_set():
                        break
            except DataDirLost:
                raise
            except (StoreFailed, OSError) as error:
                self._fail(str(error))
            except FAULTS as error:
                self._faults.caught("recorder", "the recorder can't begin again yet", error)
                self._fail(str(error))
        self._begun_at = now()
        self.restarts += 1
        self.failed = self._failure = None
        log.warning("recorder: records again")

    async def _catches_up(self) -> bool:
        """Wait until the new one has all that was said to be recorded; false: it ended."""
        self._changed()
        while not (self._ended.is_set() or self._caught_up.is_set()):
            self._stirred.clear()
            await self._stirred.wait()
        return not self._ended.is_set()

    def _fail(self, reason: str) -> None:
        if reason != self.failed:
            log.error("recorder: halted: %s", reason)
        self.failed = reason

    def _changed(self) -> None:
        self.recorder.clear_notify()
        failure = self.recorder.failure
        if self.recorder.halted:
            self._fail(failure or "it ended")
            self._ended.set()
        elif failure != self._failure and self.failed is None:
            self._failure = failure
            self._say(failure)
        recorded = self.recorder.position().sequence
        if recorded >= self._recorded and not self.recorder.halted:
            self._caught_up.set()
        self._stirred.set()
        if recorded > self._recorded:
            self._recorded = recorded
            try:
                self._on_recorded(recorded)
            except FAULTS as error:
                self._faults.caught("recorder", "nobody was told of what is recorded", error)

    def _say(self, failure: str | None) -> None:
        if failure is None:
            log.warning("recorder: records again")
        else:
            log.error("recorder: %s; will try again", failure)
