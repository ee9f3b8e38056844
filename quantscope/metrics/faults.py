"""What the exchange went on without."""

from collections.abc import Callable, Iterator, Mapping

from prometheus_client.core import CounterMetricFamily, Metric

from core import Faults


class FaultFigures:
    """Faults by part."""

    def __init__(self, faults: Faults, own: Callable[[], Mapping[str, int]] = dict) -> None:
        """``own`` gives the faults of parts that count them by themselves."""
        self._faults = faults
        self._own = own

    def collect(self) -> Iterator[Metric]:
        """As they are now."""
        title = "Faults of parts that the exchange went on without."
        family = CounterMetricFamily("quantscope_faults", title, labels=["part"])
        for part, count in sorted({**self._faults.counts, **self._own()}.items()):
            family.add_metric([part], count)
        yield family
