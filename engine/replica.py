"""The engine as it was at a command batch, made beside the one that serves.

To write a state down takes as long as it is large: 60 ms with a million open orders, in which the
loop's thread would answer nobody.  So it is made again from the newest good snapshot and the
commands behind it, in a thread that yields, and is held to what the engine that serves said of
itself at that batch: its last event, and the hash of all of them.
"""

from collections.abc import Iterator
from typing import Protocol

from core import Engine, JournalRange, Position
from engine.recovery import ReplayDiffers
from journal.port import KeptLog

READ_BYTES = 2**20
"""Bytes of commands that are read and applied at a time: others get the interpreter between."""


class Engines(Protocol):
    """Where engines can be had to go on from."""

    def engines(self) -> Iterator[Engine]:
        """Those of good snapshots, the newest first."""


def replica(snapshots: Engines, commands: KeptLog, at: Position) -> Engine:
    """The engine at this position; its commands are in the log.

    Raises ``ReplayDiffers`` where it is another than the one that serves, ``JournalRange`` where
    commands are missing that would be needed.
    """
    engine = next(snapshots.engines(), None) or Engine()
    while (start := engine.position().command_offset + 1) <= at.command_offset:
        records = commands.read(start, READ_BYTES)
        if not records:
            raise JournalRange(f"the commands end before batch {at.command_offset}")
        engine.replay([record for record in records if record.offset <= at.command_offset])
    made = engine.position()
    if (made.event_seq, made.event_hash) != (at.event_seq, at.event_hash):
        raise ReplayDiffers(
            f"the commands up to batch {at.command_offset} make event {made.event_seq} with hash "
            f"{made.event_hash:016x}, and the engine that serves has made event {at.event_seq} "
            f"with hash {at.event_hash:016x}"
        )
    return engine
