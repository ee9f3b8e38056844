"""A log of the journal."""

from collections.abc import Callable, Iterator

from prometheus_client.core import Metric

from journal.port import Log
from quantscope.metrics.families import NS, counter, gauge, histogram


class LogFigures:
    """One of the logs."""

    def __init__(self, topic: str, log: Callable[[], Log]) -> None:
        """``log`` as it is open now: it is opened afresh after a failure."""
        self._prefix = f"quantscope_{topic}_log"
        self._log = log

    def collect(self) -> Iterator[Metric]:
        """As they are now."""
        prefix, log = self._prefix, self._log()
        yield gauge(f"{prefix}_offset", "Offset of the last entry.", log.next_offset - 1)
        yield gauge(f"{prefix}_bytes", "Bytes on disk.", log.bytes_on_disk())
        yield gauge(f"{prefix}_queue_bytes", "Bytes that wait for the writer.", log.queue_bytes)
        title = "Passes that moved the write-ahead log to the database."
        yield counter(f"{prefix}_checkpoints", title, log.stats().get("checkpoints", 0))
        title = "Time of each commit, to the end of its sync where it has one."
        yield histogram(f"{prefix}_commit_seconds", title, log.commit_buckets(), NS)
        title = "Entries (batches) in each commit."
        yield histogram(f"{prefix}_commit_records", title, log.records_buckets(), 1)
