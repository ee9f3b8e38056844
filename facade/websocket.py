"""WebSocket: the handshake, the client's frames, and what is sent, which was framed natively.

Frames of the client are read by ``websockets`` without I/O: pings are answered, a close is
answered, data is passed over (no page takes any; text has to be UTF-8 all the same).  A client that
is silent is asked by ping.
"""

import codecs
import logging
from collections.abc import Callable
from typing import TYPE_CHECKING

from websockets.frames import CloseCode, Frame, Opcode
from websockets.protocol import OPEN, SERVER, Event, Protocol
from websockets.utils import accept_key

from facade.errors import ApiError
from facade.message import Request

if TYPE_CHECKING:
    from facade.connection import Connection

_PING = b"\x89\x00"
_WANTED = b"Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
_QUIET = logging.getLogger("quantscope.facade.websocket")
_QUIET.setLevel(logging.WARNING)
_UTF8 = codecs.getincrementaldecoder("utf-8")
KEY_BYTES = 24
"""Length of a Sec-WebSocket-Key: 16 bytes in base64."""


def handshake(request: Request) -> bytes:
    """The head that accepts the request's handshake."""
    headers = request.headers
    if not request.upgrade:
        raise ApiError(426, "UPGRADE_REQUIRED", headers=_WANTED)
    if headers.get(b"sec-websocket-version") != b"13":
        sentence = "Sec-WebSocket-Version: must be 13"
        raise ApiError(426, "UPGRADE_REQUIRED", sentence, headers=_WANTED)
    key = headers.get(b"sec-websocket-key", b"")
    if len(key) != KEY_BYTES or not key.isascii():
        raise ApiError(400, "BAD_REQUEST", "Sec-WebSocket-Key: missing or malformed")
    return (
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Accept: " + accept_key(key.decode()).encode() + b"\r\n\r\n"
    )


def text_frame(message: bytes) -> bytes:
    """One unmasked text frame of at most 65,535 bytes."""
    size = len(message)
    head = bytes((0x81, size)) if size < 126 else b"\x81\x7e" + size.to_bytes(2, "big")
    return head + message


class WebSocket:
    """One WebSocket connection."""

    def __init__(self, connection: "Connection", on_closed: Callable[[], None]) -> None:
        """``on_closed`` is called once, when the connection is gone."""
        self._connection = connection
        self._limits = connection.limits
        self._on_closed = on_closed
        self._protocol = Protocol(
            SERVER, state=OPEN, max_size=self._limits.ws_message_bytes_max, logger=_QUIET
        )
        self._text: codecs.IncrementalDecoder | None = None
        self._heard_at = self._pinged_at = connection.server.now

    def send(self, frames: bytes) -> None:
        """Send frames that were made elsewhere; after a close frame nothing is sent."""
        transport = self._connection.transport
        if self._protocol.state is OPEN and not transport.is_closing():
            transport.write(frames)

    @property
    def unread(self) -> int:
        """Bytes that wait for its client."""
        return self._connection.transport.get_write_buffer_size()

    def feed(self, data: bytes) -> None:
        """Bytes came."""
        protocol = self._protocol
        protocol.receive_data(data)
        if frames := protocol.events_received():
            self._heard_at = self._connection.server.now
            if not all(self._is_sound(frame) for frame in frames) and protocol.state is OPEN:
                protocol.fail(CloseCode.INVALID_DATA, "text that is not UTF-8")
        self._flush()

    def _is_sound(self, frame: Event) -> bool:
        """Whether a frame of text is UTF-8, together with those of its message before it."""
        if not isinstance(frame, Frame):
            return True
        if frame.opcode is Opcode.TEXT:
            self._text = _UTF8()
        elif frame.opcode is not Opcode.CONT or self._text is None:
            return True
        try:
            self._text.decode(bytes(frame.data), final=frame.fin)
        except UnicodeDecodeError:
            return False
        if frame.fin:
            self._text = None
        return True

    def close(self, code: CloseCode, reason: str = "") -> None:
        """Say why, and close."""
        if self._protocol.state is OPEN:
            self._protocol.send_close(code, reason)
            self._flush()
        self._connection.transport.close()

    def abort(self) -> None:
        """Cut it."""
        self._connection.transport.abort()

    def closed(self) -> None:
        """The connection is gone."""
        self._on_closed()

    def sweep(self, now: float) -> None:
        """Ask who is silent; close who does not answer."""
        limits = self._limits
        silent = now - self._heard_at
        if silent > limits.ws_ping_interval_s + limits.ws_pong_deadline_s:
            self._connection.transport.abort()
        elif (
            silent > limits.ws_ping_interval_s and now - self._pinged_at > limits.ws_ping_interval_s
        ):
            self._pinged_at = now
            self.send(_PING)

    def _flush(self) -> None:
        for data in self._protocol.data_to_send():
            if data:
                self._connection.transport.write(data)
            else:
                self._connection.transport.close()
