"""A whole cluster whose processes reach each other through proxies, one for each link."""

from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from testing.cluster_process import ClusterProcess
from testing.kafka import Brokers, free_ports
from testing.pair_exchange import PairExchange
from testing.port import Exchange
from testing.proxy import LinkProxy
from testing.redis import RedisServer

TO_BROKERS = ("engine a", "engine b", "gateway 1", "gateway 3", "facade", "archive", "to Redis")
"""Who talks to brokers, each over a listener of its own."""


class LinkedBrokers(Brokers):
    """One broker with a listener for each role, which says that it is where a proxy listens."""

    def __init__(self, directory: Path) -> None:
        """Nothing is started yet.  The directory is to be new."""
        super().__init__(directory)
        directory.mkdir(parents=True, exist_ok=True)
        names = [f"LINK{at}" for at in range(len(TO_BROKERS))]
        own = free_ports(len(names))
        self.proxies = dict(zip(TO_BROKERS, map(LinkProxy, own), strict=True))
        there = "PLAINTEXT://127.0.0.1:@PORT@,CONTROLLER://127.0.0.1:@CONTROLLER_PORT@"
        ports = [proxy.port for proxy in self.proxies.values()]
        protocols = "".join(f",{name}:PLAINTEXT" for name in names)
        properties = directory / "more.properties"
        properties.write_text(
            f"listeners={there}{_at(names, own)}\n"
            f"advertised.listeners={there}{_at(names, ports)}\n"
            "listener.security.protocol.map="
            f"PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT{protocols}\n"
        )
        self.format_env = {"KAFKA_PROPERTIES": str(properties)}


def _at(names: list[str], ports: list[int]) -> str:
    pairs = zip(names, ports, strict=True)
    return "".join(f",{name}://127.0.0.1:{port}" for name, port in pairs)


@dataclass(frozen=True)
class Beyond:
    """An exchange as it is seen through proxies."""

    http: int
    binary: int = 0


class LinkedExchange(PairExchange):
    """Roles, each of which has its own way to the brokers, and clients theirs to the roles."""

    def __init__(
        self, directory: Path, brokers: LinkedBrokers, redis: RedisServer, *lines: str
    ) -> None:
        """Nothing is started yet."""
        self._ways = iter(brokers.proxies.values())
        self._redis = [LinkProxy(redis.port), LinkProxy(redis.port)]
        super().__init__(directory, brokers, redis, *lines)
        for role, proxy in zip((self.facade, self.into_redis), self._redis, strict=True):
            role.arguments += ("--set", f"redis.port={proxy.port}")
        lines_ = [LinkProxy(gateway.binary) for gateway in self.gateways]
        rest = LinkProxy(self.facade.http)
        self.seen_gateways: list[Exchange] = [Beyond(0, proxy.port) for proxy in lines_]
        self.seen_facade: Exchange = Beyond(rest.port)
        self.links: dict[str, LinkProxy] = {
            **{f"{name} to the broker": proxy for name, proxy in brokers.proxies.items()},
            "facade to Redis": self._redis[0],
            "recorder to Redis": self._redis[1],
            "clients to gateway 1": lines_[0],
            "clients to gateway 3": lines_[1],
            "clients to the facade": rest,
        }
        self._opened = ExitStack()

    def _role(self, role: str, *arguments: str) -> ClusterProcess:
        """See ``PairExchange``, which makes them in the order of ``TO_BROKERS``."""
        way = f"kafka.bootstrap_servers=127.0.0.1:{next(self._ways).port}"
        return super()._role(role, *arguments, "--set", way)

    def __enter__(self) -> Self:
        """Let all through, until the block ends."""
        with ExitStack() as opening:
            for proxy in self.links.values():
                opening.enter_context(proxy)
            self._opened = opening.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        """Nobody reaches anybody any more."""
        self._opened.close()
