"""What a verification compares where the logs do not begin together."""

from pathlib import Path

import pytest

from core import Engine, split_batches
from engine.recovery import JournalGap, ReplayDiffers, recover
from engine.snapshot_header import SnapshotHeader
from engine.snapshots import Snapshots
from engine.verify import verify
from journal import Log
from testing.batches import ticks
from testing.parts import memory_log, system_clock

COUNT = 9


def header(engine: Engine) -> SnapshotHeader:
    at = engine.position()
    return SnapshotHeader(1, 0, at.command_offset, 0, at.event_seq, at.event_hash)


def logs(directory: Path) -> tuple[Log, Log, Snapshots]:
    """Commands, their events, and snapshots in the middle and at the end."""
    commands, events, snapshots = memory_log(), memory_log(), Snapshots(directory, kept=2)
    engine = Engine()
    for offset, batch in enumerate(ticks(COUNT), 1):
        commands.append(offset, [batch])
        events.append(offset, split_batches(engine.apply(offset, offset, [batch])))
        if offset in (5, COUNT):
            snapshots.write(header(engine), engine.snapshot())
    return commands, events, snapshots


def test_it_compares_what_the_events_log_still_has(tmp_path: Path) -> None:
    commands, events, snapshots = logs(tmp_path)
    whole = verify(snapshots, commands, events)
    assert (whole.from_command, whole.commands, whole.snapshots) == (1, COUNT, 2)
    assert (whole.gone_bytes, whole.missing_bytes, whole.bad_snapshots) == (0, 0, ())
    events.delete_before(4)
    part = verify(snapshots, commands, events)
    assert (part.from_command, part.commands, part.snapshots) == (1, COUNT, 2)
    assert part.gone_bytes > 0
    assert part.gone_bytes + part.event_bytes == whole.event_bytes
    assert part.state_hash == whole.state_hash


def test_it_begins_where_the_commands_allow(tmp_path: Path) -> None:
    commands, events, snapshots = logs(tmp_path)
    commands.delete_before(4)
    assert verify(snapshots, commands, events).from_command == 6
    commands.delete_before(8)
    assert verify(snapshots, commands, events).from_command == COUNT + 1
    (tmp_path / f"{COUNT:020d}.snapshot").write_bytes(b"?")
    with pytest.raises(JournalGap, match="no good snapshot"):
        verify(snapshots, commands, events)


def test_a_snapshot_of_what_the_log_does_not_hold_is_named(tmp_path: Path) -> None:
    commands, events, snapshots = logs(tmp_path)
    later = Engine()
    later.apply(COUNT + 7, 1, [commands.read(1, 1)[0].batch])
    snapshots.write(header(later), later.snapshot())
    (bad,) = verify(snapshots, commands, events).bad_snapshots
    assert f"{COUNT + 7:020d}.snapshot" in bad


def test_events_that_commands_did_not_make_differ(tmp_path: Path) -> None:
    commands, events, snapshots = logs(tmp_path)
    other = Engine()
    events.append(1, split_batches(other.apply(COUNT + 1, 1, [commands.read(1, 1)[0].batch])))
    with pytest.raises(ReplayDiffers):
        verify(snapshots, commands, events)


@pytest.mark.parametrize("first", [1, 4])
def test_the_record_that_differs_is_named(tmp_path: Path, first: int) -> None:
    commands, right, snapshots = logs(tmp_path)
    events, other = memory_log(), Engine()
    for offset in range(1, COUNT + 1):
        # From the seventh on another stamp is taken for the command's.
        batch = commands.read(offset if offset < 7 else 1, 1)[0].batch
        events.append(offset, split_batches(other.apply(offset, offset, [batch])))
    events.delete_before(first)
    with pytest.raises(ReplayDiffers, match=r"^events\.db, offset 7: .* command batch at offset 7"):
        verify(snapshots, commands, events)
    assert right.read(6, 1)[0].batch == events.read(6, 1)[0].batch


def test_a_part_that_no_command_made_is_named(tmp_path: Path) -> None:
    commands, events, snapshots = logs(tmp_path)
    other = Engine()
    for offset in range(1, COUNT + 1):
        other.apply(offset, offset, [commands.read(offset, 1)[0].batch])
    # It says that it follows from the last command, which has had its events.
    again = other.apply(COUNT, COUNT, [commands.read(COUNT, 1)[0].batch])
    events.append(COUNT, split_batches(again))
    with pytest.raises(ReplayDiffers, match=f"holds more than .*, from offset {COUNT + 1} on"):
        verify(snapshots, commands, events)


def test_a_recovery_says_what_it_could_not_compare(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    commands, events, _ = logs(tmp_path)
    events.delete_before(4)
    recovered = recover(iter(()), commands, events, system_clock())
    assert (recovered.commands, recovered.events) == (COUNT, 0)
    assert "the events log begins later than the replay" in caplog.text
