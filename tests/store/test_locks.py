"""The locks on the store's file, which closing any descriptor of it would let go of."""

import subprocess
import sys
import time
from pathlib import Path

from core import StoreReader
from testing.batches import ordinary
from testing.parts import new_recorder
from tests.store.logs import write_log

LOOK = """
import sqlite3, sys
store = sqlite3.connect(sys.argv[1])
print(store.execute("SELECT count(*) FROM orders").fetchone()[0])
store.close()
"""


def test_another_process_does_not_take_the_write_ahead_log_away(tmp_path: Path) -> None:
    store, events = tmp_path / "store.db", tmp_path / "events.db"
    write_log(events, list(ordinary(3, 20)))
    recorder = new_recorder(
        store, events, recorder_interval_s=0.001, checkpoint_interval_s=0.001, wal_bytes_max=1
    )
    reader = StoreReader(store)
    assert reader.position().offset >= 0
    deadline = time.monotonic() + 30
    while not recorder.stats()["checkpoints"]:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    recorder.stop()
    del recorder
    # The last to close takes it away, and it can tell by the locks that there is a reader here.
    orders = subprocess.run(
        [sys.executable, "-c", LOOK, store], check=True, capture_output=True, text=True
    )
    assert int(orders.stdout) > 0
    assert store.with_name("store.db-wal").exists()
    assert reader.position().offset == 20
