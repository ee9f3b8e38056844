"""A recorder whose n-th sync fails, then one on the same store: ``failing.py STORE FAULTS N``."""

import json
import sys
import time
from pathlib import Path

from testing.batches import ordinary
from testing.parts import memory_log, new_recorder

if __name__ == "__main__":
    store, told, number = sys.argv[1:]
    log = memory_log(1)
    # Every transaction is followed by a checkpoint: it syncs the write-ahead log, then the file.
    recorder = new_recorder(store, log, recorder_interval_s=0.001, wal_bytes_max=1)
    Path(told).write_text(f"sync {number}")
    batches = list(ordinary(3, 20))
    log.append(1, batches)
    recorder.wake()
    deadline = time.monotonic() + 30
    while recorder.failure is None and time.monotonic() < deadline:
        time.sleep(0.01)
    failure, halted = recorder.failure, recorder.halted
    recorder.stop()
    Path(told).write_text("")
    del recorder
    again = new_recorder(store, log, recorder_interval_s=0.001)
    again.stop()
    position = again.position().offset
    sys.stdout.write(json.dumps([failure, halted, again.failure, position, len(batches)]))
