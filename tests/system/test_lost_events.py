"""An events log that is gone or behind is made again, and REST goes on telling the truth."""

import shutil
from pathlib import Path

from testing.damage import forget
from testing.process import ServerProcess
from tests.system.orders import SOON, expect_open, place_some


def test_all_is_made_again_while_the_journal_begins_with_the_first_command(tmp_path: Path) -> None:
    data = tmp_path / "data"
    exchange = ServerProcess(data).start()
    orders = place_some(exchange, 20, "ann")
    gone = exchange.cancel(orders.pop()["order_id"])
    exchange.stop()
    events = exchange.journal("events")
    forget(data, "events.db")
    exchange.start()
    assert "WARNING quantscope.engine: the events log has lost its end" in exchange.said()
    expect_open(exchange, orders)
    assert exchange.get(f"/orders/{gone['order_id']}")["status"] == "CANCELED"
    exchange.cancel(orders[-1]["order_id"])
    exchange.stop()
    assert not list(data.glob("store.db.aside-*"))
    assert exchange.journal("events")[: len(events)] == events
    exchange.verified()


def test_an_older_events_log_is_brought_up(tmp_path: Path) -> None:
    data = tmp_path / "data"
    exchange = ServerProcess(data).start()
    orders = place_some(exchange, 5, "ann")
    exchange.stop()
    shutil.copytree(data, tmp_path / "copy")
    exchange.start()
    orders += place_some(exchange, 5, "bob")
    exchange.stop()
    forget(data, "events.db")
    for file in (tmp_path / "copy").glob("events.db*"):
        shutil.copy(file, data)
    exchange.start()
    expect_open(exchange, orders)
    exchange.stop()
    assert not list(data.glob("store.db.aside-*"))
    exchange.verified()


def test_with_commands_deleted_it_begins_at_the_oldest_snapshot_and_the_store_is_kept(
    tmp_path: Path,
) -> None:
    data = tmp_path / "data"
    exchange = ServerProcess(data, *SOON, "gateway.session_replay_messages_min=1")
    orders = []
    for user in ("ann", "bob"):
        exchange.start()
        orders += place_some(exchange, 150, user)
        exchange.trade_until_deleted()
        exchange.stop()
    closed = exchange.start().cancel(orders.pop(0)["order_id"])
    exchange.stop()
    assert exchange.journal("commands")[0]["offset"] > 1
    forget(data, "events.db")
    exchange.start()
    assert "the events log was begun anew: the store is at its offset" in exchange.said()
    expect_open(exchange, orders)
    assert exchange.get(f"/orders/{closed['order_id']}")["status"] == "CANCELED"
    exchange.stop()
    assert exchange.journal("events")[0]["seq"] > 1
    assert not list(data.glob("store.db.aside-*"))
    assert " no longer stored" not in exchange.verified()

    # And without the store: what the engine knows is told, and nothing else.
    forget(data, "store.db")
    exchange.start()
    expect_open(exchange, orders)
    found = exchange.get(f"/orders/{closed['order_id']}")
    assert (found["user_id"], found["status"]) == ("ann", "CANCELED")
    exchange.stop()
    exchange.verified()
