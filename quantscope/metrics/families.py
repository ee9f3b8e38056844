"""Families of metrics as this house writes them: a name, a sentence, a value."""

from collections.abc import Mapping

from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)

from core import Histogram

NS = 1e9


def counter(name: str, title: str, value: float) -> Metric:
    """What only rises; ``_total`` is added to its name."""
    return CounterMetricFamily(name, title, value=value)


def gauge(name: str, title: str, value: float) -> Metric:
    """What rises and falls."""
    return GaugeMetricFamily(name, title, value=value)


def labeled(name: str, title: str, label: str, values: Mapping[str, float]) -> Metric:
    """A gauge for each value of a label."""
    family = GaugeMetricFamily(name, title, labels=[label])
    for value, number in values.items():
        family.add_metric([value], number)
    return family


def histogram(name: str, title: str, counted: Histogram, unit: float) -> Metric:
    """A native histogram, whose bounds and sum are divided by ``unit``."""
    cumulated, buckets = 0, []
    bounds = [str(bound / unit if unit != 1 else bound) for bound in counted.bounds]
    for label, count in zip([*bounds, "+Inf"], counted.counts, strict=True):
        cumulated += count
        buckets.append((label, float(cumulated)))
    return HistogramMetricFamily(name, title, buckets=buckets, sum_value=counted.total / unit)
