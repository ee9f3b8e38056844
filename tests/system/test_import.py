"""A data directory of version 1 is refused with what to do, and goes on when it is imported."""

import json
from pathlib import Path
from typing import Any

import pytest

from core import move_store, store_at_rest
from journal.datadir import DataDir
from protocol.terms import Side
from testing.client import Client
from testing.command import quantscope
from testing.process import ServerProcess
from testing.version_1 import unpacked


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """The directory as its process left it: the mark is no copy."""
    left = unpacked(tmp_path)
    with DataDir(left) as directory:
        mark = directory.read_mark()
        assert mark is not None
        directory.write_mark(mark)
    return left


def told(old: Path) -> Any:
    return json.loads((old.parent / "told.json").read_text())


def content(directory: Path) -> dict[str, bytes]:
    files = (
        file for file in sorted(directory.rglob("*")) if file.is_file() and file.name != "lock"
    )
    return {str(file.relative_to(directory)): file.read_bytes() for file in files}


@pytest.mark.parametrize(
    "command",
    [
        ("serve", "--data-dir", "DIR"),
        ("verify", "--data-dir", "DIR"),
        ("recover", "DIR"),
        ("restore", "DIR", "DIR.copy"),
        ("journal", "events", "--data-dir", "DIR"),
        ("journal", "commands", "--data-dir", "DIR"),
    ],
)
def test_version_1_is_refused_with_what_to_do(old: Path, command: tuple[str, ...]) -> None:
    before = content(old)
    code, said, errors = quantscope(*(word.replace("DIR", str(old)) for word in command))
    assert (code, said) == (1, "")
    assert "is of version 1 of the journal" in errors
    assert "`quantscope import DATA_DIR NEW_DIR`" in errors
    assert errors.count("\n") == 1
    assert content(old) == before


async def test_what_version_1_told_is_told_after_an_import(old: Path, tmp_path: Path) -> None:
    before, new = content(old), tmp_path / "new"
    code, said, errors = quantscope("import", str(old), str(new))
    assert (code, errors) == (0, "")
    assert f"{new} goes on from command batch 11" in said
    assert content(old) == before
    exchange = ServerProcess(new)
    with exchange:
        assert "sessions get new ids" not in exchange.said()
        for path, (status, body) in told(old)["told"].items():
            assert exchange.ask(path) == (status, body | moved(path, exchange.get(path)))
        session, following, _ = told(old)["session"]
        client = await Client(exchange.binary).login(session, 1)
        assert (client.session, client.last_cl_ord_id) == (session, 2)
        reports = [await client.report() for _ in range(following - 1)]
        assert len(reports) == 3
        # A repeat is one still, and what rests trades.
        client.place(2, side=Side.BUY, price=100)
        assert type(await client.report()).__name__ == "ExecutionReportReject"
        repeated = exchange.place(
            200, side="SELL", price="101", user_id="alice", client_order_id="a-1"
        )
        assert repeated["order_id"] == "3"
        sold = exchange.place(side="SELL", price="100", user_id="alice")
        assert (sold["order_id"], sold["status"], sold["fills"][0]["trade_id"]) == (
            "7",
            "FILLED",
            "3",
        )
    exchange.verified()
    with exchange:
        assert exchange.get("/orders/2")["status"] == "FILLED"


def moved(path: str, now: Any) -> dict[str, Any]:
    """What a start changes in an answer: its own events are numbered, and time goes on."""
    names = ("sequence", "timestamp") if path.startswith("/orderbook") else ("sequence",)
    return {name: now[name] for name in names if name in now}


def test_a_copy_stays_a_copy(old: Path, tmp_path: Path) -> None:
    (tmp_path / "again").mkdir()
    copy = unpacked(tmp_path / "again")
    code, _, errors = quantscope("import", str(copy), str(tmp_path / "new"))
    assert code == 0, errors
    exchange = ServerProcess(tmp_path / "new")
    with exchange:
        assert "sessions get new ids (era 1)" in exchange.said()
        assert int(exchange.place()["order_id"]) > 10**12
    exchange.verified()


def test_what_was_not_stopped_cleanly_is_not_imported(old: Path, tmp_path: Path) -> None:
    (snapshot,) = (old / "snapshots").glob("*.snapshot")
    snapshot.rename(snapshot.with_suffix(".aside"))
    code, _, errors = quantscope("import", str(old), str(tmp_path / "new"))
    assert (code, "has no snapshot" in errors, "stop it cleanly" in errors) == (1, True, True)
    snapshot.with_suffix(".aside").rename(snapshot)
    mark = (old / "mark").read_bytes()
    (old / "mark").unlink()
    code, _, errors = quantscope("import", str(old), str(tmp_path / "new"))
    assert (code, "was not stopped cleanly" in errors) == (1, True)
    (old / "mark").write_bytes(mark)
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize("at", [10, 80, -300, -3])
@pytest.mark.parametrize("name", ["mark", "snapshots/00000000000000000011.snapshot"])
def test_what_is_damaged_is_not_imported(old: Path, tmp_path: Path, name: str, at: int) -> None:
    damaged = bytearray((old / name).read_bytes())
    damaged[at] ^= 1
    (old / name).write_bytes(damaged)
    code, said, errors = quantscope("import", str(old), str(tmp_path / "new"))
    assert (code, said, errors.count("\n")) == (1, "", 1)
    assert Path(name).name.split(".")[0] in errors or "snapshot" in errors
    assert not (tmp_path / "new").exists()


def test_a_store_of_another_past_is_not_imported(old: Path, tmp_path: Path) -> None:
    at = store_at_rest(old / "store.db")
    assert at is not None
    move_store(old / "store.db", at.hash, at.chain ^ 1)
    code, _, errors = quantscope("import", str(old), str(tmp_path / "new"))
    assert (code, "store.db does not end where the events do" in errors) == (1, True)
    for file in old.glob("store.db*"):
        file.unlink()
    code, _, errors = quantscope("import", str(old), str(tmp_path / "new"))
    assert (code, errors) == (0, "")
    with ServerProcess(tmp_path / "new") as exchange:
        assert exchange.get("/orders/2")["status"] == "NEW"


def test_the_directory_is_not_made_where_the_other_stands(old: Path) -> None:
    partial = old.rename(old.with_name("new.partial"))
    before = content(partial)
    for command in ("import", "restore"):
        code, _, errors = quantscope(command, str(partial), str(partial.with_name("new")))
        assert (code, errors.count("\n")) == (1, 1)
        assert content(partial) == before


def test_only_version_1_is_imported_and_only_into_a_free_directory(
    old: Path, tmp_path: Path
) -> None:
    with ServerProcess(tmp_path / "now"):
        pass
    code, _, errors = quantscope("import", str(tmp_path / "now"), str(tmp_path / "new"))
    assert (code, "there is nothing to import" in errors) == (1, True)
    code, _, errors = quantscope("import", str(old), str(tmp_path / "now"))
    assert (code, "is not empty" in errors) == (1, True)
    code, _, errors = quantscope("import", str(tmp_path / "none"), str(tmp_path / "new"))
    assert (code, "there is no data directory" in errors) == (1, True)
