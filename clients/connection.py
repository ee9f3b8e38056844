"""The connection under a session: connects, reads, sends heartbeats, connects again."""

import asyncio
import ssl
from collections.abc import Awaitable, Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from clients.errors import DisconnectedError, LoginRejectedError, ProtocolError

Message = TypeVar("Message")
Happening = TypeVar("Happening")
_Message = TypeVar("_Message", contravariant=True)
_Happening = TypeVar("_Happening", covariant=True)

_READ_BYTES = 1 << 18
_TICK_S_MAX = 1.0


@dataclass(frozen=True)
class Options:
    """Limits and times of a client; times in seconds."""

    heartbeat_s: float = 1.0
    """Silence of ours after which a heartbeat is sent."""
    silence_s_max: float = 15.0
    """Silence of the server after which the connection is given up."""
    login_s_max: float = 5.0
    """How long connecting and logging in may take."""
    pause_s_min: float = 0.05
    """Pause before the second attempt to connect again; it doubles."""
    pause_s_max: float = 2.0
    """Longest pause between attempts."""
    reconnect_s_max: float = 300.0
    """After so long without a connection the client gives up."""
    rejected_s_max: float = 30.0
    """After so long of rejected logins (``S``) the session counts as gone."""
    in_flight_max: int = 10_000
    """Most requests that wait for their answers."""
    reports_max: int = 100_000
    """Most reports that wait for a reader."""
    resend: bool = True
    """Whether what had not arrived when the connection was lost is sent again."""


class Session(Protocol[_Message, _Happening]):
    """The state machine of a protocol; see ``ClientSession`` and ``FixSession``."""

    @property
    def logged_in(self) -> bool:
        """Whether the login was answered."""

    def connected(self, now: float) -> bytes:
        """It is connected: the login to send."""

    def disconnected(self) -> None:
        """The connection is gone."""

    def send(self, message: _Message, now: float) -> bytes:
        """What carries a request."""

    def tick(self, now: float) -> bytes:
        """What to send as time passes."""

    def heard(self, now: float) -> None:
        """The server is there."""

    def logout(self) -> bytes:
        """The goodbye to send."""

    def received(self, data: bytes, now: float) -> Iterable[_Happening]:
        """What bytes of the server mean; to be read to its end."""

    def outgoing(self) -> bytes:
        """What the session itself has to say because of what came, also before an error."""


class Connection(Generic[Message, Happening]):
    """A session on one connection after the other.

    The first login of all has to succeed; later ones are tried again, because a server that
    restarts refuses connections, and one that has not noticed the end of the old connection rejects
    a second login.
    """

    def __init__(
        self,
        address: tuple[str, int],
        session: Session[Message, Happening],
        options: Options,
        *,
        tls: ssl.SSLContext | None = None,
        happened: Callable[[Happening], None],
        room: Callable[[], Awaitable[None]],
        lost: Callable[[], None],
    ) -> None:
        """``happened`` gets what comes, ``room`` waits for its readers, ``lost`` ends it.

        ``tls`` says what proves the server; without it the line is plain.
        """
        self._address, self._session, self._options = address, session, options
        self._tls = tls
        self._happened, self._room, self._lost = happened, room, lost
        self._reading = False
        self._reader: asyncio.StreamReader | None = None
        self._writer: asyncio.StreamWriter | None = None

    def send(self, message: Message) -> None:
        """Send a request; unconnected, nothing happens."""
        if self._writer is not None:
            now = asyncio.get_running_loop().time()
            self._writer.write(self._session.send(message, now))

    async def open(self) -> None:
        """The first login."""
        try:
            await self._log_in()
        except OSError as error:
            await self._hang_up()
            raise DisconnectedError(str(error) or type(error).__name__) from error
        except BaseException:
            await self._hang_up()
            raise

    async def keep(self) -> None:
        """Listen and log in again, until that is hopeless: then it raises a ``ClientError``."""
        try:
            while True:
                try:
                    await self._listen()
                except OSError:
                    pass
                except ProtocolError:
                    # Who says what it may not would say it again.
                    await asyncio.sleep(self._options.pause_s_min)
                await self._log_in_again()
        finally:
            await self._hang_up()

    def log_out(self) -> bool:
        """Say goodbye; whether there was anybody to say it to."""
        data = b"" if self._writer is None else self._session.logout()
        self._write(data)
        return bool(data)

    async def _log_in_again(self) -> None:
        loop = asyncio.get_running_loop()
        give_up_at = loop.time() + self._options.reconnect_s_max
        rejected_at: float | None = None
        pause = self._options.pause_s_min
        while True:
            try:
                return await self._log_in()
            except (OSError, ProtocolError, LoginRejectedError) as error:
                await self._hang_up()
                now = loop.time()
                if not isinstance(error, LoginRejectedError):
                    rejected_at = None
                elif error.code != "S":
                    raise
                else:
                    rejected_at = now if rejected_at is None else rejected_at
                    if now - rejected_at >= self._options.rejected_s_max:
                        raise
                if now + pause >= give_up_at:
                    raise DisconnectedError(
                        f"not connected: {error or type(error).__name__}"
                    ) from error
            await asyncio.sleep(pause)
            pause = min(pause * 2, self._options.pause_s_max)

    async def _log_in(self) -> None:
        loop = asyncio.get_running_loop()
        async with asyncio.timeout(self._options.login_s_max):
            self._reader, self._writer = await asyncio.open_connection(
                *self._address, ssl=self._tls
            )
            self._writer.write(self._session.connected(loop.time()))
            while not self._session.logged_in:
                await self._read(self._reader)

    async def _listen(self) -> None:
        """Read until the connection is lost, which is an ``OSError`` or a ``ProtocolError``."""
        reader = self._reader
        ticker = asyncio.create_task(self._tick(), name="client heartbeats")
        try:
            while reader is not None:
                await self._room()
                await self._read(reader)
        finally:
            ticker.cancel()
            with suppress(asyncio.CancelledError):
                await ticker
            await self._hang_up()

    async def _read(self, reader: asyncio.StreamReader) -> None:
        self._reading = True
        data = await reader.read(_READ_BYTES)
        self._reading = False
        if not data:
            raise ConnectionResetError("the server closed the connection")
        try:
            for happening in self._session.received(data, asyncio.get_running_loop().time()):
                self._happened(happening)
        finally:
            self._write(self._session.outgoing())

    async def _tick(self) -> None:
        """Heartbeats, and the end of a connection that has fallen silent."""
        loop = asyncio.get_running_loop()
        while self._writer is not None:
            await asyncio.sleep(min(self._options.heartbeat_s / 4, _TICK_S_MAX))
            if not self._reading:
                # Time that a slow reader of reports takes is no silence of the server.
                self._session.heard(loop.time())
            try:
                self._writer.write(self._session.tick(loop.time()))
            except ProtocolError:
                self._write(self._session.outgoing())
                self._writer.transport.abort()
                return

    def _write(self, data: bytes) -> None:
        if data and self._writer is not None:
            self._writer.write(data)

    async def _hang_up(self) -> None:
        self._session.disconnected()
        writer, self._writer = self._writer, None
        if writer is not None:
            self._lost()
            writer.close()
            with suppress(OSError):
                await writer.wait_closed()
