"""The table: on the terminal, in ``results.json``, in the README."""

import pathlib

import msgspec
from rich.console import Console
from rich.table import Table

from benchmarks.result import Result

ROOT = pathlib.Path(__file__).parents[1]
RESULTS = ROOT / "benchmarks/results.json"
README = ROOT / "README.md"
BEGIN, END = "<!-- performance: begin -->", "<!-- performance: end -->"
HEAD = ("what", "figure", "baseline", "ratio", "bar", "met")


def number(value: float | None) -> str:
    """A figure with as many digits as it deserves."""
    if value is None:
        return ""
    if value == 0:
        return "0"
    if abs(value) >= 1000:
        return f"{value:,.0f}"
    return f"{value:.1f}" if abs(value) >= 10 else f"{value:.3g}"


def cells(result: Result) -> tuple[str, ...]:
    """The cells of one row, in the order of the head."""
    baseline = number(result.baseline)
    if result.baseline_name:
        baseline = f"{baseline} ({result.baseline_name})"
    met = {True: "yes", False: "no", None: ""}[result.met]
    ratio = number(result.ratio)
    figure = f"{number(result.median)} {result.unit}"
    return result.name, figure, baseline, ratio, result.bar or "", met


def show(results: list[Result], console: Console) -> None:
    """Print the table."""
    table = Table(*HEAD, title="QuantScope")
    for result in results:
        colour = {True: "green", False: "red", None: ""}[result.met]
        table.add_row(*cells(result), style=colour)
    console.print(table)


def read_results(path: pathlib.Path = RESULTS) -> list[Result]:
    """The rows that a file holds."""
    return msgspec.json.decode(path.read_bytes(), type=list[Result])


def write_results(results: list[Result], path: pathlib.Path = RESULTS) -> list[Result]:
    """Put rows into the file, over those of the same name; gives all that it holds then."""
    old = {result.name: result for result in (read_results(path) if path.exists() else [])}
    rows = [*(old | {result.name: result for result in results}).values()]
    text = msgspec.json.format(msgspec.json.encode(rows), indent=1)
    path.write_bytes(text + b"\n")
    return rows


def markdown(results: list[Result]) -> str:
    """The table as it stands in the README."""
    lines = [f"| {' | '.join(HEAD)} |", "|" + "---|" * len(HEAD)]
    lines += [f"| {' | '.join(cells(result))} |" for result in results]
    return "\n".join(lines)


def with_table(readme: str, results: list[Result]) -> str:
    """The README's text with the table between its two marks."""
    before, _, rest = readme.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n{markdown(results)}\n{END}{after}"
