"""A gateway's or a facade's way to the engines."""

from collections.abc import Iterator

from prometheus_client.core import Metric

from journal.kafka import KafkaLane
from quantscope.metrics.engine import ready
from quantscope.metrics.families import counter


class LaneFigures:
    """One lane."""

    def __init__(self, lane: KafkaLane) -> None:
        """It need not run yet."""
        self._lane = lane

    def collect(self) -> Iterator[Metric]:
        """As they are now."""
        lane = self._lane
        yield ready(lane.ready)
        title = "Command batches that were sent."
        yield counter("quantscope_lane_batches", title, lane.batches)
        title = "Requests to the brokers that were sent again."
        yield counter("quantscope_lane_retries", title, lane.retries)
        title = "How often nothing was taken until the gateway had opened anew."
        yield counter("quantscope_outages", title, lane.outages)
