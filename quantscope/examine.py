"""``quantscope journal`` and ``verify``: what a data directory holds, and if it is true."""

import contextlib
import itertools
import json
import sys
from collections.abc import Iterator
from typing import Any

import click
from rich.console import Console
from rich.progress import Progress

from core import (
    JOURNAL_VERSION,
    JournalRange,
    LogReader,
    LogRecord,
    StoreFailed,
    describe_commands,
    describe_events,
    event_head,
    first_batch_after,
    tells,
)
from engine.plan import GOES_ON, HISTORY_LOST, IMPORT, MOVE_MISPLACED, NEWER, Refusal, Start, decide
from engine.recovery import READ_BYTES, unreadable_text
from engine.snapshots import SUFFIX
from engine.verify import Verified, verify
from gateway.index_file import Index
from gateway.retention import first_command
from journal.at_rest import LogAtRest, commands_at_rest, events_at_rest
from journal.datadir import DataDir
from journal.memory import open_memory
from journal.port import KeptLog
from quantscope import logs
from quantscope.facts import Facts, gather
from quantscope.journals import data_dir, in_directory, snapshots_of
from quantscope.refusals import refused, text_of
from quantscope.store_check import StoreCheck, store_check
from settings import Config

SHOWN_BYTES = 256
"""Bytes of a record that are shown where it is no batch."""


class NothingThere(Exception):
    """What was asked for is not in the journal."""


class NotSound(Exception):
    """What is wrong with a data directory: a start goes on all the same, or says the same."""


@contextlib.contextmanager
def _at_rest(config: Config) -> Iterator[DataDir]:
    """The data directory of an exchange that is stopped; nothing in it is changed."""
    in_directory(config, "this")
    if config.journal.adapter == "memory":
        raise NothingThere("a journal in memory ends with its process: there is nothing to look at")
    with DataDir.at_rest(data_dir(config)) as directory:
        yield directory


def print_journal(config: Config, topic: str, first: int | None, limit: int | None) -> None:
    """Commands or events as JSON lines, one line per command or event."""
    with _at_rest(config) as directory:
        if misplaced := directory.misplaced():
            raise NotSound(f"{directory.path}: {misplaced}: {MOVE_MISPLACED}")
        _check_version(directory, topic)
        lines = (
            commands(commands_at_rest(directory.commands), first)
            if topic == "commands"
            else events(events_at_rest(directory.events), first)
        )
        print_lines(lines, limit)


def print_lines(lines: Iterator[dict[str, Any]], limit: int | None) -> None:
    """Print the first of them, as JSON."""
    for line in itertools.islice(lines, limit):
        click.echo(json.dumps(line))


def _check_version(directory: DataDir, topic: str) -> None:
    """What another version wrote can't be read as what this one writes."""
    path = directory.commands if topic == "commands" else directory.events
    version = LogReader.at_rest(path, on_damage="drop_tail").version()
    if version != JOURNAL_VERSION:
        instead = IMPORT if version < JOURNAL_VERSION else NEWER
        raise NotSound(f"{path} is of version {version} of the journal: {instead}")


def _records(log: KeptLog, first: int | None) -> Iterator[LogRecord]:
    offset = max(first or 0, log.first_offset)
    if first is not None and first >= log.next_offset:
        raise NothingThere(f"--from {first}: the log ends at offset {log.next_offset - 1}")
    while records := log.read(offset, READ_BYTES):
        yield from records
        offset = records[-1].offset + 1


def commands(log: KeptLog, first: int | None) -> Iterator[dict[str, Any]]:
    """Commands with the batch they travelled in."""
    for record in _records(log, first):
        chain = f"{record.chain:016x}"
        head = {"offset": record.offset, "append_ns": record.append_ns, "chain": chain}
        try:
            described = json.loads(describe_commands(record.batch))
        except ValueError as error:
            yield {**head, **_unreadable(record, error)}
            continue
        items = described.pop("commands")
        for item in items:
            yield {**head, **described, **item}


def _unreadable(record: LogRecord, error: ValueError) -> dict[str, Any]:
    """What is shown of a record that is no batch."""
    shown = record.batch.hex()[: 2 * SHOWN_BYTES]
    return {"type": "UNREADABLE", "reason": str(error), "bytes": shown}


def events(log: KeptLog, first: int | None) -> Iterator[dict[str, Any]]:
    """Events with the batch they travelled in."""
    for record in _records(log, first):
        try:
            batches = json.loads(describe_events(record.batch))
        except ValueError as error:
            yield {"offset": record.offset, **_unreadable(record, error)}
            continue
        for described in batches:
            items = described.pop("events")
            for name in ("hash", "previous_hash"):
                described[name] = f"{described[name]:016x}"
            for item in items:
                yield {"offset": record.offset, **described, **item}


