"""A start drops nothing that was told: it refuses, and ``recover`` goes on without it."""

import asyncio
import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import settings
from journal.datadir import DataDir
from journal.mark import Mark
from quantscope import recovering
from testing.client import Client
from testing.command import quantscope
from testing.damage import contents, copy_database, cut, flip, forget, shorten, used
from testing.process import ServerProcess
from tests.system.orders import trade

SNAPSHOTS = ("journal.snapshot_interval_s=0.1", "journal.snapshot_commands_min=5")


def recover(data: Path, *flags: str) -> tuple[int, str]:
    code, out, errors = quantscope("recover", str(data), *flags)
    assert "Traceback" not in errors
    return code, out + errors


async def filled(
    data: Path, count: int = 12, *settings: str
) -> tuple[ServerProcess, Client, list[int]]:
    """An exchange that was stopped, and what a client knows of it."""
    exchange = ServerProcess(data, *settings).start()
    client, ids = await trade(exchange, count)
    client.cut()
    return exchange, client, ids


async def refused_and_recovered(
    exchange: ServerProcess, client: Client, ids: list[int], what: str, *, lost: bool = True
) -> int:
    """The start refuses and changes nothing; the recovery goes on; how many orders it has kept."""
    data = exchange.data_dir
    before = contents(data)
    line = exchange.refuses_to_start()
    for words in (what, str(data), "nothing was changed", "quantscope restore", "--accept-loss"):
        assert words in line, line
    assert ("would be lost" in line) or not lost, line
    assert recover(data) == (1, f"Error: {line}\n")
    assert contents(data) == before

    code, said = recover(data, "--accept-loss")
    assert code == 0, said
    assert "goes on from command batch" in said
    exchange.start()
    again = Client(exchange.binary)
    if lost:
        await again.expect_rejected_login("S", session=client.session)
    await again.login(sequence=0)
    kept = again.last_cl_ord_id
    if lost:
        # No number that may have been told is told again, and none is out of reach.
        assert again.following > client.following - 1
    again.place(kept + 1)
    new = await again.expect_new(kept + 1)
    assert new.order_id > max(ids)
    again.cut()
    exchange.stop()
    exchange.verified()
    return kept


def exec_ids(exchange: ServerProcess) -> list[int]:
    return [event["seq"] for event in exchange.journal("events")]


async def test_commands_cut_to_an_earlier_commit_are_missed_after_a_clean_stop(
    tmp_path: Path,
) -> None:
    """The mark of the clean stop alone knows: no event and no snapshot is ahead."""
    exchange, client, ids = await filled(tmp_path / "data")
    exchange.stop()
    last = exchange.journal("commands")[-1]["offset"]
    shorten(exchange.data_dir, last - 5)
    forget(exchange.data_dir, "events.db", "store.db")
    shutil.rmtree(exchange.data_dir / "snapshots")
    told = await refused_and_recovered(exchange, client, ids, f"goes to command batch {last - 5}")
    assert 0 < told < 12


async def test_after_a_clean_stop_nothing_is_lost_without_a_commands_log(tmp_path: Path) -> None:
    exchange, client, ids = await filled(tmp_path / "data")
    exchange.stop()
    before = exchange.journal("commands")
    forget(exchange.data_dir, "commands.db")
    line = exchange.refuses_to_start()
    assert "commands.db is missing or empty" in line
    assert "nothing that was told would be lost" in line
    kept = await refused_and_recovered(exchange, client, ids, "is missing", lost=False)
    assert kept == len(ids)
    after = exchange.journal("commands")
    assert after[0]["offset"] == before[-1]["offset"] + 1
    assert "RAISE" not in {command["type"] for command in after}
    # The session goes on as if nothing had been.
    exchange.start()
    again = await Client(exchange.binary).login(client.session, 1)
    for number in range(1, kept + 2):
        await again.expect_new(number)
    again.cut()
    exchange.stop()


async def test_with_snapshots_and_events_alone_it_goes_on_from_the_newest_snapshot(
    tmp_path: Path,
) -> None:
    exchange, client, ids = await filled(tmp_path / "data", 40, *SNAPSHOTS)
    await asyncio.sleep(0.3)
    _, more = await trade(exchange, 5)
    exchange.kill()
    forget(exchange.data_dir, "commands.db")
    kept = await refused_and_recovered(exchange, client, ids + more, "is missing or empty")
    assert 40 <= kept <= 45


