"""The binary protocol on the real exchange: our client, and one that nobody here wrote."""

import asyncio
import random
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from nasdaq_protocols import soup as stock  # type: ignore[import-untyped]

from clients.binary import BinaryClient, Options
from clients.errors import LoginRejectedError, RejectedError
from clients.session import Sequenced
from protocol import messages as m
from protocol import sbe, soup
from protocol.terms import (
    ExecInst,
    ExecRestatementReason,
    OrdStatus,
    OrdType,
    SelfMatchPreventionInstruction,
    Side,
    TimeInForce,
    YesNo,
    units,
)
from testing.checkers import check_sequence
from testing.port import NewExchange, Restartable

PRICE = units("50000")
ONE = units("1")


@pytest.fixture
def server(tmp_path: Path, new_exchange: NewExchange) -> Iterator[Restartable]:
    with new_exchange(tmp_path / "data") as server:
        yield server


def user(
    server: Restartable,
    name: str = "demo1",
    word: str = "demo",
    *,
    session_id: str = "",
    sequence: int = 0,
) -> BinaryClient:
    return BinaryClient(
        "127.0.0.1",
        server.binary,
        name,
        word,
        session_id=session_id,
        sequence=sequence,
        options=Options(pause_s_max=0.2),
    )


async def test_an_order_lives_and_dies(server: Restartable) -> None:
    client = user(server)
    reports = client.reports()
    async with client:
        btc = (await client.instruments())[0]
        assert btc.symbol == "BTCUSD"
        security_id = btc.security_id or 0
        order = await client.place(
            security_id=security_id, side=Side.BUY, price=PRICE, quantity=ONE
        )
        assert (order.ord_status, order.time_in_force) == (OrdStatus.NEW, TimeInForce.DAY)
        found = await client.status(cl_ord_id=order.cl_ord_id)
        assert (found.order_id, found.leaves_qty) == (order.order_id, ONE)
        amended = await client.replace(order_id=order.order_id, quantity=2 * ONE)
        assert isinstance(amended, m.ExecutionReportReplace)
        assert (amended.order_qty, amended.orig_cl_ord_id) == (2 * ONE, order.cl_ord_id)
        gone = await client.cancel(cl_ord_id=amended.cl_ord_id, security_id=security_id)
        assert (gone.ord_status, gone.cum_qty) == (OrdStatus.CANCELED, 0)
        with pytest.raises(RejectedError):
            await client.cancel(order_id=order.order_id)
        assert (await client.status(order_id=order.order_id)).order_id is None
        seen = [await anext(reports) for _ in range(6)]
    assert [x.sequence for x in seen] == [1, 2, 3, 4, 5, 6]


async def test_both_sides_of_a_trade_are_told(server: Restartable) -> None:
    buyer, seller = user(server, "demo1"), user(server, "demo2")
    bought, sold = buyer.reports(), seller.reports()
    async with buyer, seller:
        maker = await buyer.place(security_id=1, side=Side.BUY, price=PRICE, quantity=ONE)
        taker = await seller.place(security_id=1, side=Side.SELL, quantity=3 * ONE)
        trades = []
        for stream in (bought, sold):
            assert isinstance((await anext(stream)).report, m.ExecutionReportNew)
            trade = (await anext(stream)).report
            assert isinstance(trade, m.ExecutionReportTrade)
            trades.append(trade)
        rest = (await anext(sold)).report
    assert [x.order_id for x in trades] == [maker.order_id, taker.order_id]
    assert [x.aggressor_indicator for x in trades] == [YesNo.NO, YesNo.YES]
    assert trades[0].trade_id == trades[1].trade_id
    assert trades[0].exec_id == trades[1].exec_id + 1
    assert [x.last_px for x in trades] == [PRICE, PRICE]
    assert isinstance(rest, m.ExecutionReportCancel)
    assert rest.exec_restatement_reason == ExecRestatementReason.EXCHANGE_OPTION
    assert rest.cum_qty == ONE


async def test_self_trade_prevention_tells_what_it_took(server: Restartable) -> None:
    client = user(server)
    reports = client.reports()
    async with client:
        await client.place(security_id=1, side=Side.BUY, price=PRICE, quantity=3 * ONE)
        await client.place(
            security_id=1,
            side=Side.SELL,
            price=PRICE,
            quantity=ONE,
            self_match_prevention=SelfMatchPreventionInstruction.DECREMENT,
        )
        told = [(await anext(reports)).report for _ in range(4)]
    reduced = next(x for x in told if isinstance(x, m.ExecutionReportReplace))
    gone = next(x for x in told if isinstance(x, m.ExecutionReportCancel))
    assert (reduced.cl_ord_id, reduced.orig_cl_ord_id, reduced.leaves_qty) == (1, 1, 2 * ONE)
    assert gone.exec_restatement_reason == ExecRestatementReason.SELF_MATCH_PREVENTION


