"""``/metrics``: native counters, read at the scrape and never before."""

from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, ProcessCollector, generate_latest
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)
from prometheus_client.registry import Collector

from core import FAULTS, Histogram
from journal.port import Log
from quantscope.loop_watch import BOUNDS_NS

if TYPE_CHECKING:
    from quantscope.serve import Exchange

NS = 1e9


def renderer(exchange: "Exchange") -> "Renderer":
    """What renders the metrics of an exchange in the text exposition format."""
    registry = CollectorRegistry()
    registry.register(ExchangeCollector(exchange))
    ProcessCollector(registry=registry)
    return Renderer(registry)


class Renderer:
    """A callable that renders a registry."""

    def __init__(self, registry: CollectorRegistry) -> None:
        """Render ``registry``."""
        self._registry = registry

    def __call__(self) -> bytes:
        """The exposition, version 0.0.4."""
        return generate_latest(self._registry)


class ExchangeCollector(Collector):
    """Reads every role's counters."""

    def __init__(self, exchange: "Exchange") -> None:
        """Read from ``exchange``."""
        self._exchange = exchange

    def describe(self) -> Iterable[Metric]:
        """Nothing in advance: what there is shows at the scrape."""
        return []

    def collect(self) -> Iterator[Metric]:
        """All of it; what can't be read is left out."""
        journals = self._exchange.engine.service.journals
        parts: tuple[Callable[[], Iterable[Metric]], ...] = (
            self._events,
            self._engine,
            self._gateway,
            self._facade,
            partial(self._log, "commands", journals.commands),
            partial(self._log, "events", journals.events),
            self._recorder,
        )
        for part in parts:
            try:
                yield from tuple(part())
            except FAULTS as error:
                self._exchange.faults.caught("metrics", "some figures can't be read", error)
        # Last, for what could not be read counts, too.
        yield from self._faults()

    def _faults(self) -> Iterator[Metric]:
        facade = self._exchange.facade.rest
        title = "Faults of parts that the exchange went on without."
        family = CounterMetricFamily("quantscope_faults", title, labels=["part"])
        archive = facade.archive
        own = {"view": facade.view_faults, "archive": archive.faults, "store": archive.failures}
        for part, count in sorted({**self._exchange.faults.counts, **own}.items()):
            family.add_metric([part], count)
        yield family

    def _events(self) -> Iterator[Metric]:
        tally = self._exchange.gateway.binary.order_entry.tally()
        plain = {row.name: row.count for row in tally if not row.reason}
        yield _counter("quantscope_orders", "Orders accepted.", plain["accepted"])
        yield _counter("quantscope_trades", "Trades.", plain["trade"])
        yield _counter("quantscope_fills", "Fills: two for each trade.", 2 * plain["trade"])
        yield _counter("quantscope_replaces", "Amendments.", plain["replaced"])
        for name, title in (
            ("canceled", "Orders, or parts (DECREMENTED), that left the book untraded, by reason."),
            ("rejected", "Orders refused, by reason."),
            ("cancel_rejected", "Cancels and amendments refused, by reason."),
            ("refused", "Binary messages that were no request, by reason."),
        ):
            family = CounterMetricFamily(f"quantscope_{name}", title, labels=["reason"])
            for row in tally:
                if row.name == name:
                    family.add_metric([row.reason], row.count)
            yield family

    def _engine(self) -> Iterator[Metric]:
        service = self._exchange.engine.service
        counts = service.engine.counts()
        position = service.engine.position()
        yield _gauge("quantscope_open_orders", "Orders that rest.", counts["open_orders"])
        yield _gauge("quantscope_price_levels", "Price levels.", counts["levels"])
        yield _gauge("quantscope_accounts", "Accounts.", counts["accounts"])
        yield _counter("quantscope_gateway_gaps", "Batches out of order.", counts["gaps"])
        yield _counter(
            "quantscope_unreadable_records",
            "Records of the commands log that are no batches.",
            counts["unreadable"],
        )
        yield _counter("quantscope_commands", "Commands applied.", position.commands)
        yield _counter("quantscope_events", "Events made.", position.event_seq)
        yield _counter("quantscope_outages", "Failures of the journal.", service.outages)
        yield _gauge("quantscope_ready", "1 while commands are taken.", float(service.ready))
        yield from self._clock()
        yield from self._loop()
        sizes = service.engine.batch_sizes()
        yield _histogram("quantscope_batch_commands", "Commands in a batch.", sizes, 1)

    def _clock(self) -> Iterator[Metric]:
        clock, watch = self._exchange.clock, self._exchange.engine.service.clock_watch
        title = "How far the system's clock is from the time, while that jump is not taken."
        yield _gauge("quantscope_clock_held_seconds", title, clock.held_ns / NS)
        title = "Jumps of the system's clock that were not taken at once."
        yield _counter("quantscope_clock_jumps", title, clock.steps_refused)
        title = "Those that were taken later."
        yield _counter("quantscope_clock_jumps_taken", title, clock.steps_taken)
        title = "How far engine time is ahead of the clock, and stands still."
        yield _gauge("quantscope_engine_time_ahead_seconds", title, watch.ahead_ns / NS)

    def _loop(self) -> Iterator[Metric]:
        watch = self._exchange.loop_watch
        title = "Time in which the event loop worked on one thing and looked at no other."
        name = "quantscope_event_loop_stop_seconds"
        stops = Histogram(bounds=list(BOUNDS_NS), counts=watch.counts, total=watch.total_ns)
        yield _histogram(name, title, stops, NS)
        name = "quantscope_event_loop_longest_stop_seconds"
        yield _gauge(name, "The longest since the start.", watch.longest_ns / NS)

    def _gateway(self) -> Iterator[Metric]:
        gateway = self._exchange.gateway.binary
        traffic = gateway.order_entry.counts()
        yield _counter("quantscope_binary_requests", "Requests received.", traffic.requests)
        yield _counter("quantscope_binary_reports", "Sequenced messages sent.", traffic.reports)
        yield _counter("quantscope_binary_logins", "Logins accepted.", gateway.logins)
        yield _counter(
            "quantscope_binary_login_rejects", "Logins refused.", gateway.rejected_logins
        )
        yield _gauge("quantscope_binary_connections", "TCP connections.", gateway.connections)
        yield _gauge(
            "quantscope_binary_waiting", "Requests not sealed yet.", gateway.order_entry.waiting
        )
        waits = gateway.order_entry.latency()
        title = "From socket read to answer."
        yield _histogram("quantscope_binary_ack_seconds", title, waits, NS)

    def _facade(self) -> Iterator[Metric]:
        facade = self._exchange.facade.rest
        family = CounterMetricFamily(
            "quantscope_rest_answers", "Answers over HTTP, by status.", labels=["status"]
        )
        for status, count in sorted(facade.server.answers.items()):
            family.add_metric([str(status)], count)
        yield family
        in_memory = facade.view.counts
        notifications = facade.notifications
        for name, about, value in (
            ("http_connections", "HTTP and WebSocket connections.", len(facade.server.connections)),
            ("websocket_connections", "Of these, WebSockets.", len(notifications.sockets)),
            ("view_orders", "Orders in memory: the open ones, and recent ones.", in_memory.kept),
        ):
            yield _gauge(f"quantscope_{name}", about, value)
        title = "Closed orders that left memory before the store had them."
        yield _counter("quantscope_view_orders_dropped", title, in_memory.dropped)
        yield _counter(
            "quantscope_http_connections_refused", "Connections too many.", facade.server.refused
        )
        ports = (*self._exchange.facade.ports.values(), *self._exchange.gateway.ports.values())
        pauses = sum(acceptor.pauses for acceptor in ports)
        title = "Times that no connection was taken for want of descriptors."
        yield _counter("quantscope_accept_pauses", title, pauses)
        yield _counter(
            "quantscope_notification_writes", "Writes of notifications.", notifications.sent
        )
        yield _gauge(
            "quantscope_rest_waiting", "Requests without an answer.", len(facade.trading.waiting)
        )
        waits = facade.trading.ack_times.latency()
        title = "From a request that changes the exchange to its answer."
        yield _histogram("quantscope_rest_ack_seconds", title, waits, NS)

    def _log(self, topic: str, log: "Log") -> Iterator[Metric]:
        prefix = f"quantscope_{topic}_log"
        stats = log.stats()
        yield _gauge(f"{prefix}_offset", "Offset of the last entry.", log.next_offset - 1)
        yield _gauge(f"{prefix}_bytes", "Bytes on disk.", log.bytes_on_disk())
        yield _gauge(f"{prefix}_queue_bytes", "Bytes that wait for the writer.", log.queue_bytes)
        title = "Passes that moved the write-ahead log to the database."
        yield _counter(f"{prefix}_checkpoints", title, stats.get("checkpoints", 0))
        title = "Time of each commit, to the end of its sync where it has one."
        yield _histogram(f"{prefix}_commit_seconds", title, log.commit_buckets(), NS)
        title = "Entries (batches) in each commit."
        yield _histogram(f"{prefix}_commit_records", title, log.records_buckets(), 1)

    def _recorder(self) -> Iterator[Metric]:
        service, role = self._exchange.engine.service, self._exchange.recorder
        recorder, recording = role.recorder, role.service
        recorded = recorder.position()
        end = service.journals.events.next_offset - 1
        told = service.engine.position().event_seq
        yield _gauge(
            "quantscope_recorder_lag_events", "Events unread.", max(told - recorded.sequence, 0)
        )
        yield _gauge(
            "quantscope_recorder_lag_batches", "Event batches unread.", end - recorded.offset
        )
        yield _gauge("quantscope_recorder_lag_bytes", "Bytes unread.", role.lag.bytes())
        failed = recording.failed is not None or recorder.failure is not None
        yield _gauge("quantscope_recorder_failed", "1 while it can't record.", float(failed))
        restarts = recording.restarts
        yield _counter("quantscope_recorder_restarts", "Begun again after it ended.", restarts)
        stats = recording.stats()
        for name in ("transactions", "events", "orders", "trades", "checkpoints", "failures"):
            title = f"{name.capitalize()} of the recorder."
            yield _counter(f"quantscope_recorder_{name}", title, stats[name])
        spent = stats["cpu_ns"] / NS
        yield _counter("quantscope_recorder_cpu_seconds", "Its processor time.", spent)


def _counter(name: str, title: str, value: float) -> Metric:
    return CounterMetricFamily(name, title, value=value)


def _gauge(name: str, title: str, value: float) -> Metric:
    return GaugeMetricFamily(name, title, value=value)


def _histogram(name: str, title: str, counted: Histogram, unit: float) -> Metric:
    cumulated, buckets = 0, []
    bounds = [str(bound / unit if unit != 1 else bound) for bound in counted.bounds]
    for label, count in zip([*bounds, "+Inf"], counted.counts, strict=True):
        cumulated += count
        buckets.append((label, float(cumulated)))
    return HistogramMetricFamily(name, title, buckets=buckets, sum_value=counted.total / unit)
