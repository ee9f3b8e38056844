"""What the topics of a cluster keep: commands and events that somebody may still ask for.

Commands are needed for a start from the second newest good snapshot, events also by recorders and
by the sessions, up to a bound.  What is older is deleted; Kafka does that in files of
``kafka.segment_bytes``.
"""

import asyncio
import logging
from dataclasses import dataclass, replace

from aiokafka import TopicPartition
from aiokafka.admin import RecordsToDelete

from core import Clock
from journal.kafka import (
    Bases,
    Clients,
    Control,
    Journal,
    KafkaKept,
    KafkaSnapshots,
    Logs,
    Marked,
    Portions,
    Topics,
)
from settings import Config

log = logging.getLogger("quantscope.engine")

SETTLED_S = 60.0
"""Seconds after which what was written to a broker is on its disk, whatever its topic."""
SAMPLES = 16
"""Places at which it is looked how large records are."""


@dataclass(frozen=True)
class Needed:
    """The first that is needed of each topic, as Kafka counts; 0 where all is."""

    commands: int = 0
    events: int = 0
    snapshots: int = 0
    sessions: int = 0


class TopicRetention:
    """Deletes what nobody needs of the commands, the states, and one engine's events."""

    def __init__(
        self,
        clients: Clients,
        topics: Topics,
        name: str,
        config: Config,
        clock: Clock,
        control: Control,
        journal: Journal,
    ) -> None:
        """``name`` is the engine's."""
        self._clients = clients
        self._logs = Logs(clients, topics, bases := Bases(journal.bases))
        self._topics = topics
        self._name = name
        self._config = config
        self._clock = clock
        self._control = control
        deadline_s = config.kafka.append_deadline_s
        self._snapshots = KafkaSnapshots(clients, topics, deadline_s=deadline_s, bases=bases)
        self._sessions = Portions(clients, topics.sessions, deadline_s=deadline_s, bases=bases)
        self.events_bytes = 0
        """About how many bytes of events the log has."""
        self.unread: dict[str, int] = {}
        """About how many of these each reader has not read."""
        self.behind: dict[str, int] = {}
        """Readers that are so far behind that events are deleted that they have not read."""

    async def delete(self) -> None:
        """Delete what nobody needs now; raises ``JournalError`` or ``KafkaError``."""
        standing = await self._control.read()
        places = standing.places
        # The log may have begun anew meanwhile.
        self._logs = replace(self._logs, eras=standing.eras)
        read = {place.reader: place.command_offset for place in places.values()}
        needed = await asyncio.to_thread(self.needed, read)
        before = {
            self._topics.commands: needed.commands,
            self._topics.events(self._name): needed.events,
            self._topics.snapshots: needed.snapshots,
            self._topics.sessions: needed.sessions,
        }
        wanted = {
            TopicPartition(topic, 0): RecordsToDelete(before_offset=offset)
            for topic, offset in before.items()
            if offset > 0
        }
        if wanted:
            async with self._clients.administering() as admin:
                await admin.delete_records(wanted)

    def needed(self, read: dict[str, int]) -> Needed:
        """What is needed now, where readers have read the events of so many commands; it blocks."""
        snapshots = self._settled(self._snapshots)
        with self._logs.events(self._name) as events:
            self.events_bytes = sampled_bytes(events)
            places = {reader: _place(events, command) for reader, command in read.items()}
            self.unread = {
                reader: self.events_bytes * (events.next_offset - at) // _kept(events)
                for reader, at in places.items()
            }
            if len(snapshots) < 2:
                return Needed()
            sessions = self._settled(self._sessions)
            command = snapshots[1].good.command_offset
            first = self._first_event(events, command, sessions, read, places)
            offset = events.kafka_offset(first)
        return Needed(
            commands=self._logs.bases.kafka_offset(command + 1),
            events=offset,
            snapshots=snapshots[1].good.begin,
            sessions=sessions[1].good.begin if len(sessions) > 1 else 0,
        )

    def _settled(self, states: Portions) -> list[Marked]:
        """Those that are on a disk, whatever happens to the brokers; the newest first."""
        now = self._clock.now_ns()
        newest = states.newest(SAMPLES)
        return [mark for mark in newest if now - mark.append_ns > SETTLED_S * 1e9]

    def _first_event(
        self,
        events: KafkaKept,
        snapshot: int,
        sessions: list[Marked],
        read: dict[str, int],
        places: dict[str, int],
    ) -> int:
        """The first offset of the events that is needed."""
        kept, size = _kept(events), max(1, self.events_bytes)
        settings = self._config

        def affordable(bytes_max: int) -> int:
            return events.next_offset - kept * bytes_max // size

        wanted = [events.batch_after(snapshot)]
        # Where no gateway has said yet what its sessions need, they may need all.
        needed = min((mark.good.first_needed for mark in _newest_of_each(sessions)), default=0)
        told = events.batch_after(needed - 1) if needed else events.first_offset
        wanted.append(max(told, affordable(settings.gateway.session_replay_bytes_max)))
        bound = affordable(settings.journal.journal_bytes_max)
        self.behind = {}
        for reader, at in places.items():
            if at < bound:
                self.behind[reader] = command = read[reader]
                log.error(
                    "%s has read the events of command batch %d, and those behind it are above "
                    "journal.journal_bytes_max = %d: they are deleted all the same",
                    reader,
                    command,
                    settings.journal.journal_bytes_max,
                )
            wanted.append(max(at, bound))
        return max(events.first_offset, min(wanted))


def _kept(events: KafkaKept) -> int:
    """How many offsets a log has, and 1 where it has none."""
    return max(1, events.next_offset - events.first_offset)


def _place(events: KafkaKept, command: int) -> int:
    """The first offset that a reader needs who has read the events of so many commands."""
    # The last that it has read proves that the log goes on from there.
    return events.batch_after(command - 1) if command else events.first_offset


def sampled_bytes(log_: KafkaKept) -> int:
    """About how many bytes the records of a log have; its topic does not say that."""
    first, behind = log_.first_offset, log_.next_offset
    step = max(1, (behind - first) // SAMPLES)
    sizes = [
        len(records[0].batch)
        for offset in range(first, behind, step)
        if (records := log_.read(offset, 1))
    ]
    return sum(sizes) * (behind - first) // len(sizes) if sizes else 0


def _newest_of_each(marks: list[Marked]) -> list[Marked]:
    """The newest mark of each maker: gateways may know different sessions."""
    found: dict[str, Marked] = {}
    for mark in marks:
        found.setdefault(mark.good.maker, mark)
    return list(found.values())
