"""A process of a cluster: why it is not ready, and what bounds it."""

from collections.abc import Callable, Iterator

from prometheus_client.core import Metric

from quantscope.capacity import machine_memory, value_of
from quantscope.metrics.families import gauge, labeled
from settings import Config

BOUNDS = (
    "engine.stamp_behind_s_max",
    "facade.connections_max",
    "facade.queue_bytes_max",
    "gateway.connections_max",
    "gateway.queue_bytes_max",
    "gateway.session_replay_bytes_max",
    "journal.journal_bytes_max",
    "kafka.partition_silence_s",
    "redis.redis_bytes_max",
)
"""Settings that other figures are compared with."""


class ProcessFigures:
    """One process."""

    def __init__(self, config: Config, standing: Callable[[], list[str]]) -> None:
        """``standing`` says why it is not ready."""
        self._standing = standing
        self._bounds = {name: float(value_of(config, name)) for name in BOUNDS}
        self._memory = machine_memory()

    def collect(self) -> Iterator[Metric]:
        """As they are now."""
        title = "Reasons for which it is not ready; /ready names them."
        yield gauge("quantscope_standing_faults", title, len(self._standing()))
        title = "Settings that other figures are to be compared with, by name."
        yield labeled("quantscope_setting", title, "setting", self._bounds)
        title = "Bytes of memory that the process may use: the machine's, or a control group's."
        yield gauge("quantscope_memory_limit_bytes", title, self._memory)
