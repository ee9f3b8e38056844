"""From which state an engine of a cluster may begin, so that its log has no gap."""

from collections.abc import Iterator

from core import Engine
from engine.followed import told_in
from engine.recovery import JournalGap
from journal.kafka import FIRST_OFFSET, KafkaKept, KafkaSnapshots, LostCommands


def beginnings(snapshots: KafkaSnapshots, commands: KafkaKept, own: KafkaKept) -> Iterator[Engine]:
    """The engines of good snapshots that it may go on from; none where it begins with command 1.

    A log goes on without a gap only from a state that it reaches.  One that holds nothing may begin
    behind any: it gets as much as the commands still make.  Raises ``LostCommands`` where a state
    was made of commands that are gone, and ``JournalGap`` where the log can't go on.
    """
    _hold_to(commands, snapshots)
    whole = commands.first_offset <= FIRST_OFFSET
    if own.written_offset < own.first_offset:
        if not whole:
            yield from _oldest_first(snapshots, commands)
        return
    told = told_in(own)
    found = False
    for engine in snapshots.engines(told):
        if engine.position().command_offset + 1 < commands.first_offset:
            break
        found = True
        yield engine
    if not (found or whole):
        raise JournalGap(
            f"{own.topic} ends with command batch {told}, {commands.topic} begins with "
            f"{commands.first_offset}, and no snapshot stands between: an engine that is away for "
            f"so long needs a new log.  Delete the topic {own.topic}, and quantscope setup makes it"
        )


def _hold_to(commands: KafkaKept, snapshots: KafkaSnapshots) -> None:
    for good, _ in snapshots.newest(1):
        if good.command_offset >= commands.next_offset:
            raise LostCommands(
                f"{commands.topic} ends at command batch {commands.next_offset - 1}, and a "
                f"snapshot was made behind {good.command_offset}: what was acknowledged since is "
                "gone"
            )


def _oldest_first(snapshots: KafkaSnapshots, commands: KafkaKept) -> Iterator[Engine]:
    engines = [
        engine
        for engine in snapshots.engines()
        if engine.position().command_offset + 1 >= commands.first_offset
    ]
    yield from reversed(engines)
