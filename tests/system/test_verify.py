"""``quantscope verify`` replays as much as there is, says from where, and compares all of it."""

import re
from pathlib import Path

from tests.system.exchange import Exchange, quantscope


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
        r"yet\), (\d+) snapshots, last event \d+, state hash [0-9a-f]{16}\n",
        line,
    )
    assert found, line
    return found[1], int(found[2]), int(found[3])


def test_all_is_replayed_while_the_journal_begins_with_the_first_command(tmp_path: Path) -> None:
    exchange = Exchange(tmp_path / "data")
    for _ in range(3):
        exchange.start()
        exchange.post()
        exchange.stop()
    offsets = [command["offset"] for command in exchange.journal("commands")]
    begun, commands, compared = said(exchange.verified())
    assert (begun, commands, compared) == ("the first command", max(offsets), 2)
    oldest, newest = snapshots(tmp_path / "data")
    newest.rename(newest.with_name(f"{max(offsets) - 1:020d}.snapshot"))
    code, _, errors = quantscope("verify", "--data-dir", str(tmp_path / "data"))
    assert code == 1
    assert f"the state after command batch {max(offsets) - 1} is not that of its" in errors
    assert oldest.exists()


def test_a_damaged_snapshot_is_named_and_is_an_error(tmp_path: Path) -> None:
    exchange = Exchange(tmp_path / "data")
    for _ in range(2):
        exchange.start()
        exchange.post()
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
    exchange = Exchange(
        tmp_path / "data",
        "journal.snapshot_interval_s=0.1",
        "journal.snapshot_commands_min=5",
        "gateway.session_replay_messages_min=1",
    )
    for _ in range(2):
        exchange.start()
        for _ in range(150):
            exchange.post()
        exchange.stop()
    oldest, newest = snapshots(tmp_path / "data")
    first = exchange.journal("commands")[0]["offset"]
    assert first > 1
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
