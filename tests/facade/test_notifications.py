"""Notifications over WebSocket."""

import asyncio
import json
import time
from typing import cast

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from core import Faults, Stretch, View
from facade.notifications import TURN_NOTICES, WAITING_MAX, Notifications
from facade.websocket import WebSocket
from settings import FacadeSettings
from testing.fixtures import NewInProcess
from testing.in_process import InProcess


async def hear(socket: ClientConnection, count: int) -> list[dict[str, object]]:
    async with asyncio.timeout(5):
        return [json.loads(await socket.recv()) for _ in range(count)]


def listen(exchange: InProcess, user: str) -> connect:
    return connect(f"{exchange.url}/ws/notifications?user_id={user}")


async def test_each_connection_of_a_user_hears_everything_once_and_in_order(
    exchange: InProcess,
) -> None:
    async with listen(exchange, "alice") as one, listen(exchange, "alice") as other:
        greeting = await hear(one, 1)
        assert greeting[0]["type"] == "subscribed"
        assert await hear(other, 1) == greeting
        order = await exchange.place(price=100, quantity=2, client_order_id="c")
        await exchange.place(side="SELL", price=100, user_id="bob")
        await exchange.client.patch(f"/orders/{order['order_id']}", json={"price": 99})
        await exchange.client.delete(f"/orders/{order['order_id']}")
        await exchange.place(422, price=0)
        told = await hear(one, 5)
        assert await hear(other, 5) == told
        assert [message["event"] for message in told] == [
            "NEW",
            "TRADE",
            "REPLACED",
            "CANCELED",
            "REJECTED",
        ]
        sequences = [message["sequence"] for message in told]
        assert sequences == sorted(set(map(int, map(str, sequences))))
        trade = told[1]
        assert (trade["type"], trade["liquidity"], trade["client_order_id"]) == (
            "execution",
            "MAKER",
            "c",
        )
        assert (trade["last_price"], trade["remaining_quantity"]) == ("100", "1")
        assert told[3]["reason"] == "REQUESTED"
        assert [message["quantity"] for message in told] == ["2", "2", "2", "2", "1"]


async def test_an_order_that_goes_on_with_less_is_not_said_to_be_canceled(
    exchange: InProcess,
) -> None:
    async with listen(exchange, "alice") as socket:
        await hear(socket, 1)
        await exchange.place(quantity=3)
        await exchange.place(side="SELL", quantity=1, self_trade_prevention="DECREMENT")
        _, _, reduced, canceled = await hear(socket, 4)
        names = ("event", "status", "quantity", "remaining_quantity", "reason")
        assert [reduced[name] for name in names] == ["REDUCED", "NEW", "2", "2", "DECREMENTED"]
        assert [canceled[name] for name in names] == [*["CANCELED"] * 2, "1", "0", "SELF_TRADE"]


async def test_answers_of_rest_and_notifications_are_joined_by_their_numbers(
    exchange: InProcess,
) -> None:
    """A page of orders stands where notifications up to its sequence have brought its orders."""
    async with listen(exchange, "alice") as socket:
        greeting = await hear(socket, 1)
        for price in (100, 99):
            await exchange.place(price=price, quantity=4)
        await exchange.place(side="SELL", price=99, quantity=5, user_id="bob")
        page = await exchange.get("/orders", user_id="alice")
        newer, older = page["orders"]
        path = f"/orders/{newer['order_id']}"
        await exchange.place(side="SELL", price=99, quantity=1, user_id="bob")
        await exchange.client.patch(path, json={"price": 98})
        await exchange.client.delete(path)
        told = await hear(socket, 7)
        assert page["sequence"] > cast(int, greeting[0]["sequence"])
        seen = [message for message in told if cast(int, message["sequence"]) <= page["sequence"]]
        for order in (newer, older):
            mine = [message for message in seen if message["order_id"] == order["order_id"]]
            # Each notification is an entry of the history.
            assert len(mine) == order["status_history_count"]
            for name in ("status", "filled_quantity", "remaining_quantity"):
                assert mine[-1][name] == order[name]
        later = told[len(seen) :]
        assert [message["event"] for message in later] == ["TRADE", "REPLACED", "CANCELED"]
        ended = await exchange.get(path)
        assert ended["status_history_count"] == newer["status_history_count"] + len(later)
        traded = [
            m["trade_id"] for m in told if m["order_id"] == ended["order_id"] and "trade_id" in m
        ]
        assert traded == [fill["trade_id"] for fill in ended["fills"]]
        exchange.store.stretch = Stretch(json=b"[]", count=0, of=5, next=None)
        exchange.record_all()
        for name in ("fills", "history"):
            stretch = await exchange.get(f"{path}/{name}")
            assert stretch["sequence"] == exchange.view.sequence == told[-1]["sequence"]
        nobody = await exchange.get("/orders", user_id="nobody")
        assert nobody["sequence"] == exchange.view.sequence


