"""A cluster on one broker: as much as goes, and a steady rate, each beside the bare pipe."""

import contextlib
import json
import pathlib
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from benchmarks.context import Context, measure
from benchmarks.processes import BenchError, running
from benchmarks.result import Row, figure
from journal.kafka import Clients, KafkaKept, Topics
from quantscope.cluster.setup import run_setup
from settings import Config, KafkaSettings, load
from testing.cluster_process import ClusterProcess, config_of
from testing.command import QUANTSCOPE, ROOT
from testing.kafka import Brokers

PIPE = "the bare pipe"
CONNECTIONS = 64
IN_FLIGHT = 100
GATEWAYS = 2
STEADY_CONNECTIONS = 16
RATES = (1_000, 5_000)
WARMUP_S = 20.0
"""The brokers' Java compiles what is used often."""
PREFIXES = ("demo", "more")
"""Users of each gateway: a session is logged in to at one."""
SAMPLES = 64

FULL = f"cluster, {CONNECTIONS} x {IN_FLIGHT} in flight, {GATEWAYS} gateways, one broker"
FULL_RATE = figure(
    f"{FULL}, acknowledged",
    f"a cluster at full load (one engine, {GATEWAYS} gateways, one broker; {CONNECTIONS} "
    f"connections, {IN_FLIGHT} requests in flight on each): orders acknowledged",
    "orders/s",
    bar=">= 200000",
    baseline=f"{PIPE}, commands/s",
    headline=True,
)
FULL_SHARE = figure(
    f"{FULL}, against the pipe",
    "a cluster at full load: orders acknowledged, against what the bare pipe passes",
    "orders/s",
    bar=">= 0.5 x baseline",
    baseline=f"{PIPE}, commands/s",
)
FULL_P99 = figure(
    f"{FULL}, p99", "a cluster at full load: time to the answer, p99", "us", bar="<= 100000"
)
FULL_BATCH = figure(
    f"{FULL}, commands in a batch", "a cluster at full load: commands in a batch, mean", "commands"
)
FULL_CPU = {
    role: figure(
        f"{FULL}, processor time of {role}",
        f"a cluster at full load: processor time for an order, {role}",
        "us",
    )
    for role in ("engine", "gateways", "broker")
}
STEADY_P50 = {
    rate: figure(
        f"cluster, {rate:,} orders/s, one gateway, one broker, p50",
        f"a cluster at a steady {rate:,} orders/s (one engine, one gateway, one broker, "
        f"{STEADY_CONNECTIONS} connections): time to the answer, p50",
        "us",
        bar=f"<= {3_000 + 1_000 * (rate == RATES[1])}",
        headline=True,
    )
    for rate in RATES
}
STEADY_OVER = {
    rate: figure(
        f"cluster, {rate:,} orders/s, p50 over the pipe",
        f"a cluster at a steady {rate:,} orders/s: time to the answer against the bare pipe, p50",
        "us",
        bar="<= 1000 + 1 x baseline",
        baseline=f"{PIPE} at as many frames a second, p50",
    )
    for rate in RATES
}
STEADY_P99 = figure(
    f"cluster, {RATES[1]:,} orders/s, p99",
    f"a cluster at a steady {RATES[1]:,} orders/s: time to the answer, p99",
    "us",
    bar="<= 15000",
    baseline=f"{PIPE} at as many frames a second, p99",
)


@dataclass(frozen=True)
class Frames:
    """What an exchange has sent, which the pipe is to pass."""

    command_bytes: int
    event_bytes: int
    commands: float
    """In a batch, on average."""
    batches: int


