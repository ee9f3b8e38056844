"""What events say, counted: orders, trades, and what was refused, by reason."""

from collections.abc import Callable, Iterator

from prometheus_client.core import CounterMetricFamily, Metric

from core import TallyRow
from quantscope.metrics.families import counter


class EventFigures:
    """Counts of events, which one process of an exchange shows: else each would count again."""

    def __init__(self, rows: Callable[[], list[TallyRow]]) -> None:
        """``rows`` gives the counts: ``OrderEntry.tally`` or ``Tally.rows``."""
        self._rows = rows

    def collect(self) -> Iterator[Metric]:
        """As they are now."""
        rows = self._rows()
        plain = {row.name: row.count for row in rows if not row.reason}
        yield counter("quantscope_orders", "Orders accepted.", plain["accepted"])
        yield counter("quantscope_trades", "Trades.", plain["trade"])
        yield counter("quantscope_fills", "Fills: two for each trade.", 2 * plain["trade"])
        yield counter("quantscope_replaces", "Amendments.", plain["replaced"])
        for name, title in (
            ("canceled", "Orders, or parts (DECREMENTED), that left the book untraded, by reason."),
            ("rejected", "Orders refused, by reason."),
            ("cancel_rejected", "Cancels and amendments refused, by reason."),
            ("refused", "Binary messages that were no request, by reason."),
        ):
            family = CounterMetricFamily(f"quantscope_{name}", title, labels=["reason"])
            for row in rows:
                if row.name == name:
                    family.add_metric([row.reason], row.count)
            yield family
