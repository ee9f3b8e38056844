"""What follows when the events log has lost its end, or all of it: the engine makes it again.

Events follow from commands, so nothing is lost that the commands log still has.  A recovery must
then not begin behind the end of the events, or they would have a gap: it goes back to an older
snapshot, or to the first command.
"""

import logging
from collections.abc import Iterator

from core import Engine
from engine.recovery import JournalGap, command_offset
from engine.snapshots import Snapshots
from journal.port import KeptLog

log = logging.getLogger("quantscope.engine")

LAST = 12
"""Where a batch says whether it is the last of its command batch (see ``EventBatchHeader``)."""


def whole_until(events: KeptLog) -> int:
    """The last command batch of which all events are stored; 0 where there are none."""
    if events.written_offset < events.first_offset:
        return 0
    batch = events.read(events.written_offset, 1)[0][3]
    return command_offset(batch) if batch[LAST] else command_offset(batch) - 1


def engines(snapshots: Snapshots, commands: KeptLog, events: KeptLog) -> Iterator[Engine]:
    """The engines to recover from, the best first; of lost events as many are made again as can be.

    A snapshot is written when the events of its commands are durable.  So where one is ahead of
    the events, these are not what they were.
    """
    whole = whole_until(events)
    ahead = [offset for offset in snapshots.offsets() if offset > whole]
    if not ahead:
        return snapshots.engines()
    behind = [offset for offset in snapshots.offsets() if offset <= whole]
    log.warning(
        "the events log has lost its end: it goes to command batch %d, and there is a snapshot at "
        "%d; the engine makes the events again",
        whole,
        max(ahead),
    )
    if behind or commands.first_offset == 1:
        return snapshots.engines(behind)
    if whole:
        raise JournalGap(
            f"the events log ends at command batch {whole}, and the commands to go on from there "
            "are deleted: move events.db away, and a new one begins at the oldest snapshot"
        )
    log.warning(
        "the commands before %d are deleted: sessions can't be told again what came before, and "
        "of orders that ended before, only the store knows",
        commands.first_offset,
    )
    return snapshots.engines(sorted(ahead))
