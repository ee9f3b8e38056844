"""Ports that connections are taken from."""

from collections.abc import Collection, Iterator

from prometheus_client.core import Metric

from quantscope.acceptor import Acceptor
from quantscope.metrics.families import counter


class PortFigures:
    """All ports of a process."""

    def __init__(self, ports: Collection[Acceptor]) -> None:
        """Read from ``ports``."""
        self._ports = tuple(ports)

    def collect(self) -> Iterator[Metric]:
        """As they are now."""
        title = "Times that no connection was taken for want of descriptors."
        pauses = sum(acceptor.pauses for acceptor in self._ports)
        yield counter("quantscope_accept_pauses", title, pauses)
