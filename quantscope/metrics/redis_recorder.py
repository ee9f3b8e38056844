"""The recorder on Redis: what it has written, and what was deleted for it."""

from collections.abc import Iterator

from prometheus_client.core import Metric

from quantscope.metrics.families import counter, gauge
from store.redis_recorder import RedisRecorder


class RedisRecorderFigures:
    """What a recorder on Redis does."""

    def __init__(self, recorder: RedisRecorder) -> None:
        """Read from the recorder."""
        self._recorder = recorder

    def collect(self) -> Iterator[Metric]:
        """As they are now."""
        recorder = self._recorder
        failed = float(recorder.failure is not None)
        yield gauge("quantscope_recorder_failed", "1 while it can't record.", failed)
        restarts = recorder.restarts
        yield counter("quantscope_recorder_restarts", "Begun again after it ended.", restarts)
        stats = recorder.stats()
        for name in ("transactions", "events", "orders", "trades", "failures"):
            title = f"{name.capitalize()} of the recorder."
            yield counter(f"quantscope_recorder_{name}", title, stats[name])
        title = "Closed orders that were deleted from Redis."
        yield counter("quantscope_redis_deleted_orders", title, stats["deleted"])
        title = "How often Redis held less than it had said."
        yield counter("quantscope_redis_steps_back", title, stats["steps_back"])
        title = "How often Redis took nothing, for want of memory."
        yield counter("quantscope_redis_full", title, stats["full"])
        used = recorder.bytes_used
        yield gauge("quantscope_redis_used_bytes", "Memory that Redis uses.", used)
