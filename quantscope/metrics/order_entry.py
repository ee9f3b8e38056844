"""Binary order entry: its sessions, what passes, and how long an answer takes."""

from collections.abc import Iterator

from prometheus_client.core import Metric

from gateway.binary import BinaryGateway
from quantscope.metrics.families import NS, counter, gauge, histogram


class OrderEntryFigures:
    """One gateway of the binary protocol."""

    def __init__(self, gateway: BinaryGateway) -> None:
        """Read from ``gateway``."""
        self._gateway = gateway

    def collect(self) -> Iterator[Metric]:
        """As they are now."""
        gateway = self._gateway
        order_entry = gateway.order_entry
        traffic = order_entry.counts()
        yield counter("quantscope_binary_requests", "Requests received.", traffic.requests)
        yield counter("quantscope_binary_reports", "Sequenced messages sent.", traffic.reports)
        yield counter("quantscope_binary_logins", "Logins accepted.", gateway.logins)
        rejected = gateway.rejected_logins
        yield counter("quantscope_binary_login_rejects", "Logins refused.", rejected)
        yield gauge("quantscope_binary_connections", "TCP connections.", gateway.connections)
        title = "How often a slow reader was told the rest from the log."
        yield counter("quantscope_binary_fallen_behind", title, gateway.fallen_behind)
        title = "Connections that were cut because their reader took nothing for too long."
        yield counter("quantscope_binary_slow_readers", title, gateway.slow_readers)
        title = "Bytes that wait for the slowest reader of a connection."
        yield gauge("quantscope_binary_buffer_bytes", title, gateway.largest_buffer)
        waiting = order_entry.waiting
        yield gauge("quantscope_binary_waiting", "Requests not sealed yet.", waiting)
        title = "From socket read to answer."
        yield histogram("quantscope_binary_ack_seconds", title, order_entry.latency(), NS)
