"""The commands and the events of an exchange, each read by the bases of its journal."""

from collections.abc import Callable
from dataclasses import dataclass, field

from core import event_head
from journal.kafka.bases import Bases
from journal.kafka.clients import Clients
from journal.kafka.halts import Eras
from journal.kafka.kept import KafkaKept
from journal.kafka.reader import Record, TopicReader
from journal.kafka.topics import Topics


@dataclass(frozen=True)
class Logs:
    """One partition of an exchange.

    Commands have their places by the bases.  Events at places that were lost are passed over: their
    log goes on from the last one before.
    """

    clients: Clients
    topics: Topics
    bases: Bases
    eras: Eras = field(default_factory=Eras)
    """What of the engines' logs counts."""

    def commands(self) -> KafkaKept:
        """The commands, for code without a loop; to be entered."""
        return KafkaKept(
            self.clients, self.topics.commands, bases=self.bases, counts=self._commands_that_count
        )

    def events(self, replica: str, journal_id: int = 0) -> KafkaKept:
        """The log of an engine, for code without a loop; to be entered."""
        return KafkaKept(
            self.clients,
            self.topics.events(replica),
            counts=self._is_event if self._has_lost else None,
            journal_id=journal_id,
            begins=self.eras.begins(replica),
        )

    def command_hash(self, command: int) -> int:
        """The hash of a command batch; 0 where it is not there; it blocks."""
        with self.commands() as commands:
            return commands.chain_at(command) or 0

    def follow_commands(self) -> TopicReader:
        """The commands, to be followed; to be entered."""
        return TopicReader(self.clients, self.topics.commands, counts=self._commands_that_count)

    def follow_events(self, replica: str) -> TopicReader:
        """The log of an engine, to be followed; to be entered."""
        counts = self._is_event if self._has_lost else None
        return TopicReader(self.clients, self.topics.events(replica), counts=counts)

    @property
    def _has_lost(self) -> bool:
        return len(self.bases.rows) > 1

    @property
    def _commands_that_count(self) -> Callable[[Record], bool] | None:
        """Which do; None for all of them."""
        return None if self.bases.all_count else self._is_command

    def _is_command(self, record: Record) -> bool:
        return self.bases.counts(record.offset)

    def _is_event(self, record: Record) -> bool:
        try:
            head = event_head(record.value)
        except ValueError:
            # It is for whoever reads it to say so.
            return True
        return not self.bases.lost(head.command_offset)
