"""What of a FIX session outlives its connections: the numbers of both sides and what was sent.

``MemoryStore`` lives as long as its program.  ``FileStore`` appends to a file, without ``fsync``:
what was written is there after ``kill -9``, and may be lost with the machine, after which the other
side asks for what it lacks, or a reset is needed.

Messages are kept from the oldest of the last ``kept_max`` on; for older ones, when the other side
asks, a GapFill stands.
"""

import os
import re
from collections import OrderedDict
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol, Self

KEPT_MAX = 100_000
_LINE = re.compile(rb"(in|out|admin) (\d{1,18})(?: (\d{1,9}))?\n")
_LINE_BYTES_MAX = 40


class Store(Protocol):
    """The numbers of a session and the application messages that were sent."""

    @property
    def next_in(self) -> int:
        """The number that is expected."""

    @property
    def next_out(self) -> int:
        """The number of what is sent next."""

    def sent(self, message: bytes | None) -> None:
        """The next number is this message's; ``None`` for one that is never sent again."""

    def received(self, next_in: int) -> None:
        """All before this number is done with."""

    def message(self, number: int) -> bytes | None:
        """An application message that was sent, if it is kept."""

    def reset(self) -> None:
        """Numbers begin anew, with 1 on both sides."""


class MemoryStore:
    """Kept in memory."""

    def __init__(self, kept_max: int = KEPT_MAX) -> None:
        """A session that has never been."""
        self.next_in = self.next_out = 1
        self._kept_max = kept_max
        self._messages: OrderedDict[int, bytes] = OrderedDict()

    def sent(self, message: bytes | None) -> None:
        """The next number is this message's."""
        if message is not None:
            self._messages[self.next_out] = message
            if len(self._messages) > self._kept_max:
                self._messages.popitem(last=False)
        self.next_out += 1

    def received(self, next_in: int) -> None:
        """All before this number is done with."""
        self.next_in = next_in

    def message(self, number: int) -> bytes | None:
        """An application message that was sent, if it is kept."""
        return self._messages.get(number)

    def kept(self) -> Iterator[tuple[int, bytes]]:
        """The messages that are kept, oldest first."""
        return iter(self._messages.items())

    def reset(self) -> None:
        """Numbers begin anew."""
        self.next_in = self.next_out = 1
        self._messages.clear()


class FileStore:
    """Kept in a file, which belongs to one session and is open to one client at a time.

    Each change is a line, behind which a message stands: ``in NEXT``, ``out NUMBER BYTES`` or
    ``admin NUMBER``.  A last one that is cut short was never sent, and is cut off.  Opening writes
    the file anew, without what no longer matters.
    """

    def __init__(self, path: str | os.PathLike[str], kept_max: int = KEPT_MAX) -> None:
        """Go on where the file ends; one that is not there is made."""
        self._path = Path(path)
        self._memory = MemoryStore(kept_max)
        if self._path.exists():
            self._replay(self._path.read_bytes())
        self._rewrite()

    def __enter__(self) -> Self:
        """Itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the file."""
        self.close()

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    @property
    def next_in(self) -> int:
        """The number that is expected."""
        return self._memory.next_in

    @property
    def next_out(self) -> int:
        """The number of what is sent next."""
        return self._memory.next_out

    def sent(self, message: bytes | None) -> None:
        """The next number is this message's, also for whoever opens the file next."""
        self._append(_sent(self._memory.next_out, message))
        self._memory.sent(message)

    def received(self, next_in: int) -> None:
        """All before this number is done with."""
        self._append(b"in %d\n" % next_in)
        self._memory.received(next_in)

    def message(self, number: int) -> bytes | None:
        """An application message that was sent, if it is kept."""
        return self._memory.message(number)

    def reset(self) -> None:
        """Numbers begin anew: the file does, too."""
        self._file.close()
        self._memory.reset()
        self._rewrite()

    def _append(self, data: bytes) -> None:
        while data:
            data = data[self._file.write(data) :]

    def _replay(self, data: bytes) -> None:
        at = 0
        while (line := _LINE.match(data, at, at + _LINE_BYTES_MAX)) is not None:
            kind, number, size = line[1], int(line[2]), int(line[3] or 0)
            if line.end() + size > len(data):
                break
            at = line.end() + size
            if kind == b"in":
                self._memory.received(number)
                continue
            self._memory.next_out = number
            self._memory.sent(data[line.end() : at] if kind == b"out" else None)

    def _rewrite(self) -> None:
        """Write what matters into a file of its own, which then takes the place of the other."""
        memory = self._memory
        fresh = self._path.with_name(f"{self._path.name}.new")
        with fresh.open("wb") as file:
            file.write(b"in %d\n" % memory.next_in)
            for number, message in memory.kept():
                file.write(_sent(number, message))
            if memory.next_out > 1 and memory.message(memory.next_out - 1) is None:
                file.write(_sent(memory.next_out - 1, None))
        fresh.replace(self._path)
        self._file = self._path.open("ab", buffering=0)


def _sent(number: int, message: bytes | None) -> bytes:
    if message is None:
        return b"admin %d\n" % number
    return b"out %d %d\n%b" % (number, len(message), message)
