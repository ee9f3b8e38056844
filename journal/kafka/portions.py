"""States in a topic: in portions, and marked good once they were read back."""

import asyncio
import hashlib
import logging
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import msgspec

from core import JournalRange, LogRecord
from journal.kafka.appender import Appender
from journal.kafka.bases import NEW, PLAIN, Bases
from journal.kafka.clients import Clients
from journal.kafka.control import Journal
from journal.kafka.kept import KafkaKept

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
    """Who made it."""
    journal: Journal
    """Which journal it is of."""
    command_offset: int
    """The command behind which it stands."""
    event_seq: int
    """Number of the last event up to there."""
    event_hash: int
    """Hash of the last event batch up to there."""
    begin: int
    """The offset from which on its portions stand, others' between them."""
    portions: int
    digest: bytes
    """BLAKE2b over all of them, 16 bytes."""
    state_hash: int = 0
    """An engine's own hash of its state."""
    first_needed: int = 0
    """The oldest command whose events the sessions of a checkpoint need."""
    command_hash: int = 0
    """Hash of the command batch behind which it stands; 0 where it does not say."""


@dataclass(frozen=True)
class Description:
    """What is said of a state that is written down."""

    maker: str
    journal: Journal
    command_offset: int
    event_seq: int
    event_hash: int
    state_hash: int = 0
    first_needed: int = 0
    command_hash: int = 0


class Marked(NamedTuple):
    """A mark, and when it was made."""

    good: Good
    append_ns: int
    """By Kafka's clock, in ns since the epoch, UTC."""


_decoder = msgspec.msgpack.Decoder(Portion | Good)


class Portions:
    """All states that one topic holds."""

    def __init__(
        self, clients: Clients, topic: str, *, deadline_s: float, bases: Bases = NEW
    ) -> None:
        """``deadline_s`` is how long a record of one may take to be there.

        ``bases`` say which places were lost: a state behind such a one is none.
        """
        self._clients = clients
        self._topic = topic
        self._deadline_s = deadline_s
        self._bases = bases

    @property
    def topic(self) -> str:
        """Where they are."""
        return self._topic

    async def write(self, what: Description, state: bytes, begin: int) -> Good:
        """Publish a state; ``begin`` is an offset of the topic before it, as ``end`` gives it.

        It counts once it was read back and marked.  Raises ``AppendFailed``, ``JournalError``, and
        ``ValueError`` where another state is read than was written.
        """
        portions = [
            Portion(what.maker, what.command_offset, index, state[first : first + PORTION_BYTES])
            for index, first in enumerate(range(0, len(state), PORTION_BYTES))
        ]
        good = Good(
            maker=what.maker,
            journal=what.journal,
            command_offset=what.command_offset,
            event_seq=what.event_seq,
            event_hash=what.event_hash,
            begin=begin,
            portions=len(portions),
            digest=_digest(state),
            state_hash=what.state_hash,
            first_needed=what.first_needed,
            command_hash=what.command_hash,
        )
        encode = msgspec.msgpack.encode
        async with Appender(self._clients, self._topic, deadline_s=self._deadline_s) as out:
            for portion in portions:
                await out.append([encode(portion)])
            await asyncio.to_thread(self.check, good)
            await out.append([encode(good)])
        return good

    def check(self, good: Good) -> None:
        """Read a state back; it blocks.  Raises ``ValueError`` where it is not what was written."""
        with self.kept() as kept:
            state_of(kept, good)

    def end(self) -> int:
        """The offset behind all that is there; it blocks.  Raises ``JournalError``."""
        with self.kept() as kept:
            return kept.next_offset

    def newest(self, count: int) -> list[Marked]:
        """The newest marks, the newest first; it blocks."""
        with self.kept() as kept:
            return [marked for marked, _ in zip(self.marks(kept), range(count), strict=False)]

    def marks(self, kept: KafkaKept) -> Iterator[Marked]:
        """The marks that count, the newest first."""
        return (
            marked for marked in marks_of(kept) if not self._bases.lost(marked.good.command_offset)
        )

    def kept(self) -> KafkaKept:
        """The topic, to be entered."""
        return KafkaKept(self._clients, self._topic, bases=PLAIN)


def marks_of(kept: KafkaKept) -> Iterator[Marked]:
    """The marks, the newest first: looked for from the end on, for portions are large."""
    end = kept.next_offset
    width = 16
    while end > kept.first_offset:
        begin = max(kept.first_offset, end - width)
        found = [
            Marked(said, record.append_ns)
            for record in records_of(kept, begin, end)
            if isinstance(said := _read(record), Good)
        ]
        yield from reversed(found)
        end, width = begin, width * 2


def state_of(kept: KafkaKept, good: Good) -> bytes:
    """The state that a mark is about; raises ``ValueError`` where it is not whole."""
    parts: dict[int, bytes] = {}
    for record in records_of(kept, max(good.begin, kept.first_offset), kept.next_offset):
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


def records_of(kept: KafkaKept, begin: int, end: int) -> Iterator[LogRecord]:
    """The records from one offset up to another."""
    while begin < end:
        try:
            records = kept.read(begin, READ_BYTES)
        except JournalRange:
            if begin >= kept.first_offset:
                return
            # The oldest was deleted meanwhile.
            begin = kept.first_offset
            continue
        if not records:
            return
        yield from (record for record in records if record.offset < end)
        begin = records[-1].offset + 1


def _read(record: LogRecord) -> Portion | Good | None:
    found = read_record(record)
    if found is None:
        log.error("record %d of a topic of states is none", record.offset)
    return found


def read_record(record: LogRecord) -> Portion | Good | None:
    """What a record says; None where it says nothing of this kind."""
    try:
        found: Portion | Good = _decoder.decode(record.batch)
    except msgspec.MsgspecError:
        return None
    return found


def _digest(state: bytes) -> bytes:
    return hashlib.blake2b(state, digest_size=DIGEST_BYTES).digest()
