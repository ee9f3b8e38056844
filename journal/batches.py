"""The head of an event batch, as ``crates/wire`` lays it out (``EventBatchHeader``)."""

import struct
from typing import NamedTuple

HEADER = struct.Struct("<4sIHH?QHIQQQIQ")
HASH_BYTES = 8


class Head(NamedTuple):
    """What stands before the events of a batch, and the hash behind them."""

    part: int
    """Place among the event batches of its command batch, from 0."""
    last: bool
    """Whether it is the last of them."""
    command_offset: int
    """The command batch that made it."""
    time_ns: int
    """Engine time."""
    first_seq: int
    events: int
    """How many events it holds."""
    previous_hash: int
    hash: int

    @property
    def last_seq(self) -> int:
        """Number of the last event up to here."""
        return self.first_seq + self.events - 1


def head(batch: bytes) -> Head:
    """Read it; the hash is not held to the bytes."""
    _, _, _, part, last, command, _, _, _, time_ns, first_seq, count, previous = HEADER.unpack_from(
        batch
    )
    hashed = int.from_bytes(batch[-HASH_BYTES:], "little")
    return Head(part, last, command, time_ns, first_seq, count, previous, hashed)
