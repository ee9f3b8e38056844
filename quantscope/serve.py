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
    Clock,
    Faults,
    JournalError,
    MemoryLog,
    Recorder,
    StoreDamaged,
    StoreFailed,
    huge_pages,
    recorder_seed,
    shorten_slice,
)
from engine.housekeeping import Housekeeping
from engine.plan import MOVE_STORE
from engine.recovery import begins_with
from engine.service import Service
from facade.app import GATEWAY as FACADE_GATEWAY
from facade.app import Facade
from gateway.binary import BinaryGateway
from gateway.connection import Connection
from gateway.index_file import IndexFile
from journal.datadir import DataDir, DataDirLost
from quantscope import capacity, metrics, roles, translate
from quantscope.acceptor import Acceptor, bind
from quantscope.journals import Journaling, data_dir, snapshots_of, store_file
from quantscope.loop_watch import LoopWatch
from quantscope.stakes import text_of
from settings import Config
from store.recorder import RecorderService
from store.sqlite import SqliteStore

log = logging.getLogger("quantscope")


LAG_INTERVAL_S = 0.25
"""How often the recorder's lag is compared with its limit, in seconds."""
DIRECTORY_INTERVAL_S = 0.5
"""How often to look whether the data directory is still there, in seconds."""


class PortInUse(Exception):
    """An address that can't be listened on, with the flag and the variable that change it."""


