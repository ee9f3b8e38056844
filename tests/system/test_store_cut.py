"""A store that was cut is refused before anything is touched, with what to do."""

import os
import shutil
import time
from pathlib import Path

import pytest

from testing.command import quantscope
from testing.damage import HEADER, contents
from testing.process import ServerProcess

PAGE = 4096
SOON = ("store.checkpoint_interval_s=0.1", "store.recorder_interval_s=0.01")


def fill(exchange: ServerProcess) -> None:
    for number in range(150):
        exchange.place(user_id=f"user{number % 7}", side=("BUY", "SELL")[number % 2])
    while exchange.metrics()["quantscope_recorder_lag_events"]:
        time.sleep(0.01)


@pytest.fixture(scope="module")
def kinds(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """One that was stopped; one that was killed while its write-ahead log held new pages."""
    root = tmp_path_factory.mktemp("cut")
    stopped = ServerProcess(root / "stopped").start()
    fill(stopped)
    stopped.stop()
    killed = ServerProcess(root / "killed", *SOON).start()
    fill(killed)
    while (root / "killed" / "store.db").stat().st_size < 8 * PAGE:
        time.sleep(0.05)
    killed.kill()
    killed = ServerProcess(root / "killed", "store.checkpoint_interval_s=1000").start()
    fill(killed)
    killed.kill()
    return {"stopped": stopped.data_dir, "killed": killed.data_dir}


def cuts(size: int) -> list[int]:
    pages = size // PAGE
    return [size - 1, *(PAGE * n for n in (pages - 1, pages - 2, pages // 2, 2, 1)), 5_000, 100]


def refused(data: Path) -> str:
    """It is refused in one line, twice, and by ``verify`` in the same; nothing is changed."""
    before = contents(data)
    line = ServerProcess(data).refuses_to_start()
    assert ServerProcess(data).refuses_to_start() == line
    assert quantscope("verify", "--data-dir", str(data)) == (1, "", f"Error: {line}\n")
    assert contents(data) == before
    return line


def test_a_store_that_was_cut_is_refused_with_what_to_do(
    tmp_path: Path, kinds: dict[str, Path]
) -> None:
    size = (kinds["stopped"] / "store.db").stat().st_size
    for place in cuts(size):
        data = tmp_path / str(place)
        shutil.copytree(kinds["stopped"], data)
        os.truncate(data / "store.db", place)
        line = refused(data)
        assert "store.db can't be used: " in line
        assert place < PAGE or f"{data}/store.db is damaged" in line
        assert "nothing was changed: put a newer copy of it back, or move it away" in line
    # What it says goes.
    for file in data.glob("store.db*"):
        file.unlink()
    with ServerProcess(data) as exchange:
        assert exchange.get("/orders?user_id=user1")["count"] > 20
    ServerProcess(data).verified()


def test_pages_that_the_write_ahead_log_still_holds_are_not_missed(
    tmp_path: Path, kinds: dict[str, Path]
) -> None:
    """A file that is shorter than its pages is sound after a crash, where the others are there."""
    killed = kinds["killed"]
    assert (killed / "store.db-wal").stat().st_size > HEADER
    with ServerProcess(shutil.copytree(killed, tmp_path / "whole")) as exchange:
        assert exchange.get("/orders?user_id=user1")["count"] > 40
    ServerProcess(tmp_path / "whole").verified()
    outcomes = set()
    for place in cuts((killed / "store.db").stat().st_size):
        data = tmp_path / str(place)
        shutil.copytree(killed, data)
        os.truncate(data / "store.db", place)
        if quantscope("verify", "--data-dir", str(data))[0]:
            line = refused(data)
            assert place < PAGE or f"is damaged at byte {place}: it was cut: page" in line
            outcomes.add("refused")
            continue
        # All that was cut off stands in the write-ahead log.
        with ServerProcess(data) as exchange:
            assert exchange.get("/orders?user_id=user1")["count"] > 40
        ServerProcess(data).verified()
        outcomes.add("goes on")
    assert "refused" in outcomes


def test_an_empty_file_beside_a_write_ahead_log_is_no_new_store(
    tmp_path: Path, kinds: dict[str, Path]
) -> None:
    for size in (0, 1):
        data = shutil.copytree(kinds["killed"], tmp_path / f"killed-{size}")
        os.truncate(data / "store.db", size)
        assert "store.db-wal is not" in refused(data)


def test_an_empty_file_is_a_new_store_where_the_journal_has_all(
    tmp_path: Path, kinds: dict[str, Path]
) -> None:
    for size in (0, 1):
        data = shutil.copytree(kinds["stopped"], tmp_path / f"stopped-{size}")
        os.truncate(data / "store.db", size)
        with ServerProcess(data) as exchange:
            page = exchange.get("/orders?user_id=user1")
            assert (page["count"] > 20, page["complete_since"]) == (True, None)
        ServerProcess(data).verified()
