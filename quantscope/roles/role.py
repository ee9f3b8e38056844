"""What every role is, and what it gets of the process that runs it."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from core import Clock, Faults
from quantscope.acceptor import Acceptor
from quantscope.handshakes import Handshakes
from quantscope.tls import Tls
from settings import Config


@dataclass(frozen=True)
class Process:
    """What the roles of one process share."""

    config: Config
    faults: Faults
    clock: Clock
    descriptors_max: int
    """Descriptors from this number on are not for connections."""
    tls: Tls | None = None
    """What proves this process to whoever connects; None where all is plain."""

    def handshakes(self, port: str) -> Handshakes | None:
        """Those of a port that begins to listen; None where it is not encrypted."""
        return None if self.tls is None else self.tls.port(port)


class Role(Protocol):
    """A part of the exchange, from its start to its end."""

    @property
    def ports(self) -> Mapping[str, Acceptor]:
        """Where it listens, by the names of the ready line; once it is open."""

    async def open(self) -> None:
        """Get ready to run; what can fail for want of a file or a port fails here."""

    async def run(self, stop: asyncio.Event) -> None:
        """Work until told to stop, and end tidily: what was asked is answered."""

    async def close(self) -> None:
        """Let go of what was opened, also where it was opened by half or has failed."""
