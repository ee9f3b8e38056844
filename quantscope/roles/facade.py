"""The facade's role: REST and WebSocket, and their port."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Mapping

from core import VERSION, View
from facade.app import Facade
from facade.origin import Origins
from protocol.terms import Gateway
from quantscope.acceptor import Acceptor
from quantscope.roles.engine import EngineRole
from quantscope.roles.recorder import RecorderRole
from quantscope.roles.role import Process
from settings import Config


class FacadeRole:
    """What ordinary clients ask."""

    def __init__(
        self,
        process: Process,
        engine: EngineRole,
        recorder: RecorderRole,
        *,
        metrics: Callable[[], bytes],
        standing: Callable[[], list[str]],
    ) -> None:
        """``metrics`` renders the figures of all roles; ``standing`` says what of others fails."""
        self._process = process
        self._engine = engine
        self._recorder = recorder
        self._metrics = metrics
        self._standing = standing
        self.ports: Mapping[str, Acceptor] = {}
        self.rest: Facade

    async def open(self) -> None:
        """Learn what stands in the books, and listen."""
        process, service, recorder = self._process, self._engine.service, self._recorder
        config = process.config
        self.rest = Facade(
            View.restore(service.engine, Gateway.FACADE, config.facade),
            service,
            recorder.store,
            config.facade,
            origins(config),
            process.clock,
            version=VERSION,
            metrics=self._metrics,
            wake_recorder=lambda: recorder.recorder.wake(),
            recorder_ended=lambda: recorder.service.failed,
            standing=lambda: [*self._standing(), *self.rest.wrong()],
            faults=process.faults,
        )
        recorder.on_recorded = self.rest.on_recorded
        recorder.on_resumed = self.rest.archive.damage.clear
        self.rest.on_recorded(recorder.recorder.position().sequence)
        service.attach(self.rest)
        server = config.server
        acceptor = await Acceptor.listen(
            "http",
            server.host,
            server.http_port,
            self.rest.server.connect,
            process.descriptors_max,
            process.faults,
            process.handshakes("http"),
        )
        self.ports = {"http": acceptor}

    async def run(self, stop: asyncio.Event) -> None:
        """Take connections; at the end answer what was asked, and close them."""
        deadline_s = self._process.config.server.stop_deadline_s
        async with asyncio.TaskGroup() as group:
            working = group.create_task(self.rest.run())
            await serve_requests(
                self.rest, self.ports["http"], stop, self._engine.drain, deadline_s
            )
            working.cancel()

    async def close(self) -> None:
        """Listen no more, where it never ran."""
        for acceptor in self.ports.values():
            acceptor.close()


async def serve_requests(
    rest: Facade,
    acceptor: Acceptor,
    stop: asyncio.Event,
    drain: Callable[[], Awaitable[None]],
    deadline_s: float,
) -> None:
    """Take connections until told to stop; then ``drain`` what was asked, and close them."""
    async with acceptor:
        await stop.wait()
        acceptor.close()
        await drain()
        rest.close()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(deadline_s):
                await rest.drain()


def origins(config: Config) -> Origins:
    """By which names the facade may be asked; an open server that names none takes any."""
    server = config.server
    any_host = server.allow_open and not server.allowed_hosts
    return Origins(server.allowed_hosts, any_host=any_host)
