"""The Journal port: what every adapter of a log fulfils."""

from typing import Protocol

from core import Histogram, LogRecord


class KeptLog(Protocol):
    """What a log holds, for who reads it only."""

    @property
    def first_offset(self) -> int:
        """First offset that is kept."""

    @property
    def written_offset(self) -> int:
        """Highest offset that can be read."""

    @property
    def next_offset(self) -> int:
        """The offset that the next batch gets."""

    def read(self, start: int, bytes_max: int) -> list[LogRecord]:
        """Return written records from ``start`` on: one at least, if there is one.

        Raises ``JournalDamaged`` where the chain breaks or a record is missing, ``JournalRange``
        before the first and behind the next offset.
        """


class NamedLog(KeptLog, Protocol):
    """One that others write, and that is told from others: what a recorder reads.

    Its offsets rise, and some may hold no record: a read from there begins with the next one.
    """

    @property
    def journal_id(self) -> int:
        """Name of the journal that it is of."""

    def look(self) -> None:
        """Learn the ends once more; asked many times a second."""

    def chain_at(self, offset: int) -> int | None:
        """Return the chain of the record there; None where none is kept."""


class ContinuedLog(KeptLog, Protocol):
    """One that is written on by who reads it."""

    def append(self, append_ns: int, batches: list[bytes]) -> int:
        """Take batches."""


class ReplayedLog(KeptLog, Protocol):
    """One of which also the newest is wanted, that may not be written yet."""

    def waiting(self, start: int, bytes_max: int) -> list[bytes]:
        """Return batches from ``start`` on that are appended and not written yet.

        One at least, if there is one, and more up to ``bytes_max``.  None where ``start`` is
        written already: whoever has read as far as that finds all there is here.
        """


class Log(ContinuedLog, ReplayedLog, Protocol):
    """An ordered, durable log of batches, with offsets from 1 without a gap.

    ``append`` never waits for the disk.  A record can be read once it is *written* (it survives the
    death of the process), and counts once it is *durable* (it survives the loss of power).  After a
    failure nothing more is taken, and what was not durable may or may not be there: the owner
    closes the log and opens it afresh.
    """

    @property
    def journal_id(self) -> int:
        """Name of the log, a new one for each that is made."""

    @property
    def durable_offset(self) -> int:
        """Highest offset that survives the loss of power."""

    @property
    def failure(self) -> str | None:
        """Why nothing is taken any more, if it is so."""

    @property
    def queue_bytes(self) -> int:
        """Bytes that wait for the log's writer."""

    def append(self, append_ns: int, batches: list[bytes]) -> int:
        """Take batches, and return the first one's offset.

        Raises ``JournalFull`` at the log's limit, ``JournalFailed`` after a failure or the end.
        """

    def notify_fd(self) -> int:
        """Return a descriptor that becomes readable after each commit, sync and failure.

        Where what is appended is durable on return there is nothing to wait
        for, and it stays as it is.
        """

    def clear_notify(self) -> None:
        """Make the descriptor wait for the next one; to be called before the offsets are read."""

    def delete_before(self, offset: int) -> None:
        """Have older records deleted, by and by."""

    def request_sync(self) -> None:
        """Ask that what was appended so far becomes durable; ``durable_offset`` says when."""

    def sync(self) -> None:
        """Wait until what was appended so far is durable."""

    def bytes_used(self) -> int:
        """Bytes that hold records: without what deleting left free."""

    def bytes_on_disk(self) -> int:
        """Bytes of the log's files."""

    def stats(self) -> dict[str, int]:
        """Return counters since the log was opened, and gauges of now."""

    def commit_buckets(self) -> Histogram:
        """Return upper bounds in ns, and how many commits took so long; one more above all."""

    def records_buckets(self) -> Histogram:
        """Return upper bounds, and how many commits held so many records; one more above all."""

    def close(self) -> None:
        """Commit what waits, and let go of the files."""
