"""The clock of a process beside that of the brokers."""

from prometheus_client.core import Metric

from journal.kafka import Measured
from quantscope.metrics.families import NS, gauge


def skew(requests: Measured) -> Metric:
    """How far the clock of a process is from that of the brokers."""
    title = "How far the clock is ahead of the brokers', at least; below 0 where it is behind."
    return gauge("quantscope_clock_skew_seconds", title, requests.skew_ns / NS)
