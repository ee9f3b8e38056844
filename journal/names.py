"""What stands under the names of a data directory: files, and one folder of them."""

import os
import re
import stat
from collections.abc import Iterator

from journal import mark as marks
from journal.folder import PARTIAL

SNAPSHOTS = "snapshots"
DATABASES = ("commands.db", "events.db", "store.db")
BESIDE = ("-wal", "-shm", "-journal")
"""What SQLite keeps beside a database, and opens only where it is no link."""
KEPT = (marks.NAME, "era", "reset")
IN_SNAPSHOTS = re.compile(rf"\d{{20}}\.snapshot|sessions\.index|.*{re.escape(PARTIAL)}")


def misplaced(folder: int) -> str:
    """The first name under which something else stands than belongs there, in a sentence.

    ``folder`` is the directory's descriptor.  Empty where all is well, or not there at all.
    """
    return next(filter(None, _looks(folder)), "")


def _looks(folder: int) -> Iterator[str]:
    for name in KEPT:
        yield _look(folder, name)
        yield _look(folder, name + PARTIAL)
    for name in DATABASES:
        yield _look(folder, name)
        for ending in BESIDE:
            yield _look(folder, name + ending, links=False)
    found = _look(folder, SNAPSHOTS, directory=True)
    yield found
    if not found:
        yield from _snapshots(folder)


def _snapshots(folder: int) -> Iterator[str]:
    try:
        within = os.open(SNAPSHOTS, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC, dir_fd=folder)
    except FileNotFoundError:
        return
    try:
        for name in sorted(os.listdir(within)):
            if IN_SNAPSHOTS.fullmatch(name) and (found := _look(within, name)):
                yield f"{SNAPSHOTS}/{found}"
    finally:
        os.close(within)


def _look(folder: int, name: str, *, directory: bool = False, links: bool = True) -> str:
    belongs = "a directory" if directory else "a file"
    try:
        found = os.stat(name, dir_fd=folder, follow_symlinks=False)
    except FileNotFoundError:
        return ""
    if stat.S_ISLNK(found.st_mode):
        to = os.readlink(name, dir_fd=folder)
        if not links:
            return f"{name} is a link to {to}, where {belongs} belongs"
        try:
            found = os.stat(name, dir_fd=folder)
        except FileNotFoundError:
            return f"{name} is a link to {to}, which does not exist"
    if (stat.S_ISDIR if directory else stat.S_ISREG)(found.st_mode):
        return ""
    kinds = {stat.S_IFDIR: "a directory", stat.S_IFREG: "a file"}
    kind = kinds.get(stat.S_IFMT(found.st_mode), "a device, a pipe or a socket")
    return f"{name} is {kind}, where {belongs} belongs"
