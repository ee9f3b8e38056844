"""What a connection sends is handled a little in each turn of the loop, in order; none is lost."""

import asyncio
import gc
import weakref
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from core import Turns
from facade.connection import FRAMES_BYTES, Connection
from facade.message import Request
from facade.server import SWEPT, WASTE_BYTES
from facade.websocket import WebSocket
from settings import FacadeSettings
from testing.in_process import InProcess
from tests.facade.pipe import ByHand, Pipe
from tests.facade.sent import GET, LAST_GET, ORDER, UPGRADE, post, statuses

LIMITS = FacadeSettings(
    turn_us_max=200, read_bytes_max=4_096, linger_deadline_s=0.2, sweep_interval_s=0.02
)
STEP_NS = 50_000
"""As long as each look at the clock takes in these tests: a turn has time for two that wait."""
A_TURN = 4
"""Pieces of one connection between two turns of the loop, at most: of the read, and of its turn."""


class Inside:
    """What a test sees: what was handled of each connection in which turn of the loop."""

    def __init__(self, exchange: InProcess) -> None:
        self.exchange = exchange
        self.turn = 0
        self.handled: list[Request] = []
        self.per_turn: Counter[tuple[int, int]] = Counter()
        self.reads: Counter[tuple[int, int]] = Counter()
        """How often each connection was read in each turn."""
        self._now = 0
        self._running = True
        server = exchange.facade.server
        server.turns = Turns(LIMITS.turn_us_max, self._clock)
        self._handle = server.handle
        server.handle = self.handle
        self._next_turn()

    def _clock(self) -> int:
        self._now += STEP_NS
        return self._now

    def _next_turn(self) -> None:
        self.turn += 1
        if self._running:
            asyncio.get_running_loop().call_soon(self._next_turn)

    def stop(self) -> None:
        self._running = False

    def handle(self, request: Request) -> None:
        self.handled.append(request)
        self.per_turn[self.turn, id(request.connection)] += 1
        self._handle(request)

    @property
    def most(self) -> int:
        return max(self.per_turn.values())

    @property
    def connections(self) -> list[Connection]:
        return list(self.exchange.facade.server.connections)


@asynccontextmanager
async def inside(limits: FacadeSettings = LIMITS) -> AsyncIterator[Inside]:
    async with asyncio.timeout(30), InProcess(limits) as exchange:
        seen = Inside(exchange)
        updated = Connection.buffer_updated

        def counted(self: Connection, nbytes: int) -> None:
            seen.reads[seen.turn, id(self)] += 1
            updated(self, nbytes)

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(Connection, "buffer_updated", counted)
            try:
                yield seen
            finally:
                seen.stop()


def asking(count: int, *headers: bytes) -> bytes:
    """So many questions, each of which can be told from the others."""
    rest = b"".join(header + b"\r\n" for header in (b"Host: x", *headers)) + b"\r\n"
    return b"".join(b"GET /health?%d HTTP/1.1\r\n%b" % (n, rest) for n in range(count))


async def until_handled(seen: Inside, count: int) -> None:
    while len(seen.handled) < count:
        await asyncio.sleep(0)


@pytest.mark.parametrize("headers", [(), (b"Connection: Upgrade", b"Upgrade: h2c")])
async def test_pipelined_questions_are_answered_a_few_in_each_turn(
    headers: tuple[bytes, ...],
) -> None:
    async with inside() as seen:
        answers = await seen.exchange.talk(asking(600, *headers) + LAST_GET)
        assert statuses(answers) == [200] * 601
        queries = [request.query for request in seen.handled]
        assert queries == [*(b"%d" % n for n in range(600)), b""]
        assert seen.most <= A_TURN


async def test_the_orders_of_others_do_not_wait_for_who_asks_without_end() -> None:
    async with inside() as seen:
        flood = asyncio.create_task(seen.exchange.talk(asking(3_000) + LAST_GET))
        await until_handled(seen, 10)
        for price in range(1, 20):
            await seen.exchange.place(price=price)
        assert len(seen.handled) < 1_500
        assert not flood.done()
        assert statuses(await flood) == [200] * 3_001


async def test_an_order_is_handled_in_the_turn_in_which_it_is_read() -> None:
    async with inside() as seen:
        reader, writer = await asyncio.open_connection("127.0.0.1", seen.exchange.http)
        writer.write(GET)
        await reader.readuntil(b"}")
        seen.handled.clear()
        (connection,) = seen.connections
        turns = seen.exchange.facade.server.turns
        turns.charge(10**9)
        assert not turns.open
        connection.received(GET)
        assert seen.handled == []
        await reader.readuntil(b"}")
        turns.charge(10**9)
        connection.received(post(ORDER))
        (question, order) = seen.handled
        assert (question.method, order.method) == (b"GET", b"POST")
        writer.close()


