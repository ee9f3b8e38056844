"""Servers that tests start: left behind by nobody, however the tests end."""

import subprocess
import time
from collections.abc import Callable
from pathlib import Path

from testing.command import SECONDS_MAX, NotReady

LOOK_S = 0.01


def begun(command: list[str], log: Path) -> subprocess.Popen[bytes]:
    """A server whose words go to a file; Ctrl-C does not reach it before the tests do."""
    with log.open("ab") as out:
        return subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=out, stderr=out, start_new_session=True
        )


def until_it_serves(
    name: str, process: subprocess.Popen[bytes], serves: Callable[[], bool], log: Path
) -> None:
    """Wait for a server; raises ``NotReady``, with what it said last."""
    end = time.monotonic() + SECONDS_MAX
    while not serves():
        if process.poll() is not None or time.monotonic() > end:
            said = log.read_text(errors="replace")[-2_000:]
            raise NotReady(f"{name} does not serve:\n{said}")
        time.sleep(LOOK_S)


class Guard:
    """Kills a process once this one has ended, or has let go of it."""

    def __init__(self, process: subprocess.Popen[bytes] | subprocess.Popen[str]) -> None:
        """Watch over it: the guard sees its pipe end."""
        self._guard = subprocess.Popen(
            ["sh", "-c", 'read -r _; kill -9 "$1"', "sh", str(process.pid)],
            stdin=subprocess.PIPE,
            start_new_session=True,
        )

    def dismiss(self) -> None:
        """Watch no more: whoever started the process ends it."""
        self._guard.kill()
        self._guard.communicate()
