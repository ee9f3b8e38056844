"""Which programs make a cluster, with their ports, directories and order."""

import json
import shutil
import socket
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from settings import Config
from supervisor.directory import Directory
from supervisor.failure import Failure
from supervisor.keeper import ROOT
from supervisor.probes import Answer, Page
from supervisor.program import Kind, Program

GATEWAYS = {1: 9878, 2: 9881}
"""Their numbers, and the ports of each for FIX."""
FACADE = 3
"""Gateways and facades share their numbers."""
KAFKA_SCRIPT = ROOT / "scripts/kafka/kafka.sh"
REDIS_SETTINGS = ROOT / "deploy/redis/redis.conf"
PROMETHEUS_SETTINGS = ROOT / "deploy/prometheus"
HERE = "127.0.0.1"


def default_ports(engines: Iterable[str]) -> dict[str, int]:
    """The ports of a cluster by their names; ``docs/operations.md`` has them too."""
    ports = {"facade": 8080}
    ports |= {f"gateway-{number}": 9878 + number for number in GATEWAYS}
    ports |= {f"gateway-{number}.fix": port for number, port in GATEWAYS.items()}
    for at, name in enumerate(engines, 1):
        ports[f"engine-{name}.metrics"] = 9700 + at
    ports |= {f"gateway-{number}.metrics": 9710 + number for number in GATEWAYS}
    ports |= {"recorder.metrics": 9721, "archive.metrics": 9722}
    return ports | {"kafka": 19092, "kafka.controller": 19093, "redis": 16379, "prometheus": 19090}


