"""Snapshots of large states are made beside the engine that serves, and are the same."""

import asyncio
import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import pytest

from core import Engine, MemoryLog, Position
from engine import housekeeping as module
from engine.housekeeping import Housekeeping
from engine.recovery import ReplayDiffers
from engine.replica import replica
from engine.snapshot_header import SnapshotHeader
from engine.snapshots import Snapshots
from testing.parts import memory_log
from testing.twin.encode import batch
from testing.twin.sequences import Sequence
from tests.engine.keeping import ServiceInPart, housekeeping

STEPS = 150


def flow(seed: int) -> Iterator[tuple[Engine, int, bytes]]:
    """An engine behind each step of a random flow, which is made by what the twin knows of it."""
    sequence = Sequence(seed)
    for step in itertools.islice(itertools.chain(sequence.steps(), sequence.steps()), STEPS):
        sequence.pair.apply(step)
        yield sequence.pair.engine, step.append_ns, batch(step.header, step.commands)


def fill(commands: MemoryLog, seed: int) -> Engine:
    """The engine at the end of a random flow, whose commands the log has."""
    steps = list(flow(seed))
    for _, append_ns, sealed in steps:
        commands.append(append_ns, [sealed])
    return steps[-1][0]


@pytest.mark.parametrize("seed", range(5))
def test_it_is_the_engine_that_serves(tmp_path: Path, seed: int) -> None:
    commands, snapshots = memory_log(), Snapshots(tmp_path, kept=2)
    kept: list[tuple[Position, bytes]] = []
    for engine, append_ns, sealed in flow(seed):
        commands.append(append_ns, [sealed])
        kept.append((engine.position(), engine.snapshot()))
    assert engine.counts()["orders"] > 0
    # From the first command on, then from a snapshot; what comes later is left alone.
    for at, state in (kept[len(kept) // 2], kept[-2], kept[-1]):
        made = replica(snapshots, commands, at)
        assert made.snapshot() == state
        header = SnapshotHeader(1, 0, at.command_offset, 0, at.event_seq, at.event_hash)
        snapshots.write(header, state)


def test_one_that_differs_is_no_snapshot(tmp_path: Path) -> None:
    logs = (memory_log(), memory_log())
    ends = [fill(log, seed).position() for log, seed in zip(logs, (1, 2), strict=True)]
    # The log of the longer one.
    at = min(ends, key=lambda end: end.command_offset)
    others = logs[1 - ends.index(at)]
    with pytest.raises(ReplayDiffers, match="and the engine that serves has made event"):
        replica(Snapshots(tmp_path, kept=2), others, at)


class Serving:
    """The engine that serves; to write its state down would hold everybody up."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def __getattr__(self, name: str) -> Any:
        assert name != "snapshot"
        return getattr(self._engine, name)


async def large(tmp_path: Path) -> tuple[ServiceInPart, Snapshots, Housekeeping]:
    exchange, snapshots = ServiceInPart(), Snapshots(tmp_path, kept=2)
    for _ in range(5):
        exchange.tick()
    keeping = housekeeping(exchange, snapshots, lambda: None)
    exchange.engine = cast(Engine, Serving(exchange.engine))
    return exchange, snapshots, keeping


async def test_a_large_state_is_written_down_by_another_engine(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "SMALL_BYTES", 1)
    exchange, snapshots, keeping = await large(tmp_path)
    assert await keeping.snapshot()
    exchange.tick()
    assert await keeping.snapshot()
    assert snapshots.offsets() == [6, 5]
    restored = snapshots.restore(6)
    assert restored.position().event_hash == exchange.engine.position().event_hash


async def test_a_state_that_turned_out_small_is_written_down_where_it_is(tmp_path: Path) -> None:
    exchange, snapshots, keeping = await large(tmp_path)
    assert await keeping.snapshot()
    exchange.tick()
    with pytest.raises(AssertionError):
        await keeping.snapshot()
    assert snapshots.offsets() == [5]


async def test_an_engine_that_is_not_what_its_commands_make_is_no_snapshot(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    exchange, snapshots, keeping = await large(tmp_path)
    # A fault of memory, or rules that depend on chance, would do the same.
    others = memory_log()
    fill(others, 2)
    exchange.journals.commands = others
    running = asyncio.create_task(keeping.run())
    while not caplog.records:
        await asyncio.sleep(0.001)
    running.cancel()
    assert "no snapshot" in caplog.records[0].getMessage()
    assert snapshots.offsets() == []
