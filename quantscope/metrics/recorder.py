"""The recorder: what it has written, and how far it is behind."""

from collections.abc import Callable, Iterator

from prometheus_client.core import Metric

from engine.service import Service
from quantscope.metrics.families import NS, counter, gauge
from store.lag import Behind, Lag
from store.recorder import RecorderService


class RecorderFigures:
    """What one recorder does."""

    def __init__(self, recording: RecorderService) -> None:
        """Read from what runs the recorder."""
        self._recording = recording

    def collect(self) -> Iterator[Metric]:
        """As they are now."""
        recording = self._recording
        failed = recording.failed is not None or recording.recorder.failure is not None
        yield gauge("quantscope_recorder_failed", "1 while it can't record.", float(failed))
        restarts = recording.restarts
        yield counter("quantscope_recorder_restarts", "Begun again after it ended.", restarts)
        stats = recording.stats()
        for name in ("transactions", "events", "orders", "trades", "checkpoints", "failures"):
            title = f"{name.capitalize()} of the recorder."
            yield counter(f"quantscope_recorder_{name}", title, stats[name])
        spent = stats["cpu_ns"] / NS
        yield counter("quantscope_recorder_cpu_seconds", "Its processor time.", spent)


class LagFigures:
    """How far a recorder is behind the engine of the same process."""

    def __init__(self, recording: RecorderService, lag: Lag, service: Service) -> None:
        """``service`` owns the engine."""
        self._recording = recording
        self._lag = lag
        self._service = service

    def collect(self) -> Iterator[Metric]:
        """As they are now."""
        recorded, service = self._recording.recorder.position(), self._service
        unread = max(service.engine.position().event_seq - recorded.sequence, 0)
        yield gauge("quantscope_recorder_lag_events", "Events unread.", unread)
        batches = service.journals.events.next_offset - 1 - recorded.offset
        yield gauge("quantscope_recorder_lag_batches", "Event batches unread.", batches)
        yield gauge("quantscope_recorder_lag_bytes", "Bytes unread.", self._lag.bytes())


class BehindFigures:
    """How far a recorder is behind an engine that is another process, and whether it records."""

    def __init__(self, lag: Behind, standing: Callable[[], list[str]]) -> None:
        """As its owner looks at it; ``standing`` says what fails."""
        self._lag = lag
        self._standing = standing

    def collect(self) -> Iterator[Metric]:
        """As they are now."""
        lag = self._lag
        yield gauge("quantscope_ready", "1 while it records.", float(not self._standing()))
        yield gauge("quantscope_recorder_lag_events", "Events unread.", lag.events)
        title = "How long what is recorded now has waited for it."
        yield gauge("quantscope_recorder_lag_seconds", title, lag.seconds)
