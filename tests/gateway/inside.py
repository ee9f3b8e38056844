"""The gateway and the engine in this process: a test can hold up the journal and see a line."""

import asyncio
import os
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import settings
from core import Clock
from engine.recovery import Recovered, recover
from engine.service import Journals, Service
from gateway.binary import BinaryGateway
from gateway.connection import Connection
from journal import open_commands, open_events
from journal.datadir import Era
from quantscope import translate
from quantscope.roles.sessions import binary_gateway
from testing.client import hang_up
from testing.faulty import FaultyLog


class HeldLog(FaultyLog):
    """A commands log whose commits take as long as a test wants."""

    _held_at: int | None = None

    def hold(self) -> None:
        """From now on commits do not end."""
        self._held_at = super().durable_offset

    def release(self) -> None:
        """They end."""
        self._held_at = None
        os.eventfd_write(self.notify_fd(), 1)

    @property
    def durable_offset(self) -> int:
        """As the port says."""
        durable = super().durable_offset
        return durable if self._held_at is None else min(durable, self._held_at)


@dataclass
class Inside:
    """What a test may touch."""

    gateway: BinaryGateway
    commands: HeldLog
    port: int
    lines: list[Connection]


@asynccontextmanager
async def inside(directory: Path, *overrides: str) -> AsyncIterator[Inside]:
    """Serve binary order entry; the server's own socket buffers are as small as can be."""
    config = settings.load(None, {}, overrides)
    commands = HeldLog(open_commands(directory / "commands.db", config.journal))
    events = open_events(directory / "events.db", config.journal)

    clock = Clock(config.server)

    def opened() -> tuple[Journals, Recovered]:
        return Journals(commands, events), recover(iter(()), commands, events, clock)

    service = Service(opened, translate.setup(config), config.journal, config.server, clock)
    service.start()
    gateway = binary_gateway(config, service, Era(0), None)
    service.attach(gateway)
    lines: list[Connection] = []

    def line() -> Connection:
        lines.append(Connection(gateway))
        return lines[-1]

    listening = socket.create_server(("127.0.0.1", 0))
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
    port = listening.getsockname()[1]
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(service.run()), group.create_task(gateway.run())]
        server = await asyncio.get_running_loop().create_server(line, sock=listening)
        try:
            while not service.ready:
                await asyncio.sleep(0)
            yield Inside(gateway, commands, port, lines)
        finally:
            await hang_up()
            server.close()
            gateway.close()
            for task in tasks:
                task.cancel()
    service.close()
