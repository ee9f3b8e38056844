"""An exchange in this process, on the pipeline that is shipped: a test can reach into its parts.

Service, order entry and the facade are what ``quantscope serve`` puts together, on real sockets.
A test holds commits up, loses the journal and gives it back, and asks each part what it did.  The
store is one that a test fills (``testing.fake_store``), unless it names another.
"""

import asyncio
import contextlib
import json
import re
import socket
import ssl
from collections.abc import AsyncIterator, Callable
from typing import Self

import httpx
import msgspec

import settings
from core import Commands, Engine, View
from engine.service import Service
from facade.app import Facade
from facade.origin import Origins
from gateway.binary import BinaryGateway
from gateway.connection import Connection
from journal.datadir import Era
from journal.sequencer import Sequencer
from protocol import messages as m
from protocol.terms import ExecInst, Gateway, OrdType, Side, TimeInForce
from quantscope import translate
from quantscope.roles.sessions import binary_gateway, learn_sessions
from settings import Config, FacadeSettings, InstrumentSettings
from store.port import Store
from testing.client import ONE, Client, hang_up
from testing.fake_store import FakeStore
from testing.logs import Logs
from testing.rest import Rest

HOSTS = ("x",)
"""By which names the facade may be asked, beside the machine's own."""
INSTRUMENTS = tuple(
    InstrumentSettings(symbol=symbol, quantity_max="0", orders_per_side_max=0)
    for symbol in ("BTCUSD", "ETHUSD")
)
PARTITION = 1
"""The engine's: order ids are so large that not every client can hold them in a number."""
TERMS = {"instrument": 1, "side": 1, "ord_type": 2, "tif": 1, "qty": ONE, "price": ONE}
"""An order of a session, unless a test says otherwise."""


def config_of(facade: FacadeSettings | None = None, *overrides: str, users: int = 1) -> Config:
    """What tests of this process want: two instruments, so many users, no ticks in between."""
    config = settings.load(None, {}, overrides)
    journal = msgspec.structs.replace(config.journal, tick_interval_s=60.0, retry_interval_s=0.01)
    return msgspec.structs.replace(
        config,
        journal=journal,
        facade=facade or config.facade,
        instruments=INSTRUMENTS,
        users=config.users[:users],
    )


