"""Logs that fail, or hold their commits, when they are told to: around any other log."""

import os

import core
from journal.port import Log


class FaultyLog(Log):
    """Fails at its n-th append: that one and all later ones are lost, as with a failed commit.

    With ``keep_failed`` the append that fails reaches the log underneath all the same, as it may
    with a disk: whoever opens afresh finds it.
    """

    def __init__(
        self,
        log: Log,
        fail_at: int | None = None,
        *,
        keep_failed: bool = False,
        lasting: bool = False,
    ) -> None:
        """Wrap ``log``; ``fail_at`` counts appends from 1.

        A ``lasting`` log is not closed with this one: in memory it would be gone.
        """
        self._log = log
        self._fail_at = fail_at
        self._keep_failed = keep_failed
        self._lasting = lasting
        self._appends = 0
        self._failure: str | None = None
        self._next = log.next_offset
        self._claimed = log.next_offset - 1

    def fail_next(self) -> None:
        """Have the next append fail."""
        self._fail_at = self._appends + 1

    def fail_now(self) -> None:
        """Fail without an append: what is not durable yet is never told so."""
        self._claimed = min(self._claimed, self.durable_offset)
        self._failure = "the log was told to fail"
        os.eventfd_write(self._log.notify_fd(), 1)

    def append(self, append_ns: int, batches: list[bytes]) -> int:
        """The one that fails is taken, and its failure is found afterwards."""
        if self._failure is not None:
            raise core.JournalFailed(self._failure)
        failing = self._appends + 1 == self._fail_at
        if not failing or self._keep_failed:
            self._log.append(append_ns, batches)
        self._appends += 1
        first = self._next
        self._next += len(batches)
        if failing:
            self._failure = f"append {self._appends} was told to fail"
            os.eventfd_write(self._log.notify_fd(), 1)
        else:
            self._claimed = self._next - 1
        return first

    @property
    def journal_id(self) -> int:
        return self._log.journal_id

    @property
    def queue_bytes(self) -> int:
        return self._log.queue_bytes

    @property
    def durable_offset(self) -> int:
        """A failed append never counts."""
        return min(self._log.durable_offset, self._claimed)

    @property
    def written_offset(self) -> int:
        """A failed append never counts."""
        return min(self._log.written_offset, self._claimed)

    @property
    def first_offset(self) -> int:
        return self._log.first_offset

    @property
    def next_offset(self) -> int:
        return self._next

    @property
    def failure(self) -> str | None:
        return self._failure or self._log.failure

    def notify_fd(self) -> int:
        return self._log.notify_fd()

    def clear_notify(self) -> None:
        self._log.clear_notify()

    def read(self, start: int, bytes_max: int) -> list[core.LogRecord]:
        return self._log.read(start, bytes_max)

    def waiting(self, start: int, bytes_max: int) -> list[bytes]:
        return self._log.waiting(start, bytes_max)

    def delete_before(self, offset: int) -> None:
        self._log.delete_before(offset)

    def request_sync(self) -> None:
        self._log.request_sync()

    def sync(self) -> None:
        if self._failure is not None:
            raise core.JournalFailed(self._failure)
        self._log.sync()

    def bytes_used(self) -> int:
        return self._log.bytes_used()

    def bytes_on_disk(self) -> int:
        return self._log.bytes_on_disk()

    def stats(self) -> dict[str, int]:
        return self._log.stats()

    def commit_buckets(self) -> core.Histogram:
        return self._log.commit_buckets()

    def records_buckets(self) -> core.Histogram:
        return self._log.records_buckets()

    def close(self) -> None:
        if not self._lasting:
            self._log.close()


class HeldLog(FaultyLog):
    """A commands log whose commits take as long as a test wants."""

    _held_at: int | None = None

    def hold(self) -> None:
        """From now on commits do not end."""
        self._held_at = super().durable_offset

    def release(self) -> None:
        """They end."""
        self._held_at = None
        os.eventfd_write(self.notify_fd(), 1)

    @property
    def durable_offset(self) -> int:
        durable = super().durable_offset
        return durable if self._held_at is None else min(durable, self._held_at)
