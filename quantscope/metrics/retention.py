"""What the topics of a cluster keep, and for whom."""

from collections.abc import Iterator

from prometheus_client.core import Metric

from engine.topic_retention import TopicRetention
from quantscope.metrics.families import gauge, labeled


class RetentionFigures:
    """What one engine deletes of its log, as it looked last."""

    def __init__(self, retention: TopicRetention) -> None:
        """It need not have looked yet."""
        self._retention = retention

    def collect(self) -> Iterator[Metric]:
        """As they were found when it was looked last."""
        retention = self._retention
        title = "Bytes of events that are kept, about."
        yield gauge("quantscope_events_log_bytes", title, retention.events_bytes)
        title = "Bytes of events that a reader has not read, about."
        yield labeled("quantscope_reader_unread_bytes", title, "reader", retention.unread)
        title = "1 where events are deleted that a reader has not read."
        behind = {reader: float(reader in retention.behind) for reader in retention.unread}
        yield labeled("quantscope_reader_passed_over", title, "reader", behind)
