"""The processes of a cluster that is measured: brokers, roles, load, and the bare pipe."""

import contextlib
import json
import pathlib
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from benchmarks.context import Context
from benchmarks.processes import BenchError, running
from journal.kafka import Clients, KafkaKept, Topics
from quantscope.cluster.setup import run_setup
from settings import Config, KafkaSettings, load
from testing.cluster_process import ClusterProcess, config_of, end_cluster
from testing.command import QUANTSCOPE, ROOT
from testing.kafka import Brokers
from testing.redis import RedisServer

PIPE = "the bare pipe"
WARMUP_S = 20.0
"""The brokers' Java compiles what is used often."""
PREFIXES = ("demo", "more")
"""Users of each gateway: a session is logged in to at one."""
USERS = 64
SAMPLES = 64
QUIET = 'log_level = "WARNING"'


@dataclass(frozen=True)
class Frames:
    """What an exchange has sent, which the pipe is to pass."""

    command_bytes: int
    event_bytes: int
    commands: float
    """In a batch, on average."""
    batches: int


@dataclass(frozen=True)
class Roles:
    """The processes that are at work."""

    engines: Sequence[ClusterProcess]
    gateways: Sequence[ClusterProcess]
    facades: Sequence[ClusterProcess] = ()
    recorders: Sequence[ClusterProcess] = ()
    redis: RedisServer | None = None

    @property
    def commands(self) -> int:
        """Commands that the first engine has applied."""
        return int(self.engines[0].metrics()["quantscope_commands_total"])


class Bench:
    """Brokers, and an exchange on them, for one run."""

    def __init__(
        self,
        brokers: Brokers,
        directory: pathlib.Path,
        prefix: str,
        *lines: str,
        engines: int = 1,
    ) -> None:
        """Set up an exchange with users enough, and more ``lines`` of TOML."""
        self.brokers = brokers
        self.prefix = prefix
        self.directory = directory / prefix
        self.directory.mkdir()
        self.names = ("a", "b")[:engines]
        names = ", ".join(f'"{name}"' for name in self.names)
        self.path = config_of(directory, brokers, prefix, *lines, "[server]", QUIET)
        users = [f"{name}{n}" for name in PREFIXES for n in range(1, USERS + 1)]
        listed = [f'[[users]]\nname = "{user}"\npassword = "demo"\n' for user in users]
        text = self.path.read_text().replace("[kafka]\n", f"[kafka]\nengines = [{names}]\n")
        self.path.write_text(text + "".join(listed))
        self.config: Config = load(self.path, {}, ["journal.adapter=kafka"])
        run_setup(self.config, lambda _: None)

    @contextlib.contextmanager
    def roles(
        self, *, gateways: int = 0, facades: int = 0, recorded: bool = False
    ) -> Iterator[Roles]:
        """Engines and others at work; the store is a Redis where there are facades or recorders."""
        with contextlib.ExitStack() as stack:
            started: list[ClusterProcess] = []

            def begun(role: str, *arguments: str) -> ClusterProcess:
                process = ClusterProcess(self.path, role, *arguments)
                stack.enter_context(process)
                started.append(process)
                return process

            store: tuple[str, ...] = ()
            redis: RedisServer | None = None
            if recorded or facades:
                redis = stack.enter_context(RedisServer(self.directory / "redis"))
                store = ("--set", "store.adapter=redis", "--set", f"redis.port={redis.port}")
            engines = [begun("engine", "--name", name) for name in self.names]
            yield Roles(
                engines,
                [begun("gateway", "--number", str(11 + at)) for at in range(gateways)],
                [begun("facade", "--number", str(31 + at), *store) for at in range(facades)],
                [begun("recorder", *store)] if recorded else [],
                redis,
            )

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


def loads(gateways: Sequence[ClusterProcess], *arguments: object) -> list[dict[str, Any]]:
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
    settings: KafkaSettings,
    frames: Frames,
    gateways: int,
    seconds: float,
    warm: float,
    *how: Any,
    relays: Sequence[str] = ("a",),
    readers: int = 0,
) -> list[dict[str, float]]:
    """What bare processes do with such frames, for each gateway.

    ``readers`` read what comes back besides the gateways, as facades and recorders do.
    """
    where = [",".join(settings.bootstrap_servers), settings.topic_prefix]
    command = [sys.executable, "-m", "benchmarks.pipe"]
    gateway = [*command, "gateway", *where, "--command-bytes", str(frames.command_bytes)]
    gateway += ["--seconds", str(seconds), "--warmup-seconds", str(warm), *map(str, how)]
    gateway += [f"--reads={name}" for name in relays]
    relay = [*command, "relay", *where, "--event-bytes", str(frames.event_bytes)]
    with contextlib.ExitStack() as stack:
        for name in relays:
            stack.enter_context(running([*relay, "--name", name]))
        for _ in range(readers):
            stack.enter_context(running([*command, "reader", *where]))
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


def pid_of(process: ClusterProcess) -> int:
    """Of a role that runs."""
    assert process.process is not None
    return process.process.pid


def pids(brokers: Brokers, roles: Roles) -> dict[str, list[int]]:
    """Whose processor time is looked at."""
    found = {
        "engines": roles.engines,
        "gateways": roles.gateways,
        "facades": roles.facades,
        "recorders": roles.recorders,
    }
    numbers = {name: [pid_of(process) for process in parts] for name, parts in found.items()}
    servers = {"broker": [brokers.pid()]}
    if roles.redis is not None:
        servers["Redis"] = [roles.redis.pid()]
    return {name: pids for name, pids in numbers.items() if pids} | servers


@contextlib.contextmanager
def brokers_at(ctx: Context, jvm: str = "") -> Iterator[tuple[Brokers, pathlib.Path]]:
    """One broker on the disk that is measured, with all of Java's compilers, and more options."""
    with ctx.data_dir() as path, Brokers(path / "kafka", jvm=jvm) as brokers:
        try:
            yield brokers, path
        finally:
            # A measurement that fails leaves no role behind.
            end_cluster()
