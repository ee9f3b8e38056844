"""The states of engines in their topic: in portions, and marked good once they were read back."""

import asyncio
import hashlib
import logging
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Self

import msgspec

from core import Engine, JournalError, JournalRange, LogRecord, Position
from journal.kafka.appender import Appender
from journal.kafka.clients import Clients
from journal.kafka.kept import KafkaKept
from journal.kafka.topics import Topics

log = logging.getLogger("quantscope.kafka")

PORTION_BYTES = 512 * 2**10
"""Bytes of a state that travel in one record."""
READ_BYTES = 4 * 2**20
DIGEST_BYTES = 16


class Portion(msgspec.Struct, frozen=True, array_like=True, tag="portion"):
    """A part of a state."""

    maker: str
    command_offset: int
    index: int
    data: bytes


class Good(msgspec.Struct, frozen=True, array_like=True, tag="good"):
    """A state is there, whole, and can be gone on from."""

    maker: str
    """The engine whose state it is."""
    command_offset: int
    """The command behind which it stands."""
    event_seq: int
    """Number of the last event up to there."""
    event_hash: int
    """Hash of the last event batch up to there."""
    state_hash: int
    begin: int
    """The offset from which on its portions stand, others' between them."""
    portions: int
    digest: bytes
    """BLAKE2b over all of them, 16 bytes."""


_decoder = msgspec.msgpack.Decoder(Portion | Good)


class KafkaSnapshots:
    """All states that the topic holds."""

    def __init__(self, clients: Clients, topics: Topics, *, deadline_s: float) -> None:
        """``deadline_s`` is how long a record of one may take to be there."""
        self._clients = clients
        self._topic = topics.snapshots
        self._deadline_s = deadline_s

    async def write(self, maker: str, at: Position, state: bytes, begin: int) -> None:
        """Publish a state; ``begin`` is an offset of the topic before it, as ``end`` gives it.

        It counts once it was read back and marked.  Raises ``AppendFailed``, and ``ValueError``
        where another state is read than was written.
        """
        parts = range(0, len(state), PORTION_BYTES)
        portions = [
            Portion(maker, at.command_offset, index, state[first : first + PORTION_BYTES])
            for index, first in enumerate(parts)
        ]
        good = Good(
            maker=maker,
            command_offset=at.command_offset,
            event_seq=at.event_seq,
            event_hash=at.event_hash,
            state_hash=Engine.hash_of(state),
            begin=begin,
            portions=len(portions),
            digest=_digest(state),
        )
        encode = msgspec.msgpack.encode
        async with Appender(self._clients, self._topic, deadline_s=self._deadline_s) as out:
            for portion in portions:
                await out.append([encode(portion)])
            await asyncio.to_thread(self.check, good)
            await out.append([encode(good)])

    def end(self) -> int:
        """The offset behind all that is there; it blocks.  Raises ``JournalError``."""
        with self._kept() as kept:
            return kept.next_offset

    def engines(self) -> Iterator[Engine]:
        """The engines of all good states, the newest first; it blocks.

        One that can't be restored is passed over with a word in the log.
        """
        with self._kept() as kept:
            for good in _marks(kept):
                try:
                    yield Engine.restore(_state(kept, good))
                except (ValueError, JournalError) as error:
                    log.error("the snapshot at command batch %d: %s", good.command_offset, error)

    def check(self, good: Good) -> None:
        """Read a state back; it blocks.  Raises ``ValueError`` where it is not what was written."""
        with self._kept() as kept:
            if Engine.hash_of(_state(kept, good)) != good.state_hash:
                raise ValueError("its state has another hash")

    def kept(self) -> "KeptSnapshots":
        """Those that are there now, for who looks at all of them."""
        return KeptSnapshots(self._kept())

    def _kept(self) -> KafkaKept:
        return KafkaKept(self._clients, self._topic, base=0)


@dataclass(frozen=True)
class JudgedState:
    """A state by its mark, and what is wrong with it; or a record of the topic that is none."""

    name: str
    offset: int = 0
    state_hash: int = 0
    fault: Exception | None = None
    good: Good | None = None


