"""Snapshots of the engine: files in the data directory, the newest good one first.

A file is whole or absent: it is written beside its name, synced and renamed.  It says what it is
(version, checksum, position, state hash) in its own bytes, which ``core.Engine`` writes and checks.
"""

import logging
import os
import pathlib
from collections.abc import Iterator

from core import Engine

log = logging.getLogger("quantscope.engine")

SUFFIX = ".snapshot"


class Snapshots:
    """The snapshot files of one data directory."""

    def __init__(self, directory: pathlib.Path, kept: int) -> None:
        """``kept`` good snapshots stay, at least two: a fault in one must not be the end."""
        self._directory = directory
        self._kept = kept

    def write(self, command_offset: int, data: bytes) -> None:
        """Write one snapshot durably, and delete those that are too old."""
        self._directory.mkdir(parents=True, exist_ok=True)
        path = self._directory / f"{command_offset:020d}{SUFFIX}"
        partial = path.with_suffix(".partial")
        with partial.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        partial.rename(path)
        directory = os.open(self._directory, os.O_RDONLY)
        try:
            os.fsync(directory)
        finally:
            os.close(directory)
        for old in self._paths()[self._kept :]:
            old.unlink()

    def _paths(self) -> list[pathlib.Path]:
        return sorted(self._directory.glob(f"*{SUFFIX}"), reverse=True)

    def offsets(self) -> list[int]:
        """Command offsets of the snapshots, the newest first."""
        return [int(path.name.removesuffix(SUFFIX)) for path in self._paths()]

    def retention_offset(self) -> int:
        """Commands up to this offset are in the second newest snapshot; 0 where there is none."""
        offsets = self.offsets()
        return offsets[1] if len(offsets) > 1 else 0

    def put_aside_after(self, last: int) -> int:
        """Rename the snapshots of later commands than ``last``: others may get those offsets."""
        ahead = [path for path in self._paths() if int(path.name.removesuffix(SUFFIX)) > last]
        for path in ahead:
            path.rename(path.with_suffix(".ahead"))
        return len(ahead)

    def good(self) -> Iterator[Engine]:
        """Engines restored from the snapshots that can be read, the newest first."""
        for path in self._paths():
            try:
                yield Engine.restore(path.read_bytes())
            except (OSError, ValueError) as error:
                log.error("snapshot %s can't be used: %s", path.name, error)

    def oldest(self) -> Engine | None:
        """The engine of the oldest good snapshot, for a replay of all that is kept."""
        return next(iter(list(self.good())[::-1]), None)
