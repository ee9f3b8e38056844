"""``quantscope serve``: every role in one process, on the embedded adapters."""

import asyncio
import contextlib
import errno
import logging
import signal
from collections.abc import Callable

import uvloop

from core import OrderEntry, security_list
from engine.housekeeping import Housekeeping
from engine.recovery import READ_BYTES
from engine.service import Service
from engine.setup import EntryKind
from gateway.binary import BinaryGateway
from gateway.connection import Connection
from gateway.users import User, session_id
from journal.datadir import DataDir
from quantscope import translate
from quantscope.config import Config
from quantscope.journals import data_dir, opener, snapshots_of

log = logging.getLogger("quantscope")


class PortInUse(Exception):
    """An address that can't be listened on, with the flag and the variable that change it."""


def run(config: Config) -> None:
    """Serve until SIGTERM or SIGINT."""
    with DataDir(data_dir(config)) as directory:
        uvloop.run(Exchange(config, directory).run())


class Exchange:
    """The one place where roles are put together."""

    def __init__(self, config: Config, directory: DataDir) -> None:
        """Nothing is opened yet."""
        self.config = config
        self.directory = directory
        self.service = Service(
            opener(config, directory), translate.setup(config), translate.service_limits(config)
        )
        self.gateway: BinaryGateway
        self.housekeeping: Housekeeping

    async def run(self) -> None:
        """Recover, listen, say ``ready``, and serve until a signal."""
        self.service.start()
        self._announce()
        self.gateway = self._build_gateway()
        self.service.attach(self.gateway)
        self.housekeeping = Housekeeping(
            self.service,
            snapshots_of(self.directory, self.config),
            translate.housekeeping_limits(self.config),
            readers=self._first_needed,
            on_deleted=self.gateway.order_entry.forget_before,
        )
        async with asyncio.TaskGroup() as group:
            tasks = [
                group.create_task(self.service.run()),
                group.create_task(self.gateway.run()),
                group.create_task(self.housekeeping.run()),
            ]
            await self._serve()
            for task in tasks:
                task.cancel()
        self.service.close()

    async def _serve(self) -> None:
        stop = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, stop.set)
        async with contextlib.AsyncExitStack() as stack:
            binary = await stack.enter_async_context(
                await self._listen(
                    lambda: Connection(self.gateway), self.config.server.binary_port, "binary"
                )
            )
            while not self.service.ready:
                await asyncio.sleep(0)
            print(f"ready binary={_address(binary)}", flush=True)
            await stop.wait()
            log.info("stopping")
            binary.close()
            self.gateway.close()
            await self.service.drain()

    async def _listen(
        self, protocol: Callable[[], asyncio.Protocol], port: int, name: str
    ) -> asyncio.Server:
        host = self.config.server.host
        loop = asyncio.get_running_loop()
        try:
            return await loop.create_server(protocol, host, port, backlog=1024)
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                raise
            raise PortInUse(
                f"port {port} of {host} is in use: choose another with --{name}-port "
                f"or QUANTSCOPE_SERVER_{name.upper()}_PORT"
            ) from error

    def _announce(self) -> None:
        recovered = self.service.recovered
        orders = recovered.engine.counts()["open_orders"]
        if recovered.engine.position().command_offset > 0 and recovered.engine.counts()["orders"]:
            log.info(
                "%s: restored %d open orders (%d command batches replayed in %.1f s); "
                "to start afresh, stop and delete that directory",
                self.directory.path,
                orders,
                recovered.commands,
                recovered.seconds,
            )

    def _build_gateway(self) -> BinaryGateway:
        limits = self.config.gateway
        order_entry = OrderEntry(
            packet_bytes_max=limits.packet_bytes_max,
            requests_in_flight_max=limits.requests_in_flight_max,
            login_deadline_ns=int(limits.login_deadline_s * translate.NS),
            heartbeat_interval_ns=int(limits.heartbeat_interval_s * translate.NS),
            idle_deadline_ns=int(limits.idle_deadline_s * translate.NS),
        )
        events = self.service.journals.events
        users = self._users(order_entry)
        place = events.first_offset
        order_entry.set_next_offset(place)
        while entries := events.read(place, READ_BYTES):
            order_entry.scan(b"".join(entry[3] for entry in entries))
            place = entries[-1][0] + 1
        return BinaryGateway(
            order_entry,
            users,
            self.service,
            translate.gateway_limits(self.config),
            events=lambda: self.service.journals.events,
            security_list=lambda req_id, instrument: security_list(
                req_id, instrument, self.service.engine.instruments()
            ),
            last_cl_ord_ids=lambda: [
                (entry.entry, entry.last_cl_ord_id) for entry in self.service.engine.entries()
            ],
        )

    def _users(self, order_entry: OrderEntry) -> list[User]:
        journal_id = self.service.journals.commands.journal_id
        entries = {
            entry.name: entry
            for entry in self.service.engine.entries()
            if entry.kind == EntryKind.BINARY
        }
        users = []
        for user in self.config.users:
            entry = entries[user.name]
            users.append(
                User(
                    name=user.name,
                    password=user.password,
                    entry=entry.entry,
                    session=order_entry.add_session(
                        entry.entry, entry.entry_seq, entry.last_cl_ord_id
                    ),
                    session_id=session_id(journal_id, user.name),
                    cancel_on_disconnect=user.cancel_on_disconnect,
                )
            )
        return users

    def _first_needed(self) -> int:
        """The first offset of the events log that somebody still has to read."""
        needed = self.gateway.order_entry.needs_offset(
            self.config.gateway.session_replay_messages_min
        )
        return needed if needed is not None else self.service.journals.events.next_offset


def _address(server: asyncio.Server) -> str:
    host, port = server.sockets[0].getsockname()[:2]
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
