"""What follows when the commands log has lost its end: what came of it is dropped too.

Events and snapshots of commands that no longer exist would contradict the commands that get their
offsets next.  The log of commands says what happened; so they go, and are never taken for true.
"""

import logging

from engine.recovery import first_batch_after
from engine.snapshots import Snapshots
from journal.port import Log

log = logging.getLogger("quantscope.engine")


def events_kept(commands: Log, events: Log) -> int | None:
    """Offset of the last event batch that has its command; None when all of them have."""
    first = first_batch_after(events, commands.next_offset - 1)
    return first - 1 if first < events.next_offset else None


def snapshots_ahead(commands: Log, snapshots: Snapshots) -> bool:
    """Whether a snapshot is of a command that the log does not hold."""
    return max(snapshots.offsets(), default=0) >= commands.next_offset


def tell(last: int, batches: int, snapshots: int, era: int) -> None:
    """Say what was dropped."""
    log.error(
        "the commands log has lost its end: it goes to command batch %d, so %d event batches and "
        "%d snapshots of later ones are dropped, and sessions get new ids (era %d)",
        last,
        batches,
        snapshots,
        era,
    )
