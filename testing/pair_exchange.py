"""A whole cluster of processes: engines, two of order entry, REST, and two stores."""

import asyncio
import itertools
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from journal.kafka import Clients, Topics
from settings import Config, load
from testing.cluster_process import ClusterProcess, config_of, set_up
from testing.command import ROOT, quantscope
from testing.kafka import Brokers, free_ports
from testing.redis import RedisServer

ENGINES = ("a", "b")
GATEWAYS = ("1", "3")
READY_S_MAX = 180
"""All start at once, on a machine that may do much else."""
VERIFY_S_MAX = 600
_numbers = itertools.count(1)


class Part(Protocol):
    """Any process of it, of ours or not."""

    def start(self) -> object:
        """Start it, and wait until it serves."""

    def stop(self) -> object:
        """Stop it as an operator would."""

    def kill(self) -> object:
        """Kill it as the kernel would."""

    def freeze(self) -> None:
        """Let it hang: its connections stay, and nothing answers."""

    def thaw(self) -> None:
        """Let it go on."""


@dataclass(frozen=True)
class Node:
    """One of the brokers."""

    brokers: Brokers
    number: int

    def start(self) -> None:
        """See ``Part``."""
        self.brokers.start(self.number)

    def stop(self) -> None:
        """See ``Part``."""
        self.brokers.stop(self.number)

    def kill(self) -> None:
        """See ``Part``."""
        self.brokers.kill(self.number)

    def freeze(self) -> None:
        """See ``Part``."""
        self.brokers.freeze(self.number)

    def thaw(self) -> None:
        """See ``Part``."""
        self.brokers.thaw(self.number)


class PairExchange:
    """Roles on brokers and a Redis that run already, with topics that nobody else has."""

    def __init__(
        self,
        directory: Path,
        brokers: Brokers,
        redis: RedisServer,
        *lines: str,
        kafka: tuple[str, ...] = (),
        engines: tuple[str, ...] = ENGINES,
    ) -> None:
        """Nothing is started yet; lines of TOML, and those of its table ``kafka`` apart."""
        prefix = f"p{next(_numbers)}-{secrets.token_hex(3)}"
        path = config_of(directory, brokers, prefix, *lines, "[redis]", f"port = {redis.port}")
        copies = len(brokers.nodes)
        names = ", ".join(f'"{name}"' for name in engines)
        own = [f"engines = [{names}]", f"replication_factor = {copies}"]
        own += [f"min_insync_replicas = {1 + copies // 2}", *kafka, ""]
        path.write_text(path.read_text() + "\n".join(own))
        self.path = path
        self.root = ROOT
        """The build of the commands that look at it."""
        self.redis = redis
        on_redis = ("--set", "store.adapter=redis")
        self.archive_dir = directory / "archive"
        self.engines = {name: self._role("engine", "--name", name) for name in engines}
        self.gateways = [self._role("gateway", "--number", number) for number in GATEWAYS]
        self.facade = self._role("facade", *on_redis)
        self.archive = self._role("recorder", "--data-dir", str(self.archive_dir))
        self.into_redis = self._role("recorder", *on_redis)
        # While one of them is down nobody else is to take its port.
        ports = free_ports(3 + len(GATEWAYS))
        self.facade.http, *rest = ports
        for gateway, binary in zip(self.gateways, rest, strict=False):
            gateway.binary = binary
        self.parts: dict[str, Part] = {
            **{f"engine {name}": engine for name, engine in self.engines.items()},
            **{f"gateway {n}": x for n, x in zip(GATEWAYS, self.gateways, strict=True)},
            "facade": self.facade,
            "archive": self.archive,
            "recorder into Redis": self.into_redis,
            "Redis": redis,
            **{f"broker {node}": Node(brokers, node) for node in brokers.nodes},
        }
        """Whatever can be killed, by its name."""

    def _role(self, role: str, *arguments: str) -> ClusterProcess:
        process = ClusterProcess(self.path, role, *arguments)
        process.ready_s_max = READY_S_MAX
        return process

    @property
    def roles(self) -> list[ClusterProcess]:
        """Our own processes, those who are talked to first."""
        return [part for part in self.parts.values() if isinstance(part, ClusterProcess)]

    @property
    def config(self) -> Config:
        """As the roles have it."""
        return load(self.path, {}, ["journal.adapter=kafka"])

    def start(self) -> None:
        """Set it up, start all roles, and wait until each is ready."""
        set_up(self.path)
        for role in self.roles:
            role.launch()
        for role in self.roles:
            role.until_ready()

    def leader(self) -> int:
        """Number of the broker that leads the commands."""

        async def ask() -> int:
            topic = Topics(self.config.kafka).commands
            async with Clients(self.config.kafka).administering() as admin:
                (said,) = await admin.describe_topics([topic])
            leader: int = said["partitions"][0]["leader"]
            return leader

        return asyncio.run(ask())

    def verified(self) -> str:
        """What ``quantscope verify`` says of all logs, which must be good."""
        command = ("verify", "--config", str(self.path), "--set", "journal.adapter=kafka")
        code, out, errors = quantscope(*command, seconds_max=VERIFY_S_MAX, root=self.root)
        assert code == 0, errors
        return out

    def ended(self) -> dict[str, str]:
        """Roles that have ended by themselves, and what they said last."""
        return {
            name: part.said()[-2_000:]
            for name, part in self.parts.items()
            if isinstance(part, ClusterProcess) and not part.runs
        }

    def faults(self) -> dict[str, str]:
        """What was caught in each role that runs, if anything was: it is not to be."""
        found = {}
        for name, part in self.parts.items():
            if isinstance(part, ClusterProcess) and part.runs and "Traceback" in part.said():
                at = part.said().index("Traceback")
                found[name] = part.said()[max(0, at - 500) : at + 3_000]
        return found
