"""Rows of the store that went bad: no query shows them, and ``verify`` names each."""

import re
import shutil
import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from core import LogReader, StoreFailed
from quantscope.store_check import StoreCheck
from testing.command import quantscope
from testing.damage import contents, copy_database, forget
from testing.process import ServerProcess
from tests.system.orders import SOON

TRIMMED = (*SOON, "gateway.session_replay_messages_min=1")


@pytest.fixture(scope="module")
def kinds(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Directories with trades: whole, with their beginning deleted, killed, and of another time."""
    root = tmp_path_factory.mktemp("store")
    for name in ("whole", "trimmed", "killed", "other"):
        exchange = ServerProcess(root / name, *(TRIMMED if name == "trimmed" else ())).start()
        for number in range(30):
            side = "SELL" if number % 3 == 2 else "BUY"
            exchange.place(side=side, user_id=f"{name}{number % 2}", price="100")
        if name == "trimmed":
            exchange.trade_until_deleted()
            while exchange.journal_begins() == 1:
                exchange.place()
            exchange.place(side="SELL", user_id="last", price="100")
        if name == "killed":
            exchange.kill()
        else:
            exchange.stop()
    return {path.name: path for path in root.iterdir() if path.is_dir()}


def change(data: Path, statement: str, *values: int) -> None:
    """As no recorder does: the checksum is not made to fit."""
    with closing(sqlite3.connect(data / "store.db")) as store:
        assert store.execute(statement, values).rowcount > 0
        store.commit()
        store.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def verify(data: Path) -> tuple[int, str, list[str]]:
    code, out, errors = quantscope("verify", "--data-dir", str(data))
    assert "Traceback" not in errors
    return code, out, errors.splitlines()


@pytest.mark.parametrize("kind", ["whole", "trimmed", "killed"])
def test_a_sound_store_is_counted_and_nothing_is_written(
    tmp_path: Path, kinds: dict[str, Path], kind: str
) -> None:
    data = tmp_path / "data"
    shutil.copytree(kinds[kind], data)
    before = contents(data)
    code, out, errors = verify(data)
    assert (code, errors) == (0, [])
    found = re.search(r"verified store.db: (\d+) orders, (\d+) trades, against events (\d+) ", out)
    assert found, out
    orders, trades, first = map(int, found.groups())
    assert kind == "killed" or (orders >= 30 and trades >= 10)
    assert (first > 1) == (kind == "trimmed")
    assert contents(data) == before


WRONG = {
    "UPDATE trade SET price = price + 1 WHERE trade_id = 3": "table trade, row 3: it does not",
    "UPDATE orders SET cum = 7 WHERE rowid = (SELECT max(rowid) FROM orders)": "table orders, row",
    "UPDATE account SET name = 'x' WHERE account = 1": "table account, row 1: it does not match",
    "UPDATE entry SET name = 'x' WHERE entry = 1": "table entry, row 1: it does not match",
    "UPDATE instrument SET symbol = 'x' WHERE instrument = 1": "table instrument, row 1: it does",
    "UPDATE bar SET high = high + 1": "table bar, row",
    "DELETE FROM trade WHERE trade_id = 2": "table trade, row 2: it is missing",
    "DELETE FROM orders WHERE rowid = (SELECT min(rowid) + 4 FROM orders)": "it is missing",
    "DELETE FROM bar": "table bar, row",
    "INSERT INTO account SELECT 99, name, checksum FROM account LIMIT 1": "table account, row 99",
}


@pytest.mark.parametrize("kind", ["whole", "trimmed"])
def test_each_row_that_is_wrong_is_named_and_said_what_to_do(
    tmp_path: Path, kinds: dict[str, Path], kind: str
) -> None:
    for place, (statement, named) in enumerate(WRONG.items()):
        data = tmp_path / f"{place}"
        shutil.copytree(kinds[kind], data)
        change(data, statement)
        code, out, errors = verify(data)
        assert code == 1, statement
        assert out.startswith("verified from")
        assert any(line.startswith("store.db: ") and named in line for line in errors), errors
        advice = errors[-1]
        assert advice.startswith("Error: store.db: ")
        assert "move store.db, store.db-wal and store.db-shm away" in advice
        assert ("has all of it" in advice) == (kind == "whole")
        # As it says: a start makes it again.
        if kind == "whole":
            forget(data, "store.db")
            with ServerProcess(data) as exchange:
                exchange.get("/trades/BTCUSD")
            assert verify(data)[0] == 0


def test_a_file_that_sqlite_finds_damaged_is_an_error(
    tmp_path: Path, kinds: dict[str, Path]
) -> None:
    data = tmp_path / "data"
    shutil.copytree(kinds["whole"], data)
    with closing(sqlite3.connect(data / "store.db")) as store:
        store.execute("PRAGMA writable_schema = ON")
        store.execute("DELETE FROM sqlite_schema WHERE name = 'trade_time'")
        store.commit()
        store.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    code, _, errors = verify(data)
    assert code == 1
    assert "store.db: index trade_time is not the one that is made" in errors


@pytest.mark.parametrize("content", ["nothing", "no store", "a header", "another version"])
def test_a_store_that_holds_nothing_is_none(
    tmp_path: Path, kinds: dict[str, Path], content: str
) -> None:
    data = tmp_path / "data"
    shutil.copytree(kinds["whole"], data)
    if content != "another version":
        forget(data, "store.db")
    if content == "nothing":
        (data / "store.db").touch()
    elif content == "a header":
        with closing(sqlite3.connect(data / "store.db")) as store:
            store.execute("PRAGMA journal_mode = WAL")
    elif content == "another version":
        with closing(sqlite3.connect(data / "store.db")) as store:
            store.execute("PRAGMA user_version = 1")
            store.commit()
            store.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    code, out, errors = verify(data)
    if content == "another version":
        assert code == 1
        assert "the store's file is of version 1" in errors[-1]
    else:
        assert (code, errors) == (0, []), out
    with ServerProcess(data) as exchange:
        assert exchange.get("/orders?user_id=whole0")["count"] > 0


Other = Callable[[Path, dict[str, Path]], object]


@pytest.mark.parametrize(
    ("put", "said"),
    [
        (lambda data, kinds: copy_database(kinds["other"], data, "store.db"), "another journal"),
        (lambda data, kinds: later(data), "store.db: "),
    ],
)
def test_a_store_of_another_journal_or_a_later_time_is_an_error(
    tmp_path: Path, kinds: dict[str, Path], put: Other, said: str
) -> None:
    data = tmp_path / "data"
    shutil.copytree(kinds["whole"], data)
    put(data, kinds)
    code, _, errors = verify(data)
    assert code == 1
    assert said in errors[-1] or "store.db" in errors[-1], errors


def later(data: Path) -> None:
    """The store goes on in a copy of the directory, and is put back alone."""
    copy = data.with_name("copy")
    shutil.copytree(data, copy)
    with ServerProcess(copy) as exchange:
        exchange.place()
    copy_database(copy, data, "store.db")


def test_a_query_that_meets_a_bad_row_says_so_once(tmp_path: Path, kinds: dict[str, Path]) -> None:
    data = tmp_path / "data"
    shutil.copytree(kinds["whole"], data)
    with closing(sqlite3.connect(data / "store.db")) as store:
        ((order_id,),) = store.execute("SELECT max(order_id) FROM orders WHERE status = 2")
    change(data, "UPDATE orders SET price = price + 1 WHERE order_id = ?", order_id)
    with ServerProcess(data) as exchange:
        exchange.get("/ready")
        for _ in range(3):
            status, body = exchange.ask(f"/orders/{order_id}")
            assert (status, body["code"]) == (503, "UNAVAILABLE")
        row = f"row {order_id} of table orders does not match its checksum"
        assert exchange.said().count(row) == 1
        assert exchange.metrics()['quantscope_faults_total{part="store"}'] >= 3
        status, ready = exchange.ask("/ready")
        assert (status, ready["faults"]) == (503, [f"the store is damaged: {row}"])
        # Trading, and what memory knows, is not concerned.
        order = exchange.place(price="50")
        exchange.get(f"/orders/{order['order_id']}")


def test_a_recorder_that_meets_a_bad_row_is_tried_again_with_pauses(
    tmp_path: Path, kinds: dict[str, Path]
) -> None:
    data = tmp_path / "data"
    shutil.copytree(kinds["whole"], data)
    with closing(sqlite3.connect(data / "store.db")) as store:
        ((order_id,),) = store.execute("SELECT max(order_id) FROM orders WHERE status = 0")
    change(data, "UPDATE orders SET qty = qty + 1 WHERE order_id = ?", order_id)
    with ServerProcess(data) as exchange:
        exchange.cancel(order_id)
        begun = time.monotonic()
        halted = f"halted: the store is damaged: row {order_id} of table orders"
        while exchange.said().count(halted) < 3:
            assert time.monotonic() < begun + 30
            time.sleep(0.02)
        # At once, then after one second and two.
        assert time.monotonic() > begun + 0.9
        assert exchange.ask(f"/orders/{order_id}")[0] in (200, 503)
        exchange.place(price="50")
        forget(data, "store.db")
        while exchange.ask("/ready")[0] != 200:
            assert time.monotonic() < begun + 60
            time.sleep(0.1)
    assert verify(data)[0] == 0


def test_a_scratch_store_that_has_no_room_is_named(tmp_path: Path, kinds: dict[str, Path]) -> None:
    data, scratch = tmp_path / "data", tmp_path / "none" / "scratch.db"
    shutil.copytree(kinds["whole"], data)
    check = StoreCheck(data / "store.db", scratch, lambda _done, _total: None)
    batches = b"".join(
        entry.batch for entry in LogReader.at_rest(data / "events.db").read(1, 1 << 20)
    )
    with pytest.raises(StoreFailed, match=f"the scratch store {scratch}: "):
        check.told(batches)
