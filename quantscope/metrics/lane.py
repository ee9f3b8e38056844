"""A gateway's or a facade's way to the engines."""

from collections.abc import Iterator

from prometheus_client.core import Metric

from journal.kafka import KafkaLane
from quantscope.metrics.engine import ready
from quantscope.metrics.families import NS, counter, gauge, histogram
from quantscope.metrics.skew import skew


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
        title = "For how long the engine has told nothing."
        yield gauge("quantscope_lane_silence_seconds", title, lane.silence_s)
        title = "From a request to the brokers to their answer."
        took = lane.requests.took.latency()
        yield histogram("quantscope_lane_append_seconds", title, took, NS)
        title = "From when batches were sealed until all that follows from them was told."
        told = lane.told_times.latency()
        yield histogram("quantscope_lane_told_seconds", title, told, NS)
        yield skew(lane.requests)
