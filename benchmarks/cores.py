"""What the crates measure by themselves: ``cargo bench``, one JSON line a row."""

import os
import subprocess
import sys

import msgspec

from benchmarks.context import Context, measure
from benchmarks.processes import BenchError
from benchmarks.result import FIGURES, Figure, Row, figure
from testing.command import ROOT


class Line(msgspec.Struct):
    """What a bench prints."""

    name: str
    unit: str
    samples: list[float]


CORE = "matching engine alone"
FIXED = "core, fixed work"
figure(
    FIXED,
    "a fixed piece of work between the samples (Rust's own map of 100,000 numbers: "
    "one out, one in)",
)
COMMAND = 0.45
"""A command to a step of that work, on the machine where this was set, and a fifth more."""
BOOKS = {"deep books": "deep books", "thin books": "books of nearly one order a price"}
for books, words in BOOKS.items():
    figure(
        f"core, {books}",
        f"{CORE}, {words}: a command",
        bar=f"<= {COMMAND} x baseline",
        baseline=FIXED,
        headline=books[0] == "d",
    )
    size = f"bytes per resting order, {books}"
    figure(size, f"{CORE}, {words}: memory of an open order", bar="<= 200")
    figure(f"{size}, steady state", f"{CORE}, {words}: the same after many came and went")
    figure(
        f"heap allocations per command, {books}",
        f"{CORE}, {words}: memory asked of the system for a command",
        bar="<= 0",
    )
TEXTS = "deep books, ClOrdIDs in text"
figure("core, deep books, FIX", f"{CORE}, {TEXTS}: a command")
size = "bytes per resting order, deep books, FIX"
figure(size, f"{CORE}, {TEXTS}: memory of an open order, its ClOrdID remembered")
figure(f"{size}, steady state", f"{CORE}, {TEXTS}: the same with all that is remembered")
figure(
    "heap allocations per command, deep books, FIX",
    f"{CORE}, {TEXTS}: memory asked of the system for a command",
)
figure("core, 1000 resting", f"{CORE}, 1,000 open orders: a command")
figure("core, 1000 resting, FIX", f"{CORE}, 1,000 open orders, ClOrdIDs in text: a command")
figure("core, 100000 resting", f"{CORE}, 100,000 open orders: a command")
figure(
    "core, 1000000 resting",
    f"{CORE}, 1,000,000 open orders: a command",
    bar="<= 2 x baseline",
    baseline="core, 1000 resting",
)
figure("core, 1 symbol", f"{CORE}, 1 instrument: a command")
figure(
    "core, 1000 symbols",
    f"{CORE}, 1,000 instruments: a command",
    bar="<= 1.5 x baseline",
    baseline="core, 1 symbol",
)
figure("replay", f"{CORE}: commands replayed")
figure("snapshot of 100,000 orders", f"{CORE}: snapshot of 100,000 open orders")
figure("restore of 100,000 orders", f"{CORE}: restoring a snapshot of 100,000 open orders")
for levels in (20, 50_000):
    heap = f"structure: heap with lazy deletion, {levels} levels"
    figure(
        f"structure: levels in a tree, {levels} levels",
        f"a book of {levels:,} prices as this exchange keeps it: an operation",
        baseline=heap,
    )
    figure(heap, f"a book of {levels:,} prices in a binary heap with lazy deletion: an operation")
figure("view", "what REST and WebSocket show, in memory: an order of the mix")
figure("recorder", "recorder: orders written to the store", bar=">= 50000")
figure("recorder, processor time", "recorder: processor time of an order")
figure("recorder, size of the store", "recorder: size of an order in the store")
figure("recorder, FIX", "recorder, ClOrdIDs in text: orders written to the store")
figure("recorder, FIX, processor time", "recorder, ClOrdIDs in text: processor time of an order")
figure("recorder, FIX, size of the store", "recorder, ClOrdIDs in text: size of an order")
COMMITS = {
    "60": "a commit of 60 bytes",
    "60000": "a commit of 60,000 bytes",
    "sustained": "a commit at a steady 40 MB/s in batches of 45,000 bytes",
}
for size, words in COMMITS.items():
    for place in ("p50", "p99"):
        bare = f"journal.bare.{size}.{place}"
        figure(f"journal.commit.{size}.{place}", f"journal, {words}: {place}", baseline=bare)
        figure(bare, f"bare append and fdatasync instead of {words}: {place}")
SUMMED = "FIX: a pass over an order's bytes"
figure(SUMMED, "a pass over an order of some 160 bytes of FIX that adds each and finds each SOH")
figure(
    "FIX: decode of an order",
    "FIX: from the bytes of an order to its command record, the dictionary's checks included",
    bar="<= 2.5 x baseline",
    baseline=SUMMED,
)
figure("FIX: encode of a report", "FIX: from an event to an ExecutionReport", bar="<= 250")


def cargo_bench(crate: str) -> list[Row]:
    """Every row that a crate's bench prints, with its bar and the row it is compared with."""
    command = f"cargo bench -p {crate}"
    done = subprocess.run(
        [*command.split(), "--locked", "-q"],
        cwd=ROOT,
        env={**os.environ, "PYO3_PYTHON": sys.executable},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise BenchError(f"{command}: {done.stderr[-2000:]}")
    return rows(done.stdout, command)


def rows(output: str, command: str) -> list[Row]:
    """The rows that stand in the output of a bench, among whatever else it says."""
    text = [line for line in output.splitlines() if line.startswith("{")]
    lines = [msgspec.json.decode(line, type=Line) for line in text]
    samples = {line.name: line.samples for line in lines}
    made = []
    for line in lines:
        known = FIGURES.get(line.name) or Figure(name=line.name, title=line.name)
        row = known.row(command)
        row.unit, row.samples = line.unit, line.samples
        row.baseline_samples = samples.get(known.baseline_name or "", [])
        made.append(row)
    return made


@measure("matching")
def matching(ctx: Context) -> list[Row]:
    """The engine on one thread."""
    ctx.say("cargo bench -p matching")
    return cargo_bench("matching")


@measure("journal")
def journal(ctx: Context) -> list[Row]:
    """The log."""
    ctx.say("cargo bench -p journal")
    return cargo_bench("journal")


@measure("fix-codec")
def fix_codec(ctx: Context) -> list[Row]:
    """A message of FIX on its way in and out."""
    ctx.say("cargo bench -p gateway")
    return cargo_bench("gateway")


@measure("view")
def view(ctx: Context) -> list[Row]:
    """What REST and WebSocket show, kept up to date."""
    ctx.say("cargo bench -p view")
    return cargo_bench("view")


@measure("store")
def store(ctx: Context) -> list[Row]:
    """The recorder."""
    ctx.say("cargo bench -p store")
    return cargo_bench("store")
