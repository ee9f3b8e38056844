"""The two requests that every batch takes, said straight to the library's connections.

The library speaks by tables, through tasks and queues of its own: of a small batch's processor time
that was most.  Its connections, metadata, transactions and errors stay.  Kafka's protocol guide has
the layouts: Produce version 7, Fetch version 4, with request header 1 and response header 0.
"""

import struct
from io import BytesIO
from typing import Any, ClassVar, NamedTuple, Self

from aiokafka import TopicPartition
from aiokafka.errors import IncompatibleBrokerVersion

_HEADER = struct.Struct(">hhi")
_CORRELATION = struct.Struct(">i")
_ACKS = struct.Struct(">hi")
_LENGTH = struct.Struct(">h")
_COUNT = struct.Struct(">i")
_PRODUCE_AT = struct.Struct(">ii")
_PRODUCED = struct.Struct(">ihqqq")
_FETCH = struct.Struct(">iiiib")
_FETCH_AT = struct.Struct(">iqi")
_FETCHED = struct.Struct(">ihqqi")
ALL_IN_SYNC = -1
NO_REPLICA = -1
READ_UNCOMMITTED = 0


def _text(text: str | None) -> bytes:
    """A nullable STRING."""
    if text is None:
        return _LENGTH.pack(-1)
    encoded = text.encode()
    return _LENGTH.pack(len(encoded)) + encoded


class Header(NamedTuple):
    """Of a response."""

    correlation_id: int


class _Encoded(NamedTuple):
    content: bytes

    def encode(self) -> bytes:
        return self.content


class Produced(NamedTuple):
    """What a broker answers to a ``Produce``."""

    error_code: int
    offset: int
    """Kafka's, of the first record."""
    append_ms: int
    """When the broker took it, in ms since the epoch; -1 where producers stamp records."""

    @classmethod
    def decode(cls, read: BytesIO) -> Self:
        """One topic with one partition was asked for."""
        content = read.read()
        at = _behind_topic(content, _COUNT.size)
        _, error_code, offset, append_ms, _ = _PRODUCED.unpack_from(content, at + _COUNT.size)
        return cls(error_code, offset, append_ms)


class Fetched(NamedTuple):
    """What a broker answers to a ``Fetch``."""

    error_code: int
    records: bytes
    """Record batches, of which the last may be cut off."""

    @classmethod
    def decode(cls, read: BytesIO) -> Self:
        """One topic with one partition was asked for."""
        content = read.read()
        at = _behind_topic(content, 2 * _COUNT.size) + _COUNT.size
        _, error_code, _, _, aborted = _FETCHED.unpack_from(content, at)
        at += _FETCHED.size + 16 * max(aborted, 0)
        (size,) = _COUNT.unpack_from(content, at)
        at += _COUNT.size
        return cls(error_code, content[at : at + max(size, 0)])


def _behind_topic(content: bytes, at: int) -> int:
    """Where a topic's partitions begin, whose name stands here."""
    length: int = _LENGTH.unpack_from(content, at)[0]
    return at + _LENGTH.size + length


class _Straight:
    """A request as the library's connections take one: they ask it for all that they send."""

    API_KEY: ClassVar[int]
    API_VERSION: ClassVar[int]
    RESPONSE_TYPE: ClassVar[type[Produced] | type[Fetched]]

    def __init__(self, content: bytes) -> None:
        """It is encoded already."""
        self._content = content

    def prepare(self, versions: dict[int, tuple[int, int]]) -> Self:
        """Raise ``IncompatibleBrokerVersion`` where a broker does not know this version."""
        oldest, newest = versions.get(self.API_KEY, (0, -1))
        if not oldest <= self.API_VERSION <= newest:
            raise IncompatibleBrokerVersion(
                f"{type(self).__name__} is of version {self.API_VERSION}, and the broker knows "
                f"{oldest} to {newest}"
            )
        return self

    def build_request_header(self, correlation_id: int, client_id: str) -> _Encoded:
        """Version 1."""
        head = _HEADER.pack(self.API_KEY, self.API_VERSION, correlation_id)
        return _Encoded(head + _text(client_id))

    def encode(self) -> bytes:
        """The request without its header."""
        return self._content

    def parse_response_header(self, read: BytesIO) -> Header:
        """Version 0."""
        return Header(*_CORRELATION.unpack(read.read(_CORRELATION.size)))


class Produce(_Straight):
    """Append one record batch to a partition; answered once all that are in sync have it."""

    API_KEY = 0
    API_VERSION = 7
    RESPONSE_TYPE = Produced

    def __init__(
        self, at: TopicPartition, batch: bytes, transactional_id: str | None, timeout_ms: int
    ) -> None:
        """``batch`` is a record batch as Kafka has it, of magic 2."""
        topic, one = _text(at.topic), _COUNT.pack(1)
        parts = [_text(transactional_id), _ACKS.pack(ALL_IN_SYNC, timeout_ms), one, topic, one]
        parts += [_PRODUCE_AT.pack(at.partition, len(batch)), batch]
        super().__init__(b"".join(parts))


class Fetch(_Straight):
    """Read a partition from an offset on; what is not there yet is waited for."""

    API_KEY = 1
    API_VERSION = 4
    RESPONSE_TYPE = Fetched

    def __init__(self, at: TopicPartition, offset: int, *, wait_ms: int, bytes_max: int) -> None:
        """One byte ends the waiting; the first batch is answered whole, however long it is."""
        one = _COUNT.pack(1)
        head = _FETCH.pack(NO_REPLICA, wait_ms, 1, bytes_max, READ_UNCOMMITTED)
        where = _FETCH_AT.pack(at.partition, offset, bytes_max)
        super().__init__(b"".join((head, one, _text(at.topic), one, where)))


def request(of: _Straight) -> Any:
    """For a library that takes only requests of its own kind."""
    return of
