"""Libraries in C that are preloaded: they make the disk fail, or set the clock, of one process."""

import subprocess
from pathlib import Path

FAULTS = Path(__file__).parent / "faults.c"
CLOCK = Path(__file__).parent / "clock.c"


def built(source: Path, directory: Path) -> Path:
    """A library that is to be preloaded."""
    library = directory / source.with_suffix(".so").name
    command = ["cc", "-shared", "-fPIC", "-O1", "-Wall", "-o", str(library), str(source), "-ldl"]
    subprocess.run(command, check=True, timeout=60)
    return library
