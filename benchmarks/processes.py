"""The processes that are measured, and those that measure."""

import contextlib
import pathlib
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from testing.command import QUANTSCOPE, ROOT, ready_line
from testing.process import ServerProcess

STOP_TIMEOUT_S = 30.0
LOAD_TIMEOUT_S = 600.0


class BenchError(Exception):
    """A measurement that could not be made."""


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


@contextlib.contextmanager
def loading(*arguments: object) -> Iterator[dict[str, Any]]:
    """``quantscope load`` that has said ``ready``; its result is there once the block has ended."""
    result: dict[str, Any] = {}
    with subprocess.Popen(
        [*QUANTSCOPE, "load", *map(str, arguments)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            ready_line(process)
            yield result
            output, _ = process.communicate(timeout=LOAD_TIMEOUT_S)
        finally:
            process.kill()
    if not output:
        raise BenchError(f"quantscope load {' '.join(map(str, arguments))} gave no result")
    result.update(msgspec.json.decode(output))


def cpu_s(pid: int) -> float:
    """Processor time of a process, in seconds."""
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].split()
    return (int(fields[11]) + int(fields[12])) / 100


def resident_bytes(pid: int) -> int:
    """Memory of a process that is its own and in use: files that it has mapped are not."""
    text = pathlib.Path(f"/proc/{pid}/status").read_text()
    found = dict(line.split(":", 1) for line in text.splitlines() if ":" in line)
    return 1024 * int(found["RssAnon"].split()[0])


def exchange_at(
    directory: pathlib.Path,
    *arguments: str,
    environment: Mapping[str, str] | None = None,
) -> ServerProcess:
    """A whole exchange in a process of its own, as it is measured: it logs warnings alone."""
    quiet = {"QUANTSCOPE_SERVER_LOG_LEVEL": "WARNING", **(environment or {})}
    return ServerProcess(directory, arguments=arguments, env=quiet)


def longest_stop_ms(exchange: ServerProcess) -> float:
    """The longest stop of its event loop since it serves, in milliseconds."""
    return 1e3 * exchange.metrics()["quantscope_event_loop_longest_stop_seconds"]
