"""FIX messages: bytes into messages and back.

Where a message begins and ends, and whether it is garbled, is looked at here; ``simplefix`` takes
its fields apart and puts them together.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from simplefix.data import RAW_DATA_TAGS
from simplefix.errors import ParsingError
from simplefix.message import FixMessage
from simplefix.parser import FixParser

from clients.fix_reports import Reason
from protocol.terms import decimal, units

SOH = b"\x01"
BYTES_MAX = 1 << 20
"""Bytes of one message; a longer BodyLength is garbled."""
_DATA_TAGS = frozenset(RAW_DATA_TAGS)
_NS = 10**9
_DIGITS = re.compile(r"\d{1,18}")
_TIME = re.compile(r"(\d{4})(\d\d)(\d\d)-(\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))?")
_NUMBER = re.compile(r"-?(\d+\.?\d*|\.\d+)")

Field = tuple[int, str | bytes | int]
"""A tag and its value."""


class FaultError(Exception):
    """A message that is well formed and wrong: what a Reject says of it."""

    def __init__(self, reason: Reason, tag: int | None = None) -> None:
        """``tag`` is RefTagID (371), as far as there is one."""
        super().__init__(reason.name.replace("_", " ").lower())
        self.reason, self.tag = reason, tag


@dataclass(frozen=True, slots=True)
class Message:
    """A message and its fields, in their order; of a tag that stands twice, the first counts."""

    begin_string: str
    msg_type: str
    fields: list[tuple[int, str]]
    fault: FaultError | None = None
    first: dict[int, str] = field(default_factory=dict, repr=False, compare=False)

    def get(self, tag: int) -> str | None:
        """The value of a field, where there is one."""
        return self.first.get(tag)

    def text(self, tag: int) -> str:
        """The value of a field that has to be there."""
        value = self.first.get(tag)
        if value is None:
            raise FaultError(Reason.REQUIRED_TAG_MISSING, tag)
        return value

    def number(self, tag: int) -> int:
        """A number that is not negative."""
        value = self.text(tag)
        if not _DIGITS.fullmatch(value):
            raise FaultError(Reason.INCORRECT_DATA_FORMAT, tag)
        return int(value)

    def amount(self, tag: int) -> int:
        """A price or quantity, as a multiple of 10^-8."""
        value = self.text(tag)
        if not _NUMBER.fullmatch(value):
            raise FaultError(Reason.INCORRECT_DATA_FORMAT, tag)
        try:
            return units(value)
        except ValueError:
            raise FaultError(Reason.INCORRECT_DATA_FORMAT, tag) from None

    def flag(self, tag: int) -> bool:
        """A Boolean; N where it is not there."""
        value = self.first.get(tag, "N")
        if value not in ("Y", "N"):
            raise FaultError(Reason.INCORRECT_DATA_FORMAT, tag)
        return value == "Y"

    def time_ns(self, tag: int) -> int:
        """A UTCTimestamp, as ns since the epoch."""
        time_ns = read_time(self.text(tag))
        if time_ns is None:
            raise FaultError(Reason.INCORRECT_DATA_FORMAT, tag)
        return time_ns


def read_time(text: str) -> int | None:
    """A UTCTimestamp as ns since the epoch; ``None`` for what is none."""
    found = _TIME.fullmatch(text)
    if found is None:
        return None
    year, month, day, hour, minute, second = (int(found[n]) for n in range(1, 7))
    leap = second == 60
    try:
        when = datetime(year, month, day, hour, minute, second - leap, tzinfo=UTC)
    except ValueError:
        return None
    return (int(when.timestamp()) + leap) * _NS + int((found[7] or "0").ljust(9, "0"))


def write_time(time_ns: int) -> str:
    """A UTCTimestamp to the millisecond, which both versions have."""
    when = datetime.fromtimestamp(time_ns // _NS, UTC)
    return f"{when:%Y%m%d-%H:%M:%S}.{time_ns % _NS // 1_000_000:03}"


def write_amount(amount: int) -> str:
    """A multiple of 10^-8 as a decimal without needless zeros."""
    return f"{decimal(amount).normalize():f}"


def encode(begin_string: str, msg_type: str, fields: Sequence[Field]) -> bytes:
    """A whole message; ``ValueError`` where a value would end its field."""
    message = FixMessage()
    message.append_pair(8, begin_string)
    message.append_pair(35, msg_type)
    for tag, value in fields:
        data = value if isinstance(value, bytes) else str(value).encode("latin-1")
        if not data or (SOH in data and tag not in _DATA_TAGS):
            raise ValueError(f"{value!r} cannot be the value of a field")
        message.append_pair(tag, data)
    encoded: bytes = message.encode()
    return encoded


def decode(frame: bytes) -> Message:
    """The message of a frame; what is wrong with its fields is its ``fault``."""
    fault: FaultError | None = None
    parser = FixParser(allow_empty_values=True)
    parser.append_buffer(frame)
    try:
        parsed = parser.get_message()
    except ParsingError:
        parsed = None
    if parsed is None or parser.get_buffer():
        pairs, fault = _loose(frame)
    else:
        pairs = [(int(tag), value) for tag, value in parsed.pairs]
    fields = [(tag, value.decode("latin-1")) for tag, value in pairs]
    empty = next((tag for tag, value in fields if not value), None)
    if fault is None and empty is not None:
        fault = FaultError(Reason.TAG_WITHOUT_A_VALUE, empty)
    first = dict(reversed(fields))
    return Message(first[8], first[35], fields, fault, first)


def _loose(frame: bytes) -> tuple[list[tuple[int, bytes]], FaultError]:
    """As many fields as can be told of a message that does not consist of fields."""
    pairs, fault = [], FaultError(Reason.INCORRECT_DATA_FORMAT)
    for part in frame[:-1].split(SOH):
        tag, equals, value = part.partition(b"=")
        if equals and tag.isdigit():
            pairs.append((int(tag), value))
        elif pairs and pairs[-1][0] not in _DATA_TAGS:
            reason = Reason.INVALID_TAG_NUMBER if equals else Reason.VALUE_INCLUDES_SOH
            fault = FaultError(reason, None if equals else pairs[-1][0])
    return pairs, fault


class Frames:
    """Cuts bytes into messages; what is garbled is passed over, and counted.

    A frame begins with BeginString, BodyLength and MsgType and ends with CheckSum, both of which
    are right; whatever stands between two frames is garbled.
    """

    def __init__(self) -> None:
        """Nothing has come."""
        self.garbled = 0
        self._bytes = bytearray()

    def feed(self, data: bytes) -> Iterator[bytes]:
        """The messages that are whole by now."""
        self._bytes += data
        while self._bytes:
            size = self._size()
            if size == 0:
                return
            if size > 0:
                frame = bytes(self._bytes[:size])
                del self._bytes[:size]
                yield frame
                continue
            self._skip()

    def _size(self) -> int:
        """How long the message is that stands first: 0 where that is not known yet, -1 for none."""
        head = bytes(self._bytes[:64])
        if not _could_begin(head):
            return -1
        found = _HEAD.match(head)
        if found is None:
            return 0 if len(head) < 64 else -1
        length = int(found[1])
        if not 5 <= length <= BYTES_MAX:
            return -1
        end = found.end(0) - len(b"35=") + length
        if len(self._bytes) < end + _TRAILER_BYTES:
            return 0
        trailer = _TRAILER.fullmatch(self._bytes[end - 1 : end + _TRAILER_BYTES])
        if trailer is None or sum(self._bytes[:end]) % 256 != int(trailer[1]):
            return -1
        return end + _TRAILER_BYTES

    def _skip(self) -> None:
        """Pass over what stands first, up to where a message may begin."""
        self.garbled += 1
        start = self._bytes.find(b"8=FIX", 1)
        if start < 0:
            kept = next((n for n in range(4, 0, -1) if self._bytes.endswith(b"8=FIX"[:n])), 0)
            start = max(len(self._bytes) - kept, 1)
        del self._bytes[:start]


_HEAD = re.compile(rb"8=FIX[^\x01]{1,16}\x019=(\d{1,9})\x0135=")
_TRAILER = re.compile(rb"\x0110=(\d{3})\x01")
_TRAILER_BYTES = len(b"10=000\x01")


def _could_begin(head: bytes) -> bool:
    """Whether these bytes are the beginning of a message, or may become one."""
    version, soh, rest = head.partition(SOH)
    if not soh:
        return version.startswith(b"8=FIX"[: len(version)]) and len(version) <= 21
    length, soh, kind = rest.partition(SOH)
    if not b"9=".startswith(length[:2]):
        return False
    if not soh:
        return len(length) <= 11
    return kind.startswith(b"35="[: len(kind)])
