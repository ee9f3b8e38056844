"""``quantscope serve``: every role in one process, on the embedded adapters."""

import asyncio
import contextlib
import errno
import gc
import logging
import pathlib
import signal
from collections.abc import Callable

import uvloop

from core import (
    VERSION,
    JournalError,
    MemoryLog,
    Recorder,
    StoreFailed,
    recorder_seed,
    shorten_slice,
)
from engine.housekeeping import Housekeeping
from engine.recovery import begins_with
from engine.service import Service
from facade.app import GATEWAY as FACADE_GATEWAY
from facade.app import Facade
from gateway.binary import BinaryGateway
from gateway.connection import Connection
from gateway.index_file import IndexFile
from journal.datadir import DataDir
from quantscope import capacity, metrics, roles, translate
from quantscope.acceptor import Acceptor, bind
from quantscope.config import Config
from quantscope.journals import data_dir, opener, snapshots_of, store_file
from store.recorder import RecorderService
from store.sqlite import SqliteStore

log = logging.getLogger("quantscope")


LAG_INTERVAL_S = 0.25
"""How often the recorder's lag is compared with its limit, in seconds."""


class PortInUse(Exception):
    """An address that can't be listened on, with the flag and the variable that change it."""


def run(config: Config) -> None:
    """Serve until SIGTERM or SIGINT."""
    descriptors = capacity.raise_descriptors()
    config = capacity.fit(config, descriptors)
    with DataDir(data_dir(config)) as directory:
        capacity.compare(config, directory.path)
        uvloop.run(Exchange(config, directory, descriptors).run())


