"""What the files of a data directory say: gathered elsewhere, judged in ``engine/plan.py``."""

from collections.abc import Iterator
from dataclasses import dataclass

from core import JOURNAL_VERSION
from journal.mark import Mark, Numbers

NOTHING = Numbers()


@dataclass(frozen=True)
class LogFound:
    """A log, as its files hold it."""

    there: bool = False
    """Whether there are files that hold a log."""
    journal_id: int = 0
    first: int = 1
    last: int = 0
    """Offset of the last record; ``first`` - 1 where there is none."""
    chain: int = 0
    """Chain at ``last``."""
    damage: str = ""
    """Why it can't be read, with file and offset; empty where it can."""
    version: int = JOURNAL_VERSION
    """Of its tables and its batches."""

    @property
    def empty(self) -> bool:
        """Whether it proves nothing: nothing was ever appended."""
        return not self.damage and self.last == 0


@dataclass(frozen=True)
class EventsFound(LogFound):
    """The events log, as its files hold it."""

    whole: int = 0
    """The last command batch of which it has all events."""
    command: int = 0
    """The last command batch of which it has any."""
    first_seq: int = 1
    """Number of the first event that it has."""
    numbers: Numbers = NOTHING
    """What the last batch tells."""


@dataclass(frozen=True)
class Evidence:
    """What a file proves to have been told."""

    file: str
    """Its name in the data directory."""
    command: int
    """The last command batch that it knows of."""
    journal_id: int | None = None
    """The id of the commands log; None where it does not say."""
    chain: int | None = None
    """Chain of the commands log there; None where it does not say."""
    here: int | None = None
    """What the commands log has there; None where it does not reach so far, or no longer."""
    numbers: Numbers = NOTHING


@dataclass(frozen=True)
class SnapshotFound:
    """A snapshot."""

    offset: int
    evidence: Evidence
    fault: str = ""
    """What is wrong with it; empty where it is good."""
    unreadable: bool = False
    """The fault is the system's: its bytes were not seen."""
    has_header: bool = True
    era: int = 0
    events_agree: bool | None = None
    """Whether the events log has the hash that the snapshot has there; None where it can't tell."""


@dataclass(frozen=True)
class StoreFound:
    """The store; nothing of it where nothing is recorded."""

    there: bool = False
    damage: str = ""
    """Why it can't be read; empty where it can."""
    evidence: Evidence | None = None
    """Its ``journal_id`` is that of the events log."""
    seq: int = 0
    """The last event that it has recorded."""
    in_events: bool | None = None
    """Whether the events log has that event, or goes on right behind it; None: it ends before."""
    first_seq: int = 1
    """The first event that it has; of what ended before, it knows nothing."""
    late_ns: int | None = None
    """When that was, since the epoch, where it is not event 1; 0: it does not say."""


@dataclass(frozen=True)
class Found:
    """What the files of a data directory say."""

    misplaced: str = ""
    """The first name under which something else stands than belongs there; then nothing is read."""
    other_version: tuple[str, int] | None = None
    """A log of another version, and which; then nothing else is judged."""
    commands: LogFound = LogFound()
    events: EventsFound = EventsFound()
    mark: Mark | None = None
    mark_damage: str = ""
    mark_here: tuple[int | None, int | None] = (None, None)
    """What the two logs have where the mark says that they ended; None where they end before."""
    copied: bool = False
    """The mark is a copy of the file into which it was written, or the commands log of its own."""
    era: int = 0
    snapshots: tuple[SnapshotFound, ...] = ()
    """The newest first."""
    index: Evidence | None = None
    store: StoreFound = StoreFound()

    def evidence(self) -> Iterator[Evidence]:
        """All that is proven, by whatever file that is not known to be another journal's."""
        mark = self.mark
        if mark is not None and mark.state == "stopped":
            end, here = mark.commands, self.mark_here[0]
            yield Evidence("mark", end.last, end.journal_id, end.chain, here, mark.numbers)
        if mark is not None and mark.recovery is not None:
            recovery = mark.recovery
            yield Evidence("mark", recovery.base, numbers=recovery.numbers)
        for snapshot in self.snapshots:
            others = self.is_foreign(snapshot.evidence) or (
                # One that does not name its journal may be anybody's.
                not snapshot.has_header and snapshot.events_agree is False
            )
            if not snapshot.fault and not others:
                yield snapshot.evidence
        if self.events.command and self.events.journal_id == self.events_id:
            numbers = self.events.numbers
            yield Evidence("events.db", self.events.command, None, None, None, numbers)
        if self.index is not None and not self.is_foreign(self.index):
            yield self.index
        if self.store.evidence is not None and not self.store_is_foreign:
            store = self.store.evidence
            yield Evidence(store.file, store.command, None, None, None, store.numbers)

    @property
    def journal_id(self) -> int | None:
        """The id of the commands log that belongs here: as the mark says, or else the log."""
        if self.mark is not None:
            return self.mark.commands.journal_id
        if self.commands.there and not self.commands.damage:
            return self.commands.journal_id
        known = [x.evidence.journal_id for x in self.snapshots if not x.fault and x.has_header]
        return known[0] if known else None

    def is_foreign(self, evidence: Evidence) -> bool:
        """Whether a file says that it is another journal's."""
        return None not in (evidence.journal_id, self.journal_id) and (
            evidence.journal_id != self.journal_id
        )

    @property
    def was_marked(self) -> bool:
        """Whether it was written by a version that leaves a mark.

        The versions before gave each log an id of its own, and their snapshots have no header.
        """
        good = [x for x in self.snapshots if not x.fault]
        if good:
            return any(x.has_header for x in good)
        events = self.events
        older = not events.empty and events.journal_id != self.commands.journal_id
        return self.commands.there and not self.commands.empty and not older

    @property
    def may_be_a_copy(self) -> bool:
        """Whether nobody knows what the original of this directory has told since."""
        mark = self.mark
        return self.was_marked if mark is None else self.copied or mark.raising

    @property
    def store_is_foreign(self) -> bool:
        """Whether the store says that it is another journal's."""
        evidence = self.store.evidence
        known = self.events_id
        return evidence is not None and known is not None and evidence.journal_id != known

    @property
    def events_id(self) -> int | None:
        """The id of the events log that belongs here; one that is made anew takes it too."""
        if self.mark is not None:
            return self.mark.events.journal_id
        if self.events.there and not self.events.damage:
            return self.events.journal_id
        return self.journal_id
