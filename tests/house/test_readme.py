"""What the README tells people to type works as it stands there."""

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from testing.command import ROOT
from testing.process import ServerProcess
from tests.house.typed import commands, run

README = (ROOT / "README.md").read_text()
BLOCKS = re.findall(r"```(sh|python)\n(.*?)```", README, re.DOTALL)


@pytest.fixture(scope="module")
def exchange(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    with ServerProcess(tmp_path_factory.mktemp("readme") / "data") as exchange:
        yield exchange


def test_the_two_commands_stand_at_the_top() -> None:
    language, block = BLOCKS[0]
    assert language == "sh"
    assert [line.split("#")[0].strip() for line in block.splitlines()] == ["make run", "make test"]
    assert README.index(block) < 600


def test_the_tour_goes_as_told(exchange: ServerProcess) -> None:
    tour = next(block for _, block in BLOCKS if "curl" in block)
    answers = [run(command, exchange.http) for command in commands(tour)]
    assert [answer.status_code for answer in answers] == [200, 201, 201, 200, 200, 200, 200, 200]
    book, trades, canceled = answers[3].json(), answers[4].json(), answers[7].json()
    assert book["asks"] == [{"price": "50000", "quantity": "1", "orders": 1}]
    assert len(trades["trades"]) == 1
    assert (canceled["user_id"], canceled["status"]) == ("alice", "CANCELED")


def test_the_manual_of_rest_goes_as_told(tmp_path: Path) -> None:
    """Its examples stand in an order in which they work on a new exchange."""
    manual = re.sub(r"^    ", "", (ROOT / "docs/rest-api.md").read_text(), flags=re.MULTILINE)
    told = commands(manual)
    with ServerProcess(tmp_path / "data") as fresh:
        answers = [run(command, fresh.http) for command in told]
    assert [answer.status_code for answer in answers] == [201] + [200] * 12
    placed, found, page, fills, history, amended, canceled, rest = (
        answer.json() for answer in answers[:8]
    )
    assert (fills["fills_count"], history["status_history_count"]) == (0, 1)
    assert placed == found == page["orders"][0]
    assert (amended["quantity"], canceled["status"], rest) == ("0.2", "CANCELED", {"canceled": 0})


def test_every_page_of_the_documents_is_linked() -> None:
    pages = {f"docs/{page.name}" for page in (ROOT / "docs").glob("*.md")}
    assert pages <= set(re.findall(r"\]\(([^)]+)\)", README))


def test_the_python_example_runs_as_it_is_said(exchange: ServerProcess, tmp_path: Path) -> None:
    """Under the name that it is given, by the command that is given."""
    place = next(n for n, (language, _) in enumerate(BLOCKS) if language == "python")
    (name,) = re.findall(r"As `(\w+\.py)`:\n\n```python", README)
    language, command = BLOCKS[place + 1]
    assert (language, command.split()) == ("sh", [".venv/bin/python", name])
    (tmp_path / name).write_text(BLOCKS[place][1].replace("9879", str(exchange.binary)))
    (tmp_path / ".venv").symlink_to(Path(sys.executable).parents[1])
    done = subprocess.run(
        command.split(), cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "ExecutionReportNew(" in done.stdout
    assert "ExecutionReportCancel(" in done.stdout
    # What the README says of an order that names no time in force.
    assert "TimeInForce.DAY" in done.stdout
    assert "is DAY here" in README


def test_every_command_of_quantscope_that_is_named_exists() -> None:
    named = set(re.findall(r"quantscope (\w+)", " ".join(block for _, block in BLOCKS)))
    named |= set(re.findall(r"`quantscope (\w+)", README))
    listing = subprocess.run(
        [sys.executable, "-c", "from quantscope.cli import main; main()", "--help"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    assert named >= {"config", "flow", "load", "verify"}
    assert {name for name in named if f"\n  {name} " not in listing} == set()
