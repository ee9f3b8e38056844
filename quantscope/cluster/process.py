"""One role of a cluster as a process: from its start to SIGTERM, and what it says meanwhile."""

import asyncio
import contextlib
import gc
import logging
import signal
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from typing import Any, TypeVar

import msgspec
import uvloop

from core import FAULTS, Clock, Faults, huge_pages, shorten_slice
from journal.kafka import (
    Clients,
    Control,
    Displaced,
    KafkaError,
    LostCommands,
    StartAgain,
    Topics,
    Unavailable,
    in_words,
    mistakes,
    surplus,
)
from quantscope import capacity
from quantscope.cluster.journal_watch import JournalWatch
from quantscope.cluster.status import StatusPages
from quantscope.cluster.surroundings import ClusterRole, CountsFaults, Rereads, Surroundings
from quantscope.cluster.watch import watch_exchange
from quantscope.heap import bound_heap
from quantscope.loop_watch import CLUSTER_INTERVAL_S, LoopWatch
from quantscope.metrics.clock import ClockFigures
from quantscope.metrics.exposition import renderer
from quantscope.metrics.loop import LoopFigures
from quantscope.metrics.process import ProcessFigures
from quantscope.metrics.tls import TlsFigures
from quantscope.roles.role import Process
from quantscope.tls import Tls, reload
from settings import Config, ConfigError

log = logging.getLogger("quantscope")

CHECK_INTERVAL_S = 60.0
"""How often it is looked whether topics and brokers are set as they must be, in seconds."""
READY_S = 0.02
"""How often it is looked whether the role is ready, before its first time, in seconds."""

EARLY_S = 0.2
"""How long a port that can't be had may take to say so, in seconds."""

Make = Callable[[Surroundings], ClusterRole]
E = TypeVar("E", bound=BaseException)


class Misconfigured(Exception):
    """Topics or brokers are not set as they must be."""


def run(
    config: Config, make: Make, *, own_pages: bool = False, read: Callable[[], Config] | None = None
) -> None:
    """Serve until SIGTERM or SIGINT, or until another process takes this one's name.

    A role with ``own_pages`` serves ``/metrics``, ``/health`` and ``/ready`` by itself.  ``read``
    gives the configuration as it is now, for one that takes some of it at SIGHUP.
    """
    bound_heap()
    huge_pages(config.server.huge_pages)
    descriptors = capacity.raise_descriptors()
    config = capacity.fit(config, descriptors)
    uvloop.run(RoleProcess(config, make, descriptors, own_pages=own_pages, read=read).run())


