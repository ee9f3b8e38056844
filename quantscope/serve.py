"""``quantscope serve``: every role in one process, on the embedded adapters."""

import asyncio
import contextlib
import gc
import logging
import signal
from collections.abc import Callable

import uvloop

from core import Clock, Faults, huge_pages, shorten_slice
from journal.datadir import DataDir
from quantscope import capacity
from quantscope.heap import bound_heap
from quantscope.journals import StartRefused, data_dir
from quantscope.loop_watch import LoopWatch
from quantscope.metrics.clock import ClockFigures
from quantscope.metrics.engine import EngineFigures
from quantscope.metrics.events import EventFigures
from quantscope.metrics.exposition import Renderer, renderer
from quantscope.metrics.facade import FacadeFigures, own_faults
from quantscope.metrics.log import LogFigures
from quantscope.metrics.loop import LoopFigures
from quantscope.metrics.order_entry import OrderEntryFigures
from quantscope.metrics.ports import PortFigures
from quantscope.metrics.recorder import LagFigures, RecorderFigures
from quantscope.metrics.tls import TlsFigures
from quantscope.roles.engine import EngineRole
from quantscope.roles.facade import FacadeRole
from quantscope.roles.gateway import GatewayRole
from quantscope.roles.recorder import RecorderRole
from quantscope.roles.role import Process
from quantscope.tls import Tls, reload
from settings import Config

log = logging.getLogger("quantscope")

INSTEAD = (
    "`quantscope serve` runs all roles in one process, and the configuration's journal is on Kafka "
    "(journal.adapter), for a cluster: run `quantscope setup` once, then `quantscope engine`, "
    "`gateway`, `facade` and `recorder`, each with the same --config"
)


def run(config: Config) -> None:
    """Serve until SIGTERM or SIGINT."""
    if config.journal.adapter == "kafka":
        raise StartRefused(INSTEAD)
    bound_heap()
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
        self.faults = Faults()
        self.clock = Clock(config.server)
        descriptors_max = capacity.for_connections(config, descriptors)
        self.tls = Tls(config, self.clock)
        process = Process(config, self.faults, self.clock, descriptors_max, self.tls)
        self.engine = EngineRole(process, directory)
        self.recorder = RecorderRole(process, self.engine)
        self.gateway = GatewayRole(process, self.engine)
        self.facade = FacadeRole(
            process,
            self.engine,
            self.recorder,
            metrics=lambda: self._render(),
            standing=self._standing,
        )
        self.engine.housekeeping.keep_for(self.recorder)
        self.loop_watch = LoopWatch(self.clock)
        self.ready = False
        self._render: Callable[[], bytes]

    async def run(self) -> None:
        """Recover, listen, say ``ready``, and serve until a signal."""
        asyncio.get_running_loop().set_exception_handler(self.faults.on_callback)
        async with contextlib.AsyncExitStack() as opened:
            for role in (self.engine, self.recorder, self.gateway, self.facade):
                opened.push_async_callback(role.close)
                await role.open()
            self._render = self._renderer()
            await self._serve()

    async def _serve(self) -> None:
        """Those whom clients talk to end first, while the others still work."""
        stop, last = self._signals(), asyncio.Event()
        async with asyncio.TaskGroup() as behind:
            behind.create_task(self.engine.run(last))
            behind.create_task(self.recorder.run(last))
            async with asyncio.TaskGroup() as front:
                front.create_task(self.gateway.run(stop))
                front.create_task(self.facade.run(stop))
                await self._begin()
                watch = front.create_task(
                    self.faults.keep("watch", "the look at the event loop", self.loop_watch.run)
                )
                await stop.wait()
                log.info("stopping")
                watch.cancel()
            last.set()

    async def _begin(self) -> None:
        """Say ``ready`` once commands are taken."""
        while not self.engine.service.ready:
            await asyncio.sleep(0)
        # What stands now stands for good: no collection is to look at it again.
        gc.collect()
        gc.freeze()
        # Here, behind all threads that work in the background, for these would inherit it.
        shorten_slice()
        ports = {**self.facade.ports, **self.gateway.ports}
        where = " ".join(f"{name}={acceptor.address}" for name, acceptor in ports.items())
        print(f"ready {where}{self.tls.said()}", flush=True)
        self.ready = True

    def _signals(self) -> asyncio.Event:
        """What SIGTERM and SIGINT set; SIGUSR1 takes the system's clock, SIGHUP certificates."""
        stop, loop = asyncio.Event(), asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, stop.set)
        loop.add_signal_handler(signal.SIGUSR1, self.engine.service.take_clock)
        if self.tls.encrypted:
            # Otherwise it ends the process, as a terminal that is closed asks for.
            loop.add_signal_handler(signal.SIGHUP, reload, self.tls)
        return stop

    def _renderer(self) -> Renderer:
        """What renders the figures of all roles, which are open."""
        service, binary, rest = self.engine.service, self.gateway.binary, self.facade.rest
        recorder = self.recorder
        ports = (*self.facade.ports.values(), *self.gateway.ports.values())
        parts = (
            EventFigures(lambda: binary.order_entry.tally()),
            EngineFigures(service),
            ClockFigures(self.clock),
            LoopFigures(self.loop_watch),
            OrderEntryFigures(*self.gateway.protocols),
            FacadeFigures(rest),
            PortFigures(ports),
            TlsFigures(self.tls),
            LogFigures("commands", lambda: service.journals.commands),
            LogFigures("events", lambda: service.journals.events),
            LagFigures(recorder.service, recorder.lag, service),
            RecorderFigures(recorder.service),
        )
        return renderer(parts, self.faults, lambda: own_faults(rest))

    def _standing(self) -> list[str]:
        """What does not work now, of parts that the facade does not know by itself."""
        standing = list(self.faults.standing.values())
        for gateway in self.gateway.protocols:
            fault = gateway.order_entry.fault
            if fault is not None:
                standing.append(f"{gateway.protocol} order entry failed: {fault}")
        return standing
