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

from core import describe_commands, describe_events
from engine.recovery import READ_BYTES
from engine.verify import Verified, verify
from journal.at_rest import commands_at_rest, events_at_rest
from journal.datadir import DataDir
from journal.port import KeptLog
from quantscope.config import Config
from quantscope.journals import data_dir, snapshots_of


class NothingThere(Exception):
    """What was asked for is not in the journal."""


class BadSnapshots(Exception):
    """Snapshots that could not be compared, each with what is wrong."""


@contextlib.contextmanager
def _at_rest(config: Config) -> Iterator[DataDir]:
    """The data directory of an exchange that is stopped; nothing in it is changed."""
    if config.journal.adapter == "memory":
        raise NothingThere("a journal in memory ends with its process: there is nothing to look at")
    with DataDir.at_rest(data_dir(config)) as directory:
        yield directory


def print_journal(config: Config, topic: str, first: int | None, limit: int | None) -> None:
    """Commands or events as JSON lines, one line per command or event."""
    with _at_rest(config) as directory:
        lines = (
            commands(commands_at_rest(directory.commands), first)
            if topic == "commands"
            else events(events_at_rest(directory.events), first)
        )
        for line in itertools.islice(lines, limit):
            click.echo(json.dumps(line))


def _entries(log: KeptLog, first: int | None) -> Iterator[tuple[int, int, int, bytes]]:
    place = max(first or 0, log.first_offset)
    if first is not None and first >= log.next_offset:
        raise NothingThere(f"--from {first}: the log ends at offset {log.next_offset - 1}")
    while entries := log.read(place, READ_BYTES):
        yield from entries
        place = entries[-1][0] + 1


def commands(log: KeptLog, first: int | None) -> Iterator[dict[str, Any]]:
    """Commands with the batch they travelled in."""
    for offset, append_ns, chain, batch in _entries(log, first):
        described = json.loads(describe_commands(batch))
        items = described.pop("commands")
        head = {"offset": offset, "append_ns": append_ns, "chain": f"{chain:016x}", **described}
        for item in items:
            yield {**head, **item}


def events(log: KeptLog, first: int | None) -> Iterator[dict[str, Any]]:
    """Events with the batch they travelled in."""
    for offset, _append_ns, _chain, batch in _entries(log, first):
        for described in json.loads(describe_events(batch)):
            items = described.pop("events")
            for name in ("hash", "previous_hash"):
                described[name] = f"{described[name]:016x}"
            for item in items:
                yield {"offset": offset, **described, **item}


def run_verify(config: Config) -> None:
    """Replay as much as the journal allows; say from where, and what was compared."""
    with (
        _at_rest(config) as directory,
        Progress(
            console=Console(stderr=True), transient=True, disable=not sys.stderr.isatty()
        ) as bar,
    ):
        task = bar.add_task("replaying command batches", total=None)
        result = verify(
            snapshots_of(directory, config),
            commands_at_rest(directory.commands),
            events_at_rest(directory.events),
            progress=lambda done, total: bar.update(task, advance=done, total=total),
        )
    click.echo(_sentence(result))
    if result.bad_snapshots:
        raise BadSnapshots("; ".join(result.bad_snapshots))


def _sentence(result: Verified) -> str:
    before = result.from_command - 1
    begun = f"the snapshot at command batch {before}" if before else "the first command"
    gone = f", {result.gone_bytes} no longer stored" if result.gone_bytes else ""
    return (
        f"verified from {begun}: {result.commands} command batches, {result.event_bytes} bytes of "
        f"events compared ({result.missing_bytes} not stored yet{gone}), {result.snapshots} "
        f"snapshots, last event {result.last_seq}, state hash {result.state_hash:016x}"
    )
