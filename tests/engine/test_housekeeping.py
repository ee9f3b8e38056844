"""Snapshots in time: one is written at a time, and none where the directory is another's."""

import asyncio
import threading
from pathlib import Path

import pytest

from core import Faults, PanicException
from engine.snapshot_header import SnapshotHeader
from engine.snapshots import Snapshots
from journal.datadir import DataDirLost
from tests.engine.keeping import ServiceInPart, housekeeping


class Slow(Snapshots):
    """Writes that end when they are told to, and what they have seen of each other."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder, kept=2)
        self.may_end = threading.Event()
        self.begun: list[int] = []
        self.at_once = 0
        self.most_at_once = 0

    def write(self, header: SnapshotHeader, snapshot: bytes) -> None:
        self.begun.append(header.command_offset)
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        assert self.may_end.wait(30)
        super().write(header, snapshot)
        self.at_once -= 1


async def test_who_ends_the_server_waits_for_the_snapshot_that_is_being_written(
    tmp_path: Path,
) -> None:
    exchange, snapshots = ServiceInPart(), Slow(tmp_path)
    exchange.tick()
    keeping = housekeeping(exchange, snapshots, lambda: None)
    running = asyncio.create_task(keeping.run())
    while not snapshots.begun:
        await asyncio.sleep(0.001)
    exchange.tick()
    last = asyncio.create_task(keeping.last_snapshot())
    await asyncio.sleep(0.05)
    assert snapshots.begun == [1]
    snapshots.may_end.set()
    await last
    running.cancel()
    assert snapshots.most_at_once == 1
    assert snapshots.begun == [1, 2]
    (newest, _) = Snapshots(tmp_path, kept=2).judge()
    assert newest.header is not None
    assert (newest.fault, newest.offset, newest.header.era) == (None, 2, 3)
    assert newest.header.chain == exchange.journals.commands.read(2, 1)[0].chain


async def test_nothing_is_written_where_the_directory_is_anothers(tmp_path: Path) -> None:
    exchange, snapshots = ServiceInPart(), Snapshots(tmp_path / "snapshots", kept=2)
    exchange.tick()

    def check() -> None:
        raise DataDirLost("another directory stands there")

    keeping = housekeeping(exchange, snapshots, check)
    for attempt in (keeping.run, keeping.last_snapshot):
        with pytest.raises(DataDirLost):
            await asyncio.wait_for(attempt(), 10)
    assert not (tmp_path / "snapshots").exists()


@pytest.mark.parametrize("error", [RuntimeError("deliberate"), PanicException("deliberate")])
async def test_a_snapshot_that_fails_unforeseen_is_tried_again(
    tmp_path: Path, error: BaseException, caplog: pytest.LogCaptureFixture
) -> None:
    exchange, snapshots = ServiceInPart(), Snapshots(tmp_path / "snapshots", kept=2)
    exchange.tick()
    tries = 0

    def check() -> None:
        nonlocal tries
        tries += 1
        if tries < 3:
            raise type(error)(*error.args)

    keeping = housekeeping(exchange, snapshots, check)
    running = asyncio.create_task(keeping.run())
    async with asyncio.timeout(10):
        while not keeping.snapshots_written:
            await asyncio.sleep(0.001)
    running.cancel()
    assert tries == 3
    assert caplog.text.count("in check") == 2


@pytest.mark.parametrize("error", [OSError("no room"), RuntimeError("no idea")])
async def test_who_looks_at_the_faults_sees_that_there_is_no_snapshot(
    tmp_path: Path, error: Exception
) -> None:
    """The journal grows meanwhile, and nobody else would notice."""
    exchange, snapshots, faults = (
        ServiceInPart(),
        Snapshots(tmp_path / "snapshots", kept=2),
        Faults(),
    )
    exchange.tick()
    failing = True

    def check() -> None:
        if failing:
            raise error

    running = asyncio.create_task(housekeeping(exchange, snapshots, check, faults).run())
    async with asyncio.timeout(10):
        while not faults.standing:
            await asyncio.sleep(0.001)
        assert list(faults.standing.values()) == [f"no snapshot: {error}"]
        assert faults.counts["snapshots"] >= 1
        failing = False
        while faults.standing:
            await asyncio.sleep(0.001)
    running.cancel()
