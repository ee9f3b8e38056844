"""A row of the table: samples, a baseline measured between them, and a bar that is computed."""

import re
import statistics

import msgspec

_BAR = re.compile(
    r"(?P<op><=|>=) (?:(?P<constant>[\d.]+)(?: \+ (?=\d)|$))?(?:(?P<factor>[\d.]+) x baseline)?"
)


class Bar(msgspec.Struct, frozen=True):
    """``value op constant + factor x baseline``."""

    op: str
    constant: float
    factor: float

    @classmethod
    def parse(cls, text: str) -> "Bar":
        """Read ``<= 5000 + 2 x baseline``, ``>= 8000``, ``<= 1.3 x baseline``."""
        found = _BAR.fullmatch(text)
        if not found or not (found["constant"] or found["factor"]):
            raise ValueError(f"no bar: {text!r}")
        return cls(found["op"], float(found["constant"] or 0), float(found["factor"] or 0))

    def __str__(self) -> str:
        """The bar in words, as the tables show it."""
        parts = [f"{self.constant:,.10g}"] if self.constant or not self.factor else []
        parts += [f"{self.factor:g} x baseline"] if self.factor else []
        return f"{'at most' if self.op == '<=' else 'at least'} {' + '.join(parts)}"

    def met(self, value: float, baseline: float | None) -> bool:
        """Whether a value reaches the bar."""
        if self.factor and baseline is None:
            raise ValueError("the bar needs a baseline")
        limit = self.constant + self.factor * (baseline or 0)
        return value <= limit if self.op == "<=" else value >= limit


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """A row as it stands in ``results.json``; ``met`` is null where no bar was set."""

    name: str
    unit: str
    median: float
    min: float
    max: float
    samples: list[float]
    command: str
    baseline: float | None
    ratio: float | None
    bar: str | None
    met: bool | None
    baseline_name: str | None
    baseline_samples: list[float]


class Figure(msgspec.Struct, frozen=True, kw_only=True):
    """What a row is about: all that is known of it before anything is measured.

    ``name`` is that of ``results.json``, and stays; ``title`` says it in plain words, as the tables
    show it.  The ``headline`` rows are those of the README, all others stand in docs/benchmarks.md.
    """

    name: str
    title: str
    unit: str = ""
    bar: str | None = None
    baseline_name: str | None = None
    headline: bool = False

    def row(self, command: str) -> "Row":
        """The row, to be measured by ``command``."""
        return Row(
            name=self.name,
            unit=self.unit,
            command=command,
            bar=self.bar,
            baseline_name=self.baseline_name,
        )


FIGURES: dict[str, Figure] = {}
"""What is known of every row, by its name."""


def figure(
    name: str,
    title: str,
    unit: str = "",
    *,
    bar: str | None = None,
    baseline: str | None = None,
    headline: bool = False,
) -> Figure:
    """Put a row on the list of those that the tables know."""
    if name in FIGURES:
        raise ValueError(f"{name} is measured twice")
    FIGURES[name] = Figure(
        name=name, title=title, unit=unit, bar=bar, baseline_name=baseline, headline=headline
    )
    return FIGURES[name]


class Row(msgspec.Struct, kw_only=True):
    """A row while it is measured."""

    name: str
    unit: str
    command: str
    bar: str | None = None
    baseline_name: str | None = None
    samples: list[float] = []
    baseline_samples: list[float] = []

    def result(self) -> Result:
        """The row with everything that follows from its samples."""
        if not self.samples:
            raise ValueError(f"{self.name} has no samples")
        median = statistics.median(self.samples)
        baseline = statistics.median(self.baseline_samples) if self.baseline_samples else None
        return Result(
            name=self.name,
            unit=self.unit,
            median=median,
            min=min(self.samples),
            max=max(self.samples),
            samples=self.samples,
            command=self.command,
            baseline=baseline,
            ratio=median / baseline if baseline else None,
            bar=self.bar,
            met=Bar.parse(self.bar).met(median, baseline) if self.bar else None,
            baseline_name=self.baseline_name,
            baseline_samples=self.baseline_samples,
        )


def recomputed(result: Result) -> Result:
    """The result as its own samples give it: equal to ``result``, or somebody touched it."""
    return Row(
        name=result.name,
        unit=result.unit,
        command=result.command,
        bar=result.bar,
        baseline_name=result.baseline_name,
        samples=result.samples,
        baseline_samples=result.baseline_samples,
    ).result()
