"""The clients of the neighbours' bench do what they are for."""

import json
import subprocess
import sys
from collections.abc import Iterator

import pytest

from benchmarks.greedy import KINDS
from benchmarks.neighbours import MODEST, modest, users
from benchmarks.processes import exchange_at
from testing.command import ROOT
from testing.process import ServerProcess

ANSWERED = {"get", "ping", "refused", "metrics", "book", "status", "repeats", "unreadable"}


@pytest.fixture(scope="module")
def exchange(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    directory = tmp_path_factory.mktemp("neighbours")
    config = directory / "users.toml"
    config.write_text(users())
    with exchange_at(directory / "data", "--config", str(config)) as running:
        yield running


def greedy(exchange: ServerProcess, kind: str, seconds: float, *more: str) -> dict[str, float]:
    ports = ["--http", str(exchange.http), "--binary", str(exchange.binary)]
    told = ["--seconds", str(seconds), *ports, *more]
    arguments = [sys.executable, "-m", "benchmarks.greedy", kind, *told]
    done = subprocess.run(arguments, cwd=ROOT, capture_output=True, text=True, check=True)
    said: dict[str, float] = json.loads(done.stdout)
    return said


@pytest.mark.parametrize("kind", KINDS)
def test_a_greedy_client_sends_and_reads_what_is_answered(
    exchange: ServerProcess, kind: str
) -> None:
    # On a machine that is busy it may take a while until it is answered.
    for seconds in (0.3, 1, 3, 10, 30):
        said = greedy(exchange, kind, seconds, "--connections", "2")
        if said["opened"] >= 2 and (kind not in ANSWERED or said["read_mb_per_s"] > 0):
            break
    assert said["opened"] >= 2
    assert said["sent_mb_per_s"] > 0
    assert kind not in ANSWERED or said["read_mb_per_s"] > 0


def test_a_burner_takes_its_share_and_asks_for_nothing(exchange: ServerProcess) -> None:
    said = greedy(exchange, "burn", 0.3, "--share", "0.3")
    assert said["opened"] == 0
    assert 0 < said["share"] < 1


def test_modest_users_place_orders_and_tell_how_long_they_took(exchange: ServerProcess) -> None:
    before = exchange.metrics()["quantscope_orders_total"]
    said = modest(exchange, 0.5)
    assert {*said} == {"binary", "rest"}
    placed = sum(user["orders"] for user in said.values())
    assert 0 < placed <= exchange.metrics()["quantscope_orders_total"] - before
    for user in said.values():
        assert 0 < user["p50"] <= user["p99"] <= user["max"]
    assert MODEST in users()
