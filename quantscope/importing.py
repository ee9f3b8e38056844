"""``quantscope import``: a data directory of version 1 becomes one of this version.

The commands are not brought over: the exchange goes on from the snapshot of its clean stop, behind
the last of them.  Sessions keep their ids and numbers, and what they may still ask for; the store
keeps its history.
"""

import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import click
from rich.console import Console
from rich.progress import Progress

from core import (
    JOURNAL_VERSION,
    Log,
    LogReader,
    event_head,
    move_store,
    store_at_rest,
    upgrade_events,
    upgrade_snapshot,
)
from engine.plan import MOVE_MISPLACED
from engine.recovery import READ_BYTES
from engine.snapshot_header import SnapshotDamaged, SnapshotHeader, inside, split
from engine.snapshots import NAME, Snapshots
from journal.at_rest import LogAtRest, end_of
from journal.datadir import DataDir
from journal.folder import sync
from journal.mark import Mark, MarkDamaged
from journal.sqlite import open_commands, open_events
from quantscope.journals import StartRefused, in_directory
from quantscope.restoring import check_free, partial_of
from settings import Config

BEFORE = 1
"""The version that is imported."""
STOP_FIRST = "start it with the version that wrote it, and stop it cleanly (SIGTERM)"
WAITING_BYTES_MAX = 1 << 24
"""Bytes of events that may wait for their writer."""
FOLDER_MODE = 0o755


def run_import(config: Config, source: Path, directory: Path) -> None:
    """Make ``directory`` of ``source``, whole or not at all; ``source`` is not changed."""
    in_directory(config, "`quantscope import`")
    click.echo(brought_over(config, source, directory))


def brought_over(config: Config, source: Path, directory: Path) -> str:
    """Do it; what was done, in a sentence."""
    directory = Path(os.path.abspath(directory))
    with DataDir.at_rest(source) as old:
        _check_version(old)
        check_free(directory, source)
        partial = partial_of(directory)
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir(parents=True, mode=FOLDER_MODE)
        with DataDir(partial) as new:
            importing = _Importing(config, old, new)
            importing.run()
        (partial / "lock").unlink()
        if directory.exists():
            directory.rmdir()
        partial.rename(directory)
        sync(directory.parent)
    return (
        f"{directory} goes on from command batch {importing.last}, with {importing.batches} event "
        f"batches of {source}, which was not changed"
    )


def _check_version(old: DataDir) -> None:
    if misplaced := old.misplaced():
        raise StartRefused(f"{old.path}: {misplaced}: {MOVE_MISPLACED}")
    for path in (old.commands, old.events):
        version = LogReader.at_rest(path).version()
        if version != BEFORE:
            now = version == JOURNAL_VERSION
            what = "is what this version writes" if now else "is newer than that"
            raise StartRefused(
                f"{path} is of version {version} of the journal, which {what}: there is nothing "
                "to import"
            )


