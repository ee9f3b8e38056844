"""What of a FIX session outlives its program, also one that is killed."""

import subprocess
import sys
from pathlib import Path

import pytest

from clients.fix_store import FileStore, MemoryStore
from testing.command import ROOT


def filled(path: Path) -> None:
    with FileStore(path) as store:
        store.sent(None)
        store.sent(b"8=FIX\nin 7\n")
        store.sent(b"two\x01")
        store.sent(None)
        store.received(5)


def state(store: FileStore | MemoryStore) -> tuple[int, int, list[bytes | None]]:
    return store.next_in, store.next_out, [store.message(n) for n in range(1, store.next_out)]


def test_a_file_has_what_was_put_into_it(tmp_path: Path) -> None:
    filled(tmp_path / "store")
    for _ in range(3):
        with FileStore(tmp_path / "store") as store:
            assert state(store) == (5, 5, [None, b"8=FIX\nin 7\n", b"two\x01", None])
    with FileStore(tmp_path / "store") as store:
        store.sent(b"three")
        store.reset()
        assert state(store) == (1, 1, [])
        store.sent(b"new")
    with FileStore(tmp_path / "store") as store:
        assert state(store) == (1, 2, [b"new"])


def test_a_file_that_is_cut_anywhere_has_what_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "store"
    filled(path)
    data = path.read_bytes()
    states = set()
    for length in range(len(data)):
        path.write_bytes(data[:length])
        with FileStore(path) as store:
            states.add((store.next_in, store.next_out))
        with FileStore(path) as store:
            assert (store.next_in, store.next_out) in states
    assert states == {(1, following) for following in range(1, 6)}


@pytest.mark.parametrize("kind", ["memory", "file"])
def test_as_many_messages_are_kept_as_are_to_be(tmp_path: Path, kind: str) -> None:
    store = MemoryStore(2) if kind == "memory" else FileStore(tmp_path / "store", 2)
    for number in range(4):
        store.sent(b"%d" % number)
    assert state(store) == (1, 5, [None, None, b"2", b"3"])
    if isinstance(store, FileStore):
        store.close()


def test_what_a_killed_program_wrote_is_there(tmp_path: Path) -> None:
    path = tmp_path / "store"
    program = (
        "import sys, os, signal; from clients.fix_store import FileStore\n"
        "store = FileStore(sys.argv[1])\n"
        "store.sent(None); store.sent(b'order'); store.received(9)\n"
        "os.kill(os.getpid(), signal.SIGKILL)"
    )
    killed = subprocess.run([sys.executable, "-c", program, str(path)], cwd=ROOT, check=False)
    assert killed.returncode == -9
    with FileStore(path) as store:
        assert state(store) == (9, 3, [None, b"order"])