class KeptSnapshots:
    """The states up to the end at which the topic was opened; it blocks."""

    def __init__(self, kept: KafkaKept) -> None:
        """Nothing is connected yet."""
        self._kept = kept

    def __enter__(self) -> Self:
        """Connect, and learn the end; raises ``JournalError``."""
        self._kept.__enter__()
        return self

    def __exit__(self, *_: object) -> None:
        """Let go of the brokers."""
        self._kept.__exit__()

    def judge(self) -> Iterator[JudgedState]:
        """Read every state that is marked, the newest first, and hold it to its mark."""
        found = []
        for record in _records(self._kept, self._kept.first_offset, self._kept.next_offset):
            decoded = _decoded(record)
            if not isinstance(decoded, Portion):
                found.append((record.offset, decoded))
        for at, good in reversed(found):
            yield self._judged(f"at record {at} of {self._kept.topic}", good)

    def _judged(self, name: str, good: Good | None) -> JudgedState:
        if good is None:
            return JudgedState(name, fault=ValueError("it is neither a portion of one nor a mark"))
        name = f"of engine {good.maker} at command batch {good.command_offset}, {name}"
        try:
            if Engine.hash_of(_state(self._kept, good)) != good.state_hash:
                raise ValueError("its state has another hash than its mark says")
        except (ValueError, JournalError) as error:
            return JudgedState(name, good.command_offset, fault=error)
        return JudgedState(name, good.command_offset, good.state_hash, good=good)

    def restored(self, found: JudgedState) -> Engine:
        """The engine of a good one; ValueError where it can't be, or stands elsewhere."""
        good = found.good
        if good is None:
            raise ValueError("it is no good one")
        engine = Engine.restore(_state(self._kept, good))
        at = engine.position()
        if (at.command_offset, at.event_seq, at.event_hash) != (
            good.command_offset,
            good.event_seq,
            good.event_hash,
        ):
            raise ValueError("its state stands elsewhere than its mark says")
        return engine


def _marks(kept: KafkaKept) -> Iterator[Good]:
    """The marks, the newest first: looked for from the end on, for portions are large."""
    end = kept.next_offset
    width = 16
    while end > kept.first_offset:
        begin = max(kept.first_offset, end - width)
        found = [x for x in map(_read, _records(kept, begin, end)) if isinstance(x, Good)]
        yield from reversed(found)
        end, width = begin, width * 2


def _state(kept: KafkaKept, good: Good) -> bytes:
    """The state that a mark is about; raises ``ValueError`` where it is not whole."""
    parts: dict[int, bytes] = {}
    for record in _records(kept, max(good.begin, kept.first_offset), kept.next_offset):
        portion = _read(record)
        if isinstance(portion, Portion) and (portion.maker, portion.command_offset) == (
            good.maker,
            good.command_offset,
        ):
            parts[portion.index] = portion.data
        if len(parts) == good.portions:
            break
    state = b"".join(data for _, data in sorted(parts.items()))
    if _digest(state) != good.digest:
        raise ValueError(f"{len(parts)} of {good.portions} portions are there, or others")
    return state


def _records(kept: KafkaKept, begin: int, end: int) -> Iterator[LogRecord]:
    while begin < end:
        try:
            records = kept.read(begin, READ_BYTES)
        except JournalRange:
            return
        if not records:
            return
        yield from (record for record in records if record.offset < end)
        begin = records[-1].offset + 1


def _read(record: LogRecord) -> Portion | Good | None:
    found = _decoded(record)
    if found is None:
        log.error("record %d of the snapshots is none", record.offset)
    return found


def _decoded(record: LogRecord) -> Portion | Good | None:
    try:
        found: Portion | Good = _decoder.decode(record.batch)
    except msgspec.MsgspecError:
        return None
    return found


def _digest(state: bytes) -> bytes:
    return hashlib.blake2b(state, digest_size=DIGEST_BYTES).digest()
