"""A data directory: whose it is, and what its files are called."""

from pathlib import Path
from types import TracebackType

import core


class DataDir:
    """A directory that this process alone may use, until it is closed or the process ends.

    Raises ``DataDirLocked``, which names the process that has it.
    """

    def __init__(self, path: Path) -> None:
        """Take the directory; it is made if there is none."""
        self._lock = core.DataDirLock(path)
        self.path = path

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
    def snapshots(self) -> Path:
        """The folder of snapshots."""
        return self.path / "snapshots"

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