async def test_who_waits_is_not_read() -> None:
    async with inside() as seen:
        reader, writer = await asyncio.open_connection("127.0.0.1", seen.exchange.http)
        writer.write(GET)
        await reader.readuntil(b"}")
        (connection,) = seen.connections
        reads: list[tuple[int, bool]] = []
        received = connection.received

        def counted(data: bytes) -> None:
            received(data)
            reads.append((len(data), connection.transport.is_reading()))

        connection.received = counted  # type: ignore[method-assign]
        writer.write(asking(1_000) + LAST_GET)
        assert statuses(await reader.read()) == [200] * 1_001
        assert max(size for size, _ in reads) == LIMITS.read_bytes_max
        assert all(not reading for size, reading in reads[:-1])
        writer.close()


async def test_a_connection_that_is_cut_does_nothing_more() -> None:
    async with inside() as seen:
        _, writer = await asyncio.open_connection("127.0.0.1", seen.exchange.http)
        writer.write(asking(1_000))
        await until_handled(seen, 20)
        (connection,) = seen.connections
        connection.transport.abort()
        handled = len(seen.handled)
        for _ in range(50):
            await asyncio.sleep(0)
        assert len(seen.handled) == handled
        assert seen.connections == []
        writer.close()


async def test_who_has_sent_its_last_byte_still_gets_all_answers() -> None:
    async with inside() as seen:
        reader, writer = await asyncio.open_connection("127.0.0.1", seen.exchange.http)
        writer.write(asking(300) + post(ORDER) + asking(300) + b"GET /hea")
        writer.write_eof()
        assert statuses(await reader.read()) == [200] * 300 + [201] + [200] * 300
        writer.close()


async def test_a_server_that_stops_takes_none_of_what_waits() -> None:
    async with inside() as seen:
        talking = asyncio.create_task(seen.exchange.talk(asking(1_000)))
        await until_handled(seen, 20)
        seen.exchange.facade.close()
        handled = len(seen.handled)
        answers = await talking
        assert len(seen.handled) == handled
        assert statuses(answers) == [200] * handled


async def test_orders_that_are_pipelined_are_executed_in_order() -> None:
    async with inside() as seen:
        orders = b"".join(post(ORDER.replace(b"5", b"%d" % n, 1)) for n in range(1, 41))
        assert statuses(await seen.exchange.talk(orders + LAST_GET)) == [201] * 40 + [200]
        listed = await seen.exchange.get("/orders", user_id="alice")
        assert [order["price"] for order in listed["orders"]] == [str(n) for n in range(40, 0, -1)]
        assert seen.most <= A_TURN


async def test_a_long_body_is_read_a_little_in_each_turn() -> None:
    async with inside() as seen:
        body = ORDER + b" " * 60_000
        reader, writer = await asyncio.open_connection("127.0.0.1", seen.exchange.http)
        writer.write(post(body, b"Connection: close"))
        assert statuses(await reader.read()) == [201]
        assert max(seen.reads.values()) == 1
        assert sum(seen.reads.values()) >= len(body) // LIMITS.read_bytes_max
        writer.close()


async def test_what_is_thrown_away_is_read_a_little_in_each_turn() -> None:
    async with inside() as seen:
        reader, writer = await asyncio.open_connection("127.0.0.1", seen.exchange.http)
        writer.write(b"no request\r\n\r\n")
        assert statuses(await reader.read()) == [400]
        seen.reads.clear()
        writer.write(b"\0" * 100_000)
        writer.write_eof()
        while seen.connections:
            await asyncio.sleep(0)
        assert max(seen.reads.values()) == 1
        assert sum(seen.reads.values()) >= 2
        writer.close()


async def test_who_goes_on_sending_after_a_refusal_is_cut() -> None:
    limits = FacadeSettings(turn_us_max=200, linger_bytes_max=WASTE_BYTES, linger_deadline_s=20.0)
    async with inside(limits) as seen:
        reader, writer = await asyncio.open_connection("127.0.0.1", seen.exchange.http)
        writer.write(b"no request\r\n\r\n")
        assert statuses(await reader.read()) == [400]
        while seen.connections:
            writer.write(b"\0" * WASTE_BYTES)
            await asyncio.sleep(0)
        writer.close()


async def test_deadlines_of_many_connections_are_looked_at_in_turns() -> None:
    limits = FacadeSettings(turn_us_max=200, sweep_interval_s=0.02, idle_deadline_s=0.05)
    async with inside(limits) as seen:
        swept: Counter[int] = Counter()
        sweep = Connection.sweep

        def counted(self: Connection, now: float) -> None:
            swept[seen.turn] += 1
            sweep(self, now)

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(Connection, "sweep", counted)
            port = seen.exchange.http
            held = [await asyncio.open_connection("127.0.0.1", port) for _ in range(200)]
            for reader, writer in held:
                assert await reader.read() == b""
                writer.close()
        assert max(swept.values()) <= 2 * SWEPT
        assert seen.connections == []


async def test_a_connection_that_is_lost_before_its_deadlines_are_looked_at_is_no_fault() -> None:
    async with InProcess() as exchange:
        server = exchange.facade.server
        turns = server.turns = ByHand(10_000, exchange.clock.monotonic_ns)
        lost, held = server.connect(), server.connect()
        for connection in (lost, held):
            connection.connection_made(Pipe(connection))
        server.sweep()
        lost.connection_lost(None)
        turns.turn()
        assert not exchange.facade.faults.counts["connection"]
        held.connection_lost(None)