@pytest.mark.parametrize("ahead", ["events", "snapshot", "index", "store"])
async def test_whatever_file_is_ahead_is_proof_enough(tmp_path: Path, ahead: str) -> None:
    data = tmp_path / "data"
    exchange, client, ids = await filled(data)
    exchange.kill()
    shutil.copytree(data, tmp_path / "early")
    exchange.start()
    _, more = await trade(exchange, 9)
    exchange.stop()
    early = tmp_path / "early"
    if ahead in ("events", "store"):
        copy_database(data, early, f"{ahead}.db")
    else:
        (early / "snapshots").mkdir(exist_ok=True)
        pattern = "*.snapshot" if ahead == "snapshot" else "sessions.index"
        for file in (data / "snapshots").glob(pattern):
            shutil.copy(file, early / "snapshots")
    names = {"snapshot": "snapshots/0", "index": "sessions.index"}
    old = ServerProcess(early)
    kept = await refused_and_recovered(
        old, client, ids + more, names.get(ahead, f"{ahead}.db knows of")
    )
    # A snapshot holds all that was told before it; the others only know that it was told.
    assert kept == (21 if ahead == "snapshot" else 12)
    if ahead == "store":
        assert (early / "store.db.lost-1").exists()
    if ahead == "events":
        lost = [json.loads(x) for x in (early / "events.lost-1.jsonl").read_text().splitlines()]
        assert sum(event["type"] == "ACCEPTED" for event in lost) == 9


