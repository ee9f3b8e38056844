"""``quantscope recover``: what a directory has lost, and going on without it."""

import contextlib
import json
import logging
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import click
from rich.console import Console
from rich.progress import Progress

from core import Clock, LogRecord, delete_after, describe_events, first_batch_after
from engine.loss import Loss, raise_all, whole_records
from engine.plan import Refusal, Start, decide
from engine.recovery import READ_BYTES
from engine.snapshots import SUFFIX, Snapshots
from gateway.index_file import NAME as INDEX
from journal.at_rest import end_of
from journal.datadir import DataDir
from journal.folder import sync
from journal.mark import End, Mark, Recovery
from journal.sqlite import open_commands, open_events
from quantscope.facts import Facts, gather
from quantscope.journals import StartRefused, data_dir, in_directory, snapshots_of
from quantscope.refusals import (
    events_begin_anew,
    explain,
    lost_history,
    lost_name,
    puts_store_aside,
    refused,
    weigh,
)
from settings import Config

log = logging.getLogger("quantscope")

REBUILT = "commands.recovered.db"
"""The commands log that will take the place of the one that lost something."""
WAITING_BYTES_MAX = 1 << 24
"""How much of it may wait for its writer while it is written."""


class NothingToGoOnFrom(Exception):
    """There is neither a commands log nor a snapshot to recover from."""


def run_recover(config: Config, *, accept_loss: bool) -> None:
    """Say what a start would lose; with ``accept_loss`` lose it, so that the next start goes on."""
    in_directory(config, "`quantscope recover`")
    with DataDir.at_rest(data_dir(config)) as directory:
        snapshots = snapshots_of(directory, config)
        facts = gather(directory, snapshots, config.journal.verify_bytes_max)
        plan = decide(facts.found)
        if not isinstance(plan, Refusal):
            click.echo(_nothing_lost(plan))
            return
        if not plan.lost:
            raise StartRefused(refused(directory, snapshots, facts, plan))
        found = weigh(facts, plan, directory, snapshots)
        if isinstance(found, str):
            raise NothingToGoOnFrom(f"{directory.path}: {plan.what}; {found}: {plan.instead}")
        if not accept_loss:
            raise StartRefused(explain(directory, plan, facts, found))
        click.echo(_Recovering(config, directory, snapshots, facts, found).run())


def _nothing_lost(plan: Start) -> str:
    """What the next start makes of a directory that it does not refuse."""
    whole = "nothing is lost" if "store-missing" not in plan.cases else "no command is lost"
    said = [f"{whole}: `quantscope serve` goes on from here", *plan.warnings]
    if plan.new_era:
        far = ", and all is numbered far above" if plan.raised else ""
        said.append(f"at its start sessions get new ids{far}: {plan.new_era}")
    return "\n".join(said)


# -- doing it --------------------------------------------------------------------------------