@pytest.mark.parametrize("sent", [GET, b"no request\r\n\r\n", post(ORDER), UPGRADE])
async def test_a_connection_that_is_gone_leaves_nothing_to_collect(sent: bytes) -> None:
    """A flood of connections would else stop the loop for as long as the collector takes."""
    async with asyncio.timeout(30), InProcess(LIMITS) as exchange:
        reader, writer = await asyncio.open_connection("127.0.0.1", exchange.http)
        writer.write(sent)
        await reader.readuntil(b"\r\n\r\n")
        (connection,) = exchange.facade.server.connections
        gone = weakref.ref(connection)
        del connection
        gc.collect()
        gc.disable()
        try:
            writer.transport.abort()
            while gone() is not None:
                await asyncio.sleep(0.002)
        finally:
            gc.enable()


async def test_a_refusal_comes_behind_the_answers_that_are_owed() -> None:
    async with inside() as seen:
        junk = b"\x00\r\n\r\n" + asking(1_000)
        answers = await seen.exchange.talk(asking(100) + post(ORDER) + junk)
        assert statuses(answers) == [200] * 100 + [201, 400]


async def test_who_waits_its_turn_is_not_late() -> None:
    """A deadline is about what a client does not send, not about what is not read yet."""
    limits = FacadeSettings(
        turn_us_max=200, sweep_interval_s=0.005, head_deadline_s=0.001, body_deadline_s=0.001
    )
    async with inside(limits) as seen:
        turns = seen.exchange.facade.server.turns
        reader, writer = await asyncio.open_connection("127.0.0.1", seen.exchange.http)
        turns.hold()
        writer.write(asking(2) + post(ORDER, b"Connection: close"))
        await asyncio.sleep(0.05)
        turns.resume()
        assert statuses(await reader.read()) == [200, 200, 201]
        writer.close()


# WebSocket.


def frame(opcode: int, payload: bytes = b"") -> bytes:
    """A frame of a client; its mask is zero."""
    return bytes((0x80 | opcode, 0x80 | len(payload), 0, 0, 0, 0)) + payload


@pytest.fixture
def feeds(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    found: list[bytes] = []
    feed = WebSocket.feed

    def counted(self: WebSocket, data: bytes) -> None:
        found.append(data)
        feed(self, data)

    monkeypatch.setattr(WebSocket, "feed", counted)
    return found


async def test_frames_are_read_a_few_in_each_turn(feeds: list[bytes]) -> None:
    async with inside() as seen:
        reader, writer = await asyncio.open_connection("127.0.0.1", seen.exchange.http)
        pings = b"".join(frame(9, b"%05d" % n) for n in range(2_000))
        writer.write(UPGRADE + pings + frame(8))
        await reader.readuntil(b"subscribed")
        begun = seen.turn
        await seen.exchange.place()
        assert len(feeds) < len(pings) // FRAMES_BYTES
        answered = await reader.read()
        pongs = [answered[at - 2 : at + 5] for at in _found(answered, b"\x8a\x05")]
        assert pongs == [b"\x8a\x05%05d" % n for n in range(2_000)]
        assert max(map(len, feeds)) == FRAMES_BYTES
        assert len(feeds) <= A_TURN * (seen.turn - begun)
        writer.close()


def _found(data: bytes, mark: bytes) -> list[int]:
    """Behind each place where the mark stands."""
    places, at = [], data.find(mark)
    while at >= 0:
        places.append(at + len(mark))
        at = data.find(mark, at + 1)
    return places


@pytest.mark.parametrize("kind", [frame(10), frame(2, b"data"), frame(1, b"text")])
async def test_frames_without_an_answer_hold_nobody_up(kind: bytes, feeds: list[bytes]) -> None:
    async with inside() as seen:
        reader, writer = await asyncio.open_connection("127.0.0.1", seen.exchange.http)
        writer.write(UPGRADE + kind * 3_000)
        await reader.readuntil(b"subscribed")
        await seen.exchange.place()
        assert len(feeds) * FRAMES_BYTES < len(kind) * 3_000
        writer.write(frame(9, b"end"))
        await reader.readuntil(b"\x8a\x03end")
        assert b"".join(feeds) == kind * 3_000 + frame(9, b"end")
        writer.close()


async def test_a_handshake_behind_an_order_that_waits_is_made_in_its_turn() -> None:
    async with inside() as seen:
        seen.exchange.hold()
        reader, writer = await asyncio.open_connection("127.0.0.1", seen.exchange.http)
        writer.write(post(ORDER) + UPGRADE + frame(9, b"early"))
        await until_handled(seen, 1)
        await asyncio.sleep(0.02)
        assert len(seen.handled) == 1
        seen.exchange.release()
        answered = await reader.readuntil(b"\x8a\x05early")
        assert statuses(answered) == [201, 101]
        writer.close()