def run_verify(config: Config) -> None:
    """Replay as much as the journal allows; say from where, and what was compared.

    What a start would refuse is an error, in the same words; so is all that it would put aside or
    pass over with a word in its log.
    """
    with (
        _at_rest(config) as directory,
        Progress(
            console=Console(stderr=True), transient=True, disable=not sys.stderr.isatty()
        ) as bar,
    ):
        snapshots = snapshots_of(directory, config)
        facts = gather(directory, snapshots, config.journal.verify_bytes_max)
        plan = decide(facts.found)
        if isinstance(plan, Refusal):
            raise NotSound(refused(directory, snapshots, facts, plan))
        task = bar.add_task("comparing batches", total=None)
        faults = [*_noted(plan), *_index_faults(facts)]
        with _store(directory, facts, faults, bar) as store:
            result = verify(
                snapshots,
                facts.commands or _no_log(),
                facts.events or _no_log(),
                own=plan.snapshots,
                progress=lambda done, total: bar.update(task, advance=done, total=total),
                listener=store,
            )
    click.echo(sentence(result))
    if late := _late(facts):
        logs.report(late)
    if store is not None:
        click.echo(store.sentence())
        for line in store.lines():
            logs.report(line)
        faults.append(store.fault(facts.found.events.first_seq))
    if result.unreadable:
        faults.append(unreadable_text(result.unreadable))
    if any(faults := [*result.bad_snapshots, *faults]):
        raise NotSound("; ".join(fault for fault in faults if fault))


@contextlib.contextmanager
def _store(
    directory: DataDir, facts: Facts, faults: list[str], bar: Progress
) -> Iterator[StoreCheck | None]:
    """The store, to be compared with the events; None where a start makes a new one."""
    if not facts.found.store.there or facts.found.store_is_foreign:
        yield None
        return
    task = bar.add_task("comparing store.db", total=None)

    def progress(done: int, total: int) -> None:
        bar.update(task, completed=done, total=total)

    with contextlib.ExitStack() as stack:
        try:
            check = stack.enter_context(store_check(directory.store, progress))
        except StoreFailed as error:
            faults.append(f"store.db: {error}: a start puts it aside and makes a new one")
            check = None
        yield check


def _no_log() -> KeptLog:
    """What stands for a log that is not there."""
    return open_memory(journal_id=1, bytes_max=1)


def _noted(plan: Start) -> list[str]:
    """What a start says a word about; that a directory is a copy is no fault of it."""
    noted = list(plan.warnings)
    noted += [
        f"snapshot {aside.offset:020d}{SUFFIX} {aside.why}"
        for aside in plan.aside
        if aside.ending != ".damaged"
    ]
    if "store-foreign" in plan.cases:
        noted.append("store.db is of another journal: a start puts it aside")
    if plan.new_era and "copied" not in plan.cases:
        noted.append(plan.new_era)
    return noted


def _late(facts: Facts) -> str:
    """What a store lacks that was begun when the journal had lost its beginning; no fault now."""
    store, kept = facts.found.store, facts.found.events.first_seq
    if store.evidence is None or facts.found.store_is_foreign or store.first_seq == 1:
        return ""
    since = f" of {text_of(store.late_ns)}" if store.late_ns else ""
    return (
        f"store.db begins with event {store.first_seq}{since}, for the journal had deleted what "
        f"was before when it was begun: {HISTORY_LOST}; to have them, put back a copy of store.db "
        f"from a backup that goes back further and reaches event {kept - 1}; {GOES_ON}"
    )


def _index_faults(facts: Facts) -> list[str]:
    """What is wrong with the index of the sessions: a start passes it over, or is misled by it."""
    fault = facts.index_fault
    proof = facts.found.index
    if proof is not None and facts.found.is_foreign(proof):
        fault = "it is of another journal"
    elif facts.index is not None and facts.events is not None:
        try:
            fault = _index_fault(facts.index, facts.events)
        except JournalRange:
            fault = "it knows of events that the log does not hold"
    return [f"sessions.index: {fault}"] if fault else []


def _index_fault(index: Index, events: LogAtRest) -> str:
    if events.chain_at(index.next_offset - 1) != index.chain:
        return "it is about other events"
    kept = first_command(events)
    for entry, messages in index.sessions:
        for number, command in messages:
            # What the log has deleted since is passed over.
            if command >= kept and not _told(events, command, entry, number):
                return f"message {number} of entry {entry} is not of command batch {command}"
    return ""


def _told(events: KeptLog, command: int, entry: int, number: int) -> bool:
    """Whether an event that a command made is this message of an entry."""
    offset = first_batch_after(events, command - 1)
    while offset <= events.written_offset:
        batch = events.read(offset, 1)[0].batch
        if event_head(batch).command_offset != command:
            return False
        if tells(batch, entry, number):
            return True
        offset += 1
    return False


def sentence(result: Verified) -> str:
    """What was compared."""
    before = result.from_command - 1
    begun = f"the snapshot at command batch {before}" if before else "the first command"
    gone = f", {result.gone_bytes} no longer stored" if result.gone_bytes else ""
    return (
        f"verified from {begun}: {result.commands} command batches, {result.event_bytes} bytes of "
        f"events compared ({result.missing_bytes} not stored yet{gone}), {result.snapshots} "
        f"snapshots, last event {result.last_seq}, state hash {result.state_hash:016x}"
    )
