"""Housekeeping, and as much of a service as it asks."""

from dataclasses import dataclass, field
from typing import Any, cast

from core import Commands, Engine, Faults, split_batches
from engine.housekeeping import Housekeeping
from engine.service import Journals, Service
from engine.snapshots import Snapshots
from settings import JournalSettings
from testing.parts import memory_log


@dataclass
class ServiceInPart:
    """As much of a service as housekeeping asks."""

    engine: Engine = field(default_factory=Engine)
    journals: Journals = field(default_factory=lambda: Journals(memory_log(), memory_log()))
    ready: bool = True
    outages: int = 0
    told: int = 0

    def tick(self) -> None:
        commands = Commands()
        commands.tick()
        batch = commands.seal(0, 0, 0, 1, 1)
        assert batch is not None
        offset = self.journals.commands.append(1, [batch])
        self.journals.events.append(1, split_batches(self.engine.apply(offset, 1, [batch])))
        self.delivered = offset


def housekeeping(
    exchange: ServiceInPart, snapshots: Snapshots, check: Any, faults: Faults | None = None
) -> Housekeeping:
    return Housekeeping(
        cast(Service, exchange),
        snapshots,
        JournalSettings(snapshot_interval_s=0.001, snapshot_commands_min=1),
        era=lambda: 3,
        check=check,
        faults=faults,
    )
