"""The clock: what of the system's is not taken."""

from collections.abc import Iterator

from prometheus_client.core import Metric

from core import Clock
from quantscope.metrics.families import NS, counter, gauge


class ClockFigures:
    """The clock of a process."""

    def __init__(self, clock: Clock) -> None:
        """Read from ``clock``."""
        self._clock = clock

    def collect(self) -> Iterator[Metric]:
        """As they are now."""
        clock = self._clock
        title = "How far the system's clock is from the time, while that jump is not taken."
        yield gauge("quantscope_clock_held_seconds", title, clock.held_ns / NS)
        title = "Jumps of the system's clock that were not taken at once."
        yield counter("quantscope_clock_jumps", title, clock.steps_refused)
        title = "Those that were taken later."
        yield counter("quantscope_clock_jumps_taken", title, clock.steps_taken)
