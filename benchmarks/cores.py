"""What the crates measure by themselves: ``cargo bench``, one JSON line a row."""

import os
import subprocess
import sys

import msgspec

from benchmarks.context import Context, measure
from benchmarks.processes import ROOT, BenchError
from benchmarks.result import Row


class Line(msgspec.Struct):
    """What a bench prints."""

    name: str
    unit: str
    samples: list[float]


BARS = {
    "core, deep books": "<= 120",
    "core, thin books": "<= 120",
    "core, 1000000 resting": "<= 2 x baseline",
    "core, 1000 symbols": "<= 1.5 x baseline",
    "bytes per resting order, deep books": "<= 200",
    "bytes per resting order, thin books": "<= 200",
    "heap allocations per command, deep books": "<= 0",
    "heap allocations per command, thin books": "<= 0",
    "recorder": ">= 50000",
}
BASELINES = {
    "core, 1000000 resting": "core, 1000 resting",
    "core, 1000 symbols": "core, 1 symbol",
    "structure: levels in a tree, 20 levels": "structure: heap with lazy deletion, 20 levels",
    "structure: levels in a tree, 50000 levels": "structure: heap with lazy deletion, 50000 levels",
}


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
        baseline = BASELINES.get(line.name) or beside(line.name)
        known = baseline in samples
        row = Row(
            name=line.name,
            unit=line.unit,
            command=command,
            bar=BARS.get(line.name),
            baseline_name=baseline if known else None,
            samples=line.samples,
            baseline_samples=samples[baseline] if known else [],
        )
        made.append(row)
    return made


def beside(name: str) -> str:
    """The bare append that stands beside a commit in the journal's bench."""
    return name.replace(".commit.", ".bare.") if ".commit." in name else ""


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


@measure("store")
def store(ctx: Context) -> list[Row]:
    """The recorder."""
    ctx.say("cargo bench -p store")
    return cargo_bench("store")
