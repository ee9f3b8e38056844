"""What can't be done is told in one line: no traceback, and no wait."""

import subprocess
import sys
from pathlib import Path

import pytest

from testing.command import ROOT, quantscope
from testing.process import ServerProcess


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data directory with a few orders, at rest."""
    data = tmp_path_factory.mktemp("command-line") / "data"
    with ServerProcess(data) as exchange:
        for _ in range(30):
            exchange.place()
    return data


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["journal", "commands", "--limit", "-1"], 2, "-1 is not in the range"),
        (["journal", "commands", "--from", "99999999999999999999"], 2, "is not in the range"),
        (["journal", "commands", "--from", "9999"], 1, "--from 9999: the log ends at offset"),
        (["journal", "events", "--from", "9999"], 1, "--from 9999: the log ends at offset"),
        (["journal", "events", "--set", "journal.adapter=memory"], 1, "a journal in memory"),
        (["verify", "--set", "journal.adapter=memory"], 1, "a journal in memory"),
        (["serve", "--set", "engine.accounts_max=5"], 1, "engine.accounts_max = 5"),
        (["serve", "--set", "engine.instruments_max=1"], 1, "engine.instruments_max = 1"),
    ],
)
def test_it_is_one_line(data: Path, arguments: list[str], code: int, words: str) -> None:
    found, out, errors = quantscope(*arguments, "--data-dir", str(data))
    assert (found, out) == (code, "")
    assert words in errors.splitlines()[-1]
    assert errors.splitlines()[-1].startswith("Error: ")
    assert "Traceback" not in errors


ON_KAFKA = ("--set", "journal.adapter=kafka")
NOT_HERE = "is of a data directory, and the configuration's journal is on Kafka (journal.adapter)"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["serve"], "run `quantscope setup` once, then `quantscope engine`, `gateway`, `facade`"),
        (["recover"], f"`quantscope recover` {NOT_HERE}"),
        (["restore", "backup", "new"], f"`quantscope restore` {NOT_HERE}"),
        (["import", "old", "new"], f"`quantscope import` {NOT_HERE}"),
        (["journal", "commands", "--data-dir", "x"], "--data-dir names a data directory"),
        (["verify", "--data-dir", "x"], "--data-dir names a data directory"),
        (["journal", "commands", "--engine", "a"], "--engine says whose events are read"),
    ],
)
def test_what_is_of_a_data_directory_says_so_where_the_journal_is_on_kafka(
    tmp_path: Path, arguments: list[str], words: str
) -> None:
    environment = {"QUANTSCOPE_SERVER_DATA_DIR": str(tmp_path / "none")}
    code, out, errors = quantscope(*arguments, *ON_KAFKA, env=environment)
    assert (code, out) == (1, "")
    (line,) = errors.splitlines()
    assert line.startswith("Error: ")
    assert words in line
    assert not (tmp_path / "none").exists()


def test_an_engine_is_named_only_where_the_journal_is_on_kafka(data: Path) -> None:
    arguments = ["journal", "events", "--engine", "a", "--data-dir", str(data)]
    code, out, errors = quantscope(*arguments)
    assert (code, out) == (1, "")
    assert errors.startswith("Error: --engine says whose events are read")


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("era", "x", "era is damaged: it holds no number, but b'x'"),
        ("store.db", "garbage" * 1_000, "store.db can't be used: "),
    ],
)
def test_a_file_that_is_not_what_it_was_is_named(
    tmp_path: Path, name: str, content: str, words: str
) -> None:
    exchange = ServerProcess(tmp_path / "data")
    with exchange:
        exchange.place()
    (tmp_path / "data" / name).write_text(content)
    assert words in exchange.refuses_to_start()


def test_who_reads_no_further_is_told_nothing(data: Path) -> None:
    command = [sys.executable, "-m", "quantscope.cli", "journal", "events", "--data-dir", str(data)]
    with subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, bufsize=1
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        assert process.stderr.read() == ""
