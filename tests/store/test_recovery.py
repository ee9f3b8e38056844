"""No death of the process loses or doubles an event, and a store that is gone is built again."""

import random
import subprocess
import sys
import time
from pathlib import Path

import msgspec

from core import Engine, StoreReader, recorder_seed
from testing.batches import ordinary
from testing.command import ROOT
from testing.fold import Fold, shown
from testing.parts import memory_log, new_recorder
from testing.stored import check, content
from tests.store.logs import write_log

KILLS = 6


def kill_while_recording(store: Path, events: Path, after_s: float) -> None:
    command = [sys.executable, "-P", "-m", "tests.store.recording", str(store), str(events)]
    env = {"PYTHONPATH": str(ROOT)}
    with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=ROOT, env=env) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"go\n"
        time.sleep(after_s)
        process.kill()


def test_a_log_without_its_beginning_is_rebuilt_with_what_the_engine_knows(tmp_path: Path) -> None:
    engine, log, fold = Engine(0), memory_log(), Fold()
    batches = list(ordinary(10, 60, engine=engine))
    fold.add(b"".join(batches))
    log.append(1, batches)
    log.delete_before(50)
    recorder = new_recorder(tmp_path / "store.db", log, seed=recorder_seed(engine))
    recorder.stop()
    assert recorder.notice is not None
    assert "begins at event" in recorder.notice
    reader = StoreReader(tmp_path / "store.db")
    position = reader.position()
    assert (position.offset, position.sequence) == (len(batches), fold.sequence)
    listed: set[int] = set()
    for user in {order["user_id"] for order in fold.orders.values()}:
        account = reader.account(user)
        assert account is not None
        listed |= {order_id for order_id, _ in reader.orders(account, limit=1_000).orders}
    assert reader.complete_since() is not None
    changing = {"timestamp", "updated_at", "fills", "status_history", "reason"}
    older = 0
    for order_id, order in fold.orders.items():
        if order["status"] not in ("NEW", "PARTIALLY_FILLED"):
            continue
        assert order_id in listed
        kept = reader.order(order_id)
        assert kept is not None
        stored = msgspec.json.decode(kept.json)
        terms = order.keys() - changing
        assert {name: stored[name] for name in terms} == {name: order[name] for name in terms}
        if stored["timestamp"] is None:
            older += 1
            assert stored["status_history_truncated"]
            assert stored["status_history_count"] is None
        else:
            assert stored == shown(order)
    assert older > 20


def test_killed_at_random_moments_the_store_equals_the_journal(tmp_path: Path) -> None:
    store, events = tmp_path / "store.db", tmp_path / "events.db"
    batches = list(ordinary(3, 200))
    write_log(events, batches)
    rng, fold = random.Random(), Fold()
    midway = tries = 0
    while midway < KILLS and tries < 60:
        tries += 1
        kill_while_recording(store, events, rng.uniform(0, 0.06))
        offset = StoreReader(store).position().offset
        midway += 0 < offset < len(batches)
        if offset == len(batches):
            for file in tmp_path.glob("store.db*"):
                file.unlink()
    assert midway == KILLS
    recorder = new_recorder(store, events)
    recorder.stop()
    assert recorder.failure is None
    assert recorder.durable() == StoreReader(store).position()
    assert recorder.durable().offset == len(batches)
    fold.add(b"".join(batches))
    check(store, fold)

    # Deleted and begun again it is the same.
    ids = list(fold.orders)
    before = content(store, ids, [1, 2])
    for file in tmp_path.glob("store.db*"):
        file.unlink()
    new_recorder(store, events).stop()
    assert content(store, ids, [1, 2]) == before
