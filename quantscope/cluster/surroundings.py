"""What the roles of a cluster get of the process that runs them, and what each of them is."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable

from journal.kafka import (
    Bases,
    Clients,
    Control,
    Eras,
    Journal,
    KafkaSnapshots,
    Logs,
    Standing,
    Topics,
)
from quantscope.acceptor import Acceptor
from quantscope.metrics.exposition import Part
from quantscope.roles.role import Process
from settings import Config


async def nothing_listens() -> None:
    """No pages were served so far."""


@dataclass(frozen=True)
class Surroundings:
    """What a role of a cluster has around it."""

    process: Process
    clients: Clients
    topics: Topics
    control: Control
    journal: Journal
    """Which one the topics hold."""
    metrics: Callable[[], bytes]
    """Renders the figures of the process."""
    standing: Callable[[], list[str]]
    """Why the process is not ready."""
    about_to_listen: Callable[[], Awaitable[None]] = nothing_listens
    """A role with pages of its own waits for it before it listens: the process did so far."""
    eras: Eras = field(default_factory=Eras)
    """What of the engines' logs and states counts."""

    @property
    def bases(self) -> Bases:
        """By which commands stand in their topic."""
        return Bases(self.journal.bases)

    @property
    def logs(self) -> Logs:
        """The commands, and the events of engines."""
        return Logs(self.clients, self.topics, self.bases, self.eras)

    def snapshots(self) -> KafkaSnapshots:
        """The states of engines."""
        deadline_s = self.process.config.kafka.append_deadline_s
        return KafkaSnapshots(
            self.clients, self.topics, deadline_s=deadline_s, bases=self.bases, eras=self.eras
        )


class ClusterRole(Protocol):
    """A ``quantscope.roles.role.Role`` that says by itself how it is."""

    @property
    def ports(self) -> Mapping[str, Acceptor]:
        """Where it listens, by the names of the ready line; once it is open."""

    @property
    def figures(self) -> tuple[Part, ...]:
        """What of it is shown at ``/metrics``; once it is open."""

    def standing(self) -> list[str]:
        """Why it is not ready; nothing where it is."""

    @property
    def heard(self) -> int:
        """The last command of which it has heard what follows; 0 while it can't tell."""

    def on_standing(self, standing: Standing) -> None:
        """Something else is true of the exchange, as engines that are found to differ.

        Raises ``StartAgain`` where it can't go on with that.
        """

    async def open(self) -> None:
        """See ``Role``; whoever it needs may not be there yet, and is waited for."""

    async def run(self, stop: asyncio.Event) -> None:
        """See ``Role``."""

    async def close(self) -> None:
        """See ``Role``."""


@runtime_checkable
class Rereads(Protocol):
    """A role that takes some of a configuration that has changed, when it is told to (SIGHUP)."""

    async def reread(self, config: Config) -> None:
        """Take what it can of a configuration; once it is open."""


@runtime_checkable
class CountsFaults(Protocol):
    """A role with parts that count their faults by themselves."""

    def own_faults(self) -> dict[str, int]:
        """Faults of these, by part; once it is open."""
