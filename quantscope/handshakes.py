"""The handshakes of a port that is encrypted: from the accepted socket to the connection.

A connection counts for its protocol once its handshake is done, so whoever does not get that far
takes nobody's place: of too many the oldest is cut, and each has a deadline, which counts from when
the socket was accepted.  A handshake costs a thousand times what an order does, so it begins only
when the client has said something, and a turn of the loop begins one.
"""

import asyncio
import contextlib
import logging
import math
import socket
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from typing import cast

log = logging.getLogger("quantscope")

SAY_INTERVAL_S = 1.0
"""A storm of handshakes that fail is told this often, in seconds; each is counted."""
HANDSHAKE = b"\x16"
"""What a client of TLS says first."""
REASONS = {
    "NO_SHARED_CIPHER": "it has no cipher in common",
    "PEER_DID_NOT_RETURN_A_CERTIFICATE": "it has no certificate",
    "TLSV1_ALERT_UNKNOWN_CA": "it does not know the authority of this server's certificate",
    "SSLV3_ALERT_BAD_CERTIFICATE": "it refuses this server's certificate",
    "SSLV3_ALERT_CERTIFICATE_EXPIRED": "it says that this server's certificate has expired",
    "SSLV3_ALERT_CERTIFICATE_UNKNOWN": "it refuses this server's certificate",
    "UNSUPPORTED_PROTOCOL": "it speaks too old a version of TLS",
    "VERSION_TOO_LOW": "it speaks too old a version of TLS",
}
"""OpenSSL's reasons, as the log tells them."""


class NotTls(Exception):
    """A client that begins with something else."""


@dataclass(frozen=True)
class Limits:
    """What a port grants; times in seconds."""

    deadline_s: float
    """From the accepted socket to the end of its handshake."""
    handshakes_max: int
    """Handshakes under way; of more, the oldest is cut."""
    close_s: float
    """For what is left to be written, and the farewell of the client, once a connection closes."""
    unread_bytes_max: int
    """Bytes that are kept of a connection that is not read, beside those that the system keeps."""


class Handshakes:
    """Those of one port."""

    def __init__(self, name: str, context: Callable[[], ssl.SSLContext], limits: Limits) -> None:
        """``context`` gives what proves the server now: another one counts for who comes later."""
        self.done = 0
        self.failed = 0
        self._name = name
        self._context = context
        self._limits = limits
        self._under_way: dict[asyncio.Task[None], str] = {}
        """Who is at the other end of each, the oldest first."""
        self._one_a_turn = asyncio.Lock()
        self._said_at = -math.inf
        self._unsaid = 0

    async def take(
        self, connection: socket.socket, factory: Callable[[], asyncio.BaseProtocol]
    ) -> None:
        """Encrypt an accepted connection, and give it to a protocol; or close it, and say why."""
        peer = address_of(connection.getpeername())
        task = cast("asyncio.Task[None]", asyncio.current_task())
        while len(self._under_way) >= self._limits.handshakes_max:
            oldest = next(iter(self._under_way))
            self._fail(self._under_way.pop(oldest), "there are tls.handshakes_max younger ones")
            oldest.cancel()
        self._under_way[task] = peer
        try:
            async with asyncio.timeout(self._limits.deadline_s):
                transport = await self._encrypt(connection)
        except (OSError, NotTls) as error:
            self._fail(peer, in_words(error))
            return
        finally:
            self._under_way.pop(task, None)
        if transport is not None:
            self.done += 1
            _hand_over(transport, factory, self._limits.unread_bytes_max)

    def close(self) -> None:
        """Cut those that are under way."""
        for task in self._under_way:
            task.cancel()

    async def _encrypt(self, connection: socket.socket) -> asyncio.Transport | None:
        """The transport of a handshake that is done; None where the client left without a word."""
        try:
            first = await _first_byte(connection)
            if not first:
                connection.close()
                return None
            if first != HANDSHAKE:
                raise NotTls("it speaks no TLS")
            async with self._one_a_turn:
                await asyncio.sleep(0)
            loop = asyncio.get_running_loop()
            transport, _ = await loop.connect_accepted_socket(
                asyncio.Protocol,
                connection,
                ssl=self._context(),
                ssl_handshake_timeout=self._limits.deadline_s,
                ssl_shutdown_timeout=self._limits.close_s,
            )
        except BaseException:
            # A transport may have been made of it, that has not begun yet: so it ends, too.
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
            connection.close()
            raise
        return transport

    def _fail(self, peer: str, why: str) -> None:
        self.failed += 1
        self._unsaid += 1
        now = asyncio.get_running_loop().time()
        if now - self._said_at < SAY_INTERVAL_S:
            return
        more = f" ({self._unsaid - 1} more since the last line)" if self._unsaid > 1 else ""
        self._said_at, self._unsaid = now, 0
        log.warning("%s: the TLS handshake of %s failed: %s%s", self._name, peer, why, more)


def address_of(peer: tuple[str, int]) -> str:
    """An address for people to read; brackets part one with colons from its port."""
    host, port = peer[:2]
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


async def _first_byte(connection: socket.socket) -> bytes:
    """What comes first, which stays to be read; nothing where the client closes."""
    loop = asyncio.get_running_loop()
    came = asyncio.Event()
    loop.add_reader(connection, came.set)
    try:
        await came.wait()
    finally:
        loop.remove_reader(connection)
    return connection.recv(1, socket.MSG_PEEK)


def _hand_over(
    transport: asyncio.Transport,
    factory: Callable[[], asyncio.BaseProtocol],
    unread_bytes_max: int,
) -> None:
    """Let a protocol have it, before anything is told that the client has sent behind."""
    nobody = transport.get_protocol()
    try:
        protocol = factory()
        transport.set_read_buffer_limits(high=unread_bytes_max)  # type: ignore[attr-defined]
        transport.set_protocol(protocol)
        protocol.connection_made(transport)
    except BaseException:
        transport.set_protocol(nobody)
        transport.abort()
        raise


def in_words(error: Exception) -> str:
    """Why a handshake failed."""
    match error:
        case TimeoutError():
            return "it was not done in tls.handshake_deadline_s"
        case ssl.SSLCertVerificationError(verify_message=why):
            return f"its certificate is not proven: {why}"
        case ssl.SSLError(reason=str(reason)):
            return REASONS.get(reason, reason.replace("_", " ").lower())
        case ConnectionError():
            return "the client has gone"
    return str(error) or type(error).__name__
