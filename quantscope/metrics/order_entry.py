"""Order entry: its sessions, what passes, and how long an answer takes, by protocol."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from prometheus_client.core import Metric

from gateway.connections import Connections
from gateway.fix import FixGateway
from quantscope.metrics.families import NS, counter, counters, histograms, labeled

LABEL = "protocol"
PREFIX = "quantscope_order_entry_"


class OrderEntryFigures:
    """The gateways of a process, one for each protocol."""

    def __init__(self, *gateways: Connections[Any]) -> None:
        """Read from ``gateways``."""
        self._gateways = {gateway.protocol.lower(): gateway for gateway in gateways}

    def collect(self) -> Iterator[Metric]:
        """As they are now."""
        for name, title, value in COUNTERS:
            yield counters(PREFIX + name, title, LABEL, self._each(value))
        rejects = {
            (protocol, reason): count
            for protocol, gateway in self._gateways.items()
            for reason, count in gateway.rejected_logins.items()
        }
        title = "Logins refused."
        yield counters(PREFIX + "login_rejects", title, (LABEL, "reason"), rejects)
        for name, title, value in GAUGES:
            yield labeled(PREFIX + name, title, LABEL, self._each(value))
        title = "From socket read to answer."
        latencies = {key: it.order_entry.latency() for key, it in self._gateways.items()}
        yield histograms(PREFIX + "ack_seconds", title, LABEL, latencies, NS)
        for gateway in self._gateways.values():
            if isinstance(gateway, FixGateway):
                yield from _of_fix(gateway)

    def _each(self, value: Callable[[Connections[Any]], float]) -> dict[str, float]:
        return {protocol: value(gateway) for protocol, gateway in self._gateways.items()}


Figures = Sequence[tuple[str, str, Callable[[Connections[Any]], float]]]

COUNTERS: Figures = (
    ("requests", "Requests received.", lambda it: it.order_entry.counts().requests),
    ("reports", "Sequenced messages sent.", lambda it: it.order_entry.counts().reports),
    ("logins", "Logins accepted.", lambda it: it.logins),
    (
        "fallen_behind",
        "How often a slow reader was told the rest from the log.",
        lambda it: it.fallen_behind,
    ),
    (
        "slow_readers",
        "Connections that were cut because their reader took nothing for too long.",
        lambda it: it.slow_readers,
    ),
)
GAUGES: Figures = (
    ("connections", "TCP connections.", lambda it: it.connections),
    (
        "buffer_bytes",
        "Bytes that wait for the slowest reader of a connection.",
        lambda it: it.largest_buffer,
    ),
    ("waiting", "Requests not sealed yet.", lambda it: it.order_entry.waiting),
)


def _of_fix(gateway: FixGateway) -> Iterator[Metric]:
    """What only FIX has."""
    counts = gateway.order_entry.counts()
    title = "Stretches of bytes that were no FIX message, and were passed over."
    yield counter("quantscope_fix_garbled", title, counts.garbled)
    title = "ResendRequests of clients."
    yield counter("quantscope_fix_resends", title, counts.resends)
    title = "Gaps in what clients sent, for which a ResendRequest was sent."
    yield counter("quantscope_fix_gaps", title, counts.gaps)
