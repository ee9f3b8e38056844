"""A recorder whose disk is full for a while: ``full_disk.py STORE EVENTS`` says how it went."""

import resource
import sys
import time

from core import Recorder
from testing.parts import new_recorder

LIMIT_BYTES = 300_000


def wait(until: float, recorder: Recorder, failing: bool) -> None:
    """Wait until the recorder fails, or until it has recorded everything."""
    while time.monotonic() < until:
        if failing and recorder.stats()["failures"] >= 2:
            return
        if not failing and recorder.failure is None and not recorder.stats()["lag_entries"]:
            return
        time.sleep(0.01)


if __name__ == "__main__":
    hard = resource.getrlimit(resource.RLIMIT_FSIZE)[1]
    resource.setrlimit(resource.RLIMIT_FSIZE, (LIMIT_BYTES, hard))
    full = new_recorder(
        sys.argv[1],
        sys.argv[2],
        recorder_transaction_events_max=500,
        recorder_interval_s=0.005,
        recorder_retry_interval_s_max=0.02,
    )
    wait(time.monotonic() + 30, full, failing=True)
    sys.stdout.write(f"{full.failure} halted={full.halted}\n")
    resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
    wait(time.monotonic() + 30, full, failing=False)
    full.stop()
    sys.stdout.write(f"{full.failure}\n")