async def test_a_mass_cancel_ends_with_its_count(server: Restartable) -> None:
    async with user(server) as client:
        for price in (PRICE, PRICE - ONE):
            await client.place(security_id=1, side=Side.BUY, price=price, quantity=ONE)
        assert (await client.mass_cancel(security_id=1)).total_affected_orders == 2
        assert (await client.mass_cancel()).total_affected_orders == 0
        with pytest.raises(RejectedError, match="UNKNOWN_SECURITY"):
            await client.mass_cancel(security_id=99)


async def test_logins_that_are_rejected(server: Restartable) -> None:
    for name, word in (("demo1", "wrong"), ("nobody", "demo")):
        with pytest.raises(LoginRejectedError, match="not authorized"):
            async with user(server, name, word):
                pass
    async with user(server):
        for session_id, sequence in (("OTHER", 0), ("", 99), ("", 0)):
            with pytest.raises(LoginRejectedError, match="session not available"):
                async with user(server, session_id=session_id, sequence=sequence):
                    pass


@pytest.mark.parametrize("how", ["stop", "kill"])
async def test_a_client_outlives_its_server(server: Restartable, how: str) -> None:
    client = user(server)
    reports = client.reports()
    async with client:
        early = [await _buy(client) for _ in range(20)]
        flying = [asyncio.ensure_future(_buy(client)) for _ in range(200)]
        await asyncio.to_thread(server.stop if how == "stop" else server.kill)
        waiting = asyncio.ensure_future(_buy(client))
        await asyncio.to_thread(server.start)
        async with asyncio.timeout(60):
            late = [*await asyncio.gather(*flying), await waiting]
            await client.mass_cancel()
        last = client.sequence - 1
        seen: list[Sequenced] = []
        while not seen or seen[-1].sequence < last:
            seen.append(await anext(reports))
    check_sequence([x.sequence for x in seen], last)
    told = [x.report.order_id for x in seen if isinstance(x.report, m.ExecutionReportNew)]
    assert sorted(told) == sorted(x.order_id for x in [*early, *late])
    assert len(set(told)) == 221


async def _buy(client: BinaryClient) -> m.ExecutionReportNew:
    return await client.place(security_id=1, side=Side.BUY, price=PRICE, quantity=ONE)


def order(cl_ord_id: int) -> bytes:
    message = m.NewOrderSingle(
        cl_ord_id=cl_ord_id,
        price=PRICE,
        order_qty=ONE,
        stop_px=None,
        security_id=1,
        side=Side.BUY,
        ord_type=OrdType.LIMIT,
        time_in_force=TimeInForce.GTC,
        exec_inst=ExecInst.NONE,
        self_match_prevention_instruction=None,
    )
    return sbe.encode(message)


class Stock:
    """The SoupBinTCP client of PyPI ``nasdaq-protocols``, and what it was told."""

    def __init__(self, port: int) -> None:
        self._port = port
        self.told: asyncio.Queue[m.Message] = asyncio.Queue()
        self.session: stock.SoupClientSession

    async def login(self, *, sequence: int = 1, session: str = "", word: str = "demo") -> None:
        self.session = await stock.connect_async(
            ("127.0.0.1", self._port),
            "demo1",
            word,
            session_id=session,
            sequence=sequence,
            on_msg_coro=self._on_message,
            client_heartbeat_interval=1,
        )

    async def _on_message(self, message: object) -> None:
        if isinstance(message, stock.SequencedData):
            await self.told.put(sbe.decode(message.data))

    async def next(self) -> m.Message:
        async with asyncio.timeout(20):
            return await self.told.get()


async def test_a_stock_client_logs_in_orders_and_recovers(server: Restartable) -> None:
    client = Stock(server.binary)
    await client.login()
    session = client.session.session_id.session
    for number in (1, 2, 2):
        client.session.send_unseq_data(order(number))
    told = [await client.next() for _ in range(3)]
    assert [type(x).__name__ for x in told] == [
        "ExecutionReportNew",
        "ExecutionReportNew",
        "ExecutionReportReject",
    ]
    await client.session.close()
    again = Stock(server.binary)
    await _patiently(again, session=session, sequence=2)
    assert [await again.next() for _ in range(2)] == told[1:]
    await again.session.close()


async def test_a_stock_client_recovers_from_a_server_that_was_restarted(
    server: Restartable,
) -> None:
    client = Stock(server.binary)
    await client.login()
    client.session.send_unseq_data(order(1))
    told = await client.next()
    await asyncio.to_thread(server.stop)
    await client.session.close()
    await asyncio.to_thread(server.start)
    again = Stock(server.binary)
    await again.login()
    assert await again.next() == told
    await again.session.close()


async def test_a_stock_client_with_a_wrong_password_is_refused(server: Restartable) -> None:
    with pytest.raises(ConnectionRefusedError):
        await Stock(server.binary).login(word="wrong")


