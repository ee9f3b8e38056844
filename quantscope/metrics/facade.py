"""The facade: HTTP, WebSocket, and what it keeps in memory."""

from collections.abc import Iterator

from prometheus_client.core import CounterMetricFamily, Metric

from facade.app import Facade
from quantscope.metrics.families import NS, counter, gauge, histogram


class FacadeFigures:
    """One facade."""

    def __init__(self, facade: Facade) -> None:
        """Read from ``facade``."""
        self._facade = facade

    def collect(self) -> Iterator[Metric]:
        """As they are now."""
        yield from self._http()
        yield from self._view()
        trading = self._facade.trading
        waiting = len(trading.waiting)
        yield gauge("quantscope_rest_waiting", "Requests without an answer.", waiting)
        title = "From a request that changes the exchange to its answer."
        yield histogram("quantscope_rest_ack_seconds", title, trading.ack_times.latency(), NS)

    def _http(self) -> Iterator[Metric]:
        server, notifications = self._facade.server, self._facade.notifications
        family = CounterMetricFamily(
            "quantscope_rest_answers", "Answers over HTTP, by status.", labels=["status"]
        )
        for status, count in sorted(server.answers.items()):
            family.add_metric([str(status)], count)
        yield family
        title = "HTTP and WebSocket connections."
        yield gauge("quantscope_http_connections", title, len(server.connections))
        sockets = notifications.sockets.values()
        yield gauge("quantscope_websocket_connections", "Of these, WebSockets.", len(sockets))
        title = "Bytes that wait for the slowest reader of a WebSocket."
        unread = max((socket.unread for socket in sockets), default=0)
        yield gauge("quantscope_websocket_buffer_bytes", title, unread)
        refused = server.refused
        yield counter("quantscope_http_connections_refused", "Connections too many.", refused)
        title = "Writes of notifications."
        yield counter("quantscope_notification_writes", title, notifications.sent)

    def _view(self) -> Iterator[Metric]:
        in_memory = self._facade.view.counts
        title = "Orders in memory: the open ones, and recent ones."
        yield gauge("quantscope_view_orders", title, in_memory.kept)
        title = "Closed orders that left memory before the store had them."
        yield counter("quantscope_view_orders_dropped", title, in_memory.dropped)


def own_faults(facade: Facade) -> dict[str, int]:
    """Faults of the parts of a facade that count them by themselves."""
    archive = facade.archive
    return {"view": facade.view_faults, "archive": archive.faults, "store": archive.failures}
