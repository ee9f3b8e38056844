"""Families of metrics as this house writes them: a name, a sentence, a value."""

from collections.abc import Mapping
from typing import Any

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


def counters(
    name: str, title: str, labels: str | tuple[str, ...], values: Mapping[Any, float]
) -> Metric:
    """A counter for each value of a label, or for each tuple of the values of several."""
    names = (labels,) if isinstance(labels, str) else labels
    family = CounterMetricFamily(name, title, labels=names)
    for value, number in values.items():
        family.add_metric((value,) if isinstance(value, str) else value, number)
    return family


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
    return HistogramMetricFamily(
        name, title, buckets=_buckets(counted, unit), sum_value=counted.total / unit
    )


def histograms(
    name: str, title: str, label: str, counted: Mapping[str, Histogram], unit: float
) -> Metric:
    """A native histogram for each value of a label."""
    family = HistogramMetricFamily(name, title, labels=[label])
    for value, of in counted.items():
        family.add_metric([value], _buckets(of, unit), of.total / unit)
    return family


def _buckets(counted: Histogram, unit: float) -> list[tuple[str, float]]:
    cumulated, buckets = 0, []
    bounds = [str(bound / unit if unit != 1 else bound) for bound in counted.bounds]
    for label, count in zip([*bounds, "+Inf"], counted.counts, strict=True):
        cumulated += count
        buckets.append((label, float(cumulated)))
    return buckets
