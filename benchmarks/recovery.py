"""How long the exchange takes to come back."""

import re
import subprocess

from benchmarks.context import Context, measure
from benchmarks.processes import QUANTSCOPE, ROOT, BenchError, Exchange, load
from benchmarks.result import Row

RESTING = 100_000


@measure("start")
def start(ctx: Context) -> list[Row]:
    """A start from a snapshot of 100,000 resting orders."""
    resting = RESTING // 50 if ctx.quick else RESTING
    row = Row(
        name=f"start from a snapshot of {RESTING:,} resting orders",
        unit="s",
        command="quantscope serve",
        bar="<= 2",
    )
    for _ in ctx.each_run("start"):
        with ctx.data_dir() as path:
            with Exchange(path / "data", environment=ctx.environment) as exchange:
                load(
                    "--port", exchange.binary, "--resting", resting, "--seconds", 0,
                    "--warmup-seconds", 0, "--json",
                )  # fmt: skip
            with Exchange(path / "data", environment=ctx.environment) as exchange:
                row.samples.append(exchange.start_s)
    return [row]


@measure("replay")
def replay(ctx: Context) -> list[Row]:
    """Every command of the journal once more, with every event and hash compared."""
    row = Row(
        name="recovery: commands replayed and compared",
        unit="commands/s",
        command="quantscope verify",
        bar=">= 1000000",
    )
    for _ in ctx.each_run("replay"):
        with ctx.data_dir() as path:
            with Exchange(path / "data", environment=ctx.environment) as exchange:
                load("--port", exchange.binary, "--seconds", ctx.seconds(10, 0.5), "--json")
            done = subprocess.run(
                [*QUANTSCOPE, "verify", "--data-dir", str(path / "data")],
                cwd=ROOT, capture_output=True, text=True, check=False,
            )  # fmt: skip
            found = re.search(r"([\d,]+) commands/s", done.stdout)
            if done.returncode or not found:
                raise BenchError(f"quantscope verify: {done.stdout} {done.stderr}")
            row.samples.append(float(found[1].replace(",", "")))
    return [row]
