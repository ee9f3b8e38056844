"""Engines that are other processes, as their logs tell of them.

Whoever follows the logs needs at a start what was before: the engine behind some command, made
again from the newest good snapshot and the commands behind that.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from core import Engine, EventsEnd, JournalRange, event_head
from engine.recovery import check_rules, replayed
from journal.kafka import (
    Beginning,
    EnginesLog,
    KafkaKept,
    KafkaSnapshots,
    Logs,
    TopicReader,
)

READ_BYTES = 2**20
"""Bytes of commands that are applied at a time: others get the interpreter between."""


@dataclass(frozen=True)
class Standing:
    """Where the engines stand, and their logs go on."""

    engine: Engine
    beginning: Beginning

    @property
    def command_offset(self) -> int:
        """The command behind which it stands."""
        return self.engine.position().command_offset


class FollowedEngine:
    """One replica; its calls block."""

    def __init__(self, logs: Logs, name: str, snapshots: KafkaSnapshots) -> None:
        """Nothing is connected yet."""
        self._logs = logs
        self.name = name
        self._snapshots = snapshots

    def twin(self, name: str) -> "FollowedEngine":
        """Another replica."""
        return FollowedEngine(self._logs, name, self._snapshots)

    def follow(self) -> TopicReader:
        """Its log, to be followed; to be entered."""
        return self._logs.follow_events(self.name)

    def kept(self) -> KafkaKept:
        """Its log, to be entered."""
        return self._logs.events(self.name)

    @contextmanager
    def events(self) -> Iterator[KafkaKept]:
        """Its log."""
        with self.kept() as kept:
            yield kept

    def commands_end(self) -> int:
        """The last command that there is; 0 where there is none."""
        with self._logs.commands() as commands:
            return commands.written_offset

    def told(self) -> int:
        """The last command all of whose events stand in its log; 0 where there is none."""
        with self.events() as events:
            return told_in(events)

    def offset_behind(self, command: int) -> int:
        """Kafka's offset from which on its log holds the events of later commands."""
        with self.events() as events:
            try:
                return events.kafka_offset(events.batch_after(command))
            except JournalRange:
                return events.kafka_offset(events.first_offset)

    def end(self) -> int:
        """Kafka's offset behind its log."""
        with self.events() as events:
            return events.kafka_offset(events.next_offset)

    def behind(self, command_offset: int) -> Engine:
        """It, right behind a command.

        Raises ``JournalError`` where what is needed is not there, and ``NewerRules``.
        """
        engine = next(self._snapshots.engines(command_offset), None) or Engine()
        check_rules(engine)
        topics = self._logs.topics
        with self._logs.commands() as commands:
            while (start := engine.position().command_offset + 1) <= command_offset:
                records = commands.read(start, READ_BYTES)
                if not records:
                    raise JournalRange(
                        f"{topics.commands} ends before command batch {command_offset}, of which "
                        f"{topics.events(self.name)} tells"
                    )
                replayed(engine, [record for record in records if record.offset <= command_offset])
        return engine


class FollowedEngines:
    """All replicas; calls block."""

    def __init__(
        self,
        logs: Logs,
        names: Sequence[str],
        snapshots: KafkaSnapshots,
    ) -> None:
        """Nothing is connected yet."""
        self._each = {name: FollowedEngine(logs, name, snapshots) for name in names}
        self.void: Mapping[str, int] = {
            name: void.era for name in names if (void := logs.eras.void_from(name)) is not None
        }
        """Engines whose log counts only once it begins anew, and in which era it does."""
        self._any = self._each[names[0]]

    @property
    def _valid(self) -> dict[str, FollowedEngine]:
        return {name: one for name, one in self._each.items() if name not in self.void}

    def one(self, name: str) -> FollowedEngine:
        """One of them."""
        return self._each[name]

    def commands_end(self) -> int:
        """The last command that there is; 0 where there is none."""
        return self._any.commands_end()

    def told(self) -> dict[str, int]:
        """The last command all of whose events stand in each log; of those that count."""
        return {name: one.told() for name, one in self._valid.items()}

    def behind(self, command_offset: int) -> Engine:
        """See ``FollowedEngine``: the engine is the same whatever its name."""
        return self._any.behind(command_offset)

    def standing(self) -> Standing:
        """The engine as far as the furthest log goes, and where each log goes on from there."""
        engine = self.behind(max(self.told().values(), default=0))
        at = engine.position()
        offsets = {
            name: one.end() if name in self.void else one.offset_behind(at.command_offset)
            for name, one in self._each.items()
        }
        end = EventsEnd(sequence=at.event_seq, hash=at.event_hash)
        return Standing(engine, Beginning(offsets, end, at.command_offset, self.void))

    def log(self) -> EnginesLog:
        """What was told, from the log that is furthest; to be entered."""
        told = self.told()
        furthest = max(told.values(), default=0)
        first = next((name for name, at in told.items() if at == furthest), next(iter(self._each)))
        return EnginesLog({name: one.kept() for name, one in self._each.items()}, first)


def told_in(events: KafkaKept) -> int:
    """The last command all of whose events stand in an engine's log; 0 where there is none."""
    if events.written_offset < events.first_offset:
        return 0
    last = events.read(events.written_offset, 1)
    if not last:
        # The log is just about to begin anew.
        return 0
    head = event_head(last[0].batch)
    return head.command_offset if head.last else head.command_offset - 1
