"""A client of binary order entry that says every packet itself, and expects every answer."""

import asyncio
import re
import ssl
from typing import Any, TypeVar

from protocol import messages as m
from protocol import sbe, soup
from protocol.soup import Kind
from protocol.terms import (
    ExecInst,
    OrdType,
    SecurityListRequestType,
    Side,
    TimeInForce,
)

ONE = 10**8
SECONDS_MAX = 20.0
REPORT = TypeVar("REPORT")
_OPEN: list[asyncio.StreamWriter] = []


async def hang_up() -> None:
    """Close whatever lines a test has left open."""
    while _OPEN:
        writer = _OPEN.pop()
        writer.transport.abort()
        writer.close()
    await asyncio.sleep(0.01)


class Client:
    """One TCP line, encrypted with ``tls``; ``following`` is the number of the next report."""

    def __init__(
        self,
        port: int,
        user: str = "demo1",
        password: str = "demo",  # noqa: S107
        *,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self.port = port
        self.tls = tls
        self.user = user
        self.password = password
        self.session = ""
        self.following = 0
        self.oldest = 0
        self.last_cl_ord_id = 0
        self.reader: asyncio.StreamReader
        self.writer: asyncio.StreamWriter
        self._packets: list[soup.Packet] = []
        self._splitter = soup.Splitter()

    async def connect(self) -> "Client":
        """Open a line."""
        self._packets, self._splitter = [], soup.Splitter()
        self.reader, self.writer = await asyncio.open_connection(
            "127.0.0.1", self.port, ssl=self.tls
        )
        _OPEN.append(self.writer)
        return self

    async def ask_login(self, session: str = "", sequence: int = 0) -> soup.Packet:
        """Send a login request on a new line; what is answered."""
        await self.connect()
        self.send(soup.LoginRequest(self.user, self.password, session, sequence).encode())
        try:
            return await self.packet()
        except BaseException:
            # A line that is not closed here keeps its descriptor.
            self.cut()
            raise

    async def login(self, session: str = "", sequence: int = 0) -> "Client":
        """Log in, which must succeed."""
        return await self.accepted(await self.ask_login(session, sequence))

    async def accepted(self, packet: soup.Packet) -> "Client":
        """The login was accepted by this packet."""
        assert packet.kind == Kind.LOGIN_ACCEPTED, packet
        accepted = soup.LoginAccepted.decode(packet.payload)
        self.session, self.following = accepted.session, accepted.sequence
        debug = await self.packet()
        assert debug.kind == Kind.DEBUG
        said = re.fullmatch(rb"lastClOrdID=(\d+) oldest=(\d+)", debug.payload)
        assert said, debug
        self.last_cl_ord_id, self.oldest = int(said[1]), int(said[2])
        return self

    async def expect_rejected_login(self, code: str, session: str = "", sequence: int = 0) -> None:
        """A login that is refused for this reason, and the line is closed."""
        packet = await self.ask_login(session, sequence)
        assert packet == soup.Packet(Kind.LOGIN_REJECTED, code.encode())
        await self.expect_closed()

    def send(self, data: bytes) -> None:
        """Send raw bytes."""
        self.writer.write(data)

    def request(self, message: m.Request) -> int:
        """Send a request; its number."""
        self.send(soup.encode(Kind.UNSEQUENCED, sbe.encode(message)))
        return getattr(message, "cl_ord_id", 0)

    def place(
        self,
        cl_ord_id: int,
        *,
        side: Side = Side.BUY,
        price: int = 100,
        quantity: int = 1,
        security_id: int = 1,
        tif: TimeInForce = TimeInForce.GTC,
    ) -> int:
        """Send a limit order; prices and quantities are whole."""
        return self.request(
            m.NewOrderSingle(
                cl_ord_id=cl_ord_id,
                price=price * ONE,
                order_qty=quantity * ONE,
                stop_px=None,
                security_id=security_id,
                side=side,
                ord_type=OrdType.LIMIT,
                time_in_force=tif,
                exec_inst=ExecInst.NONE,
                self_match_prevention_instruction=None,
            )
        )

    @staticmethod
    def order_bytes(cl_ord_id: int) -> bytes:
        """The packet of an order that rests."""
        price = (1 + cl_ord_id % 50) * ONE
        order = m.NewOrderSingle(
            cl_ord_id, price, ONE, None, 1, Side.BUY, OrdType.LIMIT, None, ExecInst.NONE, None
        )
        return soup.encode(Kind.UNSEQUENCED, sbe.encode(order))

    def cancel(self, cl_ord_id: int, original: int) -> int:
        """Send a cancel."""
        return self.request(m.OrderCancelRequest(cl_ord_id, original, None, 1))

    def ask_instruments(self, number: int) -> None:
        """Send a question that is answered outside the sequence."""
        kind = SecurityListRequestType.ALL_SECURITIES
        self.request(m.SecurityListRequest(number, None, kind))

    async def packet(self) -> soup.Packet:
        """The next packet; ``EOFError`` when the line is closed."""
        async with asyncio.timeout(SECONDS_MAX):
            while not self._packets:
                data = await self.reader.read(1 << 16)
                if not data:
                    raise EOFError
                self._packets += self._splitter.feed(data)
        return self._packets.pop(0)

    async def report(self) -> m.Message:
        """The next report; heartbeats are passed over."""
        while True:
            packet = await self.packet()
            if packet.kind == Kind.SERVER_HEARTBEAT:
                continue
            assert packet.kind == Kind.SEQUENCED, packet
            self.following += 1
            return sbe.decode(packet.payload)

    async def expect(self, kind: type[REPORT], **fields: Any) -> REPORT:
        """The next report, which must be of this kind, with these fields."""
        report = await self.report()
        assert isinstance(report, kind), report
        found = {name: getattr(report, name) for name in fields}
        assert found == fields
        return report

    async def expect_new(self, cl_ord_id: int) -> m.ExecutionReportNew:
        """An order is accepted."""
        return await self.expect(m.ExecutionReportNew, cl_ord_id=cl_ord_id)

    async def expect_nothing_but_heartbeats(self, seconds: float) -> None:
        """No report comes for a while."""
        try:
            async with asyncio.timeout(seconds):
                raise AssertionError(f"unexpected: {await self.report()}")
        except TimeoutError:
            return

    async def reports_until_closed(self) -> list[m.Message]:
        """Whatever comes until the line is closed or cut."""
        reports = []
        try:
            while True:
                reports.append(await self.report())
        except (EOFError, ConnectionError):
            return reports

    async def expect_closed(self) -> None:
        """The server closes the line without another word but heartbeats."""
        try:
            while True:
                assert (await self.packet()).kind == Kind.SERVER_HEARTBEAT
        except (EOFError, ConnectionError):
            self.writer.close()

    async def heartbeat_until(self, done: asyncio.Event) -> None:
        """Keep the line alive."""
        while not done.is_set():
            self.send(soup.encode(Kind.CLIENT_HEARTBEAT))
            await asyncio.sleep(0.1)

    def cut(self) -> None:
        """Drop the line as a broken cable does."""
        self.writer.transport.abort()
        self.writer.close()

    async def logout(self) -> None:
        """Say goodbye, and see the line closed."""
        self.send(soup.encode(Kind.LOGOUT))
        await self.expect_closed()
