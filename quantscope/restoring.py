"""``quantscope restore``: a backup becomes a data directory that goes on by itself."""

import os
import shutil
import sys
from pathlib import Path

import click
from rich.console import Console
from rich.progress import Progress

from engine.plan import Refusal, decide
from journal.datadir import DataDir
from journal.folder import sync
from journal.mark import End, Mark
from quantscope.facts import gather
from quantscope.journals import StartRefused, in_directory, snapshots_of
from quantscope.refusals import refused
from settings import Config

LEFT_OUT = ("lock", "memory-store.db", "operator.sock")
"""What belongs to a process and not to the exchange."""
COPY_BYTES = 1 << 20
FOLDER_MODE = 0o755


def run_restore(config: Config, backup: Path, directory: Path) -> None:
    """Copy a backup, whole or not at all, and say in it that it is a copy."""
    in_directory(config, "`quantscope restore`")
    # A name of dots has none that could end in anything.
    directory = Path(os.path.abspath(directory))
    with DataDir.at_rest(backup) as source:
        snapshots = snapshots_of(source, config)
        facts = gather(source, snapshots, config.journal.verify_bytes_max)
        plan = decide(facts.found)
        if isinstance(plan, Refusal):
            raise StartRefused(refused(source, snapshots, facts, plan))
        same = directory.exists() and directory.samefile(backup)
        last = facts.found.commands.last
        if not same:
            check_free(directory, backup)
            partial = partial_of(directory)
            _copy(backup, partial)
            if directory.exists():
                directory.rmdir()
            partial.rename(directory)
            sync(directory.parent)
    with DataDir.at_rest(directory) as restored:
        _tell(restored, facts.found.mark, facts.found.commands.journal_id, facts.found.events_id)
    click.echo(
        f"{directory} goes on from command batch {last}; at its start sessions get new ids, and "
        "orders and trades are numbered far above"
    )


def partial_of(directory: Path) -> Path:
    """Where it is made, until it is whole."""
    return directory.with_name(directory.name + ".partial")


def check_free(directory: Path, backup: Path) -> None:
    """Raise ``FileExistsError`` unless a directory can be made there."""
    if directory.resolve().is_relative_to(backup.resolve()):
        raise FileExistsError(f"{directory} is within the backup {backup}: name another directory")
    if directory.is_symlink() or (directory.exists() and not directory.is_dir()):
        raise FileExistsError(f"{directory} is there and no directory: move it away first")
    if directory.is_dir() and any(directory.iterdir()):
        raise FileExistsError(f"{directory} is not empty: move it away first")
    if backup.resolve().is_relative_to(partial_of(directory).resolve()):
        raise FileExistsError(f"{directory} can't be made of {backup}: name another directory")


def _tell(directory: DataDir, mark: Mark | None, commands: int, events: int | None) -> None:
    """The start is to take it for a copy, also where its files are those of the original."""
    era = directory.era.number
    if mark is None:
        nothing = End(events or commands, 0, 0)
        mark = Mark("running", era, End(commands, 0, 0), nothing)
    directory.write_mark(
        Mark(mark.state, mark.era, mark.commands, mark.events, mark.numbers, raising=True)
    )


def _copy(backup: Path, to: Path) -> None:
    """Copy all files durably; what an earlier attempt has left is removed."""
    shutil.rmtree(to, ignore_errors=True)
    files = [file for file in sorted(backup.rglob("*")) if _belongs(file.relative_to(backup))]
    total = sum(file.stat().st_size for file in files if file.is_file())
    to.mkdir(parents=True, mode=FOLDER_MODE)
    folders = [to]
    with Progress(
        console=Console(stderr=True), transient=True, disable=not sys.stderr.isatty()
    ) as bar:
        task = bar.add_task("copying", total=total)
        for file in files:
            target = to / file.relative_to(backup)
            if file.is_dir():
                target.mkdir(mode=FOLDER_MODE)
                folders.append(target)
                continue
            with file.open("rb") as source, target.open("wb") as copy:
                while chunk := source.read(COPY_BYTES):
                    copy.write(chunk)
                    bar.update(task, advance=len(chunk))
                copy.flush()
                os.fsync(copy.fileno())
    for folder in folders:
        sync(folder)


def _belongs(file: Path) -> bool:
    name = file.name
    return not (name.startswith(LEFT_OUT) or name.endswith(("-shm", ".partial")))