@dataclass(frozen=True)
class Plan:
    """One cluster, before anything of it is started."""

    config_file: Path
    config: Config
    ports: Mapping[str, int]
    directory: Directory
    prometheus: str | None
    """The program, where it is installed and configured."""

    def programs(self) -> tuple[Program, ...]:
        """All of them, in the order in which their lines are listed."""
        return (*self.servers(), self.setup(), *self.roles())

    def servers(self) -> Iterator[Program]:
        """What the roles stand on."""
        ports, directory = self.ports, self.directory
        yield Program(
            "kafka",
            Kind.SERVER,
            (str(KAFKA_SCRIPT), "run", str(directory.kafka), "1"),
            Answer(ports["kafka"]),
            stop_s=30.0,
        )
        port = str(ports["redis"])
        where = ("--bind", HERE, "--port", port, "--dir", str(directory.redis))
        yield Program(
            "redis",
            Kind.SERVER,
            ("redis-server", str(REDIS_SETTINGS), *where),
            Answer(ports["redis"], b"PING", b"+PONG"),
        )
        if self.prometheus is not None:
            yield Program(
                "prometheus",
                Kind.SERVER,
                (
                    self.prometheus,
                    f"--config.file={directory.prometheus / 'config/prometheus.yml'}",
                    f"--storage.tsdb.path={directory.prometheus / 'data'}",
                    f"--web.listen-address={HERE}:{ports['prometheus']}",
                    "--log.level=warn",
                ),
                Page(ports["prometheus"], "/-/ready"),
            )

    def setup(self) -> Program:
        """What makes the topics, and journals the configuration."""
        return Program("setup", Kind.ONCE, command("setup"), environment=self.environment())

    def roles(self) -> Iterator[Program]:
        """All roles; each has its port for HTTP from the environment, as its health check has."""
        for name in self.config.kafka.engines:
            yield self._role(f"engine-{name}", Kind.ROLE, ("engine", "--name", name))
        for number in GATEWAYS:
            name = f"gateway-{number}"
            listens = {
                "QUANTSCOPE_SERVER_BINARY_PORT": str(self.ports[name]),
                "QUANTSCOPE_SERVER_FIX_PORT": str(self.ports[f"{name}.fix"]),
            }
            yield self._role(name, Kind.DOOR, ("gateway", "--number", str(number)), listens)
        named = ("recorder", "--name")
        redis = {"QUANTSCOPE_STORE_ADAPTER": "redis"}
        yield self._role("recorder", Kind.ROLE, (*named, "redis"), redis)
        archive = {
            "QUANTSCOPE_STORE_ADAPTER": "sqlite",
            "QUANTSCOPE_SERVER_DATA_DIR": str(self.directory.archive),
        }
        yield self._role("archive", Kind.ROLE, (*named, "archive"), archive)
        yield self._role("facade", Kind.DOOR, ("facade", "--number", str(FACADE)), redis)

    def environment(self) -> dict[str, str]:
        """Where all roles find Kafka and Redis."""
        return {
            "QUANTSCOPE_CONFIG": str(self.config_file),
            "QUANTSCOPE_KAFKA_BOOTSTRAP_SERVERS": f"{HERE}:{self.ports['kafka']}",
            "QUANTSCOPE_REDIS_HOST": HERE,
            "QUANTSCOPE_REDIS_PORT": str(self.ports["redis"]),
            "QUANTSCOPE_SERVER_HOST": HERE,
        }

    def _role(
        self, name: str, kind: Kind, words: tuple[str, ...], beside: Mapping[str, str] | None = None
    ) -> Program:
        port = self.http_port(name)
        environment = {"QUANTSCOPE_SERVER_HTTP_PORT": str(port), **(beside or {})}
        return Program(name, kind, command(*words), Page(port), self.environment() | environment)

    def http_port(self, name: str) -> int:
        """Where a role serves ``/metrics`` and ``/ready``; the facade has no other port."""
        return self.ports["facade" if name == "facade" else f"{name}.metrics"]

    def ready_line(self) -> str:
        """What is served where."""
        served = {"http": f"{HERE}:{self.ports['facade']}"}
        for protocol, of in (("binary", ""), ("fix", ".fix")):
            doors = (self.ports[f"gateway-{number}{of}"] for number in GATEWAYS)
            served[protocol] = ",".join(f"{HERE}:{port}" for port in doors)
        if self.prometheus is not None:
            served["prometheus"] = f"{HERE}:{self.ports['prometheus']}"
        served |= {name: f"{HERE}:{self.ports[name]}" for name in ("kafka", "redis")}
        return " ".join(("ready", *(f"{name}={where}" for name, where in served.items())))

    # -- before the start --------------------------------------------------------------------

    def check(self) -> None:
        """Raise ``Failure`` for what would only show in the lines of a program that dies."""
        made_with = self.directory.port_of_kafka()
        if made_with not in (None, self.ports["kafka"]):
            raise Failure(
                f"{self.directory.path} was made with --port kafka={made_with}, and "
                f"{self.ports['kafka']} is given: give that one, or take another directory"
            )
        for program in ("setpriv", "redis-server"):
            if shutil.which(program) is None:
                raise Failure(f"{program} is not found: `make cluster` installs what is missing")
        unused = set() if self.prometheus is not None else {"prometheus"}
        taken = [
            f"{port} (--port {name}=N)"
            for name, port in self.ports.items()
            if name not in unused and in_use(port)
        ]
        if taken:
            raise Failure(f"in use by another program: {', '.join(taken)}")

    def configure_prometheus(self) -> None:
        """Put its settings into the directory, with the roles' addresses as its targets."""
        own = self.directory.prometheus / "config"
        if own.exists():
            shutil.rmtree(own)
        shutil.copytree(PROMETHEUS_SETTINGS, own, ignore=shutil.ignore_patterns("targets"))
        targets = [
            {
                "targets": [f"{HERE}:{self.http_port(role.name)}"],
                "labels": {"role": role_of(role), "name": role.name},
            }
            for role in self.roles()
        ]
        (own / "targets").mkdir()
        (own / "targets/cluster.json").write_text(json.dumps(targets, indent=2))


def command(*words: str) -> tuple[str, ...]:
    """A command of quantscope, from this checkout."""
    return (sys.executable, "-m", "quantscope.cli", *words)


def role_of(program: Program) -> str:
    """Which role it is: the first word of its command."""
    return program.command[len(command())]


def in_use(port: int) -> bool:
    """Whether somebody listens there."""
    with socket.socket() as trial:
        trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            trial.bind((HERE, port))
        except OSError:
            return True
    return False


def prometheus_found() -> str | None:
    """The program, where it is installed and there are settings for it."""
    if not (PROMETHEUS_SETTINGS / "prometheus.yml").exists():
        return None
    return shutil.which("prometheus")
