"""Ways in which the files of a data directory get lost or go bad, and what they hold."""

import hashlib
import random
import shutil
from pathlib import Path

from core import delete_after

FRAME = 24 + 4096
HEADER = 32


def contents(directory: Path) -> dict[str, str]:
    """Every file with what it holds, but for the lock, which says who has looked.

    Of folders, and of whatever else is no file, the name alone.
    """
    found = (path for path in directory.rglob("*") if path.name != "lock")
    return {
        str(path): hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else ""
        for path in found
    }


def forget(data: Path, *names: str) -> None:
    """Delete databases with what lies beside them."""
    for name in names:
        for file in data.glob(f"{name}*"):
            if file.name in (name, f"{name}-wal", f"{name}-shm"):
                file.unlink()


def used(wal: Path) -> int:
    """How many frames of a write-ahead log are of its present round."""
    data = wal.read_bytes()
    starts = range(HEADER, len(data) - FRAME + 1, FRAME)
    return sum(1 for at in starts if data[at + 8 : at + 16] == data[16:24])


def cut(wal: Path, frames: int) -> None:
    """Keep so many frames."""
    with wal.open("r+b") as file:
        file.truncate(HEADER + FRAME * frames)


def flip(file: Path, at: int, bit: int = 1) -> None:
    """One bit goes bad."""
    with file.open("r+b") as opened:
        opened.seek(at)
        (byte,) = opened.read(1)
        opened.seek(at)
        opened.write(bytes([byte ^ bit]))


def flip_some(file: Path, count: int, seed: int) -> None:
    """Bits at places that a seed chooses."""
    chance = random.Random(seed)
    size = file.stat().st_size
    for _ in range(count):
        flip(file, chance.randrange(size), 1 << chance.randrange(8))


def shorten(data: Path, last: int) -> None:
    """A commands log at rest loses its end, at a place where a commit had ended."""
    delete_after(data / "commands.db", last)


def copy_database(source: Path, data: Path, name: str) -> None:
    """One database of another directory, or of another time, in the place of this one's."""
    forget(data, name)
    for file in (source / name, source / f"{name}-wal"):
        if file.exists():
            shutil.copy(file, data / file.name)
