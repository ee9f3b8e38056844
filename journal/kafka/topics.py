"""Which topics an exchange has, and how each of them must be set."""

from collections.abc import Mapping
from dataclasses import dataclass

from settings import KafkaSettings


@dataclass(frozen=True)
class Topic:
    """One topic as it must be."""

    name: str
    partitions: int
    replicas: int
    config: Mapping[str, str]
    """Kafka's names and values."""


class Topics:
    """The topics of one exchange, which is told from others by their prefix."""

    def __init__(self, settings: KafkaSettings, partitions: int = 1) -> None:
        """``partitions`` is fixed when an exchange is made."""
        self._settings = settings
        self._partitions = partitions
        self._replicas = settings.engines
        prefix = settings.topic_prefix
        self.commands = f"{prefix}.commands"
        """Command batches of all gateways, in the order in which they count."""
        self.snapshots = f"{prefix}.snapshots"
        """The engines' states."""
        self.sessions = f"{prefix}.sessions"
        """Where the messages of sessions stand."""
        self.control = f"{prefix}.control"
        """What is true of the exchange: the newest record of each key."""

    def events(self, replica: str) -> str:
        """The event batches of one engine, which alone writes there."""
        return f"{self._settings.topic_prefix}.events.{replica}"

    def engine_of(self, name: str) -> str | None:
        """Which engine would write a topic of this name; None where it is no topic of events."""
        begin = self.events("")
        return name.removeprefix(begin) if name.startswith(begin) else None

    def is_listed(self, engine: str) -> bool:
        """Whether the configuration has an engine of this name."""
        return engine in self._replicas

    def all(self) -> tuple[Topic, ...]:
        """Every one of them, as it must be."""
        names = {self.commands: self._partitions, self.snapshots: self._partitions}
        names |= {self.events(replica): self._partitions for replica in self._replicas}
        names |= {self.sessions: 1, self.control: 1}
        return tuple(self._topic(name, count) for name, count in names.items())

    def _topic(self, name: str, partitions: int) -> Topic:
        settings = self._settings
        config = {
            "cleanup.policy": "compact" if name == self.control else "delete",
            "compression.type": "producer",
            "max.message.bytes": str(settings.message_bytes_max),
            "message.timestamp.type": "LogAppendTime",
            "min.insync.replicas": str(settings.min_insync_replicas),
            "retention.bytes": "-1",
            "retention.ms": "-1",
            "segment.bytes": str(settings.segment_bytes),
            "unclean.leader.election.enable": "false",
        }
        return Topic(name, partitions, settings.replication_factor, config | self._flush(name))

    def _flush(self, name: str) -> dict[str, str]:
        """When a record must be on the disk of a broker that has no others beside it.

        What can be made again has time; of several brokers one has it all the same.
        """
        if self._settings.replication_factor > 1:
            return {}
        if name in (self.commands, self.sessions, self.control):
            return {"flush.messages": "1"}
        return {"flush.ms": FLUSH_MS}


FLUSH_MS = "500"
"""Of topics that can be made again; without ``BROKER_FLUSH`` it does nothing."""
BROKER_FLUSH = ("log.flush.scheduler.interval.ms", FLUSH_MS)
"""A broker looks this often whether a file is due for the disk."""
