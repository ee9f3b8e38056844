"""``make bench``: every figure with its baseline, measured between each other."""

import pathlib
import sys
import tempfile

import click
from rich.console import Console

from benchmarks import (
    binary,
    cluster,
    cluster_memory,
    cluster_recovery,
    cluster_rest,
    cores,
    fix,
    fix_missed,
    fix_resend,
    fix_sessions,
    gaps,
    long_order,
    memory,
    neighbours,
    recovery,
    redis_store,
    rest,
)
from benchmarks.context import MEASURES, Context
from benchmarks.processes import BenchError
from benchmarks.result import Result
from benchmarks.table import RESULTS, ROOT, read_results, show, write_documents, write_results
from testing.command import NotReady

MODULES = (
    cores,
    binary,
    fix,
    fix_resend,
    fix_missed,
    fix_sessions,
    cluster,
    cluster_rest,
    cluster_memory,
    cluster_recovery,
    gaps,
    rest,
    neighbours,
    long_order,
    recovery,
    memory,
    redis_store,
)


@click.command()
@click.argument("names", nargs=-1, metavar="[NAME]...")
@click.option("--list", "listing", is_flag=True, help="Only print the names.")
@click.option("--quick", is_flag=True, help="One short run of each: shows that it works.")
@click.option("--runs", type=click.IntRange(1), help="Runs of each measurement.")
@click.option(
    "--dir",
    "directory",
    type=click.Path(path_type=pathlib.Path),
    default=ROOT / "target",
    help="Where data directories are made: the disk that is measured.",
)
@click.option("--output", type=click.Path(path_type=pathlib.Path), default=RESULTS)
@click.option(
    "--documents/--no-documents",
    default=None,
    help="Write the tables of README.md and docs/benchmarks.md.",
)
@click.option("--only-documents", is_flag=True, help="Measure nothing: write them from --output.")
def main(
    names: tuple[str, ...],
    *,
    listing: bool,
    quick: bool,
    runs: int | None,
    directory: pathlib.Path,
    output: pathlib.Path,
    documents: bool | None,
    only_documents: bool,
) -> None:
    """Measure NAMEs, or everything, and print the table."""
    unknown = set(names) - set(MEASURES)
    if unknown:
        raise click.UsageError(f"unknown: {', '.join(unknown)}; known: {', '.join(MEASURES)}")
    if listing:
        click.echo("\n".join(MEASURES))
        return
    if only_documents:
        write_documents(read_results(output))
        return
    console = Console(width=None if sys.stdout.isatty() else 180)
    directory.mkdir(parents=True, exist_ok=True)
    results: list[Result] = []
    written: list[Result] = []
    with tempfile.TemporaryDirectory(prefix="bench-", dir=directory) as scratch:
        context = Context(pathlib.Path(scratch), quick=quick, runs=runs, say=console.log)
        for name in names or MEASURES:
            try:
                found = [row.result() for row in MEASURES[name](context)]
            except (BenchError, NotReady) as error:
                raise click.ClickException(f"{name}: {error}") from error
            # At once: should a later one fail, this one took its time all the same.
            written = write_results(found, output)
            results += found
    show(results, console)
    if documents if documents is not None else not quick and output == RESULTS:
        write_documents(written)


if __name__ == "__main__":
    main()
