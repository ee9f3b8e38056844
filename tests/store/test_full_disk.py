"""A full disk: the recorder says so, tries again, and loses nothing."""

import subprocess
import sys
from pathlib import Path

from testing.batches import ordinary
from testing.command import ROOT
from testing.fold import Fold
from testing.stored import check
from tests.store.logs import write_log


def test_a_full_disk_is_told_and_waited_for(tmp_path: Path) -> None:
    batches = list(ordinary(4, 150))
    write_log(tmp_path / "events.db", batches)
    paths = [str(tmp_path / "store.db"), str(tmp_path / "events.db")]
    command = [sys.executable, "-P", "-m", "tests.store.full_disk", *paths]
    env = {"PYTHONPATH": str(ROOT)}
    run = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, check=True)
    during, after = run.stdout.splitlines()
    assert during.startswith("store: ")
    assert "full" in during or "I/O" in during
    assert during.endswith("halted=False")
    assert after == "None"
    fold = Fold()
    fold.add(b"".join(batches))
    check(tmp_path / "store.db", fold)
