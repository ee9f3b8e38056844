"""A log that nobody writes, to be looked at: its folder may be one that can't be written."""

from pathlib import Path

from core import JournalError, LogReader, LogRecord
from journal.mark import End


class LogAtRest:
    """Fulfils ``KeptLog`` for a file, and changes nothing of it."""

    def __init__(self, reader: LogReader) -> None:
        """Take what reads it."""
        self._reader = reader
        ends = reader.ends()
        self._first, self._next = ends.first, ends.next

    @property
    def first_offset(self) -> int:
        """See ``KeptLog``."""
        return self._first

    @property
    def written_offset(self) -> int:
        """See ``KeptLog``."""
        return self._next - 1

    @property
    def next_offset(self) -> int:
        """See ``KeptLog``."""
        return self._next

    def read(self, start: int, bytes_max: int) -> list[LogRecord]:
        """See ``KeptLog``."""
        return self._reader.read(start, bytes_max)

    def chain_at(self, offset: int) -> int:
        """The chain of a record, or of what stood before the first.

        Raises ``JournalRange`` where there is no such record.
        """
        return self._reader.chain_at(offset)


def commands_at_rest(path: Path) -> LogAtRest:
    """The log of commands; damage is refused."""
    return LogAtRest(LogReader.at_rest(path))


def events_at_rest(path: Path) -> LogAtRest:
    """The log of events, up to a bad tail, as it will be when the exchange has opened it."""
    return LogAtRest(LogReader.at_rest(path, on_damage="drop_tail"))


def end_of(path: Path) -> End | None:
    """Where a log ends that nobody writes, as the disk has it; None where it can't be read."""
    try:
        reader = LogReader.at_rest(path, on_damage="drop_tail", settled=True)
        ends = reader.ends()
        return End(ends.journal_id, ends.next - 1, ends.chain)
    except JournalError:
        return None
