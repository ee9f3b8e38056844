"""Snapshots of the engine: files in the data directory, the newest good one first.

A file is whole or absent: it is written beside its name, synced, read back and renamed.  It says
what it is (version, checksum, position, state hash) in its own bytes, which ``core.Engine`` writes
and checks, and before them of which journal it is (``snapshot_header``).  Only a snapshot that is
known to be good, and of this journal, counts, for what is restored, for what is kept and for what
the journal may delete: one that was read back when it was written, or accepted at the start.
"""

import logging
import re
import threading
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from core import Engine
from engine.snapshot_header import Inside, SnapshotHeader, encoded, inside, split
from journal.folder import PARTIAL, Folder

log = logging.getLogger("quantscope.engine")

SUFFIX = ".snapshot"
NAME = re.compile(r"(\d{20})\.snapshot")


@dataclass(frozen=True)
class Judged:
    """A snapshot file, by the offset of its name: what it says of itself, or what is wrong."""

    name: str
    offset: int
    state_hash: int = 0
    header: SnapshotHeader | None = None
    inside: Inside | None = None
    fault: ValueError | OSError | None = None


class Snapshots:
    """The snapshot files of one data directory; what else lies in their folder is left alone."""

    def __init__(self, folder: Folder | Path, kept: int) -> None:
        """``kept`` good snapshots stay, at least two: a fault in one must not be the end."""
        self._folder = Folder(folder) if isinstance(folder, Path) else folder
        self._kept = kept
        self._good: set[int] = set()
        self._writing = threading.Lock()

    # -- which are good ----------------------------------------------------------------------

    def judge(self) -> Iterator[Judged]:
        """Read every snapshot, the newest first, and hold its checksums to its bytes."""
        for name in reversed(self._folder.names()):
            named = NAME.fullmatch(name)
            if named is not None:
                yield self._judged(name, int(named[1]))

    def _judged(self, name: str, offset: int) -> Judged:
        try:
            header, snapshot = split(self._folder.read(name))
            state_hash, said = Engine.hash_of(snapshot), inside(snapshot)
            if said.command_offset != offset:
                raise ValueError(f"it is of command batch {said.command_offset}")
        except (OSError, ValueError) as error:
            return Judged(name, offset, fault=error)
        return Judged(name, offset, state_hash, header, said)

    def accept(self, offsets: Iterable[int]) -> None:
        """From now on these are the good ones."""
        self._good = set(offsets)

    def put_aside(self, name: str, ending: str) -> str:
        """Rename a file that is none of the good ones; its new name."""
        aside = name.removesuffix(SUFFIX) + ending
        self._folder.rename(name, aside)
        return aside

    def offsets(self) -> list[int]:
        """Command offsets of the good snapshots, the newest first."""
        return sorted(self._good, reverse=True)

    def retention_offset(self) -> int:
        """Commands up to this are in the second newest good snapshot; 0 where there is none."""
        offsets = self.offsets()
        return offsets[1] if len(offsets) > 1 else 0

    def engines(self, offsets: Iterable[int] | None = None) -> Iterator[Engine]:
        """Engines restored from the good snapshots: those named, or all, the newest first."""
        for offset in self.offsets() if offsets is None else offsets:
            try:
                yield self.restore(offset)
            except (OSError, ValueError) as error:
                self._good.discard(offset)
                log.error("snapshot %s can't be used: %s", _name(offset), error)

    def restore(self, offset: int) -> Engine:
        """The engine of one snapshot; ValueError where these rules can't restore it."""
        return Engine.restore(split(self._folder.read(_name(offset)))[1])

    def restored(self, found: Judged) -> Engine:
        """The engine of one that was judged; raises as ``restore`` does."""
        return self.restore(found.offset)

    # -- what is written and removed ---------------------------------------------------------

    def write(self, header: SnapshotHeader, snapshot: bytes) -> None:
        """Write one snapshot durably, read it back, and delete the good ones that are too old."""
        with self._writing:
            self._folder.write(_name(header.command_offset), encoded(header, snapshot), snapshot)
            self._good.add(header.command_offset)
            for old in self.offsets()[self._kept :]:
                self._folder.remove(_name(old))
                self._good.discard(old)

    def clean(self) -> None:
        """Remove what writers have left that died before they were done."""
        for name in self._folder.names():
            if name.endswith(PARTIAL):
                self._folder.remove(name)


def _name(offset: int) -> str:
    return f"{offset:020d}{SUFFIX}"
