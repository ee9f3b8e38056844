"""Snapshots of the engine: files in the data directory, the newest good one first.

A file is whole or absent: it is written beside its name, synced, read back and renamed.  It says
what it is (version, checksum, position, state hash) in its own bytes, which ``core.Engine`` writes
and checks.  Only a snapshot that is known to be good counts, for what is restored, for what is kept
and for what the journal may delete: one that was read back when it was written, or checked at the
start.
"""

import logging
import os
import pathlib
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from core import Engine

log = logging.getLogger("quantscope.engine")

SUFFIX = ".snapshot"
NAME = re.compile(r"(\d{20})\.snapshot")


@dataclass(frozen=True)
class Judged:
    """A snapshot file, by the offset of its last command: its state's hash, or what is wrong."""

    path: pathlib.Path
    offset: int
    state_hash: int = 0
    fault: ValueError | OSError | None = None


class Snapshots:
    """The snapshot files of one data directory; what else lies in their folder is left alone."""

    def __init__(self, directory: pathlib.Path, kept: int) -> None:
        """``kept`` good snapshots stay, at least two: a fault in one must not be the end."""
        self._directory = directory
        self._kept = kept
        self._good: set[int] = set()

    # -- which are good ----------------------------------------------------------------------

    def judge(self) -> Iterator[Judged]:
        """Read every snapshot, the newest first, and hold its checksum to its bytes."""
        for path in sorted(self._directory.glob(f"*{SUFFIX}"), reverse=True):
            named = NAME.fullmatch(path.name)
            if named is None:
                continue
            offset = int(named[1])
            try:
                yield Judged(path, offset, state_hash=Engine.hash_of(path.read_bytes()))
            except (OSError, ValueError) as error:
                yield Judged(path, offset, fault=error)

    def check(self) -> None:
        """Find out which are good; those that are damaged are put aside."""
        self._good.clear()
        for found in list(self.judge()):
            if found.fault is None:
                self._good.add(found.offset)
            elif isinstance(found.fault, OSError):
                log.error("snapshot %s can't be read: %s", found.path.name, found.fault)
            else:
                aside = found.path.with_suffix(".damaged")
                found.path.rename(aside)
                log.error(
                    "snapshot %s is damaged: %s; it was put aside as %s",
                    found.path.name,
                    found.fault,
                    aside.name,
                )

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
                log.error("snapshot %s can't be used: %s", self._path(offset).name, error)

    def restore(self, offset: int) -> Engine:
        """The engine of one snapshot; ValueError where these rules can't restore it."""
        return Engine.restore(self._path(offset).read_bytes())

    # -- what is written and removed ---------------------------------------------------------

    def write(self, command_offset: int, data: bytes) -> None:
        """Write one snapshot durably, read it back, and delete the good ones that are too old."""
        self._directory.mkdir(parents=True, exist_ok=True)
        path = self._path(command_offset)
        partial = path.with_suffix(".partial")
        with partial.open("w+b") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
            # What the disk holds is asked for, not what memory does.
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
            file.seek(0)
            if file.read() != data:
                raise OSError(f"{partial}: the disk does not hold what was written")
        partial.rename(path)
        directory = os.open(self._directory, os.O_RDONLY)
        try:
            os.fsync(directory)
        finally:
            os.close(directory)
        self._good.add(command_offset)
        for old in self.offsets()[self._kept :]:
            self._path(old).unlink(missing_ok=True)
            self._good.discard(old)

    def put_aside_after(self, last: int) -> int:
        """Rename the snapshots of later commands than ``last``: others may get those offsets."""
        ahead = [offset for offset in self.offsets() if offset > last]
        for offset in ahead:
            path = self._path(offset)
            path.rename(path.with_suffix(".ahead"))
            self._good.discard(offset)
        return len(ahead)

    def _path(self, offset: int) -> pathlib.Path:
        return self._directory / f"{offset:020d}{SUFFIX}"
