"""A store that another process fills."""

from collections.abc import Iterator

from prometheus_client.core import Metric

from quantscope.metrics.families import gauge
from store.follower import StoreFollower
from store.redis_follower import RedisFollower


class StoreFigures:
    """One store that is followed."""

    def __init__(self, follower: StoreFollower | RedisFollower) -> None:
        """It need not be there yet."""
        self._follower = follower

    def collect(self) -> Iterator[Metric]:
        """As they are now."""
        title = "1 while the store can be read, else 0."
        yield gauge("quantscope_store_readable", title, int(self._follower.away is None))
        title = "The event up to which the store has everything, as last seen."
        yield gauge("quantscope_store_sequence", title, self._follower.recorded)
        if isinstance(self._follower, RedisFollower):
            title = "Connections to Redis in use, or waited for."
            in_use = self._follower.store.in_use
            yield gauge("quantscope_redis_connections_in_use", title, in_use)
