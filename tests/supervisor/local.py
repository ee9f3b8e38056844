"""A whole cluster as ``make cluster`` runs it, on ports that nobody else has."""

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, Self

import msgspec

from supervisor.plan import default_ports
from testing.command import ROOT, SECONDS_MAX, NotReady, ready_line
from testing.kafka import QUICK_JVM, free_ports
from testing.requests import Requests
from testing.running import Running

ENGINES = ("a", "b")


class LocalCluster(Requests, Running):
    """``make cluster``; its ports stay the same over restarts."""

    def __init__(self, directory: Path) -> None:
        """Nothing is started yet."""
        self.directory = directory / "cluster"
        self.log = directory / "log"
        names = default_ports(ENGINES)
        self.ports = dict(zip(names, free_ports(len(names)), strict=True))
        self.http = self.ports["facade"]
        self.binary = self.ports["gateway-1"]
        self.said: dict[str, str] = {}
        """What the ready line says."""
        self._process: subprocess.Popen[str] | None = None

    @property
    def command(self) -> list[str]:
        """As it is typed; what it needs of ``make`` is there."""
        ports = " ".join(f"--port {name}={port}" for name, port in self.ports.items())
        arguments = f'ARGS=--data-dir "{self.directory}" {ports}'
        # Where the tests are killed, it is told to stop.
        guard = ("setpriv", "--pdeathsig", "TERM")
        return [*guard, "make", "--no-print-directory", "-o", ".venv/.native", "cluster", arguments]

    def start(self) -> Self:
        """Start it, and wait until it is ready."""
        with self.log.open("w") as log:
            self._process = subprocess.Popen(
                self.command,
                cwd=ROOT,
                env={**os.environ, "KAFKA_JVM": QUICK_JVM, "MAKEFLAGS": ""},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                start_new_session=True,
            )
        try:
            self.said = ready_line(self._process)
        except NotReady as error:
            self.kill()
            raise NotReady(f"{error}\n{self.log.read_text()[-4_000:]}") from error
        return self

    def interrupt(self) -> int:
        """Ctrl-C, which a terminal gives to all that stands in its foreground; the exit code."""
        return self._end(signal.SIGINT)

    def stop(self) -> None:
        """Stop it as an operator would."""
        if self._process is not None:
            self.interrupt()

    def kill(self) -> None:
        """Kill it, if it is still there: the kernel then ends what it has started."""
        if self._process is not None:
            self._end(signal.SIGKILL)

    def _end(self, how: signal.Signals) -> int:
        assert self._process is not None
        process, self._process = self._process, None
        os.killpg(process.pid, how)
        code = process.wait(SECONDS_MAX)
        assert process.stdout is not None
        process.stdout.close()
        return code

    # -- its programs ------------------------------------------------------------------------

    def lines(self, words: str) -> list[str]:
        """What the supervisor has said with some words in it."""
        return [line for line in self.log.read_text().splitlines() if words in line]

    def process_ids(self, name: str = "") -> list[int]:
        """Of a program, or of all: every process that there was, the newest last."""
        started = re.findall(r"(\S+): started, process (\d+)", self.log.read_text())
        return [int(number) for who, number in started if name in ("", who)]

    def until(self, words: str, times: int = 1) -> None:
        """Wait until the supervisor has said so as many times."""
        end = time.monotonic() + SECONDS_MAX
        while len(self.lines(words)) < times:
            assert time.monotonic() < end, f"not said: {words}\n{self.log.read_text()[-4_000:]}"
            time.sleep(0.05)

    def still_running(self) -> list[int]:
        """Those of its processes that have not ended."""
        return [number for number in self.process_ids() if Path(f"/proc/{number}").exists()]

    def health(self, service: str, test: list[str]) -> subprocess.CompletedProcess[str]:
        """Run a service's health check, which finds the port in its environment.

        Of ``nobody`` that is one at which nothing listens.
        """
        kind, *words = (word.replace("$$", "$") for word in test)
        command = words if kind == "CMD" else ["/bin/sh", "-c", *words]
        port = self.ports.get(f"{service}.metrics", self.ports.get(service, 1))
        known = {
            "QUANTSCOPE_SERVER_HTTP_PORT": str(port),
            "KAFKA_ADVERTISED_LISTENERS": f"PLAINTEXT://kafka:{port}",
            "REDIS_PORT": str(port),
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        }
        return subprocess.run(
            command, cwd=ROOT, env=known, capture_output=True, text=True, check=False
        )


def composed(*files: str) -> dict[str, Any]:
    """The services that docker-compose makes of its files.

    Version 2 writes them otherwise: whoever looks into them needs 1.29.
    """
    names = [word for name in files for word in ("-f", name)]
    done = subprocess.run(
        ["docker-compose", *names, "config"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    version = subprocess.run(
        ["docker-compose", "version", "--short"], capture_output=True, text=True, check=True
    ).stdout
    assert version.startswith("1."), f"docker-compose is {version.strip()}: 1.29 is needed"
    made: dict[str, Any] = msgspec.yaml.decode(done.stdout)["services"]
    return made
