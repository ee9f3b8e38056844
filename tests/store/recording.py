"""A recorder in a process of its own, to be killed: ``recording.py STORE EVENTS``."""

import sys
import time

from core import Recorder

if __name__ == "__main__":
    recorder = Recorder(
        sys.argv[1],
        sys.argv[2],
        batch_events_max=40,
        read_bytes_max=1_000,
        interval_ms=1,
        wal_bytes_max=100_000,
        nice=0,
    )
    sys.stdout.write("go\n")
    sys.stdout.flush()
    time.sleep(60)
