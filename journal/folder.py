"""A directory by its descriptor: what is written by it lands in it, wherever its path leads."""

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

PARTIAL = ".partial"
"""What a file is called until it is whole."""


class Folder:
    """The directory at a path, or at a name within one that is held by its descriptor.

    It is opened for each call: what another process has put in its place is never written to by a
    name that was meant for this one, where ``within`` is held.
    """

    def __init__(self, path: Path, within: int | None = None) -> None:
        """``path`` is a single name where ``within`` is given; it need not be there yet."""
        self._path = path
        self._within = within

    @contextlib.contextmanager
    def opened(self, *, create: bool = False) -> Iterator[int]:
        """Its descriptor for a block; ``FileNotFoundError`` where it is not there."""
        if create:
            with contextlib.suppress(FileExistsError):
                os.mkdir(self._path, dir_fd=self._within)
                # What is written in it must not be lost with its name.
                if self._within is None:
                    sync(self._path.parent)
                else:
                    os.fsync(self._within)
        descriptor = os.open(
            self._path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC, dir_fd=self._within
        )
        try:
            yield descriptor
        finally:
            os.close(descriptor)

    def names(self) -> list[str]:
        """What it holds, sorted; nothing where it is not there."""
        try:
            with self.opened() as descriptor:
                return sorted(os.listdir(descriptor))
        except FileNotFoundError:
            return []

    def read(self, name: str) -> bytes:
        """The bytes of a file."""
        with self.opened() as descriptor:
            return read_at(descriptor, name)

    def write(self, name: str, *parts: bytes) -> None:
        """Write a file durably, read it back from the disk, and only then give it its name."""
        with self.opened(create=True) as descriptor:
            write_at(descriptor, name, *parts)

    def rename(self, name: str, to: str) -> None:
        """Rename a file, durably."""
        with self.opened() as descriptor:
            os.rename(name, to, src_dir_fd=descriptor, dst_dir_fd=descriptor)
            os.fsync(descriptor)

    def remove(self, name: str) -> None:
        """Remove a file, if it is there."""
        with contextlib.suppress(FileNotFoundError), self.opened() as descriptor:
            os.unlink(name, dir_fd=descriptor)


def sync(path: Path) -> None:
    """Make a file, or the names in a directory, durable."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def read_at(folder: int, name: str) -> bytes:
    """The bytes of a file in the directory that a descriptor stands for."""
    with open(os.open(name, os.O_RDONLY | os.O_CLOEXEC, dir_fd=folder), "rb") as file:
        return file.read()


def write_at(folder: int, name: str, *parts: bytes) -> None:
    """Write a file of a directory durably: whole, or not at all.

    Raises ``OSError`` also where the disk does not hold what was written.
    """
    partial = name + PARTIAL
    flags = os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC
    with open(os.open(partial, flags, 0o644, dir_fd=folder), "w+b") as file:
        for part in parts:
            file.write(part)
        file.flush()
        os.fsync(file.fileno())
        # What the disk holds is asked for, not what memory does.
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
        file.seek(0)
        if any(file.read(len(part)) != part for part in parts) or file.read(1):
            raise OSError(f"{partial}: the disk does not hold what was written")
    os.rename(partial, name, src_dir_fd=folder, dst_dir_fd=folder)
    os.fsync(folder)
