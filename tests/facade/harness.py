"""An exchange in one process for tests of the facade: engine, facade, a store that is a dict."""

import asyncio
import json
import re
import time
from collections.abc import Callable
from types import TracebackType
from typing import Any, Self

import httpx

from core import Commands, Engine, View
from facade.app import GATEWAY, Facade
from facade.origin import Origins
from settings import FacadeSettings
from store.port import Bar, Beginning, Store, Stretch, Sum, Trade
from testing.parts import system_clock

ONE = 10**8
INSTRUMENTS = ("BTCUSD", "ETHUSD")
HOSTS = ("x",)


class Sequencer:
    """The engine's owner: applies what is sealed at the end of the loop's turn, or when told to."""

    def __init__(self) -> None:
        self.ready = True
        self.busy = False
        self.held = False
        self.source: Facade
        self.engine = Engine(1)
        self.offset = 0
        self.number = 0
        self.session = self.entry = 0
        self.events: list[bytes] = []
        setup = Commands()
        for symbol in INSTRUMENTS:
            setup.instrument(symbol, tick=ONE // 100, lot=1)
        self.apply(setup.seal(0, 0, 0, time.time_ns(), 100))
        opening = Commands()
        opening.gateway_open(GATEWAY)
        self.apply(opening.seal(GATEWAY, 0, 0, time.time_ns(), 1))
        self.incarnation = 1

    def session_sends(self, **order: Any) -> None:
        """An order of the binary session demo1, which its own gateway sends."""
        commands = Commands()
        if not self.session:
            commands.gateway_open(1)
            self.tell(commands.seal(1, 0, 0, time.time_ns(), 1))
            commands.entry_open(1, "demo1", "demo1")
            self.tell(commands.seal(0, 0, 0, time.time_ns(), 1))
            self.entry = self.engine.entries()[-1].entry
        self.session += 1
        terms = {"instrument": 1, "side": 1, "ord_type": 2, "tif": 1, "qty": ONE, "price": ONE}
        commands.new_order(entry=self.entry, num=self.session, **{**terms, **order})
        self.tell(commands.seal(1, 1, self.session, time.time_ns(), 1))

    def raises(self, orders: int) -> None:
        """Numbers go on above those of another life."""
        commands = Commands()
        commands.raise_numbers(orders=orders, trades=0, events=0)
        self.tell(commands.seal(0, 0, 0, time.time_ns(), 1))

    def tell(self, batch: bytes | None) -> None:
        """Apply a batch of another gateway."""
        self.source.on_told(self.source.view.apply(self.apply(batch)))

    def apply(self, batch: bytes | None) -> bytes:
        assert batch is not None
        self.offset += 1
        events = self.engine.apply(self.offset, time.time_ns(), [batch])
        self.events.append(events)
        return events

    def wake(self) -> None:
        asyncio.get_running_loop().call_soon(self.turn)

    def at_rest(self, then: Callable[[], None]) -> None:
        then()

    def turn(self) -> None:
        if self.held:
            return
        stamp, number = time.time_ns(), self.number + 1
        batch = self.source.commands.seal(GATEWAY, self.incarnation, number, stamp, 1000)
        if batch is not None:
            self.number += 1
            self.source.on_told(self.source.view.apply(self.apply(batch)))


SINCE_NS = 1_700_000_000_000_001_000


class Shelf:
    """A store that holds what it is given."""

    def __init__(self) -> None:
        self.kept: dict[int, bytes] = {}
        self.complete_since: int | None = None
        self.stretch: Stretch | None = None
        self.older_trades: list[tuple[int, bytes]] = []
        self.total: Sum | None = None
        self.asked: list[tuple[Any, ...]] = []
        self.day: list[Bar] = []
        self.minute: list[Trade] = []

    async def bars(self, instrument: int, from_ns: int) -> list[Bar]:
        return self.day if instrument == 1 else []

    async def trades_between(
        self, instrument: int, from_ns: int, to_ns: int, *, after: int = 0, limit: int = 1_000
    ) -> list[Trade]:
        found = [t for t in self.minute if from_ns <= t[1] < to_ns and t[0] > after]
        return found[:limit] if instrument == 1 else []

    async def position(self) -> tuple[int, int]:
        return 0, 0

    async def instruments(self) -> list[tuple[int, str]]:
        return []

    async def close(self) -> None:
        self.kept.clear()

    async def order(self, order_id: int) -> tuple[bytes, bool] | None:
        self.asked.append(("order", order_id))
        kept = self.kept.get(order_id)
        return None if kept is None else (kept, b'"NEW"' in kept)

    async def history(
        self, order_id: int, *, after: int, limit: int, bytes_max: int
    ) -> Stretch | None:
        self.asked.append(("history", order_id, after, limit, bytes_max))
        return self.stretch

    async def fills(
        self, order_id: int, *, after: int, limit: int, bytes_max: int
    ) -> Stretch | None:
        self.asked.append(("fills", order_id, after, limit, bytes_max))
        return self.stretch

    async def beginnings(self, order_ids: list[int]) -> tuple[list[Beginning], int]:
        return [], 0

    async def orders(
        self,
        account: int,
        *,
        before: int | None = None,
        limit: int = 100,
        bytes_max: int = 2**18,
        status: str | None = None,
        instrument: int | None = None,
    ) -> tuple[list[tuple[int, bytes]], int | None]:
        ids = sorted((i for i in self.kept if before is None or i < before), reverse=True)
        following = ids[limit - 1] if len(ids) > limit else None
        return [(i, self.kept[i]) for i in ids[:limit]], following

    async def trades(
        self, instrument: int, *, before: int | None = None, limit: int = 100
    ) -> list[tuple[int, bytes]]:
        self.asked.append(("trades", instrument, before, limit))
        older = [trade for trade in self.older_trades if before is None or trade[0] < before]
        return older[:limit]

    async def sum_between(self, instrument: int, after_ns: int, before_ns: int) -> Sum | None:
        self.asked.append(("sum", instrument, after_ns, before_ns))
        return self.total


class Exchange:
    """Facade, engine, store, and a client."""

    def __init__(
        self,
        limits: FacadeSettings | None = None,
        sequencer: Sequencer | None = None,
        store: Store | None = None,
    ) -> None:
        self.limits = limits or FacadeSettings()
        self.sequencer = sequencer or Sequencer()
        self.store = Shelf()
        self.recorder_ended: str | None = None
        self.woken = 0
        self.view = View.restore(
            self.sequencer.engine,
            GATEWAY,
            self.limits,
        )
        self.facade = Facade(
            self.view,
            self.sequencer,
            store or self.store,
            self.limits,
            Origins(HOSTS),
            system_clock(),
            version="0",
            metrics=lambda: b"orders 1\n",
            begin_again=lambda view: view.begin_again(self.sequencer.engine),
            wake_recorder=self._wake_recorder,
            recorder_ended=lambda: self.recorder_ended,
        )
        self.sequencer.source = self.facade
        self.document = json.loads(self.facade._document)
        self.port = 0
        self.client: httpx.AsyncClient
        self._server: asyncio.Server
        self._task: asyncio.Task[None]

    async def __aenter__(self) -> Self:
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(self.facade.server.connect, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        self._task = asyncio.create_task(self.facade.run())
        await asyncio.sleep(0)
        if not self.view.trade_id:
            self.record_all()
        hooks = {"response": [self._is_documented]}
        self.client = httpx.AsyncClient(base_url=f"http://127.0.0.1:{self.port}", event_hooks=hooks)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        await self.client.aclose()
        self.facade.close()
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)
        self._server.close()
        for connection in tuple(self.facade.server.connections):
            connection.transport.abort()
        await asyncio.sleep(0)

    async def _is_documented(self, answer: httpx.Response) -> None:
        """Whatever a page answers, the document has it; a fault of the server has no page."""
        if answer.status_code == 500:
            return
        for page, methods in self.document["paths"].items():
            method = answer.request.method.lower()
            if re.fullmatch(re.sub(r"{\w+}", "[^/]+", page), answer.request.url.path):
                operation = methods.get("get" if method == "head" else method)
                assert operation is None or str(answer.status_code) in operation["responses"]

    @property
    def url(self) -> str:
        return f"ws://127.0.0.1:{self.port}"

    def _wake_recorder(self) -> None:
        self.woken += 1

    def record_all(self) -> None:
        """The recorder has caught up."""
        self.facade.on_recorded(self.view.sequence)

    async def place(self, status: int = 201, /, **fields: Any) -> Any:
        body = {
            "symbol": "BTCUSD",
            "side": "BUY",
            "order_type": "LIMIT",
            "price": "100",
            "quantity": 1,
            "user_id": "alice",
            **fields,
        }
        body = {name: value for name, value in body.items() if value is not ...}
        answer = await self.client.post("/orders", json=body)
        assert answer.status_code == status, answer.text
        return answer.json()

    def raises(self, orders: int) -> None:
        """See ``Sequencer``."""
        self.sequencer.raises(orders)

    def session_sends(self, **order: Any) -> int:
        """Let the binary session demo1 send an order; its id."""
        self.sequencer.session_sends(**order)
        return self.sequencer.engine.counts()["orders"] | 1 << 56

    async def dropped(self) -> int:
        """An order that memory no longer holds, and the store does not have yet; its id."""
        limits = self.limits
        order_id = self.session_sends(tif=3)
        for _ in range(max(limits.recent_orders_max, limits.overlay_orders_max)):
            self.session_sends(tif=3)
        assert self.view.exists(order_id)
        assert not self.view.keeps(order_id)
        return order_id

    async def get(self, path: str, expected: int = 200, /, **params: Any) -> Any:
        answer = await self.client.get(path, params=params)
        assert answer.status_code == expected, answer.text
        return answer.json()

    async def talk(self, *parts: bytes, pause_s: float = 0.0) -> bytes:
        """Send bytes on a connection of one's own, and read until it is closed."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
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
