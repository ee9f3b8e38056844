"""A data directory: whose it is, and what its files are called."""

import os
from pathlib import Path
from types import TracebackType

import core


class DataDirDamaged(Exception):
    """A file of the directory that does not hold what was written to it."""


class DataDir:
    """A directory that this process alone may use, until it is closed or the process ends.

    Raises ``DataDirLocked``, which names the process that has it.
    """

    def __init__(self, path: Path, lock: core.DataDirLock | None = None) -> None:
        """Take the directory; it is made if there is none."""
        self._lock = lock or core.DataDirLock(path)
        self.path = path

    @classmethod
    def at_rest(cls, path: Path) -> "DataDir":
        """Keep others out of a directory that is only looked at: nothing is made in it.

        Raises ``FileNotFoundError`` where it is none that an exchange has worked in.
        """
        if not path.is_dir():
            raise FileNotFoundError(f"there is no data directory {path}")
        directory = cls(path, core.DataDirLock.at_rest(path))
        if not directory.commands.is_file():
            directory.close()
            raise FileNotFoundError(f"{path} holds no journal: there is no {directory.commands}")
        return directory

    @property
    def commands(self) -> Path:
        """The log of commands."""
        return self.path / "commands.db"

    @property
    def events(self) -> Path:
        """The log of events."""
        return self.path / "events.db"

    @property
    def store(self) -> Path:
        """The store: orders, trades and fills."""
        return self.path / "store.db"

    @property
    def memory_store(self) -> Path:
        """The store of a journal in memory: of one run, and never that of the durable logs."""
        return self.path / "memory-store.db"

    @property
    def snapshots(self) -> Path:
        """The folder of snapshots."""
        return self.path / "snapshots"

    @property
    def session_index(self) -> Path:
        """Where the sessions' messages stand in the log of events, as of the newest snapshot."""
        return self.snapshots / "sessions.index"

    @property
    def era(self) -> int:
        """How often the end of the commands was lost here; sessions of one era know no other's."""
        try:
            text = self._era.read_bytes()
        except FileNotFoundError:
            return 0
        if not text.strip().isdigit():
            raise DataDirDamaged(f"{self._era} is damaged: it holds no number, but {text[:20]!r}")
        return int(text)

    def begin_era(self) -> int:
        """Count one more, durably."""
        following = self.era + 1
        partial = self._era.with_suffix(".partial")
        with partial.open("w") as file:
            file.write(f"{following}\n")
            file.flush()
            os.fsync(file.fileno())
        partial.rename(self._era)
        directory = os.open(self.path, os.O_RDONLY)
        try:
            os.fsync(directory)
        finally:
            os.close(directory)
        return following

    @property
    def _era(self) -> Path:
        return self.path / "era"

    def close(self) -> None:
        """Let go of the directory."""
        self._lock.close()

    def __enter__(self) -> "DataDir":
        """Hold it for a block."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Let go of it."""
        self.close()
