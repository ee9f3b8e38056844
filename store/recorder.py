"""The recorder at work in an event loop: it says when it has recorded, and when it cannot."""

import asyncio
import logging
from collections.abc import Callable
from types import TracebackType

from core import Recorder

log = logging.getLogger(__name__)


class RecorderService:
    """Runs a recorder from entering to leaving; leaving records what the log holds.

    ``on_recorded`` is called in the loop with the sequence number up to which all is recorded, as
    soon as it has risen, and once at the start.  A failure is logged when it begins and ends.
    """

    def __init__(
        self, make: Callable[[], Recorder], on_recorded: Callable[[int], None] = lambda _: None
    ) -> None:
        """Prepare; ``make`` opens store and log, which may take a while, in a thread."""
        self._make = make
        self._on_recorded = on_recorded
        self._failure: str | None = None
        self._recorded = -1
        self.recorder: Recorder

    async def __aenter__(self) -> "RecorderService":
        """Open the store and begin to record."""
        self.recorder = await asyncio.to_thread(self._make)
        if self.recorder.notice is not None:
            log.warning("recorder: %s", self.recorder.notice)
        asyncio.get_running_loop().add_reader(self.recorder.notify_fd(), self._changed)
        self._changed()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Record what the log holds, and stop."""
        asyncio.get_running_loop().remove_reader(self.recorder.notify_fd())
        await asyncio.to_thread(self.recorder.stop)
        self._changed()

    def _changed(self) -> None:
        self.recorder.clear_notify()
        failure = self.recorder.failure
        if failure != self._failure:
            self._failure = failure
            self._say(failure)
        recorded = self.recorder.position()[1]
        if recorded > self._recorded:
            self._recorded = recorded
            self._on_recorded(recorded)

    def _say(self, failure: str | None) -> None:
        if failure is None:
            log.warning("recorder: records again")
        elif self.recorder.halted:
            log.error("recorder: halted: %s", failure)
        else:
            log.error("recorder: %s; will try again", failure)
