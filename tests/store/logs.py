"""Logs that a recorder is to read."""

from pathlib import Path

from testing.parts import commands_log


def write_log(path: Path, batches: list[bytes]) -> None:
    """A log of these batches, at rest."""
    log = commands_log(path)
    log.append(1, batches)
    log.sync()
    log.close()