async def test_commands_cut_after_a_crash_are_missed_where_events_are_ahead(tmp_path: Path) -> None:
    exchange, client, ids = await filled(tmp_path / "data")
    await asyncio.sleep(0.3)  # events are written behind
    exchange.kill()
    wal = exchange.data_dir / "commands.db-wal"
    copies = [("half", used(wal) // 2), ("two", used(wal) - 2)]
    for name, frames in copies:
        copy = tmp_path / name
        shutil.copytree(exchange.data_dir, copy)
        cut(copy / "commands.db-wal", frames)
        kept = await refused_and_recovered(ServerProcess(copy), client, ids, "has lost its end")
        assert kept < 12


async def test_one_bit_in_the_last_frame_is_no_unfinished_commit_where_more_is_known(
    tmp_path: Path,
) -> None:
    exchange, client, ids = await filled(tmp_path / "data")
    await asyncio.sleep(0.3)
    exchange.kill()
    wal = exchange.data_dir / "commands.db-wal"
    flip(wal, 32 + (24 + 4096) * (used(wal) - 1) + 1_000)
    kept = await refused_and_recovered(exchange, client, ids, "has lost its end")
    assert kept in (11, 12)


async def test_what_went_bad_before_the_last_commit_can_be_done_without(tmp_path: Path) -> None:
    exchange, client, ids = await filled(tmp_path / "data")
    exchange.kill()
    wal = exchange.data_dir / "commands.db-wal"
    flip(wal, 32 + (24 + 4096) * (used(wal) // 2) + 500)
    await refused_and_recovered(exchange, client, ids, "commands.db-wal is damaged at byte")


async def test_a_row_that_went_bad_can_be_done_without(tmp_path: Path) -> None:
    exchange, client, ids = await filled(tmp_path / "data", 60)
    exchange.stop()
    shutil.rmtree(exchange.data_dir / "snapshots")
    data = (exchange.data_dir / "commands.db").read_bytes()
    flip(exchange.data_dir / "commands.db", len(data) * 2 // 3)
    kept = await refused_and_recovered(exchange, client, ids, "commands.db is damaged")
    assert kept < 60


async def test_a_log_of_another_exchange_is_not_taken(tmp_path: Path) -> None:
    other, _, _ = await filled(tmp_path / "other", 12)
    other.stop()
    exchange, client, ids = await filled(tmp_path / "data", 12)
    exchange.stop()
    copy_database(other.data_dir, exchange.data_dir, "commands.db")
    kept = await refused_and_recovered(
        exchange, client, ids, "commands.db is of another journal", lost=False
    )
    assert kept == 12


async def test_a_log_with_another_past_is_not_taken(tmp_path: Path) -> None:
    """An earlier copy that went on by itself: at the same places stand other commands."""
    exchange, _, _ = await filled(tmp_path / "data")
    exchange.stop()
    shutil.copytree(exchange.data_dir, tmp_path / "early")
    for name, user in (("early", "other"), ("data", "mine")):
        with ServerProcess(tmp_path / name) as one:
            for number in range(8):
                called = f"{user}-{number}"
                await asyncio.to_thread(one.place, user_id=user, client_order_id=called)
    copy_database(tmp_path / "early", tmp_path / "data", "commands.db")
    line = exchange.refuses_to_start()
    assert "has another checksum than" in line
    code, said = recover(exchange.data_dir, "--accept-loss")
    assert code == 0, said
    with exchange:
        page = await asyncio.to_thread(exchange.get, "/orders?user_id=mine")
        assert page["count"] == 8
        page = await asyncio.to_thread(exchange.get, "/orders?user_id=other")
        assert page["count"] == 0
    exchange.verified()


async def test_a_foreign_snapshot_is_never_taken(tmp_path: Path) -> None:
    """Not even where the log ends at that very offset: it is put aside with an error."""
    ends = {}
    for name in ("data", "other"):
        exchange = ServerProcess(tmp_path / name).start()
        for number in range(10):
            await asyncio.to_thread(
                exchange.try_place, user_id=name, client_order_id=f"{name}{number}"
            )
        exchange.stop()
        (ends[name],) = (tmp_path / name / "snapshots").glob("*.snapshot")
    offset = min(int(ends["data"].stem), int(ends["other"].stem))
    foreign = tmp_path / "data" / "snapshots" / ends["other"].name
    shutil.copy(ends["other"], foreign)
    exchange = ServerProcess(tmp_path / "data").start()
    assert re.search(
        r"ERROR quantscope.engine: snapshot \d+.snapshot is of another", exchange.said()
    )
    assert not foreign.exists() or int(foreign.stem) != offset
    assert foreign.with_suffix(".foreign").exists()
    page = await asyncio.to_thread(exchange.get, "/orders?user_id=data&status=NEW")
    assert page["count"] == 10
    page = await asyncio.to_thread(exchange.get, "/orders?user_id=other")
    assert page["count"] == 0
    exchange.stop()
    exchange.verified()


def broken_off(monkeypatch: pytest.MonkeyPatch, data: Path, name: str) -> None:
    """A recovery that ends when it comes to a step, as a kill there would."""

    class Killed(Exception):
        pass

    def end(*_: Any, **__: Any) -> None:
        raise Killed

    write = DataDir.write_mark

    def end_at_last(directory: DataDir, mark: Mark) -> None:
        if mark.state == "stopped":
            raise Killed
        write(directory, mark)

    config = settings.load(None, {}, [f"server.data_dir={data}"])
    with monkeypatch.context() as patch:
        if name == "write_mark":
            # All is done but for the word that it is.
            patch.setattr(DataDir, name, end_at_last)
        else:
            patch.setattr(recovering._Recovering, name, end)
        with pytest.raises(Killed):
            recovering.run_recover(config, accept_loss=True)


STEPS = ("_cut_events", "_put_snapshots_aside", "_rebuild_commands", "_swap")


@pytest.mark.parametrize("step", [*STEPS, "write_mark"])
async def test_a_recovery_that_is_broken_off_is_finished_by_the_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    exchange, client, ids = await filled(tmp_path / "data")
    await asyncio.sleep(0.3)
    exchange.kill()
    cut(exchange.data_dir / "commands.db-wal", used(exchange.data_dir / "commands.db-wal") // 2)
    broken_off(monkeypatch, exchange.data_dir, step)
    line = exchange.refuses_to_start()
    assert "was begun and not finished" in line
    code, said = recover(exchange.data_dir, "--accept-loss")
    assert code == 0, said
    exchange.start()
    again = await Client(exchange.binary).login()
    kept = again.last_cl_ord_id
    assert kept < 12
    assert again.following > client.following
    again.place(kept + 1)
    assert (await again.expect_new(kept + 1)).order_id > max(ids)
    again.cut()
    exchange.stop()
    exchange.verified()
    assert recover(exchange.data_dir)[1].startswith("nothing is lost")
    numbers = exec_ids(exchange)
    assert numbers == sorted(set(numbers))


def size(file: Path) -> int:
    return file.stat().st_size


@pytest.mark.parametrize(
    ("name", "spoil", "words"),
    [
        ("mark", lambda file: flip(file, 20), "mark is damaged: its checksum is wrong"),
        ("events.db", lambda file: flip(file, size(file) * 2 // 3), "events.db is damaged"),
        ("store.db", lambda file: file.write_bytes(b"x" * 5_000), "store.db can't be used"),
    ],
)
async def test_what_can_be_moved_away_is_named_with_what_follows(
    tmp_path: Path, name: str, spoil: Callable[[Path], None], words: str
) -> None:
    exchange, client, ids = await filled(tmp_path / "data", 60)
    exchange.stop()
    file = exchange.data_dir / name
    spoil(file)
    before = contents(exchange.data_dir)
    line = exchange.refuses_to_start()
    assert words in line
    assert re.search(r"move (it|events.db and events.db-wal) away", line)
    assert contents(exchange.data_dir) == before
    file.rename(tmp_path / name)
    exchange.start()
    again = await Client(exchange.binary).login()
    assert again.last_cl_ord_id == len(ids)
    assert (again.session == client.session) == (name != "mark")
    again.cut()
    exchange.stop()
    exchange.verified()


async def test_a_start_that_is_refused_for_its_configuration_takes_no_mark_back(
    tmp_path: Path,
) -> None:
    exchange, _, _ = await filled(tmp_path / "data", 5)
    exchange.stop()
    data = exchange.data_dir
    before = (data / "mark").read_bytes()
    code, _, errors = quantscope(
        "serve", "--data-dir", str(data), "--set", "engine.instruments_max=1"
    )
    assert (code, "engine.instruments_max = 1" in errors) == (1, True)
    assert (data / "mark").read_bytes() == before
    last = exchange.journal("commands")[-1]["offset"]
    shorten(data, last - 2)
    forget(data, "events.db", "store.db")
    shutil.rmtree(data / "snapshots")
    assert "mark knows of" in exchange.refuses_to_start()
