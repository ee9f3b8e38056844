"""The cable between clients of order entry and an exchange: it breaks, or says nothing, on demand.

It takes the packets of clients one by one, so that a test chooses the request before or behind
which the line is lost; what comes back goes through as bytes.
"""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import Self

from protocol import messages as m
from protocol import sbe, soup

Breaks = Callable[[int], bool]


def never(_: int) -> bool:
    """Nothing breaks."""
    return False


class Cable:
    """Listens on a port of its own, and connects one line after the other with the exchange's."""

    def __init__(self, binary: int) -> None:
        """``binary`` is the exchange's port of order entry."""
        self.port = 0
        self.logins: list[soup.LoginRequest] = []
        self.seen: list[m.Message] = []
        """Each request that has come through."""
        self.heartbeats = 0
        self.break_before: Breaks = never
        """Whether a request is lost with the line, by how many have come through."""
        self.break_after: Breaks = never
        """Whether the line is lost behind a request: its answer does not come."""
        self.silent = False
        """Whether clients are told nothing any more; a new line is told again."""
        self._binary = binary
        self._one = asyncio.Lock()
        self._client: asyncio.StreamWriter | None = None
        self._server: asyncio.Server | None = None

    async def __aenter__(self) -> Self:
        """Listen, after the first time where it listened then."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        """Take no more lines, and cut the one there is."""
        assert self._server is not None
        self._server.close()
        self.cut()
        await self._server.wait_closed()

    def cut(self) -> None:
        """The line is lost."""
        if self._client is not None:
            self._client.transport.abort()
            self._client = None

    def inject(self, data: bytes) -> None:
        """Bytes that the exchange has not sent."""
        assert self._client is not None
        self._client.write(data)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        # A new line waits until the exchange has let go of the one before: it has the session.
        async with self._one:
            await self._connect(reader, writer)

    async def _connect(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.silent, self._client = False, writer
        back, forth = await asyncio.open_connection("127.0.0.1", self._binary)
        telling = asyncio.create_task(self._tell(back, writer))
        try:
            with suppress(ConnectionError):
                await self._pass(reader, forth)
        finally:
            if self._client is writer:
                self._client = None
            writer.transport.abort()
            # What has come through has arrived: the exchange reads to the end, and closes.
            with suppress(OSError, TimeoutError):
                forth.write_eof()
                async with asyncio.timeout(5):
                    await telling
            telling.cancel()
            forth.close()

    async def _pass(self, reader: asyncio.StreamReader, forth: asyncio.StreamWriter) -> None:
        splitter = soup.Splitter()
        while data := await reader.read(65536):
            for packet in splitter.feed(data):
                if packet.kind is soup.Kind.UNSEQUENCED and self.break_before(len(self.seen)):
                    return
                forth.write(soup.encode(packet.kind, packet.payload))
                match packet.kind:
                    case soup.Kind.LOGIN_REQUEST:
                        self.logins.append(soup.LoginRequest.decode(packet.payload))
                    case soup.Kind.CLIENT_HEARTBEAT:
                        self.heartbeats += 1
                    case soup.Kind.UNSEQUENCED:
                        self.seen.append(sbe.decode(packet.payload))
                        if self.break_after(len(self.seen)):
                            return
            await forth.drain()

    async def _tell(self, back: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError):
            while data := await back.read(65536):
                if not self.silent and not writer.is_closing():
                    writer.write(data)
                    await writer.drain()
        writer.close()