class _Importing:
    """One import."""

    def __init__(self, config: Config, old: DataDir, new: DataDir) -> None:
        self._config = config
        self._old = old
        self._new = new
        self._commands = LogReader.at_rest(old.commands).ends()
        reader = LogReader.at_rest(old.events)
        self._events, self._ends = LogAtRest(reader), reader.ends()
        self.last = self._commands.next - 1
        self.batches = 0

    def run(self) -> None:
        """Write all files of the new directory; the mark, by which it is whole, comes last."""
        old, new = self._old, self._new
        mark = self._mark()
        header, snapshot = self._snapshot()
        last_hash = self._bring_events(header.event_hash)
        upgraded = self._upgrade(snapshot, last_hash)
        open_commands(
            new.commands,
            self._config.journal,
            self._commands.journal_id,
            behind=(self._commands.next, self._commands.chain),
        ).close()
        self._bring_store()
        if (old.path / "era").exists():
            copy_durably(old.path / "era", new.path / "era")
        Snapshots(new.snapshot_folder, self._config.journal.snapshots_kept).write(
            SnapshotHeader(
                header.journal_id,
                header.era,
                header.command_offset,
                header.chain,
                header.event_seq,
                last_hash,
            ),
            upgraded,
        )
        commands, events = end_of(new.commands), end_of(new.events)
        if commands is None or events is None:
            raise OSError(f"{new.path}: what was written can't be read back")
        # What may be a copy stays one: its start begins an era, and raises all numbers.
        raising = mark.raising or old.is_copy(mark)
        new.write_mark(Mark("stopped", mark.era, commands, events, mark.numbers, raising=raising))

    def _mark(self) -> Mark:
        """The mark of the clean stop, where both logs end."""
        try:
            mark = self._old.read_mark()
        except MarkDamaged as error:
            raise StartRefused(f"{self._old.path}: mark is damaged: {error}") from error
        ends = end_of(self._old.commands), end_of(self._old.events)
        if mark is None or mark.state != "stopped" or (mark.commands, mark.events) != ends:
            raise StartRefused(f"{self._old.path} was not stopped cleanly: {STOP_FIRST}")
        return mark

    def _snapshot(self) -> tuple[SnapshotHeader, bytes]:
        """The snapshot of the clean stop."""
        folder = self._old.snapshot_folder
        named = [name for name in folder.names() if NAME.fullmatch(name)]
        if not named:
            raise StartRefused(f"{self._old.path} has no snapshot: {STOP_FIRST}")
        try:
            header, snapshot = split(folder.read(named[-1]))
            at = inside(snapshot).command_offset
        except SnapshotDamaged as error:
            raise StartRefused(f"{self._old.path}: snapshot {named[-1]}: {error}") from error
        here = (self._commands.journal_id, self.last, self._commands.chain)
        if header is None or (header.journal_id, at, header.chain) != here:
            raise StartRefused(
                f"{self._old.path}: the newest snapshot is of command batch {at}, and the commands "
                f"go to {self.last}: {STOP_FIRST}"
            )
        return header, snapshot

    def _upgrade(self, snapshot: bytes, event_hash: int) -> bytes:
        try:
            return upgrade_snapshot(snapshot, event_hash)
        except ValueError as error:
            raise StartRefused(
                f"{self._old.path}: the snapshot of command batch {self.last} can't be brought "
                f"over: {error}"
            ) from error

    def _bring_events(self, last_hash: int) -> int:
        """All event batches that are kept; the hash of the last one as it is now."""
        old = self._events
        behind = (old.first_offset, old.chain_at(old.first_offset - 1))
        new = open_events(
            self._new.events, self._config.journal, self._ends.journal_id, behind=behind
        )
        console = Console(stderr=True)
        with Progress(console=console, transient=True, disable=not sys.stderr.isatty()) as bar:
            task = bar.add_task("event batches", total=old.next_offset - old.first_offset)
            hashed = self._write_events(new, last_hash, lambda: bar.advance(task))
        new.sync()
        new.close()
        if new.failure is not None:
            raise OSError(f"{self._new.events}: {new.failure}")
        return hashed

    def _write_events(self, new: Log, last_hash: int, written: Callable[[], None]) -> int:
        old, offset = self._events, self._events.first_offset
        before: int | None = None
        as_it_was = 0
        while records := old.read(offset, READ_BYTES):
            for record in records:
                try:
                    upgraded = upgrade_events(record.batch, before)
                except ValueError as error:
                    raise StartRefused(
                        f"{self._old.events}, offset {record.offset}: {error}"
                    ) from error
                before, as_it_was = upgraded.hash, upgraded.hash_before
                new.append(record.append_ns, [upgraded.batch])
                if new.queue_bytes > WAITING_BYTES_MAX:
                    new.sync()
                self.batches += 1
                written()
            offset = records[-1].offset + 1
        if before is None or as_it_was != last_hash:
            raise StartRefused(
                f"{self._old.path}: events.db does not end where the newest snapshot stands: "
                f"{STOP_FIRST}"
            )
        return before

    def _bring_store(self) -> None:
        """The history, and where it stands in the events as they are now."""
        if not self._old.store.exists():
            return
        at, ends = store_at_rest(self._old.store), self._ends
        if at is None or (at.journal_id, at.offset, at.chain) != (
            ends.journal_id,
            ends.next - 1,
            ends.chain,
        ):
            raise StartRefused(
                f"{self._old.store} does not end where the events do: {STOP_FIRST}, or move it and "
                "its -wal away: the new directory then begins without what ended before"
            )
        events = LogAtRest(LogReader.at_rest(self._new.events))
        for ending in ("", "-wal"):
            file = self._old.store.with_name(self._old.store.name + ending)
            if file.exists():
                copy_durably(file, self._new.path / file.name)
        last = events.read(at.offset, 1)[0]
        move_store(self._new.store, event_head(last.batch).hash, last.chain)


def copy_durably(file: Path, to: Path) -> None:
    """Copy a file durably."""
    shutil.copyfile(file, to)
    sync(to)
