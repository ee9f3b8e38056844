"""A writer in a process of its own: what tests of the journal kill, and whose disk they break."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import TracebackType

from journal import Log, open_commands, open_events
from settings import JournalSettings
from tests.journal.content import batch

ROOT = Path(__file__).parents[2]
SECONDS_MAX = 60


class Writer:
    """``tests.journal.child`` on one log, and what it has said so far."""

    def __init__(self, log: Path, size: int, *words: str, faults: Path | None = None) -> None:
        """Start it; ``faults`` is the library that makes its disk fail."""
        self.log = log
        self.size = size
        self.normal = "normal" in words
        self.durable = 0
        self.lines: list[str] = []
        self._told = log.with_name("faults")
        self._rest = b""
        env = dict(os.environ)
        if faults is not None:
            self._told.write_text("")
            env |= {"LD_PRELOAD": str(faults), "FAULTS": str(self._told)}
        command = [sys.executable, "-m", "tests.journal.child", str(log), str(size), *words]
        self._process = subprocess.Popen(command, cwd=ROOT, env=env, stdout=subprocess.PIPE)
        assert self._process.stdout is not None
        self._out = self._process.stdout
        os.set_blocking(self._out.fileno(), False)

    def fault(self, what: str) -> None:
        """Have its disk fail so from now on; an empty word ends it."""
        self._told.write_text(what)

    def listen(self, seconds: float) -> None:
        """Take what it says for a while."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self._take()
            time.sleep(0.005)

    def wait_for(self, word: str, since: int | None = None) -> str:
        """Return the next line from here (or from line ``since``) on that begins so."""
        seen = len(self.lines) if since is None else since
        end = time.monotonic() + SECONDS_MAX
        while time.monotonic() < end:
            self._take()
            for line in self.lines[seen:]:
                if line.startswith(word):
                    return line
            time.sleep(0.005)
        raise AssertionError(f"no {word!r} in {self.lines[-5:]}")

    def kill(self) -> None:
        """Kill it as the kernel would, and take its last words."""
        self._process.send_signal(signal.SIGKILL)
        self._process.wait()
        self._take()

    def _take(self) -> None:
        *lines, self._rest = (self._rest + (self._out.read() or b"")).split(b"\n")
        self.lines += [line.decode() for line in lines]
        for line in lines:
            if line.startswith(b"durable "):
                self.durable = int(line.split()[1])

    def durable_at(self, line: int) -> int:
        """What was called durable before a line."""
        told = [int(it.split()[1]) for it in self.lines[:line] if it.startswith("durable")]
        return told[-1] if told else 0

    def __enter__(self) -> "Writer":
        """Run it for a block."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End it."""
        self.kill()
        self._out.close()

    def check(self) -> int:
        """Check that what it called durable is there and all is right; return the next offset."""
        settings = JournalSettings(wal_bytes_max=1 << 20)
        log = (open_events if self.normal else open_commands)(self.log, settings)
        assert log.durable_offset >= self.durable
        check_content(log, self.size)
        following = log.next_offset
        log.close()
        return following


def check_content(log: Log, size: int) -> None:
    """Read the log from its beginning to its end."""
    at = log.first_offset
    while at < log.next_offset:
        for entry in log.read(at, 1 << 20):
            assert entry.offset == at
            assert entry.batch == batch(at, size)
            at += 1
