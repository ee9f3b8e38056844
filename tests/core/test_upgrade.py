"""What version 1 wrote is brought over whole, or refused: it is never taken for something else."""

import random
from pathlib import Path

import pytest

from core import Engine, LogReader, event_head, upgrade_events, upgrade_snapshot
from engine.snapshot_header import split
from testing.version_1 import unpacked


@pytest.fixture(scope="module")
def old(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return unpacked(tmp_path_factory.mktemp("version-1"))


@pytest.fixture(scope="module")
def batches(old: Path) -> list[bytes]:
    return [record.batch for record in LogReader.at_rest(old / "events.db").read(1, 1 << 30)]


@pytest.fixture(scope="module")
def snapshot(old: Path) -> bytes:
    (file,) = (old / "snapshots").glob("*.snapshot")
    return split(file.read_bytes())[1]


def test_event_batches_are_chained_anew(batches: list[bytes]) -> None:
    before, last_seq = None, 0
    for batch in batches:
        upgraded = upgrade_events(batch, before)
        head = event_head(upgraded.batch)
        assert head.hash == upgraded.hash != upgraded.hash_before
        assert head.previous_hash == (before or 0)
        assert head.first_seq == last_seq + 1
        before, last_seq = upgraded.hash, head.last_seq
    assert len(batches) > 5
    assert last_seq > 30


def test_a_snapshot_is_restored_with_the_new_hash(batches: list[bytes], snapshot: bytes) -> None:
    engine = Engine.restore(upgrade_snapshot(snapshot, 77))
    engine.validate()
    assert engine.position().event_hash == 77
    assert engine.position().command_offset == 11
    first = engine.instruments()[0]
    assert (first.number, first.symbol) == (1, "BTCUSD")
    assert engine.settings().stamp_behind_ns_max == 10**10
    assert engine.rules() == 0
    assert [(row.gateway, row.incarnation) for row in engine.gateways()] == [(1, 1), (2, 1)]


def flipped(data: bytes, at: int, rng: random.Random) -> bytes:
    """One bit of one byte is another."""
    return data[:at] + bytes([data[at] ^ 1 << rng.randrange(8)]) + data[at + 1 :]


def test_what_is_cut_or_changed_is_refused(
    batches: list[bytes], snapshot: bytes, seed: int
) -> None:
    rng = random.Random(seed)
    for batch in batches:
        for end in range(len(batch)):
            with pytest.raises(ValueError, match=r"\w"):
                upgrade_events(batch[:end])
        for _ in range(200):
            with pytest.raises(ValueError, match=r"\w"):
                upgrade_events(flipped(batch, rng.randrange(len(batch)), rng))
    for end in range(len(snapshot)):
        with pytest.raises(ValueError, match=r"\w"):
            upgrade_snapshot(snapshot[:end], 1)
    for at in range(len(snapshot)):
        changed = flipped(snapshot, at, rng)
        with pytest.raises(ValueError, match=r"\w"):
            upgrade_snapshot(changed, 1)
    # What this version wrote is none of that.
    with pytest.raises(ValueError, match="no event batch of version 1"):
        upgrade_events(upgrade_events(batches[0]).batch)
    with pytest.raises(ValueError, match="of version 2, not of 1"):
        upgrade_snapshot(Engine().snapshot(), 1)
