"""Only a snapshot that is known to be good counts: for a start, for pruning, and for retention."""

import logging
import os
from pathlib import Path

import pytest

from core import Commands, Engine
from engine.snapshots import Snapshots


def engine_at(offset: int) -> Engine:
    """An engine that has applied one batch, which stands at an offset."""
    tick = Commands()
    tick.tick()
    batch = tick.seal(0, 0, 0, 1, 1)
    assert batch is not None
    engine = Engine()
    engine.apply(offset, 1, [batch])
    return engine


def write(snapshots: Snapshots, *offsets: int) -> None:
    for offset in offsets:
        snapshots.write(offset, engine_at(offset).snapshot())


def damage(folder: Path, offset: int) -> Path:
    path = folder / f"{offset:020d}.snapshot"
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    return path


def reopened(folder: Path) -> Snapshots:
    snapshots = Snapshots(folder, kept=2)
    snapshots.check()
    return snapshots


def test_a_damaged_snapshot_is_put_aside_and_the_one_before_it_kept(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    write(Snapshots(tmp_path, kept=2), 637, 702)
    bad = damage(tmp_path, 702)
    with caplog.at_level(logging.ERROR):
        snapshots = reopened(tmp_path)
    assert f"{bad.name} is damaged" in caplog.text
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


def test_what_is_no_snapshot_is_left_alone(tmp_path: Path) -> None:
    write(Snapshots(tmp_path, kept=2), 5)
    for name in ("backup.snapshot", "7.snapshot", "sessions.index"):
        (tmp_path / name).write_text("mine")
    snapshots = reopened(tmp_path)
    assert snapshots.offsets() == [5]
    write(snapshots, 6, 7)
    assert snapshots.put_aside_after(6) == 1
    assert snapshots.offsets() == [6]
    assert (tmp_path / "backup.snapshot").read_text() == "mine"


def test_a_snapshot_that_cannot_be_read_does_not_count(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    write(Snapshots(tmp_path, kept=2), 5)
    (tmp_path / f"{9:020d}.snapshot").mkdir()
    assert reopened(tmp_path).offsets() == [5]
    assert "can't be read" in caplog.text


def test_a_snapshot_that_these_rules_do_not_know_does_not_count(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    snapshots = Snapshots(tmp_path, kept=2)
    write(snapshots, 5)
    snapshots.write(9, b"of another time")
    assert [engine.position().command_offset for engine in snapshots.engines()] == [5]
    assert snapshots.offsets() == [5]
    assert "can't be used" in caplog.text


def test_what_the_disk_did_not_keep_is_no_snapshot(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    snapshots = Snapshots(tmp_path, kept=2)
    write(snapshots, 5)
    monkeypatch.setattr(os, "fsync", lambda number: os.pwrite(number, b"?", 0))
    with pytest.raises(OSError, match="does not hold what was written"):
        write(snapshots, 6)
    monkeypatch.undo()
    assert snapshots.offsets() == [5]
    assert reopened(tmp_path).offsets() == [5]
