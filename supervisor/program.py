"""One program of a cluster: how it is started, known to be ready, and stopped."""

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field

from supervisor.probes import Probe


class Kind(enum.IntEnum):
    """What a program is; those of a higher kind are stopped before those of a lower one."""

    SERVER = 0
    """Kafka, Redis, Prometheus: started again however it ends."""
    ONCE = 1
    """It is run to its end before the roles are started."""
    ROLE = 2
    """A role: started again unless it ended without an error."""
    DOOR = 3
    """A role that clients talk to."""


@dataclass(frozen=True)
class Program:
    """What the supervisor knows of it."""

    name: str
    """As its lines are marked."""
    kind: Kind
    command: tuple[str, ...]
    ready: Probe | None = None
    """How it is seen to be ready; what runs once has none."""
    environment: Mapping[str, str] = field(default_factory=dict)
    """Beside that of the supervisor."""
    stop_s: float = 15.0
    """Seconds that it has after SIGTERM; then it is killed."""
