"""The gateway's role: order entry over TCP, its ports, and what the log keeps for its sessions."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Iterable, Mapping
from functools import partial
from typing import Any

from gateway.binary import BinaryGateway
from gateway.connection import Connection
from gateway.connections import Connections
from gateway.control import SessionControl
from gateway.fix import FixGateway
from gateway.index_file import IndexFile
from gateway.retention import NONE_KEPT, first_command, first_needed
from gateway.schedule import ResetTimes, ScheduledResets
from quantscope.acceptor import Acceptor
from quantscope.operator_socket import OperatorSocket
from quantscope.roles.engine import EngineRole
from quantscope.roles.role import Process
from quantscope.roles.sessions import binary_gateway, fix_gateway, learn_sessions


class GatewayRole:
    """Order entry over TCP."""

    def __init__(self, process: Process, engine: EngineRole) -> None:
        """Nothing is opened yet."""
        self._process = process
        self._engine = engine
        self.index = IndexFile(engine.directory.snapshot_folder) if engine.durable else None
        self.ports: dict[str, Acceptor] = {}
        self.binary: BinaryGateway
        self.fix: FixGateway
        self.operator: OperatorSocket | None = None
        self.resets: ScheduledResets | None = None

    @property
    def protocols(self) -> tuple[Connections[Any], ...]:
        """Order entry by each protocol."""
        return (self.binary, self.fix)

    async def open(self) -> None:
        """Learn the sessions, and listen."""
        process, engine = self._process, self._engine
        config, service = process.config, engine.service
        self.binary = binary_gateway(
            config, service, engine.directory.era, self.index, process.faults
        )
        self.fix = fix_gateway(config, service, self.index, process.faults)
        order_entries = [gateway.order_entry for gateway in self.protocols]
        learn_sessions(service, order_entries, self.index, service.journals.events.next_offset)
        service.attach(*self.protocols)
        engine.housekeeping.keep_for_sessions(self)
        control = SessionControl(self.protocols, service.session_reset, service.clock)
        self.operator = OperatorSocket(engine.directory.path, control, process.faults)
        times = ResetTimes.of(config.fix)
        if times is not None:
            # A journal in memory leaves alone what is durable in the directory.
            kept = engine.directory if engine.durable else None
            self.resets = ScheduledResets(times, self.fix, control, service.clock, kept)
        await listen(process, {"binary": self.binary, "fix": self.fix}, self.ports)

    async def run(self, stop: asyncio.Event) -> None:
        """Take connections; at the end answer what was asked, and close every connection."""
        async with asyncio.TaskGroup() as group:
            working = [group.create_task(gateway.run()) for gateway in self.protocols]
            if self.operator is not None:
                working.append(group.create_task(self.operator.run()))
            if self.resets is not None:
                keep = self._process.faults.keep
                work = keep("gateway", "resetting sessions by the clock", self.resets.run)
                working.append(group.create_task(work))
            await serve_lines(self.protocols, self.ports.values(), stop, self._engine.drain)
            for task in working:
                task.cancel()

    async def close(self) -> None:
        """Listen no more, where it never ran."""
        for acceptor in self.ports.values():
            acceptor.close()
        if self.operator is not None:
            self.operator.close()

    # -- the sessions, as housekeeping sees them ----------------------------------------------

    def first_needed(self) -> int:
        """The first offset of the events log that a session could still ask for."""
        events, settings = self._engine.service.journals.events, self._process.config.gateway
        return min(
            first_needed(gateway.order_entry, events, settings) for gateway in self.protocols
        )

    def deleted_before(self, offset: int) -> None:
        """The events log begins there now."""
        events = self._engine.service.journals.events
        first = NONE_KEPT if offset > events.written_offset else first_command(events, offset)
        for gateway in self.protocols:
            gateway.order_entry.forget_before(first)

    def capture(self) -> Callable[[], None]:
        """Where the messages of the sessions stand now; what is returned writes it."""
        order_entries = [gateway.order_entry for gateway in self.protocols]
        if self.index is None or any(entry.fault is not None for entry in order_entries):
            return lambda: None  # one does not know where messages stand
        journals, era = self._engine.service.journals, self._engine.directory.era.number
        return self.index.capture(order_entries, journals.commands, journals.events, era)


async def listen(
    process: Process, gateways: Mapping[str, Connections[Any]], ports: dict[str, Acceptor]
) -> None:
    """Listen for each protocol; those that listen stand in ``ports``, also where another fails."""
    server = process.config.server
    numbers = {"binary": server.binary_port, "fix": server.fix_port}
    for name, gateway in gateways.items():
        ports[name] = await Acceptor.listen(
            name,
            server.host,
            numbers[name],
            partial(Connection, gateway),
            process.descriptors_max,
            process.faults,
            process.handshakes(name),
        )


async def serve_lines(
    gateways: Iterable[Connections[Any]],
    acceptors: Iterable[Acceptor],
    stop: asyncio.Event,
    drain: Callable[[], Awaitable[None]],
) -> None:
    """Take connections until told to stop; then ``drain`` what was asked, and close them."""
    async with contextlib.AsyncExitStack() as stack:
        for acceptor in acceptors:
            await stack.enter_async_context(acceptor)
        await stop.wait()
        for acceptor in acceptors:
            acceptor.close()
        await drain()
        for gateway in gateways:
            gateway.close()
        await asyncio.sleep(0)
