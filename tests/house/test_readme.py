"""What the README tells people to type works as it stands there."""

import re
import shlex
import subprocess
import sys
from collections.abc import Iterator

import httpx
import pytest

from benchmarks.processes import ROOT, Exchange

README = (ROOT / "README.md").read_text()
BLOCKS = re.findall(r"```(sh|python)\n(.*?)```", README, re.DOTALL)


@pytest.fixture(scope="module")
def exchange(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Exchange]:
    with Exchange(tmp_path_factory.mktemp("readme") / "data") as exchange:
        yield exchange


def curl(command: str, port: int) -> httpx.Response:
    """What curl would do with the options that the README uses."""
    words = iter(shlex.split(command.replace("localhost:8080", f"http://127.0.0.1:{port}"))[1:])
    method, url, body, headers = "GET", "", None, {}
    for word in words:
        if word == "-X":
            method = next(words)
        elif word == "-H":
            name, _, value = next(words).partition(": ")
            headers[name] = value
        elif word == "-d":
            method, body = "POST", next(words)
        elif word != "-s":
            url = word
    return httpx.request(method, url, content=body, headers=headers)


def test_the_two_commands_stand_at_the_top() -> None:
    language, block = BLOCKS[0]
    assert language == "sh"
    assert [line.split("#")[0].strip() for line in block.splitlines()] == ["make run", "make test"]
    assert README.index(block) < 600


def test_the_tour_goes_as_told(exchange: Exchange) -> None:
    tour = next(block for _, block in BLOCKS if "curl" in block)
    commands = re.findall(r"^curl .*?(?=^curl |^#|^$|\Z)", tour, re.MULTILINE | re.DOTALL)
    assert len(commands) == 8
    answers = [curl(command, exchange.http) for command in commands]
    assert [answer.status_code for answer in answers] == [200, 201, 201, 200, 200, 200, 200, 200]
    book, trades, canceled = answers[3].json(), answers[4].json(), answers[7].json()
    assert book["asks"] == [{"price": "50000", "quantity": "1", "orders": 1}]
    assert len(trades["trades"]) == 1
    assert (canceled["user_id"], canceled["status"]) == ("alice", "CANCELED")


def test_the_python_example_runs(exchange: Exchange) -> None:
    code = next(block for language, block in BLOCKS if language == "python")
    done = subprocess.run(
        [sys.executable, "-c", code.replace("9879", str(exchange.binary))],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "ExecutionReportNew(" in done.stdout
    assert "ExecutionReportCancel(" in done.stdout


def test_every_command_of_quantscope_that_is_named_exists() -> None:
    named = set(re.findall(r"quantscope (\w+)", " ".join(block for _, block in BLOCKS)))
    named |= set(re.findall(r"`quantscope (\w+)", README))
    listing = subprocess.run(
        [sys.executable, "-c", "from quantscope.cli import main; main()", "--help"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    assert named >= {"config", "flow", "load", "verify"}
    assert {name for name in named if f"\n  {name} " not in listing} == set()
