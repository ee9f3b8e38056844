"""Some parts' figures in the text exposition format."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Protocol

from prometheus_client import CollectorRegistry, ProcessCollector, generate_latest
from prometheus_client.core import Metric
from prometheus_client.registry import Collector

from core import FAULTS, Faults
from quantscope.metrics.faults import FaultFigures


class Part(Protocol):
    """The figures of a role or of a part of one."""

    def collect(self) -> Iterable[Metric]:
        """All of them, as they are now."""


def renderer(
    parts: Sequence[Part], faults: Faults, own: Callable[[], Mapping[str, int]] = dict
) -> "Renderer":
    """What renders the figures of a process; ``own``: see ``FaultFigures``."""
    registry = CollectorRegistry()
    registry.register(_Guarded(parts, faults, own))
    ProcessCollector(registry=registry)
    return Renderer(registry)


class Renderer:
    """A callable that renders a registry."""

    def __init__(self, registry: CollectorRegistry) -> None:
        """Render ``registry``."""
        self._registry = registry

    def __call__(self) -> bytes:
        """The exposition, version 0.0.4."""
        return generate_latest(self._registry)


class _Guarded(Collector):
    """Reads every part; what can't be read is left out."""

    def __init__(
        self, parts: Sequence[Part], faults: Faults, own: Callable[[], Mapping[str, int]]
    ) -> None:
        self._parts = tuple(parts)
        self._faults = faults
        self._last = FaultFigures(faults, own)

    def describe(self) -> Iterable[Metric]:
        """Nothing in advance: what there is shows at the scrape."""
        return []

    def collect(self) -> Iterator[Metric]:
        """All of it."""
        for part in self._parts:
            try:
                yield from tuple(part.collect())
            except FAULTS as error:
                self._faults.caught("metrics", "some figures can't be read", error)
        # Last, for what could not be read counts, too.
        yield from self._last.collect()
