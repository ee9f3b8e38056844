"""What the files of a data directory say, gathered without a change to any of them.

What is gathered is what the disk holds, where a start asks (``settled``): memory may hold what a
disk that failed has lost.
"""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import msgspec

from core import (
    JOURNAL_VERSION,
    JournalDamaged,
    JournalError,
    JournalMissing,
    LogReader,
    StoreEnd,
    StoreFailed,
    event_head,
    first_batch_after,
    store_at_rest,
)
from engine.evidence import (
    EventsFound,
    Evidence,
    Found,
    LogFound,
    SnapshotFound,
    StoreFound,
)
from engine.lost_events import whole_until
from engine.snapshots import Judged, Snapshots
from gateway.index_file import Index, IndexFile
from journal.at_rest import LogAtRest
from journal.datadir import DataDir
from journal.mark import Mark, MarkDamaged, Numbers


@dataclass(frozen=True)
class Facts:
    """What was found, and the logs to ask further."""

    found: Found
    commands: LogAtRest | None
    """None where there is none that can be read."""
    events: LogAtRest | None
    judged: tuple[Judged, ...]
    index: Index | None
    """The sessions' index, where it can be used."""
    index_fault: str


def gather(
    directory: DataDir,
    snapshots: Snapshots,
    verify_bytes_max: int,
    *,
    settled: bool = False,
) -> Facts:
    """Look at everything; the newest ``verify_bytes_max`` of each log are checked row by row."""
    misplaced = directory.misplaced()
    if misplaced:
        return Facts(Found(misplaced=misplaced), None, None, (), None, "")
    # Side by side, for each may take seconds.
    with ThreadPoolExecutor(2) as beside:
        looking = [
            beside.submit(_look, path, on_damage, verify_bytes_max, settled=settled)
            for path, on_damage in _logs(directory)
        ]
        judged = tuple(snapshots.judge())
        (commands, in_commands), (events, in_events) = (look.result() for look in looking)
    other = _other_version(directory, commands, events)
    if other is not None:
        return Facts(Found(other_version=other), None, None, judged, None, "")
    mark, mark_damage = _mark(directory)
    store, position = _store(directory.store, settled=settled)
    index, index_fault = _index(IndexFile(directory.snapshot_folder))
    found = Found(
        commands=commands,
        events=_events(events, in_events),
        mark=mark,
        mark_damage=mark_damage,
        mark_here=(None, None)
        if mark is None
        else (_chain(in_commands, mark.commands.last), _chain(in_events, mark.events.last)),
        copied=mark is not None and directory.is_copy(mark),
        era=directory.era.number,
        snapshots=tuple(_snapshot(it, in_commands, in_events) for it in judged),
        index=None if index is None else _index_evidence(index, in_commands),
        store=replace(store, in_events=_recorded(position, in_events)),
    )
    return Facts(found, in_commands, in_events, judged, index, index_fault)


# -- the logs --------------------------------------------------------------------------------


OnDamage = Literal["refuse", "drop_tail"]


def _logs(directory: DataDir) -> tuple[tuple[Path, OnDamage], ...]:
    """Both logs; what is made again may lose a bad tail."""
    return (directory.commands, "refuse"), (directory.events, "drop_tail")


def _look(
    path: Path, on_damage: OnDamage, verify_bytes_max: int, *, settled: bool
) -> tuple[LogFound, LogAtRest | None]:
    try:
        reader = LogReader.at_rest(path, on_damage=on_damage, settled=settled)
        reader.verify(verify_bytes_max)
        ends = reader.ends()
    except JournalMissing:
        return LogFound(), None
    except JournalDamaged as error:
        return LogFound(there=True, damage=str(error)), None
    found = LogFound(
        True, ends.journal_id, ends.first, ends.next - 1, ends.chain, version=reader.version()
    )
    return found, LogAtRest(reader)


def _other_version(directory: DataDir, *logs: LogFound) -> tuple[str, int] | None:
    """The first log that another version wrote, and which."""
    for path, found in zip((directory.commands, directory.events), logs, strict=True):
        if found.there and not found.damage and found.version != JOURNAL_VERSION:
            return path.name, found.version
    return None


def _chain(log: LogAtRest | None, offset: int) -> int | None:
    """The chain of a log at an offset; None where it does not reach so far, or no longer."""
    if log is None or not log.first_offset - 1 <= offset < log.next_offset:
        return None
    try:
        return log.chain_at(offset)
    except JournalError:
        return None


