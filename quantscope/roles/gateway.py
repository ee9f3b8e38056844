"""The gateway's role: binary order entry, its port, and what the log keeps for its sessions."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping

from gateway.binary import BinaryGateway
from gateway.connection import Connection
from gateway.index_file import IndexFile
from gateway.retention import NONE_KEPT, first_command, first_needed
from quantscope.acceptor import Acceptor
from quantscope.roles.engine import EngineRole
from quantscope.roles.role import Process
from quantscope.roles.sessions import binary_gateway


class GatewayRole:
    """Order entry over TCP."""

    def __init__(self, process: Process, engine: EngineRole) -> None:
        """Nothing is opened yet."""
        self._process = process
        self._engine = engine
        self.index = IndexFile(engine.directory.snapshot_folder) if engine.durable else None
        self.ports: Mapping[str, Acceptor] = {}
        self.binary: BinaryGateway

    async def open(self) -> None:
        """Learn the sessions, and listen."""
        process, engine = self._process, self._engine
        self.binary = binary_gateway(
            process.config, engine.service, engine.directory.era, self.index, process.faults
        )
        engine.service.attach(self.binary)
        engine.housekeeping.keep_for_sessions(self)
        server = process.config.server
        acceptor = await Acceptor.listen(
            "binary",
            server.host,
            server.binary_port,
            lambda: Connection(self.binary),
            process.descriptors_max,
            process.faults,
        )
        self.ports = {"binary": acceptor}

    async def run(self, stop: asyncio.Event) -> None:
        """Take connections; at the end answer what was asked, and close every connection."""
        async with asyncio.TaskGroup() as group:
            working = group.create_task(self.binary.run())
            await serve_lines(self.binary, self.ports["binary"], stop, self._engine.drain)
            working.cancel()

    async def close(self) -> None:
        """Listen no more, where it never ran."""
        for acceptor in self.ports.values():
            acceptor.close()

    # -- the sessions, as housekeeping sees them ----------------------------------------------

    def first_needed(self) -> int:
        """The first offset of the events log that a session could still ask for."""
        events, settings = self._engine.service.journals.events, self._process.config.gateway
        return first_needed(self.binary.order_entry, events, settings)

    def deleted_before(self, offset: int) -> None:
        """The events log begins there now."""
        events = self._engine.service.journals.events
        first = NONE_KEPT if offset > events.written_offset else first_command(events, offset)
        self.binary.order_entry.forget_before(first)

    def capture(self) -> Callable[[], None]:
        """Where the messages of the sessions stand now; what is returned writes it."""
        order_entry = self.binary.order_entry
        if self.index is None or order_entry.fault is not None:
            return lambda: None  # it does not know where messages stand
        journals, era = self._engine.service.journals, self._engine.directory.era.number
        return self.index.capture(order_entry, journals.commands, journals.events, era)


async def serve_lines(
    binary: BinaryGateway,
    acceptor: Acceptor,
    stop: asyncio.Event,
    drain: Callable[[], Awaitable[None]],
) -> None:
    """Take connections until told to stop; then ``drain`` what was asked, and close them."""
    async with acceptor:
        await stop.wait()
        acceptor.close()
        await drain()
        binary.close()
        await asyncio.sleep(0)
