"""Where the sessions' messages stand in the events log, in a file beside the snapshots.

Without it a start reads the whole events log to learn that.  It is no more than a shortcut: a file
that is missing, damaged, or about another log is passed over.  So it is not synced either: what a
loss of power leaves of it is known by its checksum.
"""

import hashlib
import logging
from collections.abc import Callable
from pathlib import Path

import msgspec

from core import JournalError, OrderEntry
from journal.port import Log

log = logging.getLogger("quantscope.gateway")

MAGIC = b"QSX1"
"""First bytes of the file, and the version of its layout."""
DIGEST_BYTES = 16


class Index(msgspec.Struct, frozen=True, array_like=True):
    """What is known of all event batches before ``next_offset``."""

    next_offset: int
    chain: int
    """Chain of the entry before ``next_offset``: it tells this log from any other."""
    sessions: list[tuple[int, list[tuple[int, int]]]]
    """Number of the entry, and its (message number, offset) pairs."""


class IndexFile:
    """The file at one path."""

    def __init__(self, path: Path) -> None:
        """It need not be there."""
        self._path = path

    def capture(self, order_entry: OrderEntry, events: Log) -> Callable[[], None]:
        """Take what is known now; what is returned writes it, once the events can be read."""
        next_offset, sessions = order_entry.index()

        def write() -> None:
            chain = events.read(next_offset - 1, 1)[0][2]
            body = msgspec.msgpack.encode(Index(next_offset, chain, sessions))
            partial = self._path.with_suffix(".partial")
            partial.write_bytes(MAGIC + _digest(body) + body)
            partial.rename(self._path)

        return write

    def restore(self, order_entry: OrderEntry, events: Log) -> int | None:
        """Take over what the file knows; the offset behind it, or None where it can't be used."""
        try:
            index = self._read()
            if events.read(index.next_offset - 1, 1)[0][2] != index.chain:
                raise ValueError("it is about other events")
            if not order_entry.restore_index(index.sessions):
                raise ValueError("it lacks a session")
        except FileNotFoundError:
            return None
        except (OSError, ValueError, IndexError, msgspec.MsgspecError, JournalError) as error:
            log.warning("%s is passed over: %s", self._path.name, error)
            return None
        order_entry.forget_before(events.first_offset)
        return index.next_offset

    def _read(self) -> Index:
        data = self._path.read_bytes()
        body = data[len(MAGIC) + DIGEST_BYTES :]
        if data[: len(MAGIC) + DIGEST_BYTES] != MAGIC + _digest(body):
            raise ValueError("its checksum is wrong")
        return msgspec.msgpack.decode(body, type=Index)


def _digest(body: bytes) -> bytes:
    return hashlib.blake2b(body, digest_size=DIGEST_BYTES).digest()
