"""``quantscope journal`` and ``verify`` where the journal is on Kafka, while the cluster runs.

Both read up to the ends that they find at their start, and leave nothing on the brokers.
"""

import asyncio
import contextlib
import sys
from collections.abc import Callable, Coroutine, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

import click
from rich.console import Console
from rich.progress import Progress

from core import JournalError, JournalRange
from engine.recovery import JournalGap, ReplayDiffers, unreadable_text
from engine.verify import verify
from journal.kafka import (
    Bases,
    Clients,
    Control,
    KafkaKept,
    KafkaSnapshots,
    KeptSnapshots,
    Logs,
    Standing,
    Topics,
    Unavailable,
    missing_topics,
)
from journal.kafka.reader import KafkaError
from quantscope.examine import NothingThere, NotSound, commands, events, print_lines, sentence
from settings import Config, KafkaSettings

T = TypeVar("T")
ATTEMPTS = 10
"""So often it is begun again where engines have deleted what was to be read."""


def print_journal(
    config: Config, topic: str, engine: str | None, first: int | None, limit: int | None
) -> None:
    """Commands, or the events of an engine, as JSON lines, one line per command or event."""
    clients, topics = _cluster(config.kafka)
    replica = engine or config.kafka.engines[0]
    is_commands = topic == "commands"
    name = topics.commands if is_commands else topics.events(replica)
    _look_for(clients, [name, topics.control])
    logs = _logs(clients, topics, config.kafka)
    with logs.commands() if is_commands else logs.events(replica) as log:
        print_lines(commands(log, first) if is_commands else events(log, first), limit)


def run_verify(config: Config) -> None:
    """Replay the commands for each engine's log, and compare; say what was compared.

    What differs in one log does not keep the others from being looked at.
    """
    faults: list[str] = []
    waiting, attempts = list(config.kafka.engines), 0
    with _progress() as bar:
        while waiting:
            with _opened(config.kafka) as logs:
                while waiting and (found := _faults_of(logs, waiting[0], bar)) is not None:
                    faults += found
                    del waiting[0]
            attempts += 1
            if waiting and attempts == ATTEMPTS:
                raise JournalError("engines delete the oldest of what is read faster than it is")
    if faults:
        # Each engine passes over the same commands, and meets the same snapshots.
        raise NotSound("; ".join(dict.fromkeys(faults)))


def _faults_of(logs: "_Compared", engine: str, bar: Progress) -> list[str] | None:
    """What is wrong in an engine's log; None where what was to be read was deleted meanwhile."""
    log = logs.events[engine]
    try:
        result = verify(
            logs.snapshots,
            logs.commands,
            log,
            events_name=log.topic,
            progress=_shown(bar, engine),
        )
    except JournalRange:
        if logs.deleted():
            return None
        raise
    except (JournalGap, ReplayDiffers) as error:
        return None if logs.deleted() else [f"engine {engine}: {error}"]
    faults = list(result.bad_snapshots)
    if faults and logs.deleted():
        return None
    click.echo(f"engine {engine}: {sentence(result)}")
    if result.unreadable:
        faults.append(unreadable_text(result.unreadable))
    return faults


def _shown(bar: Progress, engine: str) -> Callable[[int, int], None]:
    task = bar.add_task(f"comparing batches of engine {engine}", total=None)
    return lambda done, total: bar.update(task, advance=done, total=total)


def _progress() -> Progress:
    return Progress(console=Console(stderr=True), transient=True, disable=not sys.stderr.isatty())


@dataclass(frozen=True)
class _Compared:
    """What is compared, each up to the end that it had when it was opened."""

    snapshots: KeptSnapshots
    events: dict[str, KafkaKept]
    """By the name of the engine."""
    commands: KafkaKept
    firsts: Callable[[], list[int]]
    """Where each of them begins now."""
    began: list[int]
    """And where each began when all were opened."""

    def deleted(self) -> bool:
        """Whether the oldest of what they hold was deleted since."""
        return self.firsts() != self.began


@contextlib.contextmanager
def _opened(settings: KafkaSettings) -> Iterator[_Compared]:
    """All topics; the commands last, so that what follows from them is not found without them."""
    clients, topics = _cluster(settings)
    names = [topics.events(engine) for engine in settings.engines]
    _look_for(clients, [topics.commands, topics.snapshots, *names, topics.control])
    logs = _logs(clients, topics, settings)
    states = KafkaSnapshots(
        clients,
        topics,
        deadline_s=settings.append_deadline_s,
        bases=logs.bases,
        eras=logs.eras,
    )
    with contextlib.ExitStack() as stack:
        snapshots = stack.enter_context(states.judged())
        events = {engine: stack.enter_context(logs.events(engine)) for engine in settings.engines}
        commands = stack.enter_context(logs.commands())
        kept = [snapshots.kept, *events.values(), commands]
        began = [log.first_offset for log in kept]
        yield _Compared(snapshots, events, commands, partial(_first_now, kept), began)


def _first_now(logs: Iterable[KafkaKept]) -> list[int]:
    """Where each of them begins now."""
    firsts = []
    for log in logs:
        log.look()
        firsts.append(log.first_offset)
    return firsts


def _cluster(settings: KafkaSettings) -> tuple[Clients, Topics]:
    clients = Clients(settings)
    clients.check()
    return clients, Topics(settings)


def _logs(clients: Clients, topics: Topics, settings: KafkaSettings) -> Logs:
    """By the bases that ``control`` says; raises ``JournalError`` or ``ControlLost``."""

    async def said() -> Standing:
        async with Control(clients, topics, deadline_s=settings.append_deadline_s) as control:
            return await control.read()

    standing = _asked(said())
    return Logs(clients, topics, Bases(standing.known().bases), standing.eras)


def _look_for(clients: Clients, names: Iterable[str]) -> None:
    """Raise ``JournalError`` where no broker answers, ``NothingThere`` where a topic is missing."""
    if missing := _asked(_missing(clients, names)):
        raise NothingThere(
            f"the topic {missing[0]} is missing: `quantscope setup` makes those of a new exchange"
        )


def _asked(question: Coroutine[Any, Any, T]) -> T:
    """What brokers answer; raises ``JournalError`` where none does."""
    try:
        return asyncio.run(question)
    except (KafkaError, TimeoutError, Unavailable) as error:
        raise JournalError(str(error) or repr(error)) from error


async def _missing(clients: Clients, names: Iterable[str]) -> list[str]:
    async with clients.administering() as admin:
        return await missing_topics(admin, names)