async def _patiently(client: Stock, *, session: str, sequence: int) -> None:
    """The server notices the end of the old line a moment later."""
    for _ in range(50):
        try:
            return await client.login(session=session, sequence=sequence)
        except ConnectionRefusedError:
            await asyncio.sleep(0.05)
    raise AssertionError("the old line did not end")


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda x: x[:7], "CUT_SHORT"),
        (lambda x: b"", "CUT_SHORT"),
        (lambda x: x[:2] + b"\x63\0" + x[4:], "UNSUPPORTED_MESSAGE_TYPE"),
        (lambda x: x[:2] + b"\xc8\0" + x[4:], "UNSUPPORTED_MESSAGE_TYPE"),
        (lambda x: x[:4] + b"\x01\0" + x[6:], "UNKNOWN_SCHEMA"),
        (lambda x: x[:-1], "CONDITIONALLY_REQUIRED_FIELD_MISSING"),
        (lambda x: b"\x28\0" + x[2:], "CONDITIONALLY_REQUIRED_FIELD_MISSING"),
        (lambda x: x[:44] + b"\x03" + x[45:], "VALUE_OUT_OF_RANGE"),
    ],
)
async def test_what_is_no_request_is_refused_in_sequence(
    server: Restartable, change: object, reason: str
) -> None:
    assert callable(change)
    reader, writer = await asyncio.open_connection("127.0.0.1", server.binary)
    writer.write(soup.LoginRequest("DEMO1", "demo").encode())
    writer.write(soup.encode(soup.Kind.UNSEQUENCED, change(order(1))))
    writer.write(soup.encode(soup.Kind.UNSEQUENCED, order(1)))
    splitter = soup.Splitter()
    told: list[m.Message] = []
    async with asyncio.timeout(20):
        while len(told) < 2:
            packets = splitter.feed(await reader.read(65536))
            told += [sbe.decode(x.payload) for x in packets if x.kind is soup.Kind.SEQUENCED]
    refused, accepted = told
    assert isinstance(refused, m.BusinessMessageReject)
    assert refused.business_reject_reason.name == reason
    assert isinstance(accepted, m.ExecutionReportNew)
    writer.close()
    await writer.wait_closed()


async def _throw(port: int, data: bytes) -> None:
    """Send bytes and read until the server has had enough."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(data)
        writer.write_eof()
        async with asyncio.timeout(20):
            while await reader.read(65536):
                pass
    except ConnectionError:
        return
    finally:
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()


def _damaged(rng: random.Random) -> bytes:
    data = bytearray(soup.LoginRequest("demo2", "demo").encode())
    for number in range(rng.randrange(4)):
        data += soup.encode(soup.Kind.UNSEQUENCED, order(number))
    for _ in range(rng.randrange(4)):
        at = rng.randrange(len(data))
        match rng.randrange(3):
            case 0:
                data[at] ^= 1 << rng.randrange(8)
            case 1:
                del data[at : at + rng.randrange(20)]
            case _:
                data[at:at] = rng.randbytes(rng.randrange(9))
        data = data or bytearray(b"\0")
    return bytes(data)


async def test_any_bytes_on_the_port_leave_other_lines_as_they_were(server: Restartable) -> None:
    rng = random.Random(9)
    async with user(server) as client:
        for _ in range(20):
            await asyncio.gather(*(_throw(server.binary, _damaged(rng)) for _ in range(10)))
            await _buy(client)
        assert client.last_cl_ord_id == 20
        found = await client.status(cl_ord_id=1)
        assert found.leaves_qty == ONE


async def test_a_line_that_trickles_is_closed_at_its_deadline(
    tmp_path: Path, new_exchange: NewExchange
) -> None:
    settings = ("gateway.login_deadline_s=0.5", "gateway.idle_deadline_s=1.5")
    with new_exchange(tmp_path / "data", *settings) as server:
        async with user(server, "demo2") as other:
            for login, seconds in ((b"", 0.5), (soup.LoginRequest("demo1", "demo").encode(), 1.5)):
                await _trickle_until_closed(server.binary, login, seconds)
                await _buy(other)
            assert other.last_cl_ord_id == 2


async def _trickle_until_closed(port: int, login: bytes, seconds: float) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(login)
    trickle = asyncio.create_task(_trickle(writer))
    began = asyncio.get_running_loop().time()
    with suppress(ConnectionError):
        async with asyncio.timeout(20):
            while await reader.read(65536):
                pass
    took = asyncio.get_running_loop().time() - began
    assert seconds - 0.1 <= took < seconds + 5
    trickle.cancel()
    writer.close()


async def _trickle(writer: asyncio.StreamWriter) -> None:
    """The bytes of a packet that never becomes whole."""
    with suppress(ConnectionError):
        for byte in b"\x00\xff+" + b"x" * 200:
            writer.write(bytes((byte,)))
            await asyncio.sleep(0.1)