class _Recovering:
    """One recovery.  Each step can be done again: one that is broken off is begun anew."""

    def __init__(
        self, config: Config, directory: DataDir, snapshots: Snapshots, facts: Facts, loss: Loss
    ) -> None:
        self._config = config
        self._directory = directory
        self._snapshots = snapshots
        self._facts = facts
        self._loss = loss
        found = facts.found
        begun = None if found.mark is None else found.mark.recovery
        self._resumed = begun is not None
        self._recovery = begun or Recovery(
            loss.base.offset, loss.numbers, loss.entries, self._free_number()
        )
        self._journal_id = found.journal_id
        # What may be a copy stays one: its next start begins an era and raises all numbers.
        self._raising = found.may_be_a_copy
        self._said: list[str] = []

    def run(self) -> str:
        """Do it; what was done, in a sentence."""
        directory, recovery = self._directory, self._recovery
        if self._journal_id is None:
            raise NothingToGoOnFrom(f"{directory.path}: no file says which journal this is")
        whole = self._loss.nothing and not self._resumed
        eras = [x.era for x in self._facts.found.snapshots if not x.fault]
        era = directory.era if whole or self._resumed else directory.begin_era(max(eras, default=0))
        base = End(self._journal_id, recovery.base, self._loss.base.chain)
        events_id = self._facts.found.events_id or self._journal_id
        mark = Mark(
            "recovering",
            era.number,
            base,
            End(events_id, 0, 0),
            raising=self._raising,
            recovery=recovery,
        )
        directory.write_mark(mark)
        self._cut_events()
        self._put_snapshots_aside()
        directory.snapshot_folder.remove(INDEX)
        self._put_store_aside()
        self._rebuild_commands(self._journal_id, raised=not whole)
        ended = end_of(directory.commands)
        if ended is None:
            raise OSError(f"{directory.commands} is gone while it is recovered")
        stopped = Mark(
            "stopped",
            era.number,
            ended,
            end_of(directory.events) or End(events_id, 0, 0),
            recovery.numbers,
            raising=self._raising,
        )
        directory.write_mark(stopped)
        if self._raising:
            self._said.append("at its start sessions get new ids, and all is numbered far above")
        elif not whole:
            self._said.append(f"all sessions get new ids (era {era.number})")
        goes_on = f"{directory.path} goes on from command batch {recovery.base}"
        return ": ".join([goes_on, "; ".join(self._said)] if self._said else [goes_on])

    def _free_number(self) -> int:
        names = os.listdir(self._directory.path)
        taken = {name.rpartition(".lost-")[2] for name in names if ".lost-" in name}
        return next(number for number in range(1, len(names) + 2) if str(number) not in taken)

    # Events, snapshots and store of what is not kept go first: the commands say what happened.

    def _cut_events(self) -> None:
        path, found = self._directory.events, self._facts.found
        base = self._recovery.base
        if not found.events.there or found.events.empty:
            return
        anew = events_begin_anew(found, self._loss)
        if found.events.damage or self._facts.events is None or anew:
            self._move(path, "the engine makes its events again as far as it can")
            return
        kept = first_batch_after(self._facts.events, base) - 1
        if kept == found.events.last:
            return
        self._keep_lost_events(kept + 1)
        # What its files hold has to be judged first.
        for cut in (False, True):
            if cut:
                delete_after(path, kept)
            open_events(path, self._config.journal).close()
        self._said.append(f"{found.events.last - kept} event batches were dropped")

    def _keep_lost_events(self, offset: int) -> None:
        """What was told and is not true any more is kept, to be read."""
        events = self._facts.events
        name = self._directory.path / f"events.lost-{self._recovery.aside}.jsonl"
        if events is None:
            return
        with name.open("w") as file:
            while records := events.read(offset, READ_BYTES):
                for record in records:
                    for described in json.loads(describe_events(record.batch)):
                        file.writelines(json.dumps(event) + "\n" for event in described["events"])
                offset = records[-1].offset + 1
            file.flush()
            os.fsync(file.fileno())
        self._said.append(f"their events are in {name.name}")

    def _put_snapshots_aside(self) -> None:
        for snapshot in self._facts.found.snapshots:
            name = f"{snapshot.offset:020d}{SUFFIX}"
            if snapshot.unreadable:
                continue
            if snapshot.fault:
                ending = ".damaged"
            elif self._facts.found.is_foreign(snapshot.evidence) or snapshot.events_agree is False:
                ending = ".foreign"
            elif snapshot.offset > self._recovery.base:
                ending = ".ahead"
            else:
                continue
            with contextlib.suppress(FileNotFoundError):
                aside = self._snapshots.put_aside(name, ending)
                self._said.append(f"{name} was put aside as {aside}")

    def _put_store_aside(self) -> None:
        found = self._facts.found
        if puts_store_aside(found, self._loss):
            history = lost_history(found, self._loss)
            self._move(
                self._directory.store,
                "a new one begins with what the engine knows and the events log keeps"
                + (f"; {history}" if history else ""),
            )

    def _move(self, path: Path, why: str) -> None:
        """Rename a database with what lies beside it."""
        aside = lost_name(path, self._recovery.aside)
        for ending in ("-wal", ""):
            beside = path.with_name(path.name + ending)
            if beside.exists():
                beside.rename(aside.with_name(aside.name + ending))
        path.with_name(path.name + "-shm").unlink(missing_ok=True)
        sync(path.parent)
        self._said.append(f"{path.name} was put aside as {aside.name}: {why}")

    # The commands log is written afresh: what is whole of it, and that numbers go on above.

    def _rebuild_commands(self, journal_id: int, *, raised: bool) -> None:
        path, base = self._directory.commands, self._loss.base
        rebuilt = path.with_name(REBUILT)
        _remove(rebuilt)
        behind = (base.offset + 1, base.chain)
        records: Iterator[LogRecord] = iter(())
        if base.log is not None:
            first = base.log.first_offset
            behind = (first, base.log.chain_at(first - 1))
            records = whole_records(base.log, first, self._recovery.base)
        new = open_commands(rebuilt, self._config.journal, journal_id, behind=behind)
        console = Console(stderr=True)
        with Progress(console=console, transient=True, disable=not console.is_terminal) as bar:
            total = self._recovery.base - behind[0] + 1
            task = bar.add_task("writing command batches", total=total)
            for record in records:
                if new.append(record.append_ns, [record.batch]) != record.offset:
                    raise OSError(f"{rebuilt}: record {record.offset} got another offset")
                if new.queue_bytes > WAITING_BYTES_MAX:
                    new.sync()
                    bar.update(task, completed=record.offset - behind[0])
            new.sync()
        if new.next_offset - 1 != self._recovery.base:
            raise OSError(f"{rebuilt} ends at {new.next_offset - 1}, not at {self._recovery.base}")
        if raised:
            stamp = Clock(self._config.server).now_ns()
            recovery = self._recovery
            new.append(stamp, raise_all(recovery.numbers, recovery.entries, stamp))
            new.sync()
        new.close()
        if (failure := new.failure) is not None:
            raise OSError(f"{rebuilt}: {failure}")
        self._swap(rebuilt, path)

    def _swap(self, rebuilt: Path, path: Path) -> None:
        """Put it in the place of the old log, which stays whole under another name."""
        aside = lost_name(path, self._recovery.aside)
        if path.exists() and not aside.exists():
            for ending in ("-wal", ""):
                old = path.with_name(path.name + ending)
                if old.exists():
                    _keep(old, aside.with_name(aside.name + ending))
            sync(path.parent)
            self._said.append(f"{path.name} was put aside as {aside.name}")
        for ending in ("-wal", "-shm"):
            rebuilt.with_name(rebuilt.name + ending).unlink(missing_ok=True)
            path.with_name(path.name + ending).unlink(missing_ok=True)
        rebuilt.rename(path)
        sync(path.parent)


def _keep(file: Path, name: Path) -> None:
    """Give a file a second name, or make a copy where the file system knows no such thing."""
    try:
        os.link(file, name)
    except OSError:
        shutil.copyfile(file, name)
        sync(name)


def _remove(database: Path) -> None:
    for ending in ("", "-wal", "-shm", "-journal"):
        database.with_name(database.name + ending).unlink(missing_ok=True)
