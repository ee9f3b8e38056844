"""The directory of a cluster: what its programs keep, and that one supervisor has it."""

import contextlib
import fcntl
import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from supervisor.failure import Failure


@dataclass(frozen=True)
class Directory:
    """What lies where."""

    path: Path
    lock: int
    """The descriptor of the lock.  Programs inherit it, and so it is held until all have ended."""

    @property
    def kafka(self) -> Path:
        """The broker's."""
        return self.path / "kafka"

    @property
    def redis(self) -> Path:
        """The file of Redis."""
        return self.path / "redis"

    @property
    def archive(self) -> Path:
        """The store of the archive."""
        return self.path / "archive"

    @property
    def prometheus(self) -> Path:
        """Its configuration, and what it has collected."""
        return self.path / "prometheus"

    @classmethod
    @contextlib.contextmanager
    def taken(cls, path: Path) -> Iterator["Directory"]:
        """Take a directory, which is made if there is none; raises ``Failure``."""
        try:
            path.mkdir(parents=True, exist_ok=True)
            lock = os.open(path / "lock", os.O_RDWR | os.O_CREAT, 0o644)
        except OSError as error:
            raise Failure(f"{path}: {error.strerror}") from error
        try:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                owner = os.pread(lock, 32, 0).decode(errors="replace").strip()
                raise Failure(
                    f"{path} is in use by another cluster, whose supervisor is process {owner}; "
                    "where that has ended, its processes are about to"
                ) from error
            os.ftruncate(lock, 0)
            os.pwrite(lock, f"{os.getpid()}\n".encode(), 0)
            directory = cls(path.resolve(), lock)
            directory.redis.mkdir(exist_ok=True)
            directory.archive.mkdir(exist_ok=True)
            yield directory
        finally:
            os.close(lock)

    def port_of_kafka(self) -> int | None:
        """The port that the broker was made with; None before it was."""
        try:
            text = (self.kafka / "1/server.properties").read_text()
        except FileNotFoundError:
            return None
        ports = [
            line.partition(",")[0].rpartition(":")[2]
            for line in text.splitlines()
            if line.startswith("listeners=")
        ]
        return int(ports[-1])

    def begun(self, name: str) -> Path:
        """Where something is made that gets its name only when it is whole."""
        part = self.path / f"{name}.part"
        if part.exists():
            shutil.rmtree(part)
        return part