class Bench:
    """Brokers, and an exchange on them, for one run."""

    def __init__(self, brokers: Brokers, directory: pathlib.Path, prefix: str) -> None:
        """Set up an exchange with users enough."""
        self.brokers = brokers
        self.prefix = prefix
        self.path = config_of(directory, brokers, prefix, '[server]\nlog_level = "WARNING"')
        users = [f"{name}{n}" for name in PREFIXES for n in range(1, CONNECTIONS + 1)]
        lines = [f'[[users]]\nname = "{user}"\npassword = "demo"\n' for user in users]
        self.path.write_text(self.path.read_text() + "".join(lines))
        self.config: Config = load(self.path, {}, ["journal.adapter=kafka"])
        run_setup(self.config, lambda _: None)

    @contextlib.contextmanager
    def roles(self, gateways: int) -> Iterator[tuple[ClusterProcess, list[ClusterProcess]]]:
        """An engine and gateways at work."""
        with contextlib.ExitStack() as stack:
            engine = stack.enter_context(ClusterProcess(self.path, "engine"))
            numbers = [str(11 + at) for at in range(gateways)]
            entered = [
                stack.enter_context(ClusterProcess(self.path, "gateway", "--number", number))
                for number in numbers
            ]
            yield engine, entered

    def frames(self, orders: int) -> Frames:
        """How large its batches are, of so many commands."""
        topics, clients = Topics(self.config.kafka), Clients(self.config.kafka)
        with KafkaKept(clients, topics.commands) as log:
            command_bytes, batches = mean_bytes(log), log.next_offset - log.first_offset
        with KafkaKept(clients, topics.events("a")) as log:
            event_bytes = mean_bytes(log)
        return Frames(command_bytes, event_bytes, orders / batches, batches)


