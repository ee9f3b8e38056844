"""What only a store knew that is gone: each answer that lacks it says so, and the commands do."""

import re
import shutil
from pathlib import Path
from typing import Any

import pytest

from core import delete_after
from testing.command import quantscope
from testing.damage import contents, forget
from testing.process import ServerProcess
from tests.system.orders import SOON

TRIMMED = (*SOON, "gateway.session_replay_messages_min=1")
FILLS = 43


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str, list[str]]:
    """A directory with both logs trimmed; an open order with fills of before; some that ended."""
    exchange = ServerProcess(tmp_path_factory.mktemp("whole") / "data", *TRIMMED).start()
    order = exchange.place(user_id="mk", side="SELL", quantity="500", price="150")
    ended = [
        exchange.place(user_id="mk", price="10", time_in_force="IOC")["order_id"] for _ in range(5)
    ]
    for _ in range(FILLS - 3):
        exchange.place(user_id="tk", price="150")
    exchange.amend(order["order_id"], quantity="400")
    exchange.trade_until_deleted()
    before = exchange.metrics()["quantscope_events_log_offset"]
    while exchange.journal_begins() <= before:
        exchange.place()
    for _ in range(3):
        exchange.place(user_id="tk", price="150")
    exchange.stop()
    return exchange.data_dir, order["order_id"], ended


@pytest.fixture
def lost(tmp_path: Path, whole: tuple[Path, str, list[str]]) -> ServerProcess:
    """The same, its store gone."""
    shutil.copytree(whole[0], tmp_path / "data")
    forget(tmp_path / "data", "store.db")
    return ServerProcess(tmp_path / "data")


def marks(exchange: ServerProcess, order_id: str) -> dict[str, Any]:
    """Since when each answer is complete."""
    paths = (
        f"/orders/{order_id}/fills",
        f"/orders/{order_id}/history",
        "/orders?user_id=mk",
        "/orders?user_id=mk&status=NEW",
        "/trades/BTCUSD?limit=1",
        "/trades/BTCUSD?limit=1000",
        "/ticker/BTCUSD",
    )
    return {path: exchange.get(path)["complete_since"] for path in paths}


def test_every_answer_that_may_lack_something_says_since_when_it_is_complete(
    lost: ServerProcess, whole: tuple[Path, str, list[str]]
) -> None:
    _, order_id, ended = whole
    with lost:
        assert re.search(r"WARNING quantscope.engine: store.db is missing, and the", lost.said())
        for path, since in marks(lost, order_id).items():
            exact = path.endswith(("status=NEW", "limit=1"))
            assert (since is None) == exact, path
            assert since is None or re.fullmatch(r"20\S+T\S+\.\d{6}Z", since)
        order = lost.get(f"/orders/{order_id}")
        assert (order["filled_quantity"], order["fills_count"]) == (str(FILLS), None)
        assert order["fills_truncated"]
        assert order["status_history_truncated"]
        page = lost.get(f"/orders/{order_id}/fills?limit=2")
        assert (page["count"], page["fills_count"], page["next_cursor"]) == (2, None, "2")
        page = lost.get(f"/orders/{order_id}/history")
        assert (page["count"], page["status_history_count"]) == (3, None)
        assert [lost.get(f"/orders/{x}", 410)["code"] for x in ended] == ["ORDER_ARCHIVED"] * 5
        # An order that began since then has all.
        new = lost.place(user_id="mk")
        page = lost.get(f"/orders/{new['order_id']}/history")
        assert (page["status_history_count"], page["complete_since"]) == (1, None)


def test_a_store_that_has_all_marks_nothing(
    tmp_path: Path, whole: tuple[Path, str, list[str]]
) -> None:
    data, order_id, ended = whole
    shutil.copytree(data, tmp_path / "data")
    with ServerProcess(tmp_path / "data") as exchange:
        assert set(marks(exchange, order_id).values()) == {None}
        page = exchange.get(f"/orders/{order_id}/fills?limit=1000")
        assert (page["count"], page["fills_count"]) == (FILLS, FILLS)
        page = exchange.get("/orders?user_id=mk")
        assert page["count"] == 1 + len(ended)


def test_it_is_told_before_the_start_and_a_copy_of_the_store_helps(
    lost: ServerProcess, whole: tuple[Path, str, list[str]]
) -> None:
    data = lost.data_dir
    before = contents(data)
    code, _, errors = quantscope("verify", "--data-dir", str(data))
    code_of_recover, said, _ = quantscope("recover", str(data))
    assert (code, code_of_recover) == (1, 0)
    for words in (errors, said):
        assert "store.db is missing, and the events log begins with event " in words
        assert "put back a copy of store.db from a backup" in words
        assert "the exchange goes on without" in words
    assert "nothing is lost" not in said
    assert contents(data) == before
    for file in whole[0].glob("store.db*"):
        shutil.copy(file, data)
    lost.verified()
    with lost:
        assert set(marks(lost, whole[1]).values()) == {None}


def test_verify_tells_of_a_store_that_was_begun_late_and_passes_it(lost: ServerProcess) -> None:
    with lost:
        lost.place()
    code, out, errors = quantscope("verify", "--data-dir", str(lost.data_dir))
    assert code == 0, errors
    assert "verified store.db" in out
    (line,) = errors.splitlines()
    assert re.match(r"store.db begins with event \d+ of 20\S+Z, for the journal had", line)
    assert "put back a copy of store.db from a backup" in line


def test_a_recovery_says_what_goes_with_the_store_that_it_puts_aside(
    tmp_path: Path, whole: tuple[Path, str, list[str]]
) -> None:
    shutil.copytree(whole[0], tmp_path / "data")
    exchange = ServerProcess(tmp_path / "data")
    last = exchange.journal("commands")[-1]["offset"]
    delete_after(exchange.data_dir / "commands.db", last - 2)
    for file in (exchange.data_dir / "snapshots").glob(f"{last:020d}.snapshot"):
        file.unlink()
    line = exchange.refuses_to_start()
    words = "orders that ended before the events that are kept, with older fills and trades, are in"
    assert f"puts store.db aside: {words} that one alone" in line
    code, said, _ = quantscope("recover", str(exchange.data_dir), "--accept-loss")
    assert code == 0
    assert words in said
    assert (exchange.data_dir / "store.db.lost-1").exists()