async def test_others_hear_nothing(exchange: InProcess) -> None:
    async with listen(exchange, "bob") as bob:
        await hear(bob, 1)
        await exchange.place()
        await exchange.place(user_id="bob")
        told = await hear(bob, 1)
        assert told[0]["user_id"] == "bob"


async def test_who_has_left_is_forgotten(exchange: InProcess) -> None:
    async with listen(exchange, "alice") as socket:
        await hear(socket, 1)
        assert len(exchange.facade.notifications.sockets) == 1
    while exchange.facade.notifications.sockets:
        await asyncio.sleep(0.01)
    await exchange.place()
    assert exchange.facade.notifications.sent == 0


@pytest.mark.parametrize(
    ("query", "headers", "status"),
    [
        ("", {}, 400),
        ("?user_id=a%20b", {}, 400),
        ("?user_id=a", {"Origin": "http://evil.example"}, 403),
    ],
)
async def test_a_bad_handshake_is_refused(
    exchange: InProcess, query: str, headers: dict[str, str], status: int
) -> None:
    with pytest.raises(InvalidStatus) as refused:
        await connect(
            f"{exchange.url}/ws/notifications{query}", additional_headers=headers
        ).__aenter__()
    assert refused.value.response.status_code == status


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        (b"", b"426"),
        (b"Connection: Upgrade\r\nUpgrade: websocket\r\n", b"426"),
        (
            b"Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
            b"Sec-WebSocket-Key: short\r\n",
            b"400",
        ),
    ],
)
async def test_what_is_no_handshake_is_told_so(
    exchange: InProcess, headers: bytes, status: bytes
) -> None:
    request = b"GET /ws/notifications?user_id=a HTTP/1.1\r\nHost: x\r\n" + headers + b"\r\n"
    reader, writer = await asyncio.open_connection("127.0.0.1", exchange.http)
    writer.write(request)
    head = await reader.readuntil(b"\r\n\r\n")
    assert head.split()[1] == status
    wanted = (b"Upgrade: websocket", b"Connection: Upgrade", b"Sec-WebSocket-Version: 13")
    assert all((line in head.split(b"\r\n")) == (status == b"426") for line in wanted)
    writer.close()


@pytest.mark.parametrize(
    ("frames", "code"),
    [
        ([(1, True, b"\xff")], 1007),
        ([(1, False, b"\xc3"), (0, True, b"\xa9"), (1, True, b"\xc3")], 1007),
        ([(1, False, b"\xe2\x82"), (0, True, b"x")], 1007),
        (
            [(1, False, b"\xc3"), (0, True, b"\xa9"), (2, True, b"\xff"), (8, True, b"\x03\xe8")],
            1000,
        ),
        ([(2, False, b"\xff"), (0, True, b"\xff"), (8, True, b"\x03\xe8")], 1000),
    ],
)
async def test_text_that_is_not_utf_8_closes_the_connection(
    exchange: InProcess, frames: list[tuple[int, bool, bytes]], code: int
) -> None:
    data = b"".join(
        bytes((opcode | fin << 7, 0x80 | len(text))) + bytes(4) + text
        for opcode, fin, text in frames
    )
    reader, writer = await asyncio.open_connection("127.0.0.1", exchange.http)
    writer.write(HANDSHAKE)
    await reader.readuntil(b"}")
    writer.write(data)
    closed = await reader.read()
    assert (closed[0], closed[2:4]) == (0x88, code.to_bytes(2, "big"))
    writer.close()


async def test_pings_are_answered_and_data_is_passed_over(exchange: InProcess) -> None:
    async with listen(exchange, "alice") as socket:
        await hear(socket, 1)
        await (await socket.ping())
        await socket.send("hello")
        await exchange.place()
        assert (await hear(socket, 1))[0]["event"] == "NEW"


async def test_a_message_that_is_too_long_closes_the_connection(exchange: InProcess) -> None:
    async with listen(exchange, "alice") as socket:
        await hear(socket, 1)
        await socket.send("x" * 5_000)
        with pytest.raises(ConnectionClosed):
            await hear(socket, 1)


HANDSHAKE = (
    b"GET /ws/notifications?user_id=alice HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\n"
    b"Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
)
SILENT = FacadeSettings(
    ws_ping_interval_s=0.1, ws_pong_deadline_s=0.1, sweep_interval_s=0.02, queue_bytes_max=20_000
)


async def test_who_is_silent_is_asked_and_then_cut_off(new_in_process: NewInProcess) -> None:
    async with new_in_process(SILENT) as exchange:
        begun = time.monotonic()
        data = await exchange.talk(HANDSHAKE)
        assert b"s3pPLMBiTxaQ9kYGzzhZRbK+xOo=" in data
        assert b"\x89\x00" in data
        assert time.monotonic() - begun < 3


