"""An engine that is another process, as its log tells of it.

Whoever follows the log needs at a start what was before: the engine behind some command, made again
from the newest good snapshot and the commands behind that.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from core import Engine, EventsEnd, JournalRange, event_head
from engine.recovery import check_rules, replayed
from journal.kafka import FIRST_OFFSET, Clients, KafkaKept, KafkaSnapshots, Topics

READ_BYTES = 2**20
"""Bytes of commands that are applied at a time: others get the interpreter between."""


@dataclass(frozen=True)
class Standing:
    """Where an engine stands, and its log goes on."""

    engine: Engine
    offset: int
    """Kafka's, of the events of the next command, in the engine's log."""

    @property
    def command_offset(self) -> int:
        """The command behind which it stands."""
        return self.engine.position().command_offset

    @property
    def end(self) -> EventsEnd:
        """Where the events stand before that."""
        at = self.engine.position()
        return EventsEnd(sequence=at.event_seq, hash=at.event_hash)


class FollowedEngine:
    """One replica; its calls block."""

    def __init__(
        self, clients: Clients, topics: Topics, name: str, snapshots: KafkaSnapshots
    ) -> None:
        """Nothing is connected yet."""
        self._clients = clients
        self._topics = topics
        self.name = name
        self._snapshots = snapshots

    @contextmanager
    def events(self) -> Iterator[KafkaKept]:
        """Its log."""
        with KafkaKept(self._clients, self._topics.events(self.name)) as kept:
            yield kept

    def commands_end(self) -> int:
        """The last command that there is; 0 where there is none."""
        with self._commands() as commands:
            return commands.written_offset

    def told(self) -> int:
        """The last command all of whose events stand in its log; 0 where there is none."""
        with self.events() as events:
            return told_in(events)

    def standing(self) -> Standing:
        """It, as far as its log goes."""
        with self.events() as events:
            command = told_in(events)
            offset = events.batch_after(command) - FIRST_OFFSET
        return Standing(self.behind(command), offset)

    def behind(self, command_offset: int) -> Engine:
        """It, right behind a command.

        Raises ``JournalError`` where what is needed is not there, and ``NewerRules``.
        """
        engine = next(self._snapshots.engines(command_offset), None) or Engine()
        check_rules(engine)
        with self._commands() as commands:
            while (start := engine.position().command_offset + 1) <= command_offset:
                records = commands.read(start, READ_BYTES)
                if not records:
                    raise JournalRange(
                        f"{self._topics.commands} ends before command batch {command_offset}, of "
                        f"which {self._topics.events(self.name)} tells"
                    )
                replayed(engine, [record for record in records if record.offset <= command_offset])
        return engine

    def _commands(self) -> KafkaKept:
        return KafkaKept(self._clients, self._topics.commands)


def told_in(events: KafkaKept) -> int:
    """The last command all of whose events stand in an engine's log; 0 where there is none."""
    if events.written_offset < events.first_offset:
        return 0
    last = events.read(events.written_offset, 1)
    head = event_head(last[0].batch)
    return head.command_offset if head.last else head.command_offset - 1
