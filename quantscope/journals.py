"""The data directory of one process: its lock, its logs, its snapshots."""

import contextlib
import logging
import pathlib
import secrets
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

from core import delete_after
from engine import lost_events, lost_tail
from engine.recovery import Recovered, recover
from engine.service import Journals
from engine.snapshots import Snapshots
from journal.datadir import DataDir
from journal.memory import open_memory
from journal.sqlite import Limits, open_commands, open_events
from quantscope.config import Config

log = logging.getLogger("quantscope")


def snapshots_of(directory: DataDir, config: Config) -> Snapshots:
    """The snapshots of a data directory."""
    return Snapshots(directory.snapshots, config.journal.snapshots_kept)


def opener(
    config: Config, directory: DataDir, snapshots: Snapshots
) -> Callable[[], tuple[Journals, Recovered]]:
    """What opens the logs and brings an engine to their end; called again after each failure.

    Only the first call may find that the commands log has lost its end: later the sessions are
    under way, and the process has to end first.
    """
    durable = config.journal.adapter == "sqlite"
    starting = True

    def open_and_recover() -> tuple[Journals, Recovered]:
        nonlocal starting
        journals = open_journals(config, directory)
        if not durable:
            return journals, recover(iter(()), journals.commands, journals.events)
        snapshots.check()
        if starting:
            journals = _without_lost_tail(config, directory, journals, snapshots)
        starting = False
        engines = lost_events.engines(snapshots, journals.commands, journals.events)
        return journals, recover(engines, journals.commands, journals.events)

    return open_and_recover


def _without_lost_tail(
    config: Config, directory: DataDir, journals: Journals, snapshots: Snapshots
) -> Journals:
    """Drop what came of commands that are no longer there, and begin a new era."""
    last = journals.commands.next_offset - 1
    kept = lost_tail.events_kept(journals.commands, journals.events)
    if kept is None and not lost_tail.snapshots_ahead(journals.commands, snapshots):
        return journals
    journals.commands.close()
    journals.events.close()
    era = directory.begin_era()
    put_aside = snapshots.put_aside_after(last)
    dropped = 0 if kept is None else delete_after(directory.events, kept)
    lost_tail.tell(last, dropped, put_aside, era)
    return open_journals(config, directory)


def open_journals(config: Config, directory: DataDir) -> Journals:
    """Open both logs with the configured limits."""
    limits = config.journal
    if limits.adapter == "memory":
        journal_id = secrets.randbits(63)
        return Journals(
            commands=open_memory(journal_id, limits.memory_bytes_max),
            events=open_memory(journal_id, limits.memory_bytes_max),
        )
    # Twice: at the limit the service seals no more, and what it has under way must still be taken.
    bounds = Limits(wal_bytes_max=limits.wal_bytes_max, queue_bytes_max=2 * limits.queue_bytes_max)
    # What is newest in each is read and checked: side by side, for that may take seconds.
    with ThreadPoolExecutor(1) as beside:
        opening = beside.submit(open_events, directory.events, bounds)
        try:
            commands = open_commands(directory.commands, bounds)
        except BaseException:
            if opening.exception() is None:
                opening.result().close()
            raise
        try:
            return Journals(commands, opening.result())
        except BaseException:
            commands.close()
            raise


@contextlib.contextmanager
def store_file(config: Config, directory: DataDir) -> Iterator[pathlib.Path]:
    """Where the recorder writes.

    A journal in memory has a store of its own, which is forgotten with it: what is durable in the
    directory belongs to another exchange, and is left alone.
    """
    if config.journal.adapter != "memory":
        yield directory.store
        return
    path = directory.memory_store
    log.warning(
        "the journal is in memory: this run begins empty and is forgotten at its end, with its "
        "store %s; whatever else %s holds is neither read nor changed",
        path.name,
        directory.path,
    )
    _forget(path)
    try:
        yield path
    finally:
        _forget(path)


def _forget(store: pathlib.Path) -> None:
    """Remove a store; also one that a process left behind which could not do it itself."""
    for ending in ("", "-wal", "-shm", "-journal"):
        store.with_name(store.name + ending).unlink(missing_ok=True)


def data_dir(config: Config) -> pathlib.Path:
    """Where the data directory is."""
    return pathlib.Path(config.server.data_dir).expanduser()
