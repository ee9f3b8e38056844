"""A journal in memory is forgotten at the end, and touches nothing that is durable."""

from pathlib import Path

from testing.damage import contents
from testing.process import ServerProcess


def test_a_run_with_the_memory_journal_leaves_the_durable_data_alone(tmp_path: Path) -> None:
    data = tmp_path / "data"
    exchange = ServerProcess(data).start()
    order = exchange.place()
    exchange.stop()
    (data / "store.db.aside-1").write_bytes(b"history that is nowhere else")
    before = contents(data)

    exchange.start("journal.adapter=memory")
    other = exchange.place(user_id="other")
    assert exchange.get("/orders?user_id=rest")["count"] == 0
    exchange.get(f"/orders/{other['order_id']}")
    exchange.stop()
    assert contents(data) == before
    assert "the journal is in memory: this run begins empty" in exchange.said()

    exchange.start()
    assert exchange.get(f"/orders/{order['order_id']}")["user_id"] == "rest"
    assert exchange.get("/orders?user_id=other")["count"] == 0
    exchange.stop()
    exchange.verified()


def test_what_a_killed_run_left_behind_is_not_served_by_the_next(tmp_path: Path) -> None:
    data = tmp_path / "data"
    exchange = ServerProcess(data).start("journal.adapter=memory")
    exchange.place()
    exchange.kill()
    assert (data / "memory-store.db").exists()
    exchange.start("journal.adapter=memory")
    assert exchange.get("/orders?user_id=rest")["count"] == 0
    exchange.stop()
    assert {path.name for path in data.iterdir()} == {"lock"}
