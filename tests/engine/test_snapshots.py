"""Only a snapshot that is known to be good counts: for a start, for pruning, and for retention."""

import logging
import os
from pathlib import Path

import pytest

from core import Commands, Engine
from engine.snapshot_header import (
    DIGEST_BYTES,
    HEADER,
    SnapshotDamaged,
    SnapshotHeader,
    encoded,
    inside,
    split,
)
from engine.snapshots import Snapshots
from journal.folder import Folder


def engine_at(offset: int) -> Engine:
    """An engine that has applied one batch, which stands at an offset."""
    tick = Commands()
    tick.tick()
    batch = tick.seal(0, 0, 0, 1, 1)
    assert batch is not None
    engine = Engine()
    engine.apply(offset, 1, [batch])
    return engine


def header_at(offset: int) -> SnapshotHeader:
    return SnapshotHeader(7, 3, offset, 1_000 + offset, 0, 5)


def write(snapshots: Snapshots, *offsets: int) -> None:
    for offset in offsets:
        snapshots.write(header_at(offset), engine_at(offset).snapshot())


def damage(folder: Path, offset: int, at: int | None = None) -> Path:
    path = folder / f"{offset:020d}.snapshot"
    data = bytearray(path.read_bytes())
    data[len(data) // 2 if at is None else at] ^= 1
    path.write_bytes(data)
    return path


def reopened(folder: Path) -> Snapshots:
    """As a start takes them: the good ones count."""
    snapshots = Snapshots(folder, kept=2)
    snapshots.accept(found.offset for found in snapshots.judge() if found.fault is None)
    return snapshots


def test_a_damaged_snapshot_is_told_from_the_good_ones_and_can_be_put_aside(
    tmp_path: Path,
) -> None:
    write(Snapshots(tmp_path, kept=2), 637, 702)
    bad = damage(tmp_path, 702)
    snapshots = reopened(tmp_path)
    newest, older = snapshots.judge()
    assert (newest.offset, older.offset, older.fault) == (702, 637, None)
    assert "checksum" in str(newest.fault)
    assert snapshots.put_aside(bad.name, ".damaged") == bad.with_suffix(".damaged").name
    assert snapshots.offsets() == [637]
    assert snapshots.retention_offset() == 0
    assert [engine.position().command_offset for engine in snapshots.engines()] == [637]
    write(snapshots, 707)
    assert snapshots.offsets() == [707, 637]
    assert snapshots.retention_offset() == 637
    assert reopened(tmp_path).offsets() == [707, 637]
    assert bad.with_suffix(".damaged").exists()
    write(snapshots, 800)
    assert reopened(tmp_path).offsets() == [800, 707]


def test_a_snapshot_says_of_which_journal_it_is_and_where(tmp_path: Path) -> None:
    write(Snapshots(tmp_path, kept=2), 5)
    (found,) = Snapshots(tmp_path, kept=2).judge()
    assert found.header == header_at(5)
    assert found.inside is not None
    position = engine_at(5).position()
    assert found.inside.command_offset == position.command_offset
    assert found.inside.event_hash == position.event_hash
    assert found.state_hash == engine_at(5).state_hash()


def test_one_of_an_older_version_has_no_header(tmp_path: Path) -> None:
    (tmp_path / f"{5:020d}.snapshot").write_bytes(engine_at(5).snapshot())
    snapshots = reopened(tmp_path)
    (found,) = snapshots.judge()
    assert (found.header, found.fault) == (None, None)
    assert [engine.position().command_offset for engine in snapshots.engines()] == [5]


def test_any_byte_of_a_seal_that_went_bad_is_found() -> None:
    snapshot = engine_at(5).snapshot()
    whole = encoded(header_at(5), snapshot) + snapshot
    assert split(whole) == (header_at(5), snapshot)
    for at in range(4, HEADER.size + DIGEST_BYTES):
        for bit in (1, 128):
            with pytest.raises(SnapshotDamaged):
                split(whole[:at] + bytes([whole[at] ^ bit]) + whole[at + 1 :])
    for end in (10, HEADER.size + DIGEST_BYTES - 1, len(whole) - 1):
        with pytest.raises(SnapshotDamaged):
            split(whole[:end])
    other = engine_at(6).snapshot()
    with pytest.raises(SnapshotDamaged):
        split(whole[: HEADER.size + DIGEST_BYTES] + other)
    with pytest.raises(SnapshotDamaged):
        inside(snapshot[:30])


def test_one_under_the_name_of_another_does_not_count(tmp_path: Path) -> None:
    write(Snapshots(tmp_path, kept=2), 5)
    (tmp_path / f"{5:020d}.snapshot").rename(tmp_path / f"{4:020d}.snapshot")
    (found,) = Snapshots(tmp_path, kept=2).judge()
    assert "it is of command batch 5" in str(found.fault)


def test_what_is_no_snapshot_is_left_alone(tmp_path: Path) -> None:
    write(Snapshots(tmp_path, kept=2), 5)
    for name in ("backup.snapshot", "7.snapshot", "sessions.index"):
        (tmp_path / name).write_text("mine")
    snapshots = reopened(tmp_path)
    assert snapshots.offsets() == [5]
    write(snapshots, 6, 7)
    assert (tmp_path / "backup.snapshot").read_text() == "mine"


def test_a_snapshot_that_cannot_be_read_does_not_count(tmp_path: Path) -> None:
    write(Snapshots(tmp_path, kept=2), 5)
    (tmp_path / f"{9:020d}.snapshot").mkdir()
    newest, _ = Snapshots(tmp_path, kept=2).judge()
    assert isinstance(newest.fault, OSError)
    assert reopened(tmp_path).offsets() == [5]


def test_a_snapshot_that_these_rules_do_not_know_does_not_count(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    snapshots = Snapshots(tmp_path, kept=2)
    write(snapshots, 5)
    snapshots.write(header_at(9), b"of another time, and as long as any")
    with caplog.at_level(logging.ERROR):
        assert [engine.position().command_offset for engine in snapshots.engines()] == [5]
    assert snapshots.offsets() == [5]
    assert "can't be used" in caplog.text


def test_what_the_disk_did_not_keep_is_no_snapshot(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    snapshots = Snapshots(tmp_path, kept=2)
    write(snapshots, 5)

    def forget(number: int) -> None:
        if not os.path.isdir(f"/proc/self/fd/{number}"):
            os.pwrite(number, b"?", 0)

    monkeypatch.setattr(os, "fsync", forget)
    with pytest.raises(OSError, match="does not hold what was written"):
        write(snapshots, 6)
    monkeypatch.undo()
    assert snapshots.offsets() == [5]
    assert reopened(tmp_path).offsets() == [5]


def test_what_a_writer_left_that_died_is_removed(tmp_path: Path) -> None:
    write(Snapshots(tmp_path, kept=2), 5)
    left = tmp_path / f"{6:020d}.snapshot.partial"
    left.write_bytes(b"half")
    snapshots = reopened(tmp_path)
    assert snapshots.offsets() == [5]
    snapshots.clean()
    assert [path.name for path in tmp_path.iterdir()] == [f"{5:020d}.snapshot"]


def test_a_folder_that_is_held_is_written_wherever_its_path_leads(tmp_path: Path) -> None:
    ours = tmp_path / "data"
    ours.mkdir()
    held = os.open(ours, os.O_RDONLY)
    snapshots = Snapshots(Folder(Path("snapshots"), held), kept=2)
    write(snapshots, 5)
    ours.rename(tmp_path / "moved")
    ours.mkdir()
    write(snapshots, 6)
    os.close(held)
    assert not list(ours.iterdir())
    assert len(list((tmp_path / "moved" / "snapshots").iterdir())) == 2
