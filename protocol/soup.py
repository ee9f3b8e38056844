"""The session packets of SoupBinTCP 3.00, without I/O: both sides of a connection.

``length u16 big-endian, type u8, payload``; the length counts the type byte and the payload.  Login
fields are ASCII padded with spaces; reading takes both paddings.
"""

from enum import IntEnum
from typing import NamedTuple, Self

PACKET_BYTES_MAX = 65_537
"""The longest packet that framing can carry."""

_USER, _PASSWORD, _SESSION, _NUMBER = 6, 10, 10, 20
_LOGIN_REQUEST = _USER + _PASSWORD + _SESSION + _NUMBER
_LOGIN_ACCEPTED = _SESSION + _NUMBER


class Kind(IntEnum):
    """The types of packets."""

    DEBUG = ord("+")
    LOGIN_ACCEPTED = ord("A")
    LOGIN_REJECTED = ord("J")
    SEQUENCED = ord("S")
    UNSEQUENCED = ord("U")
    SERVER_HEARTBEAT = ord("H")
    END_OF_SESSION = ord("Z")
    LOGIN_REQUEST = ord("L")
    CLIENT_HEARTBEAT = ord("R")
    LOGOUT = ord("O")


class FrameError(ValueError):
    """Bytes that are no packets: the connection can't go on."""


class Packet(NamedTuple):
    """One whole packet."""

    kind: Kind
    payload: bytes


class LoginRequest(NamedTuple):
    """What a client asks for: a blank session is the current one, sequence 0 what comes next."""

    user: str
    password: str
    session: str = ""
    sequence: int = 0

    def encode(self) -> bytes:
        """The packet; raises ``ValueError`` for what does not fit its field."""
        fields = (
            _field(self.user, _USER).ljust(_USER),
            _field(self.password, _PASSWORD).ljust(_PASSWORD),
            _field(self.session, _SESSION).rjust(_SESSION),
            _field(str(self.sequence), _NUMBER).rjust(_NUMBER),
        )
        return encode(Kind.LOGIN_REQUEST, b"".join(fields))

    @classmethod
    def decode(cls, payload: bytes) -> Self:
        """The request that a payload holds."""
        if len(payload) != _LOGIN_REQUEST:
            raise FrameError("login request of a wrong length")
        text = payload.decode("ascii", "replace")
        return cls(
            text[:6].strip(), text[6:16].strip(), text[16:26].strip(), _number(text[26:].strip())
        )


class LoginAccepted(NamedTuple):
    """What a server grants: the session's id and the number of its next sequenced packet."""

    session: str
    sequence: int

    def encode(self) -> bytes:
        """The packet."""
        number = _field(str(self.sequence), _NUMBER).rjust(_NUMBER)
        return encode(Kind.LOGIN_ACCEPTED, _field(self.session, _SESSION).rjust(_SESSION) + number)

    @classmethod
    def decode(cls, payload: bytes) -> Self:
        """What a payload grants."""
        if len(payload) != _LOGIN_ACCEPTED:
            raise FrameError("login accepted of a wrong length")
        text = payload.decode("ascii", "replace")
        return cls(text[:_SESSION].strip(), _number(text[_SESSION:].strip()))


def encode(kind: Kind, payload: bytes = b"") -> bytes:
    """A packet."""
    if len(payload) > PACKET_BYTES_MAX - 3:
        raise ValueError(f"a payload of {len(payload)} bytes is too long for a packet")
    return (len(payload) + 1).to_bytes(2, "big") + bytes((kind,)) + payload


def _field(text: str, width: int) -> bytes:
    raw = text.encode("ascii")
    if len(raw) > width:
        raise ValueError(f"{text!r} has more than {width} characters")
    return raw


def _number(text: str) -> int:
    if text and not (text.isascii() and text.isdigit()):
        raise FrameError(f"{text!r} is not a sequence number")
    return int(text or 0)


class Splitter:
    """Cuts a stream of bytes into packets; keeps at most one packet that is not whole."""

    def __init__(self, packet_bytes_max: int = PACKET_BYTES_MAX) -> None:
        """Take packets of at most ``packet_bytes_max`` bytes, framing included."""
        self._max = packet_bytes_max
        self._kept = b""

    def feed(self, data: bytes) -> list[Packet]:
        """The packets that are whole now."""
        data = self._kept + data
        packets: list[Packet] = []
        at, end = 0, len(data)
        while end - at >= 3:
            length = (data[at] << 8) | data[at + 1]
            if not 0 < length <= self._max - 2:
                raise FrameError(f"packet of length {length}")
            kind = _KINDS.get(data[at + 2])
            if kind is None:
                raise FrameError(f"unknown packet type {data[at + 2]:#04x}")
            if end - at < length + 2:
                break
            packets.append(Packet(kind, data[at + 3 : at + 2 + length]))
            at += length + 2
        self._kept = data[at:]
        return packets


_KINDS = {int(kind): kind for kind in Kind}
