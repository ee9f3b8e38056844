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
