"""The system's clock, which a test sets."""

from pathlib import Path


class Wall:
    """The system's clock, for the processes that are given ``env``."""

    def __init__(self, library: Path, file: Path) -> None:
        self.file = file
        self.env = {"LD_PRELOAD": str(library), "CLOCK": str(file)}
        self.set(0)

    def set(self, seconds: int) -> None:
        """Set it so many seconds from what it is."""
        self.file.write_text(f"{seconds}\n")