def mean_bytes(log: KafkaKept) -> int:
    """Bytes of a record, of many over the whole log."""
    step = max(1, (log.next_offset - log.first_offset) // SAMPLES)
    places = range(log.first_offset, log.next_offset, step)
    sizes = [len(found[0].batch) for at in places if (found := log.read(at, 1))]
    return sum(sizes) // len(sizes)


def loads(gateways: list[ClusterProcess], *arguments: object) -> list[dict[str, Any]]:
    """A load generator for each gateway, all at once."""
    begun = [
        subprocess.Popen(
            [*QUANTSCOPE, "load", "--json", "--port", str(gateway.binary), "--user-prefix", prefix]
            + [str(argument) for argument in arguments],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for gateway, prefix in zip(gateways, PREFIXES, strict=False)
    ]
    said = [process.communicate() for process in begun]
    for process, (_, errors) in zip(begun, said, strict=True):
        if process.returncode:
            raise BenchError(f"quantscope load: {errors.strip()}")
    return [json.loads(out) for out, _ in said]


def pipe(
    settings: KafkaSettings, frames: Frames, gateways: int, seconds: float, warm: float, *how: Any
) -> list[dict[str, float]]:
    """What bare processes do with such frames, for each gateway."""
    where = [",".join(settings.bootstrap_servers), settings.topic_prefix]
    command = [sys.executable, "-m", "benchmarks.pipe"]
    gateway = [*command, "gateway", *where, "--command-bytes", str(frames.command_bytes)]
    gateway += ["--seconds", str(seconds), "--warmup-seconds", str(warm), *map(str, how)]
    with running([*command, "relay", *where, "--event-bytes", str(frames.event_bytes)]):
        begun = [
            subprocess.Popen(
                [*gateway, "--number", str(number)], cwd=ROOT, stdout=subprocess.PIPE, text=True
            )
            for number in range(1, gateways + 1)
        ]
        said = [process.communicate()[0] for process in begun]
    if any(process.returncode for process in begun):
        raise BenchError("the pipe failed")
    return [json.loads(out) for out in said]


def cpu_s(pid: int) -> float:
    """Processor time of a process, in seconds."""
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].split()
    return (int(fields[11]) + int(fields[12])) / 100


def pids(
    brokers: Brokers, engine: ClusterProcess, gateways: list[ClusterProcess]
) -> dict[str, list[int]]:
    """Whose processor time is looked at."""
    found = {"engine": [engine], "gateways": gateways}
    numbers = {
        role: [process.process.pid for process in processes if process.process is not None]
        for role, processes in found.items()
    }
    return numbers | {"broker": [brokers.pid()]}


@contextlib.contextmanager
def brokers_at(ctx: Context) -> Iterator[tuple[Brokers, pathlib.Path]]:
    """One broker on the disk that is measured, with all of Java's compilers."""
    with ctx.data_dir() as path, Brokers(path / "kafka", jvm="") as brokers:
        yield brokers, path


@measure("cluster-full")
def cluster_full(ctx: Context) -> list[Row]:
    """As much as goes through two gateways and an engine."""
    command = f"quantscope load --connections {CONNECTIONS // GATEWAYS} (at each gateway)"
    rate, share = FULL_RATE.row(command), FULL_SHARE.row(command)
    p99, batch = FULL_P99.row(command), FULL_BATCH.row(command)
    times = {role: row.row(command) for role, row in FULL_CPU.items()}
    warm, seconds = ctx.seconds(WARMUP_S, 2), ctx.seconds(10, 2)
    for _ in ctx.each_run("cluster-full"):
        with brokers_at(ctx) as (brokers, path):
            bench = Bench(brokers, path, "full")
            with bench.roles(GATEWAYS) as (engine, gateways):
                how = ("--connections", CONNECTIONS // GATEWAYS, "--in-flight", IN_FLIGHT)
                loads(gateways, *how, "--seconds", warm)
                watched = pids(brokers, engine, gateways)
                before = {role: sum(map(cpu_s, found)) for role, found in watched.items()}
                found = loads(gateways, *how, "--seconds", seconds)
                spent = {role: sum(map(cpu_s, pid)) - before[role] for role, pid in watched.items()}
                orders = sum(result["orders"] for result in found)
                commands = int(engine.metrics()["quantscope_commands_total"])
            frames = bench.frames(commands)
            other = Bench(brokers, path, "pipe")
            in_flight = max(1, round(CONNECTIONS * IN_FLIGHT / GATEWAYS / frames.commands))
            passed = pipe(
                other.config.kafka, frames, GATEWAYS, seconds, warm, "--in-flight", in_flight
            )
        rate.samples.append(sum(result["orders_per_s"] for result in found))
        share.samples.append(rate.samples[-1])
        baseline = frames.commands * sum(x["frames_per_s"] for x in passed)
        rate.baseline_samples.append(baseline)
        share.baseline_samples.append(baseline)
        p99.samples.append(max(result["latency_us"]["p99"] for result in found))
        batch.samples.append(frames.commands)
        for role, seconds_spent in spent.items():
            times[role].samples.append(1e6 * seconds_spent / orders)
    return [rate, share, p99, batch, *times.values()]


@measure("cluster-steady")
def cluster_steady(ctx: Context) -> list[Row]:
    """A steady rate through one gateway and an engine."""
    command = f"quantscope load --connections {STEADY_CONNECTIONS} --rate N (cluster)"
    rows = {rate: (STEADY_P50[rate].row(command), STEADY_OVER[rate].row(command)) for rate in RATES}
    tail = STEADY_P99.row(command)
    warm, seconds = ctx.seconds(WARMUP_S, 2), ctx.seconds(10, 2)
    for _ in ctx.each_run("cluster-steady"):
        with brokers_at(ctx) as (brokers, path):
            for rate in RATES:
                bench = Bench(brokers, path, f"steady{rate}")
                with bench.roles(1) as (_, gateways):
                    how = ("--connections", STEADY_CONNECTIONS, "--rate", rate)
                    loads(gateways, *how, "--seconds", warm)
                    (found,) = loads(gateways, *how, "--seconds", seconds)
                frames = bench.frames(round(rate * (warm + seconds)))
                other = Bench(brokers, path, f"pipe{rate}")
                per_s = frames.batches / (warm + seconds)
                (passed,) = pipe(other.config.kafka, frames, 1, seconds, warm, "--rate", per_s)
                p50, over = rows[rate]
                p50.samples.append(found["latency_us"]["p50"])
                over.samples.append(found["latency_us"]["p50"])
                over.baseline_samples.append(passed["p50_us"])
                if rate == RATES[1]:
                    tail.samples.append(found["latency_us"]["p99"])
                    tail.baseline_samples.append(passed["p99_us"])
    return [row for pair in rows.values() for row in pair] + [tail]