async def test_parts_of_a_frame_are_no_sign_of_life(new_in_process: NewInProcess) -> None:
    async with new_in_process(SILENT) as exchange:
        begun = time.monotonic()
        masked = b"\x81\xfe\x10\x00\x00\x00\x00\x00" + b"x" * 500
        with pytest.raises(ConnectionError):
            await exchange.talk(
                HANDSHAKE, *(masked[at : at + 1] for at in range(500)), pause_s=0.02
            )
        assert time.monotonic() - begun < 5


async def test_who_answers_pings_stays(new_in_process: NewInProcess) -> None:
    async with new_in_process(SILENT) as exchange, listen(exchange, "alice") as socket:
        await hear(socket, 1)
        await asyncio.sleep(0.6)
        await exchange.place()
        assert (await hear(socket, 1))[0]["event"] == "NEW"


async def test_who_does_not_read_is_cut_off_and_costs_no_more_than_its_limit(
    new_in_process: NewInProcess,
) -> None:
    limits = FacadeSettings(queue_bytes_max=20_000)
    async with new_in_process(limits) as exchange:
        reader, writer = await asyncio.open_connection("127.0.0.1", exchange.http, limit=1)
        writer.write(HANDSHAKE)
        assert (await reader.read(12)) == b"HTTP/1.1 101"
        begun = time.monotonic()
        notices = [(1, b"\x81\x7e\x03\xe8" + b"x" * 1_000)] * 10
        while exchange.facade.notifications.sockets:
            exchange.facade.notifications.send(notices)
            await asyncio.sleep(0)
            assert time.monotonic() - begun < 20
        writer.transport.abort()
        assert (await exchange.get("/health"))["status"] == "ok"


async def test_the_server_says_goodbye(exchange: InProcess) -> None:
    async with listen(exchange, "alice") as socket:
        await hear(socket, 1)
        exchange.facade.close()
        with pytest.raises(ConnectionClosed) as closed:
            await hear(socket, 1)
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == 1001


async def test_frames_that_come_with_the_handshake_are_read(exchange: InProcess) -> None:
    close = b"\x88\x82\x00\x00\x00\x00\x03\xe8"
    data = await exchange.talk(HANDSHAKE + close)
    assert data.endswith(b"\x88\x02\x03\xe8")
    cancel = b"DELETE /orders/1 HTTP/1.1\r\nHost: x\r\n\r\n"
    late = cancel + HANDSHAKE + close
    assert (await exchange.talk(late)).endswith(b"\x88\x02\x03\xe8")


async def test_who_was_just_cut_off_is_sent_nothing(exchange: InProcess) -> None:
    async with listen(exchange, "alice") as socket:
        await hear(socket, 1)
        for connection in exchange.facade.server.connections:
            connection.transport.abort()
        exchange.facade.notifications.send([(1, b"\x81\x00")])
        with pytest.raises(ConnectionClosed):
            await hear(socket, 1)


class Heard:
    """A socket that notes what it is sent, and may fail over it."""

    def __init__(self, heard: list[bytes]) -> None:
        self.heard = heard
        self.aborted = False

    def send(self, frames: bytes) -> None:
        self.heard.append(frames)
        if frames == b"bad":
            raise OSError("told to fail")

    def close(self, code: int, reason: str) -> None:
        self.heard.append(b"closed")

    def abort(self) -> None:
        self.aborted = True


def told_to(heard: list[bytes]) -> tuple[Notifications, Heard]:
    notifications = Notifications(cast(View, None), Faults())
    socket = Heard(heard)
    notifications.sockets[1] = cast(WebSocket, socket)
    return notifications, socket


def numbered(first: int, count: int) -> list[tuple[int, bytes]]:
    return [(1, str(number).encode()) for number in range(first, first + count)]


async def test_many_notices_are_sent_in_slices_and_in_their_order() -> None:
    heard: list[bytes] = []
    notifications, _ = told_to(heard)
    notifications.send(numbered(0, 200))
    assert len(heard) == TURN_NOTICES
    # Behind what waits, and to nobody where the socket has gone.
    notifications.send([*numbered(200, 5), (2, b"nobody")])
    assert len(heard) == TURN_NOTICES
    turns = 0
    while len(heard) < 205:
        await asyncio.sleep(0)
        turns += 1
    assert turns >= 3
    assert [int(text) for text in heard] == list(range(205))


async def test_no_more_than_so_many_notices_wait() -> None:
    heard: list[bytes] = []
    notifications, _ = told_to(heard)
    notifications.send(numbered(0, WAITING_MAX + 500))
    assert len(heard) == 500


async def test_what_waits_is_sent_before_the_end() -> None:
    heard: list[bytes] = []
    notifications, socket = told_to(heard)
    notifications.send([*numbered(0, 100), (1, b"bad"), *numbered(100, 100)])
    notifications.close()
    assert heard[-1] == b"closed"
    assert len(heard) == 202
    assert socket.aborted
    await asyncio.sleep(0)
    assert heard[-1] == b"closed"
