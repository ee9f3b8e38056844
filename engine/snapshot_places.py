"""Where snapshots stand: at the same places for every engine, for the log fixes them."""

from collections.abc import Iterator, Sequence

from core import LogRecord
from settings import JournalSettings


class SnapshotPlaces:
    """Finds the first command batch that brokers took after a multiple of the interval.

    A place counts only ``snapshot_commands_min`` behind the one before it.  Nothing but the log
    decides: so engines that follow it find the same, also one that begins at such a place.
    """

    def __init__(self, settings: JournalSettings, begins: int = 0) -> None:
        """Nothing was seen behind the command batch ``begins``, which is a place."""
        self._interval_ns = max(1, int(settings.snapshot_interval_s * 1e9))
        self._least = settings.snapshot_commands_min
        self.last = begins
        """The newest place."""
        self._passed: int | None = None
        """How many intervals had passed at the newest record."""

    def cut(self, records: Sequence[LogRecord]) -> Iterator[tuple[list[LogRecord], bool]]:
        """The same records in pieces, and whether a piece ends at a place."""
        first = 0
        for index, record in enumerate(records):
            if self._is_place(record):
                yield list(records[first : index + 1]), True
                first = index + 1
        if first < len(records):
            yield list(records[first:]), False

    def pass_over(self, records: Sequence[LogRecord]) -> None:
        """Note what places were there."""
        for record in records:
            self._is_place(record)

    def _is_place(self, record: LogRecord) -> bool:
        passed = record.append_ns // self._interval_ns
        # A broker whose clock steps back begins no interval anew.
        before, self._passed = self._passed, max(passed, self._passed or 0)
        if before is None or passed <= before or record.offset - self.last < self._least:
            return False
        self.last = record.offset
        return True
