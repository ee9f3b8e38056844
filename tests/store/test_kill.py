"""No death of the process loses or doubles an event of the store."""

import random
import subprocess
import sys
import time
from pathlib import Path

from core import Log, Recorder, StoreReader
from tests.store import recording
from tests.store.content import check, content
from tests.store.fold import Fold
from tests.store.market import ordinary

ROOT = Path(recording.__file__).parents[2]
KILLS = 6


def write_log(path: Path, batches: list[bytes]) -> None:
    log = Log(path)
    log.append(1, batches)
    log.sync()
    log.close()


def kill_while_recording(store: Path, events: Path, after_s: float) -> None:
    command = [sys.executable, "-P", "-m", "tests.store.recording", str(store), str(events)]
    env = {"PYTHONPATH": str(ROOT)}
    with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=ROOT, env=env) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"go\n"
        time.sleep(after_s)
        process.kill()


def test_killed_at_random_moments_the_store_equals_the_journal(tmp_path: Path) -> None:
    store, events = tmp_path / "store.db", tmp_path / "events.db"
    batches = list(ordinary(3, 200))
    write_log(events, batches)
    rng, fold = random.Random(), Fold()
    midway = tries = 0
    while midway < KILLS and tries < 60:
        tries += 1
        kill_while_recording(store, events, rng.uniform(0, 0.06))
        offset = StoreReader(store).position()[0]
        midway += 0 < offset < len(batches)
        if offset == len(batches):
            for file in tmp_path.glob("store.db*"):
                file.unlink()
    assert midway == KILLS
    recorder = Recorder(store, events)
    recorder.stop()
    assert recorder.failure is None
    assert recorder.durable() == (len(batches), StoreReader(store).position()[1])
    fold.add(b"".join(batches))
    check(store, fold)

    # Deleted and begun again it is the same.
    ids = list(fold.orders)
    before = content(store, ids, [1, 2])
    for file in tmp_path.glob("store.db*"):
        file.unlink()
    Recorder(store, events).stop()
    assert content(store, ids, [1, 2]) == before
