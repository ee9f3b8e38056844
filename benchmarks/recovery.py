"""How long the exchange takes to come back."""

from benchmarks.context import Context, measure
from benchmarks.processes import exchange_at, load
from benchmarks.result import Row, figure

RESTING = 100_000

START = figure(
    f"start from a snapshot of {RESTING:,} resting orders",
    f"start with {RESTING:,} open orders: time until it serves",
    "s",
    bar="<= 2",
)
REPLAY = figure(
    "recovery: commands replayed at a start without a snapshot",
    "start after kill -9, without a snapshot: commands replayed",
    "commands/s",
    bar=">= 1000000",
    headline=True,
)


@measure("start")
def start(ctx: Context) -> list[Row]:
    """A start from a snapshot of 100,000 resting orders."""
    resting = RESTING // 50 if ctx.quick else RESTING
    row = START.row("quantscope serve")
    for _ in ctx.each_run("start"):
        with ctx.data_dir() as path:
            with exchange_at(path / "data", environment=ctx.environment) as exchange:
                load(
                    "--port", exchange.binary, "--resting", resting, "--seconds", 0,
                    "--warmup-seconds", 0, "--json",
                )  # fmt: skip
            with exchange_at(path / "data", environment=ctx.environment) as exchange:
                row.samples.append(exchange.start_s)
    return [row]


@measure("replay")
def replay(ctx: Context) -> list[Row]:
    """A start without a snapshot, after ``kill -9``: every command of the journal once more."""
    row = REPLAY.row("quantscope serve, after kill -9")
    for _ in ctx.each_run("replay"):
        with ctx.data_dir() as path:
            with exchange_at(path / "empty", environment=ctx.environment) as exchange:
                empty_s = exchange.start_s
            with exchange_at(path / "data", environment=ctx.environment) as exchange:
                load("--port", exchange.binary, "--seconds", ctx.seconds(10, 2), "--json")
                exchange.kill()
            with exchange_at(path / "data", environment=ctx.environment) as exchange:
                commands = exchange.metrics()["quantscope_commands_total"]
                row.samples.append(commands / max(exchange.start_s - empty_s, 1e-3))
    return [row]
