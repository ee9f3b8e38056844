"""An exchange on Kafka, its roles in processes of their own: a ``testing.port.Restartable``."""

import itertools
import secrets
import time
from pathlib import Path
from typing import Self

from testing.cluster_process import ClusterProcess, config_of, set_up
from testing.kafka import Brokers
from testing.requests import Requests
from testing.running import Running

_numbers = itertools.count(1)


class ClusterExchange(Requests, Running):
    """An engine, a gateway and a facade, of topics that nobody else has."""

    def __init__(self, data_dir: Path, brokers: Brokers, *settings: str) -> None:
        """Nothing is started yet; ``settings`` are those of ``--set``, of each role."""
        data_dir.parent.mkdir(parents=True, exist_ok=True)
        prefix = f"x{next(_numbers)}-{secrets.token_hex(3)}"
        self._config = config_of(data_dir.parent, brokers, prefix)
        self._settings = _given(settings)
        self._configured = False
        self.engine = ClusterProcess(self._config, "engine")
        self.gateway = ClusterProcess(self._config, "gateway")
        self.facade = ClusterProcess(self._config, "facade")
        self._data_dir = ("--data-dir", str(data_dir))
        self.http = self.binary = 0

    @property
    def roles(self) -> tuple[ClusterProcess, ...]:
        """Those who are talked to first."""
        return self.facade, self.gateway, self.engine

    def start(self, *settings: str) -> Self:
        """Start it, and wait until each role is ready; what the settings change is set up."""
        arguments = (*self._settings, *_given(settings))
        if settings or not self._configured:
            set_up(self._config, *arguments)
            self._configured = True
        for role in self.roles:
            role.arguments = arguments
        self.facade.arguments += self._data_dir
        for role in self.roles:
            role.launch()
        for role in self.roles:
            role.until_ready()
        self.http, self.binary = self.facade.http, self.gateway.binary
        return self

    def stop(self) -> float:
        """Stop it as an operator would; the seconds it took."""
        begun = time.monotonic()
        for role in self.roles:
            if role.process is not None:
                role.stop()
        return time.monotonic() - begun

    def kill(self) -> None:
        """Kill it as the kernel would."""
        for role in self.roles:
            role.kill()

    def restart(self) -> Self:
        """Kill it, and start it again."""
        self.kill()
        return self.start()


def _given(settings: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(x for setting in settings for x in ("--set", setting))
