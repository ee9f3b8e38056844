"""A real Redis in a process of its own, which a test stops, kills, flushes and starts again."""

import atexit
import shutil
import signal
import socket
import subprocess
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from settings import RedisSettings
from testing.command import SECONDS_MAX, NotReady
from testing.guard import Guard, begun, until_it_serves
from testing.kafka import free_ports

SERVES = b"Ready to accept connections"
_RUNNING: list["RedisServer"] = []


@atexit.register
def end_all() -> None:
    """End whatever servers are left running."""
    while _RUNNING:
        _RUNNING[-1].end()


class RedisServer:
    """A server on this machine, with a directory of its own.

    Its calls wait: where a client runs in the event loop meanwhile, ``asyncio.to_thread`` them.
    """

    def __init__(self, directory: Path, *options: str) -> None:
        """Nothing is started yet.  ``options``: of its command line, ``--maxmemory``, ``32mb``."""
        self.directory = directory
        self.port = free_ports(1)[0]
        self._options = options
        self._process: subprocess.Popen[bytes] | None = None
        self._guard: Guard | None = None

    def __enter__(self) -> Self:
        """Run until the block ends."""
        self.directory.mkdir(parents=True, exist_ok=True)
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Nobody needs its data any more."""
        self.end()

    def settings(self, **changed: Any) -> RedisSettings:
        """How it is reached; little patience."""
        wanted: dict[str, Any] = {"port": self.port, "request_deadline_s": 3.0}
        return RedisSettings(**(wanted | changed))

    # -- life --------------------------------------------------------------------------------

    def start(self) -> Self:
        """Start it on what its directory holds, and wait until it serves."""
        assert self._process is None, "it runs already"
        log = self.directory / "log"
        before = log.stat().st_size if log.exists() else 0
        arguments = ["--port", str(self.port), "--bind", "127.0.0.1", "--dir", str(self.directory)]
        arguments += ["--appendonly", "yes", "--appendfsync", "everysec", "--save", ""]
        arguments += ["--maxmemory-policy", "noeviction", *self._options]
        process = self._process = begun(["redis-server", *arguments], log)
        self._guard = Guard(process)
        _RUNNING.append(self)
        try:
            until_it_serves("Redis", process, lambda: SERVES in log.read_bytes()[before:], log)
        except NotReady:
            self.end()
            raise
        return self

    def stop(self) -> None:
        """Stop it as an operator would."""
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        """Kill it as the kernel would."""
        self._end(signal.SIGKILL)

    def freeze(self) -> None:
        """Let it hang: connections stay, and nothing answers."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Let it go on."""
        assert self._process is not None
        self._process.send_signal(signal.SIGCONT)

    def lose_all(self) -> None:
        """Take its files away; it is down."""
        assert self._process is None
        shutil.rmtree(self.directory)
        self.directory.mkdir()

    def saved(self) -> Path:
        """A copy of its files, as they are on the disk now."""
        copy = self.directory.with_name(f"{self.directory.name}-saved")
        shutil.copytree(self.directory, copy)
        return copy

    def step_back(self, saved: Path) -> None:
        """Put files of before in place of its own; it is down."""
        assert self._process is None
        shutil.rmtree(self.directory)
        shutil.move(saved, self.directory)

    def pid(self) -> int:
        """Number of its process."""
        assert self._process is not None
        return self._process.pid

    def ask(self, *words: str) -> str:
        """What it answers to one command, as its protocol has it."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=SECONDS_MAX) as line:
            line.sendall(" ".join(words).encode() + b"\r\n")
            return line.recv(2**16).decode()

    def end(self) -> None:
        """Kill it if it runs."""
        if self._process is not None:
            self.kill()

    def _end(self, how: signal.Signals) -> None:
        assert self._process is not None
        process, self._process = self._process, None
        guard, self._guard = self._guard, None
        _RUNNING.remove(self)
        if guard is not None:
            guard.dismiss()
        process.send_signal(how)
        try:
            process.wait(SECONDS_MAX)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            raise