def _events(found: LogFound, log: LogAtRest | None) -> EventsFound:
    same = (
        found.there,
        found.journal_id,
        found.first,
        found.last,
        found.chain,
        found.damage,
        found.version,
    )
    if log is None or log.written_offset < log.first_offset:
        return EventsFound(*same)
    try:
        first = event_head(log.read(log.first_offset, 1)[0].batch)
        last = event_head(log.read(log.written_offset, 1)[0].batch)
        whole = whole_until(log)
    except JournalError as error:
        return EventsFound(there=True, damage=str(error))
    numbers = Numbers(events=last.last_seq, time_ns=last.time_ns)
    return EventsFound(*same, whole, last.command_offset, first.first_seq, numbers)


# -- what knows of them ----------------------------------------------------------------------


def _mark(directory: DataDir) -> tuple[Mark | None, str]:
    try:
        return directory.read_mark(), ""
    except MarkDamaged as error:
        return None, str(error)


def _snapshot(
    judged: Judged, commands: LogAtRest | None, events: LogAtRest | None
) -> SnapshotFound:
    file = f"snapshots/{judged.name}"
    if judged.fault is not None or judged.inside is None:
        fault, unreadable = str(judged.fault), isinstance(judged.fault, OSError)
        return SnapshotFound(judged.offset, Evidence(file, judged.offset), fault, unreadable)
    header, inside = judged.header, judged.inside
    evidence = Evidence(
        file,
        judged.offset,
        None if header is None else header.journal_id,
        None if header is None else header.chain,
        _chain(commands, judged.offset),
        Numbers(inside.orders, inside.trades, inside.event_seq, inside.time_ns),
    )
    return SnapshotFound(
        judged.offset,
        evidence,
        has_header=header is not None,
        era=0 if header is None else header.era,
        events_agree=_holds(events, judged.offset, inside.event_hash),
    )


def _holds(events: LogAtRest | None, command: int, hashed: int) -> bool | None:
    """Whether the events up to a command batch end with this hash; None where they can't tell."""
    if events is None:
        return None
    try:
        following = first_batch_after(events, command)
        if following < events.next_offset:
            return event_head(events.read(following, 1)[0].batch).previous_hash == hashed
        if following <= events.first_offset:
            return None
        last = event_head(events.read(following - 1, 1)[0].batch)
    except JournalError:
        return None
    if last.command_offset < command or not last.last:
        return None
    return last.hash == hashed


def _index(file: IndexFile) -> tuple[Index | None, str]:
    try:
        return file.read(), ""
    except FileNotFoundError:
        return None, ""
    except (OSError, ValueError, msgspec.MsgspecError) as error:
        return None, str(error)


def _index_evidence(index: Index, commands: LogAtRest | None) -> Evidence:
    here = _chain(commands, index.command_offset)
    return Evidence(
        "snapshots/sessions.index",
        index.command_offset,
        index.journal_id,
        index.command_chain,
        here,
    )


def _store(path: Path, *, settled: bool) -> tuple[StoreFound, StoreEnd | None]:
    if not path.exists():
        return StoreFound(), None
    try:
        told = store_at_rest(path, settled=settled)
    except StoreFailed as error:
        return StoreFound(there=True, damage=str(error)), None
    if told is None:
        return StoreFound(there=True), None
    numbers = Numbers(told.orders, told.trades, told.sequence)
    evidence = Evidence("store.db", told.command_offset, told.journal_id, numbers=numbers)
    found = StoreFound(
        True, "", evidence, told.sequence, first_seq=told.first_sequence, late_ns=told.late_ns
    )
    return found, told


def _recorded(store: StoreEnd | None, events: LogAtRest | None) -> bool | None:
    """Whether the events log has what the store has recorded last, or goes on right behind it."""
    if store is None or events is None or events.written_offset < events.first_offset:
        return None
    if _chain(events, store.offset) == store.chain:
        return True
    try:
        following = first_batch_after(events, store.command_offset, store.part)
        if following > events.first_offset:
            before = event_head(events.read(following - 1, 1)[0].batch)
            if (before.command_offset, before.part) == (store.command_offset, store.part):
                return before.hash == store.hash
        if following < events.next_offset:
            return event_head(events.read(following, 1)[0].batch).previous_hash == store.hash
    except JournalError:
        return None
    return None
