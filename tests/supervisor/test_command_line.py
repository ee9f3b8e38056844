"""What is wrong is told in one line, before anything is started."""

import fcntl
import os
import re
import socket
from pathlib import Path

import pytest
from click.testing import CliRunner

from settings import load
from supervisor.__main__ import main
from supervisor.directory import Directory
from supervisor.failure import Failure
from supervisor.plan import default_ports
from testing.command import ROOT
from testing.kafka import free_ports

NAMES = default_ports(load(ROOT / "deploy/cluster.toml", {}).kafka.engines)


def said(tmp_path: Path, *arguments: str) -> str:
    """What it says, having failed; every port is free unless told otherwise."""
    ports = zip(NAMES, free_ports(len(NAMES)), strict=True)
    free = [word for name, port in ports for word in ("--port", f"{name}={port}")]
    done = CliRunner().invoke(main, ["--data-dir", str(tmp_path / "data"), *free, *arguments])
    assert done.exit_code != 0
    return done.output


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (["--port", "engine-c.metrics=1"], "there is no port 'engine-c.metrics'; see --help"),
        (["--port", "redis"], "a port is a number from 1 to 65535"),
        (["--port", "redis=0"], "a port is a number from 1 to 65535"),
        (["--port", "redis=7", "--port", "facade=7"], "the port 7 is given to facade, redis"),
        (["--config", "nowhere.toml"], "nowhere.toml: No such file or directory"),
        (["--data-dir", "/proc/cluster"], "/proc/cluster: No such file or directory"),
    ],
)
def test_what_can_not_be_is_told(arguments: list[str], why: str, tmp_path: Path) -> None:
    assert why in said(tmp_path, *arguments)
    assert not (tmp_path / "data/kafka").exists()


def test_help_names_every_port() -> None:
    listed = CliRunner().invoke(main, ["--help"]).output
    assert dict(re.findall(r"^ +(\S+)=(\d+)$", listed, re.MULTILINE)) == {
        name: str(port) for name, port in NAMES.items()
    }


def test_ports_that_others_have_are_named_all_at_once(tmp_path: Path) -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as one,
        socket.create_server(("127.0.0.1", 0)) as two,
    ):
        ports = [server.getsockname()[1] for server in (one, two)]
        given = ["--port", f"redis={ports[0]}", "--port", f"facade={ports[1]}"]
        line = said(tmp_path, *given)
    assert f"{ports[1]} (--port facade=N), {ports[0]} (--port redis=N)" in line


def test_a_directory_keeps_the_port_of_its_broker(tmp_path: Path) -> None:
    node = tmp_path / "data/kafka/1"
    node.mkdir(parents=True)
    (node / "server.properties").write_text(
        "process.roles=broker\nlisteners=PLAINTEXT://127.0.0.1:19,CONTROLLER://127.0.0.1:20\n"
    )
    assert "was made with --port kafka=19, and " in said(tmp_path)


def test_one_has_a_directory_until_all_that_it_started_has_ended(tmp_path: Path) -> None:
    with Directory.taken(tmp_path) as directory:
        heir = os.dup(directory.lock)  # as a program of it has one
        with pytest.raises(Failure, match=f"supervisor is process {os.getpid()}"):
            Directory.taken(tmp_path).__enter__()
    with pytest.raises(Failure, match="in use by another cluster"):
        Directory.taken(tmp_path).__enter__()
    os.close(heir)
    with Directory.taken(tmp_path) as directory, (tmp_path / "lock").open() as other:
        with pytest.raises(BlockingIOError):
            fcntl.flock(other, fcntl.LOCK_EX | fcntl.LOCK_NB)
        assert directory.begun("kafka") == tmp_path / "kafka.part"


def test_what_was_begun_and_not_finished_is_begun_anew(tmp_path: Path) -> None:
    (tmp_path / "kafka.part/1").mkdir(parents=True)
    with Directory.taken(tmp_path) as directory:
        assert not directory.begun("kafka").exists()
        assert directory.port_of_kafka() is None
