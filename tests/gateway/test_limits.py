"""Deadlines and limits of binary order entry: who breaks one is cut, the others go on."""

import asyncio
import contextlib
import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from protocol import soup
from protocol.soup import Kind
from testing.client import Client
from testing.process import ServerProcess
from testing.waiting import until

SETTINGS = (
    "gateway.login_deadline_s=0.6",
    "gateway.heartbeat_interval_s=0.3",
    "gateway.idle_deadline_s=1.2",
    "gateway.connections_max=6",
    "gateway.queue_bytes_max=200000",
    "gateway.requests_in_flight_max=5",
)


@pytest.fixture(scope="module")
def strict(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    with ServerProcess(tmp_path_factory.mktemp("strict") / "data", *SETTINGS) as exchange:
        yield exchange


async def seconds_until_closed(client: Client) -> float:
    loop = asyncio.get_running_loop()
    begin = loop.time()
    await client.expect_closed()
    return loop.time() - begin


async def test_who_does_not_log_in_is_closed_at_the_deadline(strict: ServerProcess) -> None:
    client = await Client(strict.binary).connect()
    assert 0.5 < await seconds_until_closed(client) < 2


async def test_who_trickles_bytes_is_closed_at_the_deadline_and_others_go_on(
    strict: ServerProcess,
) -> None:
    other = await Client(strict.binary, "demo2").login()
    slow = await Client(strict.binary).connect()
    packet = soup.LoginRequest("demo1", "demo").encode()

    async def trickle() -> None:
        for byte in packet:
            slow.send(bytes((byte,)))
            other.send(soup.encode(Kind.CLIENT_HEARTBEAT))
            await asyncio.sleep(0.1)

    trickling = asyncio.create_task(trickle())
    assert 0.5 < await seconds_until_closed(slow) < 2
    trickling.cancel()
    other.place(1)
    await other.expect_new(1)
    await other.logout()


async def test_the_server_sends_heartbeats_and_drops_who_sends_none(strict: ServerProcess) -> None:
    client = await Client(strict.binary, "demo3").login()
    for _ in range(2):
        assert await client.packet() == soup.Packet(Kind.SERVER_HEARTBEAT, b"")
    # Bytes that are no whole packet are no sign of life.
    client.send(b"\0")
    assert await seconds_until_closed(client) < 2
    await client.login()
    done = asyncio.Event()
    alive = asyncio.create_task(client.heartbeat_until(done))
    await client.expect_nothing_but_heartbeats(1.8)
    done.set()
    await alive
    await client.logout()


async def test_one_connection_more_than_the_limit_is_closed_at_once(strict: ServerProcess) -> None:
    clients = [await Client(strict.binary, f"demo{n}").login() for n in range(1, 7)]
    late = await Client(strict.binary, "demo7").connect()
    assert await seconds_until_closed(late) < 0.5
    await clients.pop().logout()
    await asyncio.sleep(0.05)
    await (await Client(strict.binary, "demo7").login()).logout()
    for client in clients:
        await client.logout()


async def test_requests_beyond_those_in_flight_wait_and_none_is_lost(strict: ServerProcess) -> None:
    client = await Client(strict.binary, "demo8").login()
    for number in range(1, 3001):
        client.place(number, price=1 + number % 50)
    for number in range(1, 3001):
        await client.expect_new(number)
    await client.logout()


async def test_a_reader_that_stops_is_cut_and_goes_on_without_loss(tmp_path: Path) -> None:
    limits = ("gateway.queue_bytes_max=200000", "gateway.write_deadline_s=2")
    with ServerProcess(tmp_path / "data", *limits) as exchange:
        line = socket.socket()
        line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        await asyncio.to_thread(line.connect, ("127.0.0.1", exchange.binary))
        packets = Client(exchange.binary)
        with line:
            sent = await asyncio.to_thread(send_and_never_read, line, packets.order_bytes)
            cut = "slow reader: it took nothing for write_deadline_s"
            await until(lambda: cut in exchange.said())
        again = await Client(exchange.binary).login(sequence=1)
        assert 0 < again.last_cl_ord_id <= sent
        for number in range(1, again.last_cl_ord_id + 1):
            await again.expect_new(number)
        await again.logout()


def send_and_never_read(line: socket.socket, order: Callable[[int], bytes]) -> int:
    """Send orders, whose reports are more than the system holds for who does not read; how many."""
    sent = 0
    with contextlib.suppress(ConnectionError):
        line.sendall(soup.LoginRequest("demo1", "demo").encode())
        while sent < 80_000:
            sent += 100
            line.sendall(b"".join(order(number) for number in range(sent - 99, sent + 1)))
    return sent


CONFIG = """
[gateway]
handover_grace_s = {grace}
[[users]]
name = "away"
password = "x"
cancel_on_disconnect = true
[[users]]
name = "stays"
password = "x"
"""


def exchange_of(tmp_path: Path, grace: float) -> ServerProcess:
    file = tmp_path / "settings.toml"
    file.write_text(CONFIG.format(grace=grace))
    return ServerProcess(tmp_path / "data", env={"QUANTSCOPE_CONFIG": str(file)})


async def resting(exchange: ServerProcess) -> int:
    book = await asyncio.to_thread(exchange.get, "/orderbook/BTCUSD?depth=10")
    return len(book["bids"])


async def until_resting(exchange: ServerProcess, count: int) -> None:
    async with asyncio.timeout(20):
        while await resting(exchange) != count:
            await asyncio.sleep(0.02)


async def test_orders_are_canceled_when_the_line_is_lost_where_the_session_says_so(
    tmp_path: Path,
) -> None:
    with exchange_of(tmp_path, 0) as exchange:
        away = await Client(exchange.binary, "away", "x").login()
        stays = await Client(exchange.binary, "stays", "x").login()
        away.place(1, price=10)
        await away.expect_new(1)
        stays.place(1, price=20)
        await stays.expect_new(1)
        away.cut()
        stays.cut()
        await asyncio.sleep(0.5)
        assert await resting(exchange) == 1
        await away.login(sequence=1)
        await away.expect_new(1)
        canceled = await away.report()
        assert type(canceled).__name__ == "ExecutionReportCancel"
        away.place(2, price=11)
        await away.expect_new(2)
        exchange.kill()
        exchange.start()
        await until_resting(exchange, 1)
        again = await Client(exchange.binary, "away", "x").login()
        assert again.last_cl_ord_id == 2
        await again.logout()


async def test_after_a_crash_the_grace_counts_from_the_start(tmp_path: Path) -> None:
    with exchange_of(tmp_path, 2.0) as exchange:
        away = await Client(exchange.binary, "away", "x").login()
        away.place(1, price=10)
        await away.expect_new(1)
        exchange.kill()
        await asyncio.sleep(1.0)
        exchange.start()
        away.port = exchange.binary
        await away.login()
        assert await resting(exchange) == 1
        await asyncio.sleep(2.5)
        assert await resting(exchange) == 1
        exchange.kill()
        exchange.start()
        assert await resting(exchange) == 1
        await until_resting(exchange, 0)
        away.port = exchange.binary
        await away.login(sequence=2)
        assert type(await away.report()).__name__ == "ExecutionReportCancel"
        await away.logout()


async def test_who_goes_before_the_login_is_accepted_has_left(tmp_path: Path) -> None:
    with exchange_of(tmp_path, 0) as exchange:
        away = await Client(exchange.binary, "away", "x").login()
        away.place(1, price=10)
        await away.expect_new(1)
        exchange.kill()
        exchange.start()
        for _ in range(20):
            with socket.create_connection(("127.0.0.1", exchange.binary)) as line:
                line.sendall(soup.LoginRequest("away", "x").encode())
        again = Client(exchange.binary, "away", "x")
        async with asyncio.timeout(20):
            while (answer := await again.ask_login()).kind != Kind.LOGIN_ACCEPTED:
                await asyncio.sleep(0.02)
        await again.accepted(answer)
        assert again.last_cl_ord_id == 1
        assert await resting(exchange) == 0
        await again.logout()


async def test_who_comes_back_within_the_grace_keeps_the_orders(tmp_path: Path) -> None:
    with exchange_of(tmp_path, 1.0) as exchange:
        away = await Client(exchange.binary, "away", "x").login()
        away.place(1, price=10)
        await away.expect_new(1)
        away.cut()
        await asyncio.sleep(0.3)
        assert await resting(exchange) == 1
        await away.login()
        await asyncio.sleep(1.2)
        assert await resting(exchange) == 1
        away.cut()
        await asyncio.sleep(1.6)
        assert await resting(exchange) == 0
