"""A cluster of every role, and a Prometheus that watches it."""

import asyncio
import secrets
import time
from pathlib import Path
from typing import Self

from testing.cluster_process import ClusterProcess, config_of, set_up
from testing.command import ROOT
from testing.kafka import Brokers
from testing.prometheus import PrometheusServer, Target
from testing.redis import RedisServer
from testing.running import Running
from testing.waiting import until

QUICK = (
    "[server]",
    "stop_deadline_s = 3.0",
    "[journal]",
    "snapshot_interval_s = 0.5",
    "snapshot_commands_min = 1",
    "[store]",
    "recorder_interval_s = 0.02",
    "recorder_retry_interval_s_max = 0.5",
    "[redis]",
    "request_deadline_s = 1.0",
)
"""Nobody waits long for what a test waits for."""
SCALE = 1 / 60
"""A minute of the rules is a second."""
LOOK_S = 0.1
FIRES_S = 60.0
"""For what takes seconds on a machine that does nothing else."""

Alert = tuple[str, str]
"""Its name, and that of the process that it is about; empty where it is about none."""


class Watched(Running):
    """A pair of engines, a gateway, a facade, a recorder on Redis and an archive, on own topics."""

    def __init__(
        self, directory: Path, brokers: Brokers, redis: RedisServer, *, scale: float = SCALE
    ) -> None:
        """Nothing is started yet."""
        prefix = f"w-{secrets.token_hex(3)}"
        lines = (*QUICK, f"port = {redis.port}")
        self.config = config_of(directory, brokers, prefix, *lines)
        self.config.write_text(self.config.read_text() + 'engines = ["a", "b"]\n')
        self._directory = directory
        self._scale = scale
        archive = ("--name", "archive", "--data-dir", str(directory / "archive"))
        on_redis = ("--set", "store.adapter=redis")
        self.engine = ClusterProcess(self.config, "engine", "--name", "a")
        self.twin = ClusterProcess(self.config, "engine", "--name", "b")
        self.gateway = ClusterProcess(self.config, "gateway")
        self.facade = ClusterProcess(self.config, "facade", *on_redis)
        self.recorder = ClusterProcess(self.config, "recorder", *on_redis)
        self.archive = ClusterProcess(self.config, "recorder", *archive)
        self.processes = {
            "facade": self.facade,
            "gateway-1": self.gateway,
            "recorder": self.recorder,
            "archive": self.archive,
            "engine-a": self.engine,
            "engine-b": self.twin,
        }
        """By the name that Prometheus has for each; first those who are talked to."""
        self.prometheus: PrometheusServer

    def set(self, *settings: str, of: tuple[str, ...] = ()) -> Self:
        """Give some processes, all unless told, these settings; before the start."""
        for name, process in self.processes.items():
            if not of or name in of:
                process.arguments += tuple(x for y in settings for x in ("--set", y))
        return self

    def breaks(self, name: str, code: str) -> Self:
        """Let a process execute this before anything else; before the start."""
        (self._directory / "sitecustomize.py").write_text(code)
        self.processes[name].env["PYTHONPATH"] = f"{self._directory}:{ROOT}"
        return self

    @property
    def targets(self) -> list[Target]:
        """Who is scraped."""
        return [Target(x.http, x.role, name) for name, x in self.processes.items()]

    def start(self) -> Self:
        """Start all of it, and wait until each role is ready and was scraped."""
        set_up(self.config)
        for process in self.processes.values():
            process.launch()
        for process in self.processes.values():
            process.until_ready()
        directory = self._directory / "prometheus"
        self.prometheus = PrometheusServer(directory, self.targets, scale=self._scale).start()
        return self

    def stop(self) -> None:
        """Stop what is still there."""
        self.prometheus.end()
        for process in self.processes.values():
            if process.process is not None:
                process.stop()

    def kill(self) -> None:
        """Kill what is there."""
        if hasattr(self, "prometheus"):
            self.prometheus.end()
        for process in self.processes.values():
            process.kill()

    async def fires(self, *alerts: Alert, seconds: float = FIRES_S) -> None:
        """Wait until each of these has been seen to fire."""
        missing, seen = set(alerts), set[Alert]()
        end = time.monotonic() + seconds
        while missing:
            seen |= await asyncio.to_thread(self.prometheus.firing)
            missing -= seen
            assert time.monotonic() < end, f"{sorted(missing)} did not fire; {sorted(seen)} did"
            await asyncio.sleep(LOOK_S)

    async def is_quiet(self, *, seconds: float = FIRES_S) -> None:
        """Wait until no alert fires."""
        end = time.monotonic() + seconds
        while firing := await asyncio.to_thread(self.prometheus.firing):
            assert time.monotonic() < end, f"{sorted(firing)} still fires"
            await asyncio.sleep(LOOK_S)

    async def is_up(self) -> None:
        """Wait until each process was scraped."""
        wanted = dict.fromkeys(self.processes, True)
        await until(lambda: self.prometheus.up() == wanted)
