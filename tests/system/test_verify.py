"""``quantscope verify`` replays as much as there is, says from where, and compares all of it."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from testing.command import ROOT, quantscope
from testing.damage import contents
from testing.process import ServerProcess


def damage(snapshot: Path) -> None:
    data = bytearray(snapshot.read_bytes())
    data[len(data) // 2] ^= 1
    snapshot.write_bytes(data)


def snapshots(data: Path) -> list[Path]:
    return sorted((data / "snapshots").glob("*.snapshot"))


def said(line: str) -> tuple[str, int, int]:
    """Where a verification began, how many command batches and how many snapshots it compared."""
    found = re.fullmatch(
        r"verified from (.+): (\d+) command batches, \d+ bytes of events compared \(0 not stored "
        r"yet\), (\d+) snapshots, last event \d+, state hash [0-9a-f]{16}\n"
        r"verified store.db: \d+ orders, \d+ trades, against events \d+ to \d+\n",
        line,
    )
    assert found, line
    return found[1], int(found[2]), int(found[3])


def test_all_is_replayed_while_the_journal_begins_with_the_first_command(tmp_path: Path) -> None:
    exchange = ServerProcess(tmp_path / "data")
    for _ in range(3):
        exchange.start()
        exchange.place()
        exchange.stop()
    offsets = [command["offset"] for command in exchange.journal("commands")]
    begun, commands, compared = said(exchange.verified())
    assert (begun, commands, compared) == ("the first command", max(offsets), 2)
    oldest, newest = snapshots(tmp_path / "data")
    newest.rename(newest.with_name(f"{max(offsets) - 1:020d}.snapshot"))
    code, _, errors = quantscope("verify", "--data-dir", str(tmp_path / "data"))
    assert code == 1
    assert f"it is of command batch {max(offsets)}" in errors
    assert oldest.exists()


def test_a_damaged_snapshot_is_named_and_is_an_error(tmp_path: Path) -> None:
    exchange = ServerProcess(tmp_path / "data")
    for _ in range(2):
        exchange.start()
        exchange.place()
        exchange.stop()
    oldest, _ = snapshots(tmp_path / "data")
    damage(oldest)
    code, out, errors = quantscope("verify", "--data-dir", str(tmp_path / "data"))
    assert code == 1
    assert said(out)[0::2] == ("the first command", 1)
    assert errors.splitlines()[-1].startswith(f"Error: snapshot {oldest.name}: its checksum")
    assert oldest.exists(), "only a start puts it aside"


def test_later_it_begins_with_the_oldest_snapshot_that_the_journal_goes_on_from(
    tmp_path: Path,
) -> None:
    exchange = ServerProcess(
        tmp_path / "data",
        "journal.snapshot_interval_s=0.1",
        "journal.snapshot_commands_min=5",
        "gateway.session_replay_messages_min=1",
    )
    exchange.start()
    exchange.trade_until_deleted()
    exchange.stop()
    oldest, newest = snapshots(tmp_path / "data")
    assert exchange.journal("commands")[0]["offset"] > 1
    begun, _, compared = said(exchange.verified())
    assert begun == f"the snapshot at command batch {int(oldest.stem)}"
    assert compared == 2
    damage(oldest)
    code, out, errors = quantscope("verify", "--data-dir", str(tmp_path / "data"))
    assert code == 1
    assert said(out)[0] == f"the snapshot at command batch {int(newest.stem)}"
    assert oldest.name in errors
    damage(newest)
    code, out, errors = quantscope("verify", "--data-dir", str(tmp_path / "data"))
    assert (code, out) == (1, "")
    assert "there is no good snapshot to go on from" in errors


def looked_at(data: Path) -> list[tuple[int, str]]:
    """Code and output of each of the three that look at a directory, all with one error at most."""
    results = []
    for command in (["verify"], ["journal", "commands"], ["journal", "events"]):
        code, out, errors = quantscope(*command, "--data-dir", str(data))
        assert len(errors.splitlines()) == (code != 0), errors
        results.append((code, out or errors))
    return results


def test_a_directory_without_a_journal_is_an_error_and_stays_as_it_is(tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    for data, why in ((tmp_path / "none", "there is no data directory"), (empty, "holds no")):
        for code, error in looked_at(data):
            assert code == 1
            assert why in error
    assert list(tmp_path.rglob("*")) == [empty]


def test_looking_changes_nothing(tmp_path: Path) -> None:
    exchange = ServerProcess(tmp_path / "data").start()
    for _ in range(20):
        exchange.place()
    exchange.kill()
    before = contents(tmp_path / "data")
    found = looked_at(tmp_path / "data")
    assert [code for code, _ in found] == [0, 0, 0]
    assert "1 command batches" not in found[0][1]
    assert contents(tmp_path / "data") == before
    exchange.start()
    assert [code for code, _ in looked_at(tmp_path / "data")] == [1, 1, 1]
    exchange.stop()


@pytest.mark.parametrize("without", ["-shm", "-wal"])
def test_a_copy_that_cannot_be_written_can_be_looked_at(tmp_path: Path, without: str) -> None:
    """A clean stop has moved all to the databases: the write-ahead logs need not be in it."""
    exchange = ServerProcess(tmp_path / "data").start()
    for _ in range(20):
        exchange.place()
    exchange.stop()
    found = looked_at(tmp_path / "data")
    copy = tmp_path / "100% #1?"
    shutil.copytree(tmp_path / "data", copy, ignore=shutil.ignore_patterns("lock", f"*{without}"))
    image = ["unshare", "-rm", "sh", "-c", 'mount -o bind,ro "$0" "$0" && exec "$@"', str(copy)]
    before = contents(copy)
    with_mount = subprocess.run([*image, "true"], check=False, capture_output=True).returncode == 0
    assert looked_at(copy) == found
    assert contents(copy) == before
    assert not (copy / "lock").exists()
    if with_mount:
        command = [sys.executable, "-m", "quantscope.cli", "verify", "--data-dir", str(copy)]
        done = subprocess.run([*image, *command], cwd=ROOT, capture_output=True, text=True)
        assert (done.returncode, done.stdout) == found[0]
