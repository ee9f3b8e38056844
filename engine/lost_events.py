"""What follows when the events log has lost its end, or all of it: the engine makes it again.

Events follow from commands, so nothing is lost that the commands log still has.  A recovery must
then not begin behind the end of the events, or they would have a gap: it goes back to an older
snapshot, or to the first command.
"""

from collections.abc import Sequence

from core import event_head
from journal.port import KeptLog


def whole_until(events: KeptLog) -> int:
    """The last command batch of which all events are stored; 0 where there are none."""
    if events.written_offset < events.first_offset:
        return 0
    last = event_head(events.read(events.written_offset, 1)[0].batch)
    return last.command_offset if last.last else last.command_offset - 1


def begin_behind(snapshots: Sequence[int], whole: int, first: int) -> tuple[int, ...] | None:
    """The snapshots to recover from, the best first; none: from the first command.

    ``snapshots`` are the offsets of those that the commands log, which begins at ``first``, goes on
    from; ``whole`` is the last command batch whose events are stored.  Of lost events as many are
    made again as can be.  None where they would have a gap.

    A snapshot is written when the events of its commands are durable.  So where one is ahead of
    the events, these are not what they were.
    """
    behind = tuple(sorted((offset for offset in snapshots if offset <= whole), reverse=True))
    if len(behind) == len(snapshots) or behind or first == 1:
        return behind
    if whole:
        return None
    # Nothing is left of the events: they begin anew at the oldest.
    return tuple(sorted(snapshots))
