"""``quantscope verify``: the store, held to its own checksums and to what the journal says."""

import contextlib
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from core import Engine, StoreAudit, StoreFailed

Progress = Callable[[int, int], object]

ASIDE = (
    "move store.db, store.db-wal and store.db-shm away: the next start makes the store again from "
    "the journal, which"
)


class StoreCheck:
    """Listens to the events of a replay, and compares the store with them at their end.

    What is written while it works is a scratch store in the system's folder for temporary files
    (``TMPDIR``): it takes as much room as the part of the store that the events reach.
    """

    def __init__(self, store: Path, scratch: Path, progress: Progress) -> None:
        """Open the store; raise ``StoreFailed`` when it can't be."""
        self._audit = StoreAudit(store, scratch)
        self._scratch = scratch
        self._progress = progress
        self.findings: list[str] = []
        """What is wrong, a line each."""
        self.count = 0
        """How many there are: of many, not all have a line."""
        self._sentence = ""

    def told(self, batches: bytes) -> None:
        """See ``engine.verify.Listener``."""
        try:
            self._audit.take(batches)
        except StoreFailed as error:
            raise StoreFailed(f"the scratch store {self._scratch}: {error}") from error

    def ended(self, engine: Engine) -> None:
        """See ``engine.verify.Listener``."""
        report = self._audit.look(engine, self._progress)
        self.findings, self.count = report.findings, len(report.findings) + report.more
        events = report.events
        reach = "no events that it has" if events is None else "events {} to {}".format(*events)
        self._sentence = (
            f"verified store.db: {report.orders} orders, {report.trades} trades, against {reach}"
        )

    def sentence(self) -> str:
        """What was compared."""
        return self._sentence

    def lines(self) -> Iterator[str]:
        """One for each finding."""
        yield from (f"store.db: {finding}" for finding in self.findings)
        if self.count > len(self.findings):
            yield f"store.db: and {self.count - len(self.findings)} more"

    def fault(self, first_event: int) -> str:
        """What is wrong in all, and what to do; empty when all is right."""
        if not self.count:
            return ""
        reach = (
            "has all of it"
            if first_event == 1
            else f"begins with event {first_event}; what ended before is then in those files alone"
        )
        many = "1 thing is" if self.count == 1 else f"{self.count} things are"
        return f"store.db: {many} not as written or as the events tell: {ASIDE} {reach}"


@contextlib.contextmanager
def store_check(store: Path, progress: Progress) -> Iterator[StoreCheck]:
    """Compare the store at ``store``; raise ``StoreFailed`` when it can't be opened."""
    with tempfile.TemporaryDirectory(prefix="quantscope-verify-") as folder:
        yield StoreCheck(store, Path(folder) / "scratch.db", progress)
