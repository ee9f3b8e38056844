"""A journal in memory is forgotten at the end, and touches nothing that is durable."""

import hashlib
from pathlib import Path

from tests.system.exchange import Exchange


def contents(directory: Path) -> dict[str, str]:
    """What every file holds, but for the lock, which says who has the directory."""
    files = (path for path in directory.rglob("*") if path.is_file() and path.name != "lock")
    return {str(file): hashlib.sha256(file.read_bytes()).hexdigest() for file in files}


def test_a_run_with_the_memory_journal_leaves_the_durable_data_alone(tmp_path: Path) -> None:
    data = tmp_path / "data"
    exchange = Exchange(data).start()
    _, order = exchange.post()
    exchange.stop()
    (data / "store.db.aside-1").write_bytes(b"history that is nowhere else")
    before = contents(data)

    exchange.start("journal.adapter=memory")
    status, other = exchange.post(user_id="other")
    assert status == 201
    assert exchange.get("/orders?user_id=rest")[1]["count"] == 0
    assert exchange.get(f"/orders/{other['order_id']}")[0] == 200
    exchange.stop()
    assert contents(data) == before
    assert "the journal is in memory: this run begins empty" in exchange.said()

    exchange.start()
    assert exchange.get(f"/orders/{order['order_id']}")[1]["user_id"] == "rest"
    assert exchange.get("/orders?user_id=other")[1]["count"] == 0
    exchange.stop()
    exchange.verified()


def test_what_a_killed_run_left_behind_is_not_served_by_the_next(tmp_path: Path) -> None:
    data = tmp_path / "data"
    exchange = Exchange(data).start("journal.adapter=memory")
    exchange.post()
    exchange.kill()
    assert (data / "memory-store.db").exists()
    exchange.start("journal.adapter=memory")
    assert exchange.get("/orders?user_id=rest")[1]["count"] == 0
    exchange.stop()
    assert {path.name for path in data.iterdir()} == {"lock"}