def run(config: Config) -> None:
    """Serve until SIGTERM or SIGINT."""
    huge_pages(config.server.huge_pages)
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
        self.faults = Faults()
        self.acceptors: list[Acceptor] = []
        self._descriptors_max = capacity.for_connections(config, descriptors)
        self.directory = directory
        self.durable = config.journal.adapter != "memory"
        self.snapshots = snapshots_of(directory, config)
        self.clock = Clock(config.server)
        self.journaling = Journaling(config, directory, self.snapshots, self.clock)
        self.service = Service(
            self.journaling.open_and_recover,
            translate.setup(config),
            config.journal,
            config.server,
            self.clock,
            apply_delay_ns=config.engine.fault_apply_delay_ns,
            faults=self.faults,
        )
        self.loop_watch = LoopWatch(self.clock)
        self._begun = asyncio.Event()
        self.session_index = IndexFile(directory.snapshot_folder)
        self.gateway: BinaryGateway
        self.facade: Facade
        self.recording: RecorderService
        self._store: SqliteStore | None = None
        self._seed: bytes | None = None
        self._lag_bytes = 0

    @property
    def recorder(self) -> Recorder:
        """The recorder at work, or the last one: one that has ended is begun again."""
        return self.recording.recorder

    async def run(self) -> None:
        """Recover, listen, say ``ready``, and serve until a signal."""
        asyncio.get_running_loop().set_exception_handler(self.faults.on_callback)
        self.service.start()
        self._announce()
        with store_file(self.config, self.directory) as path:
            await self._record(path)
        self.service.close()
        if self.service.whole:
            self.journaling.stopped(self.service.engine)

    async def _record(self, path: pathlib.Path) -> None:
        self._seed = self._learn()
        self.recording = RecorderService(
            lambda: self._make_recorder(path),
            self._on_recorded,
            on_failed=self._on_recorder_failed,
            prepare=self._prepare_recorder,
            faults=self.faults,
        )
        async with self.recording:
            self._store = SqliteStore(path)
            if self._store.complete_since is not None:
                since = text_of(self._store.complete_since)
                log.info("the store has everything since %s, and of before what was open", since)
            try:
                self._build(self._store)
                await self._serve()
            finally:
                await self._store.close()

    def _learn(self) -> bytes | None:
        """What a new store can't learn from an events log that no longer has its beginning."""
        whole = begins_with(self.service.journals.events) == 1
        return None if whole else recorder_seed(self.service.engine)

    async def _prepare_recorder(self) -> None:
        """Before another recorder: what it is told of is durable by the time it is made."""
        self.directory.check()
        while True:
            outages, offset = self.service.outages, self.service.engine.position().command_offset
            self._seed = self._learn()
            while self.service.told < offset and self.service.outages == outages:
                await asyncio.sleep(LAG_INTERVAL_S)
            if self.service.outages == outages:
                return

    async def _on_recorder_failed(self, reason: str | None) -> None:
        if self._store is None:
            return
        if reason is None:
            await self._store.resume()
            # It may be another file by now.
            self.facade.archive.damage.clear()
        else:
            await self._store.suspend(reason)

    def _make_recorder(self, path: pathlib.Path) -> Recorder:
        events = self.service.journals.events
        source = events if isinstance(events, MemoryLog) else self.directory.events
        try:
            return Recorder(path, source, self.config.store, self._seed)
        except StoreDamaged as error:
            raise StoreFailed(f"{path} can't be used: {error}: {MOVE_STORE}") from error
        except StoreFailed as error:
            raise StoreFailed(f"{path} can't be used: {error}") from error

    def _on_recorded(self, sequence: int) -> None:
        if hasattr(self, "facade"):
            self.facade.on_recorded(sequence)

    def _build(self, store: SqliteStore) -> None:
        config, service = self.config, self.service
        index = self.session_index if self.durable else None
        self.gateway = roles.binary_gateway(config, service, self.directory.era, index, self.faults)
        self.facade = Facade(
            roles.view(config, service, FACADE_GATEWAY),
            service,
            store,
            config.facade,
            roles.origins(config),
            self.clock,
            version=VERSION,
            metrics=metrics.renderer(self),
            begin_again=lambda view: view.begin_again(service.engine),
            wake_recorder=lambda: self.recorder.wake(),
            recorder_ended=lambda: self.recording.failed,
            standing=self._standing,
            faults=self.faults,
        )
        self.facade.on_recorded(self.recorder.position()[1])
        service.attach(self.gateway, self.facade)

    def _standing(self) -> list[str]:
        """What does not work now, of parts that the facade does not know by itself."""
        standing = list(self.faults.standing.values())
        fault = self.gateway.order_entry.fault
        if fault is not None:
            standing.append(f"order entry failed: {fault}")
        return standing

    async def _serve(self) -> None:
        housekeeping = Housekeeping(
            self.service,
            self.snapshots,
            self.config.journal,
            era=self.directory.era.number,
            check=self.directory.check,
            readers=self._first_needed,
            on_deleted=self.gateway.order_entry.forget_before,
            beside=self._capture_index,
            faults=self.faults,
        )
        keep = self.faults.keep
        async with asyncio.TaskGroup() as group:
            tasks = [
                group.create_task(self.service.run()),
                group.create_task(self.gateway.run()),
                group.create_task(self.facade.run()),
                group.create_task(self.recording.run()),
                group.create_task(keep("watch", "the look at the recorder's lag", self._watch_lag)),
                group.create_task(keep("watch", "the look at the event loop", self._watch_loop)),
                group.create_task(
                    keep(
                        "watch",
                        "the look at the data directory",
                        lambda: self._watch_directory(housekeeping),
                        ends=(DataDirLost,),
                    )
                ),
            ]
            if self.durable:
                tasks.append(group.create_task(housekeeping.run()))
            await self._until_signal()
            if self.durable:
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
            self._begun.set()
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
            sockets = await bind(host, port)
            return Acceptor(name, sockets, protocol, self._descriptors_max, self.faults)
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

    def _capture_index(self) -> Callable[[], None]:
        if self.gateway.order_entry.fault is not None:
            return lambda: None  # it does not know where messages stand
        journals, era = self.service.journals, self.directory.era.number
        return self.session_index.capture(
            self.gateway.order_entry, journals.commands, journals.events, era
        )

    # -- the data directory ------------------------------------------------------------------

    async def _watch_directory(self, housekeeping: Housekeeping) -> None:
        """End the server when what it writes can no longer be found."""
        while True:
            await asyncio.sleep(DIRECTORY_INTERVAL_S)
            await asyncio.to_thread(self.directory.check)
            missing = await asyncio.to_thread(self.directory.missing)
            if missing is not None and self.service.ready:
                # The directory is this server's still: what is only in memory now is kept there.
                log.error("%s", missing)
                # What is acknowledged behind the snapshot would be nowhere.
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(self.config.server.stop_deadline_s):
                        await self.service.end()
                await housekeeping.last_snapshot()
                raise DataDirLost(
                    f"{missing}: this server ends, with a snapshot of what it had acknowledged; "
                    "the next start says how to go on from it"
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

    async def _watch_loop(self) -> None:
        """How long the loop stops, once it serves."""
        await self._begun.wait()
        await self.loop_watch.run()

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
        order_entry = self.gateway.order_entry
        sessions = order_entry.needs_offset(limits.session_replay_messages_min)
        if order_entry.fault is not None:
            sessions = events.first_offset  # it does not know what sessions need
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
