"""The event loop: how long it stops."""

from collections.abc import Iterator

from prometheus_client.core import Metric

from core import Histogram
from quantscope.loop_watch import BOUNDS_NS, LoopWatch
from quantscope.metrics.families import NS, gauge, histogram


class LoopFigures:
    """The loop that a watch looks at."""

    def __init__(self, watch: LoopWatch) -> None:
        """Read from ``watch``."""
        self._watch = watch

    def collect(self) -> Iterator[Metric]:
        """As they are now."""
        watch = self._watch
        title = "Time in which the event loop worked on one thing and looked at no other."
        name = "quantscope_event_loop_stop_seconds"
        stops = Histogram(bounds=list(BOUNDS_NS), counts=watch.counts, total=watch.total_ns)
        yield histogram(name, title, stops, NS)
        name = "quantscope_event_loop_longest_stop_seconds"
        yield gauge(name, "The longest since the start.", watch.longest_ns / NS)