class RoleProcess:
    """The one role of this process, with what it has around it."""

    def __init__(
        self,
        config: Config,
        make: Make,
        descriptors: int,
        *,
        own_pages: bool,
        read: Callable[[], Config] | None = None,
    ) -> None:
        """Nothing is opened yet; ``descriptors`` are what this process may have."""
        self._read = read
        self._reading: asyncio.Task[None] | None = None
        self._config = config
        self._make = make
        self._own_pages = own_pages
        self._faults = Faults()
        clock = Clock(config.server)
        descriptors_max = capacity.for_connections(config, descriptors)
        self._tls = Tls(config, clock)
        self._process = Process(config, self._faults, clock, descriptors_max, self._tls)
        self._clients = Clients(config.kafka)
        self._clients.check()
        self._topics = Topics(config.kafka)
        self._loop_watch = LoopWatch(clock, CLUSTER_INTERVAL_S)
        self._figures = (
            ProcessFigures(config, self._standing),
            ClockFigures(clock),
            LoopFigures(self._loop_watch),
            TlsFigures(self._tls),
        )
        self._role: ClusterRole | None = None
        self._pinned = config
        """As it is to be where the role begins again."""
        self._wrong: list[str] = []
        """What is not set as it must be."""
        self._beside: list[str] = []
        """What is there and nobody asks for."""
        self._stop = asyncio.Event()
        self._begun = asyncio.Event()
        self._early: asyncio.Task[None] | None = None

    async def run(self) -> None:
        """Until it is told to stop; whoever is displaced ends without an error."""
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(self._faults.on_callback)
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._told_to_stop, signal.Signals(number).name)
        loop.add_signal_handler(signal.SIGHUP, self._told_to_reread)
        try:
            async with self._pages():
                await self._until_stopped(self._live())
        except BaseExceptionGroup as errors:
            displaced = found_in(errors, Displaced)
            if displaced is None:
                raise
            # Started again it would take the name back, and both would end each other for ever.
            log.error("%s", displaced)
        log.info("stopped")

    def _told_to_stop(self, signal_name: str) -> None:
        log.info("stopping, by %s", signal_name)
        self._stop.set()

    def _told_to_reread(self) -> None:
        reload(self._tls)
        role, read = self._role, self._read
        if read is None or not isinstance(role, Rereads):
            log.info("SIGHUP: the configuration is read at a start")
        elif self._reading is None or self._reading.done():
            self._reading = asyncio.create_task(self._reread(role, read))

    async def _reread(self, role: Rereads, read: Callable[[], Config]) -> None:
        try:
            await role.reread(await asyncio.to_thread(read))
        except ConfigError as error:
            log.error("SIGHUP: nothing is changed: %s", error)
        except FAULTS as error:
            self._faults.caught("callback", "SIGHUP: the configuration can't be taken", error)

    @contextlib.asynccontextmanager
    async def _pages(self) -> AsyncIterator[None]:
        """The pages of a role that has none; of one that has, until it listens by itself."""
        if not self._own_pages:
            async with self._listening() as pages:
                self._address = pages.address
                yield
            return
        # A port that nobody knows yet nobody asks.
        if self._config.server.http_port:
            self._early = asyncio.create_task(self._serve_early())
            await asyncio.wait((self._early,), timeout=EARLY_S)
            if self._early.done():
                await self._early
        try:
            yield
        finally:
            await self._end_early()

    def _listening(self) -> AbstractAsyncContextManager[StatusPages]:
        port = self._config.server.http_port
        return StatusPages.listening(
            self._process,
            port,
            metrics=self._metrics,
            standing=self._standing,
            more_to_come=self._own_pages,
        )

    async def _serve_early(self) -> None:
        async with self._listening():
            await self._begun.wait()

    async def _end_early(self) -> None:
        """Let go of the port: the role is about to listen there."""
        self._begun.set()
        if self._early is not None:
            await asyncio.wait((self._early,))

    async def _until_stopped(self, work: Coroutine[Any, Any, None]) -> None:
        """Work to its end; what waits for others at a start does not wait beyond a signal."""
        working = asyncio.create_task(work)
        stopping = asyncio.create_task(self._stop.wait())
        try:
            await asyncio.wait((working, stopping), return_when=asyncio.FIRST_COMPLETED)
            if self._role is None and not working.done():
                log.info("stopping, before it has begun")
                working.cancel()
                await asyncio.wait((working,))
                return
            await working
        finally:
            stopping.cancel()

    async def _live(self) -> None:
        """One role after the other: what it knows of the exchange may not be so any more."""
        while True:
            try:
                return await self._live_once()
            except BaseExceptionGroup as errors:
                again = found_in(errors, StartAgain)
                if again is None or self._stop.is_set():
                    raise
                log.error("it begins again: %s", again)
            self._role = None
            self._process = replace(self._process, config=self._pinned)

    async def _live_once(self) -> None:
        async with contextlib.AsyncExitStack() as opened:
            await self._check(at_start=True)
            deadline_s = self._config.kafka.append_deadline_s
            control = Control(self._clients, self._topics, deadline_s=deadline_s)
            await opened.enter_async_context(control)
            standing = await control.read()
            known = standing.known()
            watch = JournalWatch(
                self._clients, self._topics, control, standing.journal or known, standing.eras
            )
            await watch.begin()
            role = self._make(
                Surroundings(
                    self._process,
                    self._clients,
                    self._topics,
                    control,
                    standing.known(),
                    metrics=self._metrics,
                    standing=self._standing,
                    about_to_listen=self._end_early,
                    eras=standing.eras,
                )
            )
            opened.push_async_callback(role.close)
            await role.open()
            self._role = role
            await self._serve(role, control, watch)

    async def _serve(self, role: ClusterRole, control: Control, journal: JournalWatch) -> None:
        self._pinned = self._with_ports(role)
        async with asyncio.TaskGroup() as group:
            keep = self._faults.keep
            watching = [
                group.create_task(keep("watch", what, how))
                for what, how in (
                    ("the look at the event loop", self._loop_watch.run),
                    ("the look at topics and brokers", self._check_often),
                )
            ]
            what = "the look at the journal"
            watch = keep(
                "watch",
                what,
                lambda: journal.run(lambda: role.heard),
                ends=(LostCommands,),
            )
            watching += [
                group.create_task(watch),
                group.create_task(self._begin(role)),
                group.create_task(watch_exchange(control, journal.on_standing, role.on_standing)),
            ]
            await role.run(self._stop)
            for task in watching:
                task.cancel()

    def _with_ports(self, role: ClusterRole) -> Config:
        """The configuration by which a role that begins again listens where it did."""
        ports = {
            f"{name}_port": int(acceptor.address.rpartition(":")[2])
            for name, acceptor in role.ports.items()
        }
        config = self._process.config
        server = msgspec.structs.replace(config.server, **ports)
        return msgspec.structs.replace(config, server=server)

    async def _begin(self, role: ClusterRole) -> None:
        """Say ``ready`` once it is."""
        while role.standing():
            await asyncio.sleep(READY_S)
        # What stands now stands for good: no collection is to look at it again.
        gc.collect()
        gc.freeze()
        shorten_slice()
        where = {name: acceptor.address for name, acceptor in role.ports.items()}
        if not self._own_pages:
            where["http"] = self._address
        said = " ".join(f"{name}={address}" for name, address in where.items())
        print(f"ready {said}{self._tls.said()}", flush=True)

    # -- topics and brokers ------------------------------------------------------------------

    async def _check_often(self) -> None:
        while True:
            await asyncio.sleep(CHECK_INTERVAL_S)
            try:
                await self._check(at_start=False)
            except (KafkaError, TimeoutError, Unavailable) as error:
                log.warning("topics and brokers can't be looked at: %s", in_words(error))

    async def _check(self, *, at_start: bool) -> None:
        """See whether topics and brokers are set as they must be; a start fails where not."""
        async with self._clients.administering() as admin:
            wrong = await mistakes(admin, self._topics, self._config.kafka)
            beside, self._beside = self._beside, await surplus(admin, self._topics)
        said, self._wrong = self._wrong, [mistake.text for mistake in wrong]
        if self._wrong and at_start:
            raise Misconfigured("; ".join(self._wrong))
        for text in self._wrong:
            if text not in said:
                log.error("%s", text)
        for text in self._beside:
            if text not in beside:
                log.warning("%s", text)

    # -- what it says ------------------------------------------------------------------------

    def _standing(self) -> list[str]:
        """Why the process is not ready."""
        if self._role is None:
            return ["it has not begun yet: it waits for brokers, or for an engine", *self._wrong]
        faults = self._faults.standing.values()
        return [*self._role.standing(), *self._wrong, *faults]

    def _metrics(self) -> bytes:
        figures = () if self._role is None else self._role.figures
        parts = (*figures, *self._figures)
        own = self._role.own_faults if isinstance(self._role, CountsFaults) else dict
        return renderer(parts, self._faults, own)()


def found_in(errors: BaseExceptionGroup[BaseException], kind: type[E]) -> E | None:
    """The first exception of a kind that a group holds."""
    for error in errors.exceptions:
        if isinstance(error, kind):
            return error
        if isinstance(error, BaseExceptionGroup) and (found := found_in(error, kind)):
            return found
    return None
