"""The tables: on the terminal, in ``results.json``, in the README and in docs/benchmarks.md."""

import pathlib

import msgspec
from rich.console import Console
from rich.table import Table

from benchmarks.result import FIGURES, Bar, Figure, Result

ROOT = pathlib.Path(__file__).parents[1]
RESULTS = ROOT / "benchmarks/results.json"
README = ROOT / "README.md"
PAGE = ROOT / "docs/benchmarks.md"
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


def known(name: str) -> Figure:
    """What is known of a row; one that nobody named is shown as the bench calls it."""
    return FIGURES.get(name) or Figure(name=name, title=name)


def cells(result: Result) -> tuple[str, ...]:
    """The cells of one row, in the order of the head."""
    baseline = number(result.baseline)
    if result.baseline_name:
        baseline = f"{baseline} ({known(result.baseline_name).title})"
    met = {True: "yes", False: "no", None: ""}[result.met]
    figure = f"{number(result.median)} {result.unit}"
    bar = str(Bar.parse(result.bar)) if result.bar else ""
    return known(result.name).title, figure, baseline, number(result.ratio), bar, met


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


def markdown(results: list[Result], *, names: bool = False) -> str:
    """The table as documents show it; with the rows' ``names`` in ``results.json``, or without."""
    head = (*HEAD, "name") if names else HEAD
    lines = [f"| {' | '.join(head)} |", "|" + "---|" * len(head)]
    for result in results:
        row = (*cells(result), f"`{result.name}`") if names else cells(result)
        lines.append(f"| {' | '.join(row)} |")
    return "\n".join(lines)


def with_table(text: str, table: str) -> str:
    """A document's text with the table between its two marks."""
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not (begin and end):
        raise ValueError("the document has no marks for a table")
    return f"{before}{BEGIN}\n{table}\n{END}{after}"


def documents(results: list[Result]) -> dict[pathlib.Path, str]:
    """Each document with its table: the headlines in the README, all rows on the page."""
    headlines = [result for result in results if known(result.name).headline]
    tables = {README: markdown(headlines), PAGE: markdown(results, names=True)}
    return {path: with_table(path.read_text(), table) for path, table in tables.items()}


def write_documents(results: list[Result]) -> None:
    """Write the tables of all documents."""
    for path, text in documents(results).items():
        path.write_text(text)
