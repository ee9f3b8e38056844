"""One process at a time in a data directory."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from journal import DataDir, DataDirLocked, JournalFailed, LogReader
from testing.parts import commands_log

OTHER = "import sys, pathlib, journal; journal.DataDir(pathlib.Path(sys.argv[1]))"


READS = """
import sys, journal
reader = journal.LogReader(sys.argv[1])
print("reading", flush=True)
sys.stdin.read()
"""


def other_process(path: Path) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-c", OTHER, str(path)]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


def test_a_second_process_is_refused_and_told_who_has_it(tmp_path: Path) -> None:
    with DataDir(tmp_path / "data"):
        refused = other_process(tmp_path / "data")
        assert refused.returncode == 1
        assert f"in use by process {os.getpid()}" in refused.stderr
    assert other_process(tmp_path / "data").returncode == 0


def test_the_same_process_cannot_take_it_twice(tmp_path: Path) -> None:
    held = DataDir(tmp_path)
    with pytest.raises(DataDirLocked):
        DataDir(tmp_path)
    held.close()
    DataDir(tmp_path).close()


def test_a_directory_that_cannot_be_made_is_an_os_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OSError, match="file"):
        DataDir(tmp_path / "file" / "data")


def test_files_have_their_names(tmp_path: Path) -> None:
    with DataDir(tmp_path) as held:
        names = [p.name for p in (held.commands, held.events, held.store, held.snapshots)]
    assert names == ["commands.db", "events.db", "store.db", "snapshots"]


def test_a_reader_reads_while_the_log_is_written(tmp_path: Path) -> None:
    log = commands_log(tmp_path / "commands.db")
    log.append(1, [b"one"])
    log.sync()
    reader = LogReader(tmp_path / "commands.db")
    ends = reader.ends()
    assert (ends.journal_id, ends.first, ends.next) == (log.journal_id, 1, 2)
    log.append(2, [b"two"])
    log.sync()
    assert [entry.batch for entry in reader.read(1, 100)] == [b"one", b"two"]
    log.close()


def test_a_log_that_another_process_reads_is_not_opened(tmp_path: Path) -> None:
    path = tmp_path / "commands.db"
    commands_log(path).close()
    command = [sys.executable, "-c", READS, str(path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
        assert other.stdin is not None
        assert other.stdout is not None
        assert other.stdout.readline() == b"reading\n"
        with pytest.raises(JournalFailed, match="another process has it open"):
            commands_log(path)
        other.stdin.close()
    commands_log(path).close()
