"""A data directory: whose it is, what its files are called, and whether it is still there."""

import contextlib
import os
import secrets
from pathlib import Path
from types import TracebackType
from typing import NamedTuple

import msgspec

import core
from journal import mark as marks
from journal import names
from journal.folder import PARTIAL, Folder, read_at, write_at
from journal.mark import Mark, MarkDamaged


class DataDirDamaged(Exception):
    """A file of the directory that does not hold what was written to it."""


class DataDirLost(Exception):
    """The directory is gone, or another stands in its place: whoever had it has to end."""


STORE_NAME = "store.db"
"""The store's file in a data directory."""


SECONDS_DIGITS = 12
"""Of a time in seconds: enough for 30,000 years."""


class Era(NamedTuple):
    """A time of a data directory; sessions of one era know no other's.

    The nonce tells the eras of two copies that begin one each.  The first era has none.
    """

    number: int
    nonce: str = ""

    def __str__(self) -> str:
        """As session ids are made from it."""
        return f"{self.number}.{self.nonce}" if self.nonce else str(self.number)


class DataDir:
    """A directory that this process alone may use, until it is closed or the process ends.

    Raises ``DataDirLocked``, which names the process that has it, and ``OSError`` for what is no
    directory.
    """

    def __init__(self, path: Path, lock: core.DataDirLock | None = None) -> None:
        """Take the directory; it is made if there is none."""
        self._lock = lock or core.DataDirLock(path)
        self.path = path
        self._files: dict[str, core.FileIdentity] = {}

    @classmethod
    def at_rest(cls, path: Path) -> "DataDir":
        """Keep others out of a directory that is only looked at: nothing is made in it.

        Raises ``FileNotFoundError`` where it is none that an exchange has worked in.
        """
        if not path.is_dir() and not path.is_symlink() and not path.exists():
            raise FileNotFoundError(f"there is no data directory {path}")
        directory = cls(path, core.DataDirLock.at_rest(path))
        kept = (directory.commands, directory.events, directory.store, path / marks.NAME)
        if (
            not directory.misplaced()
            and not any(file.exists() for file in kept)
            and not directory.snapshot_folder.names()
        ):
            directory.close()
            raise FileNotFoundError(f"{path} holds no journal: there is no {directory.commands}")
        return directory

    # -- files -------------------------------------------------------------------------------

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
        return self.path / STORE_NAME

    @property
    def memory_store(self) -> Path:
        """The store of a journal in memory: of one run, and never that of the durable logs."""
        return self.path / "memory-store.db"

    @property
    def snapshots(self) -> Path:
        """The folder of snapshots, and of the index of the sessions."""
        return self.path / "snapshots"

    @property
    def snapshot_folder(self) -> Folder:
        """The same, by this directory's descriptor."""
        return Folder(Path("snapshots"), self._lock.fd())

    def misplaced(self) -> str:
        """The first name under which something else stands than belongs there; empty for none."""
        return names.misplaced(self._lock.fd())

    # -- whether it is still there -----------------------------------------------------------

    def check(self) -> None:
        """Raise ``DataDirLost`` unless the path leads here, and the lock here is the one held."""
        what = self._lost()
        if what is not None:
            raise DataDirLost(f"{what}: this server ends, and touches nothing there")

    def hold(self, *names: str) -> None:
        """From now on these files are looked at too: whoever writes them would write for nobody."""
        for name in names:
            found = self._lock.identity(name)
            if found is not None:
                self._files[name] = found

    def missing(self) -> str | None:
        """Which of the files that are held is gone or another, in a sentence."""
        for name, held in self._files.items():
            found = self._lock.identity(name)
            if found is None:
                return f"{self.path / name} is gone"
            if (found.device, found.inode) != (held.device, held.inode):
                return f"{self.path / name} is another file now"
        return None

    def _lost(self) -> str | None:
        return self._lock.lost()

    # -- the era -----------------------------------------------------------------------------

    @property
    def era(self) -> Era:
        """The era in force; sessions of one era know no other's."""
        try:
            text = read_at(self._lock.fd(), "era")
        except FileNotFoundError:
            return Era(0)
        number, _, nonce = text.decode("ascii", "replace").strip().partition(" ")
        if not number.isdigit() or (nonce and not nonce.isalnum()):
            raise DataDirDamaged(
                f"{self.path / 'era'} is damaged: it holds no number, but {text[:20]!r}; move it "
                "away: sessions then get new ids"
            )
        return Era(int(number), nonce)

    def begin_era(self, above: int = 0) -> Era:
        """Count one more than the era in force, and than ``above``, durably."""
        following = Era(max(self.era.number, above) + 1, secrets.token_hex(8))
        write_at(self._lock.fd(), "era", f"{following.number} {following.nonce}\n".encode())
        return following

    # -- resets by the clock -------------------------------------------------------------------

    def read_reset(self) -> int | None:
        """When sessions were to be reset last and were, in seconds since 1970; None for unknown."""
        try:
            text = read_at(self._lock.fd(), "reset")
        except FileNotFoundError:
            return None
        seconds = text.strip()
        if not seconds.isdigit() or len(seconds) > SECONDS_DIGITS:
            raise DataDirDamaged(
                f"{self.path / 'reset'} is damaged: it holds no time, but {text[:20]!r}; move it "
                "away: sessions are then reset by the clock from the next time on"
            )
        return int(seconds)

    def write_reset(self, seconds: int) -> None:
        """They were reset that were to be at this time, durably."""
        write_at(self._lock.fd(), "reset", f"{seconds}\n".encode())

    # -- the mark ----------------------------------------------------------------------------

    def read_mark(self) -> Mark | None:
        """What the last process left; None where none did.  Raises ``MarkDamaged``."""
        try:
            return marks.decode(read_at(self._lock.fd(), marks.NAME))
        except FileNotFoundError:
            return None

    def is_copy(self, mark: Mark) -> bool:
        """Whether it, or the commands log beside it, stands in another file than when written."""
        found, log = self._lock.identity(marks.NAME), self._lock.identity(self.commands.name)
        return (found is not None and not mark.is_of(found.inode, found.birth_ns)) or (
            log is not None and not mark.is_beside(log.inode, log.birth_ns)
        )

    def write_mark(self, mark: Mark) -> None:
        """Write a mark, which names the file that it stands in and the log beside it, durably."""
        folder, partial = self._lock.fd(), marks.NAME + PARTIAL
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
        with contextlib.suppress(FileNotFoundError):
            os.unlink(partial, dir_fd=folder)
        os.close(os.open(partial, flags, 0o644, dir_fd=folder))
        found = self._lock.identity(partial)
        if found is None:
            raise OSError(f"{self.path / partial} is gone while it is written")
        log = self._lock.identity(self.commands.name)
        mark = msgspec.structs.replace(
            mark,
            inode=found.inode,
            birth_ns=found.birth_ns,
            commands_inode=0 if log is None else log.inode,
            commands_birth_ns=0 if log is None else log.birth_ns,
        )
        write_at(folder, marks.NAME, marks.encode(mark))

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


__all__ = ["DataDir", "DataDirDamaged", "DataDirLost", "Era", "MarkDamaged"]
