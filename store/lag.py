"""How far the recorder is behind."""

import contextlib
from collections.abc import Callable

from core import JournalError, Recorder
from journal.port import Log


class Lag:
    """What the recorder has not read of the events log."""

    def __init__(self, events: Callable[[], Log], recorder: Callable[[], Recorder]) -> None:
        """Both as they are open now: each is opened afresh after a failure."""
        self._events = events
        self._recorder = recorder
        self._bytes = 0

    def bytes(self) -> int:
        """About how many bytes it has not read; as last known while the log can't be read."""
        events = self._events()
        kept = events.next_offset - events.first_offset
        unread = events.next_offset - 1 - self._recorder().position().offset
        with contextlib.suppress(JournalError):
            self._bytes = events.bytes_used() * max(unread, 0) // kept if kept else 0
        return self._bytes


class Behind:
    """How far a recorder is behind a log that others write: in events, and in time.

    What is the newest event now is remembered until it is recorded: so long it took.
    """

    def __init__(self, now_ns: Callable[[], int]) -> None:
        """Nothing was looked at yet; ``now_ns`` is the clock's, monotonic."""
        self._now_ns = now_ns
        self._mark = self._recorded = self._newest = 0
        self._since_ns = 0
        self._took_ns = 0

    def look(self, newest: int, recorded: int) -> None:
        """The numbers of the newest event that is known, and of the last that is recorded."""
        now_ns = self._now_ns()
        if recorded >= self._mark:
            self._took_ns = now_ns - self._since_ns if self._mark > self._recorded else 0
            self._mark, self._since_ns = newest, now_ns
        self._newest, self._recorded = newest, recorded

    @property
    def events(self) -> int:
        """How many it lacked at the last look."""
        return max(self._newest - self._recorded, 0)

    @property
    def seconds(self) -> float:
        """About how long what is recorded now waited for it; 0 where nothing waits."""
        if not self.events:
            return 0.0
        waiting_ns = self._now_ns() - self._since_ns
        return max(waiting_ns, self._took_ns) / 1e9