class Exchange:
    """The one place where roles are put together."""

    def __init__(self, config: Config, directory: DataDir, descriptors: int) -> None:
        """Nothing is opened yet; ``descriptors`` are what this process may have."""
        self.config = config
        self.acceptors: list[Acceptor] = []
        self._descriptors_max = capacity.for_connections(config, descriptors)
        self.directory = directory
        self.snapshots = snapshots_of(directory, config)
        self.service = Service(
            opener(config, directory, self.snapshots),
            translate.setup(config),
            translate.service_limits(config),
        )
        self.session_index = IndexFile(directory.session_index)
        self.gateway: BinaryGateway
        self.facade: Facade
        self.recorder: Recorder
        self._lag_bytes = 0

    async def run(self) -> None:
        """Recover, listen, say ``ready``, and serve until a signal."""
        self.service.start()
        self._announce()
        with store_file(self.config, self.directory) as path:
            await self._record(path)
        self.service.close()

    async def _record(self, path: pathlib.Path) -> None:
        seed = self._seed()
        recorder = RecorderService(lambda: self._make_recorder(path, seed), self._on_recorded)
        async with recorder:
            self.recorder = recorder.recorder
            store = SqliteStore(path)
            try:
                self._build(store)
                await self._serve()
            finally:
                await store.close()

    def _seed(self) -> bytes | None:
        """What a new store can't learn from an events log that no longer has its beginning."""
        whole = begins_with(self.service.journals.events) == 1
        return None if whole else recorder_seed(self.service.engine)

    def _make_recorder(self, path: pathlib.Path, seed: bytes | None) -> Recorder:
        events = self.service.journals.events
        source = events if isinstance(events, MemoryLog) else self.directory.events
        limits = self.config.store
        try:
            return Recorder(
                path,
                source,
                seed=seed,
                batch_events_max=limits.recorder_transaction_events_max,
                read_bytes_max=limits.recorder_read_bytes_max,
                interval_ms=int(limits.recorder_interval_s * 1000),
                interval_ms_max=int(limits.recorder_interval_busy_s * 1000),
                wal_bytes_max=limits.wal_bytes_max,
                checkpoint_interval_ms=int(limits.checkpoint_interval_s * 1000),
                nice=limits.recorder_nice,
            )
        except StoreFailed as error:
            raise StoreFailed(f"{path} can't be used: {error}") from error

    def _on_recorded(self, sequence: int) -> None:
        if hasattr(self, "facade"):
            self.facade.on_recorded(sequence)

    def _build(self, store: SqliteStore) -> None:
        config, service = self.config, self.service
        durable = config.journal.adapter != "memory"
        index = self.session_index if durable else None
        self.gateway = roles.binary_gateway(config, service, self.directory.era, index)
        self.facade = Facade(
            roles.view(config, service, FACADE_GATEWAY),
            service,
            store,
            roles.facade_limits(config),
            roles.origins(config),
            version=VERSION,
            metrics=metrics.renderer(self),
            begin_again=lambda view: view.begin_again(service.engine),
            wake_recorder=lambda: self.recorder.wake(),
            recorder_ended=lambda: self.recorder.failure if self.recorder.halted else None,
            clock=service.clock.now_ns,
        )
        self.facade.on_recorded(self.recorder.position()[1])
        service.attach(self.gateway, self.facade)

    async def _serve(self) -> None:
        housekeeping = Housekeeping(
            self.service,
            self.snapshots,
            translate.housekeeping_limits(self.config),
            readers=self._first_needed,
            on_deleted=self.gateway.order_entry.forget_before,
            beside=lambda: self.session_index.capture(
                self.gateway.order_entry, self.service.journals.events
            ),
        )
        async with asyncio.TaskGroup() as group:
            tasks = [
                group.create_task(self.service.run()),
                group.create_task(self.gateway.run()),
                group.create_task(self.facade.run()),
                group.create_task(self._watch_lag()),
            ]
            durable = self.config.journal.adapter != "memory"
            if durable:
                tasks.append(group.create_task(housekeeping.run()))
            await self._until_signal()
            if durable:
                await housekeeping.last_snapshot()
            for task in tasks:
                task.cancel()

    async def _until_signal(self) -> None:
        stop = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, stop.set)
        loop.add_signal_handler(signal.SIGUSR1, self.service.take_clock)
        server = self.config.server
        async with contextlib.AsyncExitStack() as stack:
            http = await self._listen(self.facade.server.connect, server.http_port, "http")
            await stack.enter_async_context(http)
            binary = await self._listen(
                lambda: Connection(self.gateway), server.binary_port, "binary"
            )
            await stack.enter_async_context(binary)
            self.acceptors = [http, binary]
            while not self.service.ready:
                await asyncio.sleep(0)
            # What stands now stands for good: no collection is to look at it again.
            gc.collect()
            gc.freeze()
            # Here, behind all threads that work in the background, for these would inherit it.
            shorten_slice()
            print(f"ready http={_address(http)} binary={_address(binary)}", flush=True)
            await stop.wait()
            log.info("stopping")
            http.close()
            binary.close()
            await self._drain()

    async def _drain(self) -> None:
        """Answer what was asked, then close every line."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self.config.server.stop_deadline_s):
                await self.service.drain()
        self.facade.close()
        self.gateway.close()
        await asyncio.sleep(0)

    async def _listen(
        self, protocol: Callable[[], asyncio.BaseProtocol], port: int, name: str
    ) -> Acceptor:
        host = self.config.server.host
        try:
            return Acceptor(name, await bind(host, port), protocol, self._descriptors_max)
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                raise
            raise PortInUse(
                f"port {port} of {host} is in use: choose another with --{name}-port "
                f"or QUANTSCOPE_SERVER_{name.upper()}_PORT"
            ) from error

    def _announce(self) -> None:
        recovered = self.service.recovered
        counts = recovered.engine.counts()
        if counts["orders"]:
            log.info(
                "%s: restored %d open orders, %d command batches replayed in %.2f s; "
                "to start afresh, stop the server and delete that directory",
                self.directory.path,
                counts["open_orders"],
                recovered.commands,
                recovered.seconds,
            )

    # -- the recorder's lag ------------------------------------------------------------------

    def lag_bytes(self) -> int:
        """About how many bytes of events the recorder has not read; as last known in an outage."""
        events = self.service.journals.events
        kept = events.next_offset - events.first_offset
        unread = events.next_offset - 1 - self.recorder.position()[0]
        with contextlib.suppress(JournalError):
            self._lag_bytes = events.bytes_used() * max(unread, 0) // kept if kept else 0
        return self._lag_bytes

    async def _watch_lag(self) -> None:
        limit = self.config.journal.journal_bytes_max
        while True:
            await asyncio.sleep(LAG_INTERVAL_S)
            if not self.service.ready:
                continue
            busy = self.lag_bytes() > limit
            if busy != self.service.busy:
                log.warning("new orders are %s: the recorder's lag", "refused" if busy else "taken")
            self.service.busy = busy

    def _first_needed(self) -> int:
        """The first offset of the events log that somebody still has to read."""
        limits = self.config.gateway
        events = self.service.journals.events
        # Not ``position``: a power cut may take back what no checkpoint has synced yet.
        recorded = self.recorder.durable()[0] + 1
        sessions = self.gateway.order_entry.needs_offset(limits.session_replay_messages_min)
        first = recorded if sessions is None else min(sessions, recorded)
        used = events.bytes_used()
        if used > limits.session_replay_bytes_max:
            kept = events.next_offset - events.first_offset
            affordable = kept * limits.session_replay_bytes_max // used
            first = max(first, events.next_offset - affordable)
        return min(first, recorded)


def _address(acceptor: Acceptor) -> str:
    host, port = acceptor.sockets[0].getsockname()[:2]
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
