"""From which state an engine of a cluster may begin, so that its log has no gap."""

from collections.abc import Iterator

from core import Engine, Position
from engine.followed import told_in
from engine.recovery import JournalGap
from journal.kafka import (
    FIRST_OFFSET,
    Began,
    KafkaKept,
    KafkaSnapshots,
    Proof,
    held_to,
    last_of,
    lost_commands,
)


class NeedsBase(JournalGap):
    """An engine's log can't go on from where it ends: it has to begin anew behind a snapshot."""


def beginnings(
    snapshots: KafkaSnapshots, commands: KafkaKept, own: KafkaKept, began: Began | None
) -> Iterator[Engine]:
    """The engines of good snapshots that it may go on from; none where it begins with command 1.

    A log goes on without a gap only from a state that it reaches.  One that holds nothing may begin
    behind any: it gets as much as the commands still make; but where it has ``began`` anew it
    begins there.  Raises ``LostCommands`` where a state or the log was made of commands that are
    gone, and ``NeedsBase`` where the log can't go on.
    """
    _hold_to(commands, snapshots, own)
    whole = commands.first_offset <= FIRST_OFFSET
    least = 0 if began is None else began.command_offset
    empty = own.written_offset < own.first_offset
    if empty and began is None:
        if not whole:
            yield from _oldest_first(snapshots, commands)
        return
    told = least if empty else told_in(own)
    found = False
    for engine in snapshots.engines(told):
        at = engine.position().command_offset
        if at + 1 < commands.first_offset or at < least:
            break
        found = True
        yield engine
    if not found and (least or not whole):
        raise NeedsBase(
            f"{own.topic} ends with command batch {told}, {commands.topic} begins with "
            f"{commands.first_offset}, and no snapshot stands between: it begins anew"
        )


def newest_state(snapshots: KafkaSnapshots, commands: KafkaKept) -> Position:
    """Where the newest state stands from which an engine can begin; raises ``JournalGap``."""
    _hold_to(commands, snapshots)
    for engine in snapshots.engines():
        if engine.position().command_offset + 1 >= commands.first_offset:
            return engine.position()
        break
    if commands.first_offset <= FIRST_OFFSET:
        return Engine().position()
    raise JournalGap(
        f"{commands.topic} begins with {commands.first_offset}, and no good snapshot stands behind "
        "that: nobody can begin there"
    )


def _hold_to(commands: KafkaKept, snapshots: KafkaSnapshots, own: KafkaKept | None = None) -> None:
    proofs = [
        Proof(f"a state of {good.maker}", good.command_offset, good.command_hash)
        for good, _ in snapshots.newest(1)
    ]
    if own is not None and (last := last_of(own)):
        proofs.append(last)
    # Another engine may have made its state of commands that have come since.
    commands.look()
    if wrong := held_to(commands, proofs):
        raise lost_commands(wrong)


def _oldest_first(snapshots: KafkaSnapshots, commands: KafkaKept) -> Iterator[Engine]:
    engines = [
        engine
        for engine in snapshots.engines()
        if engine.position().command_offset + 1 >= commands.first_offset
    ]
    yield from reversed(engines)
