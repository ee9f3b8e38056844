"""What stands before a snapshot in its file: of which journal it is, and where in it.

# Layout
``MAGIC``, version, the fields of ``SnapshotHeader``, length of the snapshot (all little-endian), a
checksum over all of that and the snapshot's last bytes, which are its own checksum
(``crates/matching``).  The snapshot itself follows.  A file of an older version holds the snapshot
alone.
"""

import hashlib
import struct
from dataclasses import astuple, dataclass

MAGIC = b"QSES"
"""First bytes of a snapshot with a header."""
VERSION = 1
HEADER = struct.Struct("<4sI6QQ")
DIGEST_BYTES = 16
TAIL_BYTES = 16
"""Hash of the state and checksum, which end a snapshot."""
STATE = struct.Struct("<8Q")
"""The beginning of the state in a snapshot, behind magic, version and partition."""
STATE_AT = 10


class SnapshotDamaged(ValueError):
    """Bytes that are no snapshot, or not the one that was written."""


@dataclass(frozen=True)
class SnapshotHeader:
    """Of which journal a snapshot is, and where in it."""

    journal_id: int
    """Names the commands log."""
    era: int
    """Number of the era in which it was written."""
    command_offset: int
    """The last command batch that is in it."""
    chain: int
    """Chain of the commands log there."""
    event_seq: int
    """Number of the last event before it."""
    event_hash: int
    """Hash of the event batch that ends with it."""


@dataclass(frozen=True)
class Inside:
    """What a snapshot itself says: the position of its engine, and how much it has numbered."""

    command_offset: int
    event_seq: int
    event_hash: int
    time_ns: int
    orders: int
    trades: int


def encoded(header: SnapshotHeader, snapshot: bytes) -> bytes:
    """What stands before the snapshot."""
    packed = HEADER.pack(MAGIC, VERSION, *astuple(header), len(snapshot))
    return packed + _digest(packed, snapshot)


def split(data: bytes) -> tuple[SnapshotHeader | None, bytes]:
    """Header and snapshot of a file; no header where the file is of an older version.

    Raises ``SnapshotDamaged`` where the header is not whole, or not this snapshot's.
    """
    if data[: len(MAGIC)] != MAGIC:
        return None, data
    body = data[HEADER.size + DIGEST_BYTES :]
    if len(data) < HEADER.size + DIGEST_BYTES:
        raise SnapshotDamaged("it is cut short")
    _, version, *fields, length = HEADER.unpack_from(data)
    if data[HEADER.size : HEADER.size + DIGEST_BYTES] != _digest(data[: HEADER.size], body):
        raise SnapshotDamaged("its checksum does not match its bytes")
    if version != VERSION:
        raise SnapshotDamaged(f"its header is of version {version}, and {VERSION} is known")
    if length != len(body):
        raise SnapshotDamaged(f"it holds {len(body)} bytes of {length}")
    return SnapshotHeader(*fields), body


def inside(snapshot: bytes) -> Inside:
    """Read where a snapshot stands, without restoring it."""
    if len(snapshot) < STATE_AT + STATE.size:
        raise SnapshotDamaged("it is cut short")
    offset, seq, hashed, time_ns, _commands, _batches, orders, trades = STATE.unpack_from(
        snapshot, STATE_AT
    )
    return Inside(offset, seq, hashed, time_ns, orders, trades)


def _digest(header: bytes, snapshot: bytes) -> bytes:
    tail = snapshot[-TAIL_BYTES:]
    return hashlib.blake2b(header + tail, digest_size=DIGEST_BYTES).digest()
