"""A recorder in a process of its own, to be killed: ``recording.py STORE EVENTS``."""

import sys
import time

from testing.parts import new_recorder

if __name__ == "__main__":
    recorder = new_recorder(
        sys.argv[1],
        sys.argv[2],
        recorder_transaction_events_max=40,
        recorder_read_bytes_max=1_000,
        recorder_interval_s=0.001,
        wal_bytes_max=100_000,
        recorder_nice=0,
    )
    sys.stdout.write("go\n")
    sys.stdout.flush()
    time.sleep(60)
