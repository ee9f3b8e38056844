"""A data directory as version 1 of the journal left it, at a clean stop."""

import tarfile
from pathlib import Path
from typing import Any

FIXTURE = Path(__file__).parents[1] / "tests/data/version-1.tar.gz"
# Python 3.11 before 3.11.4 has no filters, and the archive is ours.
FILTER: dict[str, Any] = {"filter": "data"} if hasattr(tarfile, "data_filter") else {}


def unpacked(folder: Path) -> Path:
    """The directory, in this folder."""
    with tarfile.open(FIXTURE) as archive:
        archive.extractall(folder, **FILTER)  # noqa: S202
    return folder / "data"
