"""The engine of a cluster: the names of the engine in one process, wherever they mean the same."""

from collections.abc import Iterator

from prometheus_client.core import Metric

from core import Engine, Tally
from engine.follower import Follower
from quantscope.metrics.engine import ready, state
from quantscope.metrics.events import EventFigures
from quantscope.metrics.families import NS, counter, gauge, histogram, labeled
from quantscope.metrics.skew import skew


class FollowerFigures:
    """One replica of the engine, and the events that its process has counted."""

    def __init__(self, follower: Follower, tally: Tally) -> None:
        """Whoever owns ``tally`` gives it each event batch once."""
        self._follower = follower
        self._events = EventFigures(tally.rows)

    def collect(self) -> Iterator[Metric]:
        """As they are now; before there is an engine, that it is not ready."""
        follower = self._follower
        yield ready(follower.ready)
        title = "Whether it publishes nothing, for engines tell otherwise of one command."
        yield gauge("quantscope_engine_halted", title, follower.halted is not None)
        engine: Engine | None = getattr(follower, "engine", None)
        if engine is None:
            return
        yield from state(engine)
        yield from self._events.collect()
        title = "How often the engine has begun again, because brokers failed."
        yield counter("quantscope_engine_restarts", title, follower.restarts)
        title = "Snapshots that this engine has published."
        yield counter("quantscope_engine_snapshots", title, follower.keeper.written)
        title = "What it takes to apply the commands of one look at their topic."
        yield histogram("quantscope_engine_apply_seconds", title, follower.applied.latency(), NS)
        title = "From their events to when these are in the engine's log."
        published = follower.published.latency()
        yield histogram("quantscope_engine_publish_seconds", title, published, NS)
        yield skew(follower.ticks)
        title = "Event batches of other engines that were like this one's."
        yield counter("quantscope_engine_compared_batches", title, follower.twins.compared)
        title = "For how long another engine has lacked what this one has told."
        behind = {name: follower.twins.trailing.behind_s(name) for name in follower.twins.others}
        yield labeled("quantscope_engine_behind_seconds", title, "engine", behind)
