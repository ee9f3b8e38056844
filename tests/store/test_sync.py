"""A sync that fails under the recorder: it ends, and the next goes on from what the disk holds."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from core import StoreReader
from testing.command import ROOT


# The first sync is SQLite's own, when the write-ahead log is begun.
@pytest.mark.parametrize("number", [2, 3])
def test_a_failed_sync_ends_the_recorder_and_loses_nothing(
    tmp_path: Path, faults: Path, number: int
) -> None:
    store, told = tmp_path / "store.db", tmp_path / "faults"
    arguments = [str(store), str(told), str(number)]
    command = [sys.executable, "-P", "-m", "tests.store.failing", *arguments]
    env = os.environ | {"PYTHONPATH": str(ROOT), "LD_PRELOAD": str(faults), "FAULTS": str(told)}
    done = subprocess.run(command, env=env, check=True, capture_output=True, text=True)
    failure, halted, failed_again, position, batches = json.loads(done.stdout)
    assert "sync failed" in failure
    assert halted
    assert failed_again is None
    assert position == batches
    assert StoreReader(store).position().offset == batches
