"""The processes that are measured, and those that measure."""

import contextlib
import http.client
import os
import pathlib
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from typing import Any, Self

import msgspec

ROOT = pathlib.Path(__file__).parents[1]
QUANTSCOPE = [sys.executable, "-c", "from quantscope.cli import main; main()"]
START_TIMEOUT_S = 60.0
STOP_TIMEOUT_S = 30.0
LOAD_TIMEOUT_S = 600.0


class BenchError(Exception):
    """A measurement that could not be made."""


def ready_line(process: subprocess.Popen[str]) -> dict[str, str]:
    """What a process says in its line ``ready name=value ...``."""
    assert process.stdout
    line = process.stdout.readline()
    word, *pairs = line.split() or [""]
    if word != "ready":
        raise BenchError(f"{process.args!r} said {line!r} instead of ready")
    return dict(pair.split("=", 1) for pair in pairs)


def end(process: subprocess.Popen[str]) -> None:
    """Stop a process in the way it is meant to be stopped."""
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(STOP_TIMEOUT_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
        raise BenchError("a server did not stop on SIGTERM") from None


@contextlib.contextmanager
def running(arguments: list[str]) -> Iterator[dict[str, str]]:
    """A process that says ``ready``, stopped at the end; gives what it said."""
    with subprocess.Popen(arguments, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield ready_line(process)
        finally:
            end(process)


@contextlib.contextmanager
def native_echo() -> Iterator[str]:
    """The port of an echo server in Rust."""
    with running([*QUANTSCOPE, "load", "echo"]) as said:
        yield said["echo"].rpartition(":")[2]


@contextlib.contextmanager
def uvloop_echo() -> Iterator[str]:
    """The port of an echo server on uvloop."""
    with running([sys.executable, "-m", "benchmarks.echo"]) as said:
        yield said["echo"].rpartition(":")[2]


def load(*arguments: object) -> dict[str, Any]:
    """Run ``quantscope load`` with these arguments; gives the JSON that it prints."""
    done = subprocess.run(
        [*QUANTSCOPE, "load", *map(str, arguments)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=LOAD_TIMEOUT_S,
        check=False,
    )
    if done.returncode:
        raise BenchError(f"quantscope load {' '.join(map(str, arguments))}: {done.stderr.strip()}")
    result: dict[str, Any] = msgspec.json.decode(done.stdout)
    return result


def parse_metrics(text: str) -> dict[str, float]:
    """The samples of an exposition, by name with labels."""
    lines = (line.rpartition(" ") for line in text.splitlines() if line and line[0] != "#")
    return {name: float(value) for name, _, value in lines}


class Exchange:
    """A whole exchange in a process of its own."""

    def __init__(
        self,
        directory: pathlib.Path,
        *arguments: str,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        """Keep its data in ``directory``; nothing is started yet."""
        self._arguments = [
            *QUANTSCOPE,
            "serve",
            "--data-dir",
            str(directory),
            "--host",
            "127.0.0.1",
            "--http-port",
            "0",
            "--binary-port",
            "0",
            *arguments,
        ]
        self._environment = {**os.environ, "QUANTSCOPE_SERVER_LOG_LEVEL": "WARNING"}
        self._environment |= environment or {}
        self.process: subprocess.Popen[str]
        self.http = self.binary = 0
        self.start_s = 0.0

    def __enter__(self) -> Self:
        """Start it and wait until it serves."""
        start = time.monotonic()
        self.process = subprocess.Popen(
            self._arguments, cwd=ROOT, env=self._environment, stdout=subprocess.PIPE, text=True
        )
        try:
            said = ready_line(self.process)
        except BenchError:
            self.process.kill()
            self.process.communicate()
            raise
        self.start_s = time.monotonic() - start
        self.http = int(said.get("http", "").rpartition(":")[2] or 0)
        self.binary = int(said["binary"].rpartition(":")[2])
        return self

    def __exit__(self, *_: object) -> None:
        """Stop it."""
        end(self.process)
        if self.process.stdout:
            self.process.stdout.close()

    def kill(self) -> None:
        """End it without a warning."""
        self.process.kill()
        self.process.wait()

    def get(self, path: str) -> bytes:
        """The body of an answer to GET."""
        connection = http.client.HTTPConnection("127.0.0.1", self.http, timeout=30)
        try:
            connection.request("GET", path)
            answer = connection.getresponse()
            body = answer.read()
        finally:
            connection.close()
        if answer.status != http.client.OK:
            raise BenchError(f"GET {path}: {answer.status} {body[:200]!r}")
        return body

    def metrics(self) -> dict[str, float]:
        """What ``/metrics`` says now."""
        return parse_metrics(self.get("/metrics").decode())

    def memory_bytes(self) -> int:
        """Resident memory of the process."""
        status = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        line = next(line for line in status.splitlines() if line.startswith("VmRSS:"))
        return int(line.split()[1]) * 1024


def longest_stop_ms(exchange: Exchange) -> float:
    """The longest stop of its event loop since it serves, in milliseconds."""
    return 1e3 * exchange.metrics()["quantscope_event_loop_longest_stop_seconds"]