class InProcess(Rest):
    """Serves while its block runs; a ``testing.port.Exchange``."""

    user = "alice"
    partition = PARTITION

    def __init__(
        self,
        facade: FacadeSettings | None = None,
        logs: Logs | None = None,
        store: Store | None = None,
        *,
        config: Config | None = None,
        send_buffer_bytes: int | None = None,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        """Nothing is opened yet.

        ``logs`` are those of an earlier life.  ``send_buffer_bytes`` is what the system may hold
        for a line of order entry, which ``tls`` encrypts.
        """
        self.config = config or config_of(facade)
        self.limits = self.config.facade
        self.logs = logs or Logs(settings=self.config.journal, partition=PARTITION)
        self.clock = self.logs.clock
        self.service = Service(
            self.logs,
            translate.setup(self.config),
            self.config.journal,
            self.config.server,
            self.clock,
        )
        self.store = FakeStore()
        self.gateway: BinaryGateway
        self.facade: Facade
        self.lines: list[Connection] = []
        """What is connected to order entry."""
        self.recorder_ended: str | None = None
        self.woken = 0
        """How often the recorder was woken."""
        self.http = self.binary = 0
        self.session: Client | None = None
        """The binary session demo1, once it has sent something."""
        self._given_store = store
        self._send_buffer_bytes = send_buffer_bytes
        self._tls = tls
        self._stack = contextlib.AsyncExitStack()

    # -- life --------------------------------------------------------------------------------

    async def __aenter__(self) -> Self:
        """Recover, and serve."""
        self.service.start()
        self._stack.callback(self.service.close)
        self._build()
        await self._stack.enter_async_context(self._tasks())
        await self._stack.enter_async_context(self._listening())
        while not self.service.ready:
            await asyncio.sleep(0)
        if not self.view.trade_id:
            self.record_all()
        hooks = {"response": [self._is_documented]}
        self.client = httpx.AsyncClient(base_url=f"http://127.0.0.1:{self.http}", event_hooks=hooks)
        await self._stack.enter_async_context(self.client)
        return self

    async def __aexit__(self, *_: object) -> None:
        """Close whatever is open, the lines of clients first."""
        await hang_up()
        self.gateway.close()
        self.facade.close()
        await self._stack.aclose()

    def _build(self) -> None:
        service = self.service
        self.gateway = binary_gateway(self.config, service, Era(0), None)
        end = service.journals.events.next_offset
        learn_sessions(service, [self.gateway.order_entry], None, end)
        self._build_facade(service.engine, service)
        service.attach(self.gateway, self.facade)

    def _build_facade(self, engine: Engine, sequencer: Sequencer, *, others: bool = False) -> None:
        self.facade = Facade(
            View.restore(engine, Gateway.FACADE, self.limits),
            sequencer,
            self._given_store or self.store,
            self.limits,
            Origins(HOSTS),
            self.clock,
            version="0",
            metrics=lambda: b"orders 1\n",
            others=others,
            wake_recorder=self._wake_recorder,
            recorder_ended=lambda: self.recorder_ended,
        )
        self.document = json.loads(self.facade._document)

    @contextlib.asynccontextmanager
    async def _tasks(self) -> AsyncIterator[None]:
        parts = (self.service, self.gateway, self.facade)
        tasks = [asyncio.create_task(part.run()) for part in parts]
        await asyncio.sleep(0)
        try:
            yield
        finally:
            over = [task for task in tasks if task.done()]
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            for task in over:
                task.result()

    @contextlib.asynccontextmanager
    async def _listening(self) -> AsyncIterator[None]:
        loop = asyncio.get_running_loop()
        taken = socket.create_server(("127.0.0.1", 0))
        if self._send_buffer_bytes is not None:
            taken.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, self._send_buffer_bytes)
        binary = await loop.create_server(self._line, sock=taken, ssl=self._tls)
        self.binary = binary.sockets[0].getsockname()[1]
        try:
            async with self._listening_http():
                yield
        finally:
            binary.close()

    @contextlib.asynccontextmanager
    async def _listening_http(self) -> AsyncIterator[None]:
        loop = asyncio.get_running_loop()
        http = await loop.create_server(self.facade.server.connect, "127.0.0.1", 0)
        self.http = http.sockets[0].getsockname()[1]
        try:
            yield
        finally:
            http.close()
            for connection in tuple(self.facade.server.connections):
                connection.transport.abort()
            await asyncio.sleep(0)

    def _line(self) -> Connection:
        self.lines.append(Connection(self.gateway))
        return self.lines[-1]

    async def _is_documented(self, answer: httpx.Response) -> None:
        """Whatever a page answers, the document has it; a fault of the server has no page."""
        if answer.status_code == 500:
            return
        for page, methods in self.document["paths"].items():
            method = answer.request.method.lower()
            if re.fullmatch(re.sub(r"{\w+}", "[^/]+", page), answer.request.url.path):
                operation = methods.get("get" if method == "head" else method)
                assert operation is None or str(answer.status_code) in operation["responses"]

    # -- parts -------------------------------------------------------------------------------

    @property
    def engine(self) -> Engine:
        """The engine that serves."""
        return self.service.engine

    @property
    def view(self) -> View:
        """What the facade keeps in memory."""
        return self.facade.view

    @property
    def url(self) -> str:
        """Where WebSocket is."""
        return f"ws://127.0.0.1:{self.http}"

    def _wake_recorder(self) -> None:
        self.woken += 1

    # -- what a test does to it --------------------------------------------------------------

    def hold(self) -> None:
        """From now on no commit ends: nothing is answered that changes something."""
        self.logs.commands.hold()

    def release(self) -> None:
        """Commits end."""
        self.logs.commands.release()

    async def lose_journal(self) -> None:
        """An outage, for as long as a test wants."""
        self.logs.fail()
        while self.service.ready:
            await asyncio.sleep(0)

    async def mend_journal(self) -> None:
        """The journal is back, and commands are taken."""
        self.logs.mend()
        while not self.service.ready:
            await asyncio.sleep(0.002)

    def record_all(self) -> None:
        """The recorder has caught up."""
        self.facade.on_recorded(self.view.sequence)

    async def command(self, write: Callable[[Commands], object]) -> None:
        """A command of the engine's own, as an operator's change of the configuration makes it."""
        before = self.service.delivered
        write(self.service._system)
        self.service.wake()
        while self.service.delivered == before:
            await asyncio.sleep(0)

    async def session_places(self, **terms: int) -> int:
        """Let the binary session demo1 send an order, which need not be a good one; its id."""
        if self.session is None:
            self.session = await Client(self.binary).login()
        line = self.session
        number = line.last_cl_ord_id = line.last_cl_ord_id + 1
        line.request(_order(number, **{**TERMS, **terms}))
        while getattr(await line.report(), "cl_ord_id", None) != number:
            pass
        return self.engine.counts()["orders"] | self.partition << 56

    async def dropped(self) -> int:
        """An order that memory no longer holds, and the store does not have yet; its id."""
        order_id = await self.session_places(tif=3)
        for _ in range(max(self.limits.recent_orders_max, self.limits.overlay_orders_max)):
            await self.session_places(tif=3)
        assert self.view.exists(order_id)
        assert not self.view.keeps(order_id)
        return order_id

    async def talk(self, *parts: bytes, pause_s: float = 0.0) -> bytes:
        """Send bytes on a connection of one's own, and read until it is closed."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.http)
        try:
            for part in parts:
                if writer.transport.is_closing():
                    raise ConnectionResetError
                writer.write(part)
                await writer.drain()
                await asyncio.sleep(pause_s)
            return await reader.read()
        finally:
            writer.close()


def _order(
    number: int, instrument: int, side: int, ord_type: int, tif: int, qty: int, price: int
) -> m.NewOrderSingle:
    return m.NewOrderSingle(
        cl_ord_id=number,
        price=price,
        order_qty=qty,
        stop_px=None,
        security_id=instrument,
        side=Side(side),
        ord_type=OrdType(ord_type),
        time_in_force=TimeInForce(tif),
        exec_inst=ExecInst.NONE,
        self_match_prevention_instruction=None,
    )
