"""The mark of a data directory: whether its last process stopped cleanly, and where the logs ended.

A log that was cut at the end of a commit looks whole.  Of a directory whose process stopped cleanly
the mark says where both logs ended, so that a shorter one is a loss and no crash.  It is taken back
(``running``), durably, before anything is appended again.

The mark carries the number and the birth of its own file.  A copy of the file has others: so a
directory that was copied, or put back from a backup, is known for one.  So is one of which the
commands log alone was put back, while what came behind it was still being written.
"""

import hashlib
from typing import Literal

import msgspec

NAME = "mark"
"""The file's name in the data directory."""
DIGEST_BYTES = 16


class MarkDamaged(Exception):
    """The file does not hold what was written to it."""


class End(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where a log ended."""

    journal_id: int
    last: int
    """Offset of its last record."""
    chain: int
    """The chain there."""


class Numbers(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Numbers up to which all may have been told; 0 where none was, or it is not known."""

    orders: int = 0
    """Orders that were given an id."""
    trades: int = 0
    events: int = 0
    """Sequence number of the last event."""
    time_ns: int = 0
    """Engine time of the last event, since the epoch, UTC."""

    def above(self, other: "Numbers") -> "Numbers":
        """The higher of each."""
        return Numbers(
            max(self.orders, other.orders),
            max(self.trades, other.trades),
            max(self.events, other.events),
            max(self.time_ns, other.time_ns),
        )


class Recovery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A recovery with a loss that was accepted, and was begun."""

    base: int
    """The last command batch that is kept."""
    numbers: Numbers
    """What was told: what follows goes on above it."""
    entries: tuple[tuple[int, int], ...]
    """The same for what each entry was told: its number, and that of the last event."""
    aside: int
    """The number in the names of the files that are put aside."""


class Mark(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What the file holds."""

    state: Literal["running", "stopped", "recovering"]
    era: int
    """The number of the era in which it was written."""
    commands: End
    """The commands log; where it ended, when stopped."""
    events: End
    """The events log."""
    numbers: Numbers = Numbers()
    """What had been told, when stopped."""
    raising: bool = False
    """The directory is a copy, and its numbers have not been raised yet."""
    recovery: Recovery | None = None
    inode: int = 0
    birth_ns: int = 0
    """Time of the file's own birth since the epoch; 0 where the file system does not tell."""
    commands_inode: int = 0
    commands_birth_ns: int = 0
    """The same of the commands log beside it; zeros where there was none, or it does not say."""

    def is_of(self, inode: int, birth_ns: int) -> bool:
        """Whether it was written into the file with this number and this birth."""
        return _same((self.inode, self.birth_ns), (inode, birth_ns))

    def is_beside(self, inode: int, birth_ns: int) -> bool:
        """Whether the commands log in that file is the one that its process went on to write.

        Where a process has stopped cleanly, what the log holds says more.
        """
        file = (self.commands_inode, self.commands_birth_ns)
        return self.state != "running" or not any(file) or _same(file, (inode, birth_ns))


def _same(one: tuple[int, int], other: tuple[int, int]) -> bool:
    """Whether two numbers and births are of one file.

    The number alone may change where a file system makes them up, and come again where one is
    filled anew; the birth of a file is that of no copy.
    """
    if one[1] and other[1]:
        return one[1] == other[1]
    return one[0] == other[0]


def encode(mark: Mark) -> bytes:
    """The file's content: a line of JSON, and one with its checksum."""
    body = msgspec.json.encode(mark)
    return body + b"\n" + _digest(body) + b"\n"


def decode(data: bytes) -> Mark:
    """Read it; raise ``MarkDamaged``."""
    body, _, digest = data.partition(b"\n")
    if digest.rstrip(b"\n") != _digest(body):
        raise MarkDamaged("its checksum is wrong")
    try:
        return msgspec.json.decode(body, type=Mark)
    except msgspec.MsgspecError as error:
        raise MarkDamaged(str(error)) from error


def _digest(body: bytes) -> bytes:
    return hashlib.blake2b(body, digest_size=DIGEST_BYTES).hexdigest().encode()
