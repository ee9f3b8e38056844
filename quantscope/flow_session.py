"""One session that sends a flow and reads what it is told, with so many requests out at most."""

import asyncio
import itertools
from collections.abc import Callable, Iterator

from protocol import sbe, soup
from protocol.messages import Message, SecurityList, SecurityListRequest
from protocol.terms import SecurityListRequestType
from quantscope.flow_file import FlowFile
from quantscope.flow_state import FlowState

READ_BYTES = 256 * 1024
HEARTBEAT_S = 0.9
ANSWER_TIMEOUT_S = 30.0
"""A session that hears no answer for so long gives up."""


class FlowError(Exception):
    """The session can't go on, in one sentence."""


class FlowSession:
    """A login, and the packets that came with it and after it."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Take a connection."""
        self._reader = reader
        self._writer = writer
        self._splitter = soup.Splitter()
        self._arrived: list[soup.Packet] = []
        self.last_cl_ord_id = 0

    async def log_in(self, user: str, password: str) -> None:
        """Log in at the newest number; raises ``FlowError`` where the exchange refuses.

        ``ValueError`` where no exchange could have such a user.
        """
        self._writer.write(soup.LoginRequest(user, password).encode())
        while True:
            packet = await self._next()
            if packet.kind is soup.Kind.LOGIN_REJECTED:
                raise FlowError(
                    f"the exchange refuses {user}: {packet.payload.decode(errors='replace')}"
                )
            if packet.kind is soup.Kind.DEBUG and b"lastClOrdID=" in packet.payload:
                number = packet.payload.partition(b"lastClOrdID=")[2].split()[0]
                self.last_cl_ord_id = int(number)
                return

    async def security_id(self, symbol: str) -> int:
        """The number of an instrument."""
        request = SecurityListRequest(1, None, SecurityListRequestType.ALL_SECURITIES)
        self._send([sbe.encode(request)])
        for count in itertools.count(1):
            listed = await self._security()
            if listed.symbol == symbol and listed.security_id is not None:
                return listed.security_id
            if count >= listed.tot_no_related_sym:
                break
        raise FlowError(f"the exchange has no instrument {symbol}")

    async def _security(self) -> SecurityList:
        while True:
            packet = await self._next()
            if packet.kind is soup.Kind.UNSEQUENCED:
                message = sbe.decode(packet.payload)
                if isinstance(message, SecurityList):
                    return message

    async def send(
        self,
        flow: FlowFile,
        state: FlowState,
        security_id: int,
        in_flight_max: int,
        progress: Callable[[int], None],
    ) -> None:
        """Send every row in order, at most ``in_flight_max`` of them unanswered at a time."""
        requests = flow.requests(security_id, self.last_cl_ord_id + 1)
        sent = 0
        while state.answered < len(flow):
            room = in_flight_max - (sent - state.answered)
            batch = [sbe.encode(request) for request in itertools.islice(requests, room)]
            sent += len(batch)
            self._send(batch)
            await self._drain()
            for message in await self._reports():
                state.take(message)
            progress(state.answered)

    def _send(self, messages: list[bytes]) -> None:
        packets = (soup.encode(soup.Kind.UNSEQUENCED, message) for message in messages)
        self._writer.write(b"".join(packets))

    async def _reports(self) -> Iterator[Message]:
        """Every report that has arrived; waits for the first packet."""
        packets = [await self._next(), *self._arrived]
        self._arrived.clear()
        return (sbe.decode(p.payload) for p in packets if p.kind is soup.Kind.SEQUENCED)

    async def _next(self) -> soup.Packet:
        """The next packet that says something; keeps the connection alive while it waits."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + ANSWER_TIMEOUT_S
        while True:
            while not self._arrived:
                # A server that only says that it is alive answers nothing either.
                if loop.time() >= deadline:
                    raise FlowError(f"no answer within {ANSWER_TIMEOUT_S:g} s")
                self._arrived = await self._read()
            packet = self._arrived.pop(0)
            if packet.kind is soup.Kind.END_OF_SESSION:
                raise FlowError("the exchange ended the session")
            if packet.kind is not soup.Kind.SERVER_HEARTBEAT:
                return packet

    async def _read(self) -> list[soup.Packet]:
        try:
            async with asyncio.timeout(min(HEARTBEAT_S, ANSWER_TIMEOUT_S)):
                data = await self._reader.read(READ_BYTES)
        except TimeoutError:
            self._writer.write(soup.encode(soup.Kind.CLIENT_HEARTBEAT))
            return []
        if not data:
            raise FlowError("the exchange closed the connection")
        try:
            return self._splitter.feed(data)
        except soup.FrameError as error:
            raise FlowError(f"this is not the port of the binary protocol: {error}") from error

    async def _drain(self) -> None:
        try:
            async with asyncio.timeout(ANSWER_TIMEOUT_S):
                await self._writer.drain()
        except TimeoutError:
            raise FlowError(f"nothing was read within {ANSWER_TIMEOUT_S:g} s") from None

    async def log_out(self) -> None:
        """Say goodbye, if anybody still listens, and close."""
        self._writer.write(soup.encode(soup.Kind.LOGOUT))
        self._writer.close()
        try:
            async with asyncio.timeout(HEARTBEAT_S):
                await self._writer.wait_closed()
        except OSError:
            self._writer.transport.abort()
