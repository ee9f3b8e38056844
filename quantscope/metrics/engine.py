"""The engine: what it holds and has done, and whether it takes commands."""

from collections.abc import Iterator

from prometheus_client.core import Metric

from core import Engine
from engine.service import Service
from quantscope.metrics.families import NS, counter, gauge, histogram


class EngineFigures:
    """The engine of an exchange in one process."""

    def __init__(self, service: Service) -> None:
        """Read from its owner."""
        self._service = service

    def collect(self) -> Iterator[Metric]:
        """As they are now."""
        service = self._service
        yield from state(service.engine)
        yield counter("quantscope_outages", "Failures of the journal.", service.outages)
        yield ready(service.ready)
        title = "How far engine time is ahead of the clock, and stands still."
        ahead = service.clock_watch.ahead_ns / NS
        yield gauge("quantscope_engine_time_ahead_seconds", title, ahead)


def state(engine: Engine) -> Iterator[Metric]:
    """What any engine says of itself."""
    counts, position = engine.counts(), engine.position()
    yield gauge("quantscope_open_orders", "Orders that rest.", counts["open_orders"])
    yield gauge("quantscope_price_levels", "Price levels.", counts["levels"])
    yield gauge("quantscope_accounts", "Accounts.", counts["accounts"])
    yield counter("quantscope_gateway_gaps", "Batches out of order.", counts["gaps"])
    title = "Records of the commands log that are no batches."
    yield counter("quantscope_unreadable_records", title, counts["unreadable"])
    yield counter("quantscope_commands", "Commands applied.", position.commands)
    yield counter("quantscope_events", "Events made.", position.event_seq)
    sizes = engine.batch_sizes()
    yield histogram("quantscope_batch_commands", "Commands in a batch.", sizes, 1)


def ready(taken: bool) -> Metric:
    """Whether commands are taken."""
    return gauge("quantscope_ready", "1 while commands are taken.", float(taken))
