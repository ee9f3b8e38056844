"""Where the sessions' messages stand in the events log, in a file beside the snapshots.

Without it a start reads the whole events log to learn that.  It is no more than a shortcut: a file
that is missing, damaged, or about another log is passed over.  What it knows of the journal is
proof all the same that the journal reached so far.
"""

import hashlib
import logging
from collections.abc import Callable, Iterable

import msgspec

from core import JournalError, OrderEntry, event_head
from gateway.retention import NONE_KEPT, first_command
from journal.folder import Folder
from journal.port import Log

log = logging.getLogger("quantscope.gateway")

NAME = "sessions.index"
MAGIC = b"QSX4"
"""First bytes of the file, and the version of its layout."""
DIGEST_BYTES = 16


class Index(msgspec.Struct, frozen=True, array_like=True):
    """What is known of all event batches before ``next_offset``."""

    journal_id: int
    """Names the commands log."""
    era: int
    command_offset: int
    """The command batch that made the last of them."""
    command_chain: int
    """Chain of the commands log there."""
    next_offset: int
    chain: int
    """Chain of the events log before ``next_offset``: it tells this log from any other."""
    entries: int
    """The highest number of an entry that there was: later ones have no message before that."""
    sessions: list[tuple[int, list[tuple[int, int]]]]
    """Number of the entry, and its (message number, command offset) pairs."""


class IndexFile:
    """The file in the folder of snapshots."""

    def __init__(self, folder: Folder) -> None:
        """It need not be there."""
        self._folder = folder

    def capture(
        self, order_entries: Iterable[OrderEntry], commands: Log, events: Log, era: int
    ) -> Callable[[], None]:
        """Take what is known now; what is returned writes it, once the events can be read.

        All of them have seen the same events.
        """
        parts = [order_entry.index() for order_entry in order_entries]
        known = parts[0]

        def write() -> None:
            last = events.read(known.next_offset - 1, 1)[0]
            command = event_head(last.batch).command_offset
            index = Index(
                journal_id=commands.journal_id,
                era=era,
                command_offset=command,
                command_chain=commands.read(command, 1)[0].chain,
                next_offset=known.next_offset,
                chain=last.chain,
                entries=known.entries,
                sessions=[row for part in parts for row in part.sessions],
            )
            body = msgspec.msgpack.encode(index)
            self._folder.write(NAME, MAGIC + _digest(body) + body)

        return write

    def restore(
        self, order_entries: Iterable[OrderEntry], commands: Log, events: Log
    ) -> int | None:
        """Take over what the file knows; the offset behind it, or None where it can't be used."""
        try:
            index = self.read()
            if index.journal_id != commands.journal_id:
                raise ValueError("it is of another journal")
            if events.read(index.next_offset - 1, 1)[0].chain != index.chain:
                raise ValueError("it is about other events")
            for order_entry in order_entries:
                if not order_entry.restore_index(index.entries, index.sessions):
                    raise ValueError("it lacks a session")
        except FileNotFoundError:
            return None
        except (OSError, ValueError, IndexError, msgspec.MsgspecError, JournalError) as error:
            log.warning("%s is passed over: %s", NAME, error)
            for order_entry in order_entries:
                order_entry.forget_before(NONE_KEPT)
            return None
        first = first_command(events)
        for order_entry in order_entries:
            order_entry.forget_before(first)
        return index.next_offset

    def read(self) -> Index:
        """What it holds.

        Raises ``FileNotFoundError`` where there is none, ``ValueError``, ``OSError`` and
        ``msgspec.MsgspecError`` where it can't be used.
        """
        data = self._folder.read(NAME)
        body = data[len(MAGIC) + DIGEST_BYTES :]
        if data[: len(MAGIC)] != MAGIC:
            raise ValueError("it is of another version")
        if data[len(MAGIC) : len(MAGIC) + DIGEST_BYTES] != _digest(body):
            raise ValueError("its checksum is wrong")
        return msgspec.msgpack.decode(body, type=Index)


def _digest(body: bytes) -> bytes:
    return hashlib.blake2b(body, digest_size=DIGEST_BYTES).digest()
