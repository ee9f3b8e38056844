"""A store that another process fills: it comes late, goes away, is another's, and steps back."""

import asyncio
import logging
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from core import MemoryLog, StoreFailed
from settings import FacadeSettings
from store.follower import StoreFollower
from testing.batches import ordinary
from testing.parts import memory_log, new_recorder
from testing.waiting import until

JOURNAL = 5


def filled(path: Path, count: int, journal_id: int = JOURNAL) -> MemoryLog:
    """A store that has the events of so many batches, as a recorder leaves it."""
    log = memory_log(journal_id)
    log.append(1, list(ordinary(1, count)))
    recorder = new_recorder(path, log)
    while recorder.position().offset < log.written_offset:
        recorder.wake()
    recorder.stop()
    return log


def remove(path: Path) -> None:
    for file in path.parent.glob(f"{path.name}*"):
        file.unlink()


class Following:
    """A follower, and what it has said."""

    def __init__(self, path: Path, interval_s: float = 0.01) -> None:
        self.said: list[int] = []
        self.resumed = 0
        self.follower = StoreFollower(
            path,
            JOURNAL,
            FacadeSettings(store_poll_interval_s=interval_s),
            on_recorded=self.said.append,
            on_resumed=self._on_resumed,
        )

    def _on_resumed(self) -> None:
        self.resumed += 1

    @asynccontextmanager
    async def running(self) -> AsyncIterator[StoreFollower]:
        task = asyncio.create_task(self.follower.run())
        try:
            yield self.follower
        finally:
            task.cancel()
            await asyncio.wait([task])
            await self.follower.store.close()


async def test_it_is_opened_when_it_comes_and_followed(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    following = Following(path)
    async with following.running() as follower:
        assert follower.away == "it is not opened yet"
        await until(lambda: follower.away == "there is no store.db")
        with pytest.raises(StoreFailed, match=r"there is no store\.db"):
            await follower.store.order(1)
        log = await asyncio.to_thread(filled, path, 3)
        await until(lambda: follower.away is None)
        order = await follower.store.order(1)
        assert order is not None
        first = follower.recorded
        assert (following.said, following.resumed) == ([first], 1)
        log.append(2, list(ordinary(1, 6))[3:])
        recorder = new_recorder(path, log)
        await until(lambda: recorder.position().offset == log.written_offset)
        await until(lambda: follower.recorded == recorder.position().sequence)
        recorder.stop()
        assert following.said[0] == first
        assert following.said == sorted(set(following.said))


async def test_who_waits_makes_it_look_at_once(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    log = filled(path, 3)
    following = Following(path, interval_s=600.0)
    async with following.running() as follower:
        await until(lambda: follower.away is None)
        log.append(2, list(ordinary(1, 4))[3:])
        recorder = new_recorder(path, log)
        await until(lambda: recorder.position().offset == log.written_offset)
        follower.wake()
        await until(lambda: follower.recorded == recorder.position().sequence)
        recorder.stop()


@pytest.mark.parametrize("how", ["another journal's", "empty", "no store"])
async def test_what_is_not_this_journals_store_is_not_asked(
    tmp_path: Path, how: str, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "store.db"
    caplog.set_level(logging.WARNING)
    match how:
        case "another journal's":
            filled(path, 3, journal_id=6)
            reason = f"store.db is of journal {6:016x}, and this is {JOURNAL:016x}"
        case "empty":
            new_recorder(path, memory_log(JOURNAL)).stop()
            reason = "nothing is recorded in store.db yet"
        case _:
            path.write_bytes(b"no store" * 1_000)
            reason = "not a database"
    following = Following(path)
    async with following.running() as follower:
        await until(lambda: reason in (follower.away or ""))
        await asyncio.sleep(0.05)
        assert len(caplog.records) == 1
        with pytest.raises(StoreFailed, match=reason.split(",")[0]):
            await follower.store.order(1)
        assert following.said == []
        remove(path)
        await until(lambda: follower.away == "there is no store.db")
        await asyncio.to_thread(filled, path, 3)
        await until(lambda: follower.away is None)


async def test_one_that_was_put_back_is_told_before_it_is_asked(tmp_path: Path) -> None:
    path, copy = tmp_path / "store.db", tmp_path / "copy.db"
    filled(copy, 2)
    filled(path, 6)
    following = Following(path)
    async with following.running() as follower:
        await until(lambda: follower.away is None)
        high = follower.recorded
        newest = (await follower.store.trades(1, limit=1))[0]
        shutil.copy(copy, tmp_path / "put.db")
        remove(path)
        (tmp_path / "put.db").rename(path)
        await until(lambda: following.resumed == 2)
        assert following.said == [high, follower.recorded]
        assert follower.recorded < high
        assert await follower.store.trades(1, limit=1) != [newest]
