"""The command line as an operator types it."""

import os
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).parents[1]
QUANTSCOPE = [sys.executable, "-m", "quantscope.cli"]
"""To be run in ``ROOT``."""
SECONDS_MAX = 60


def quantscope(
    *arguments: str,
    env: dict[str, str] | None = None,
    seconds_max: float = SECONDS_MAX,
    root: pathlib.Path = ROOT,
) -> tuple[int, str, str]:
    """Run a command to its end, of the build in ``root``: code, output, errors."""
    done = subprocess.run(
        [*QUANTSCOPE, *arguments],
        cwd=root,
        env={**os.environ, **(env or {})},
        capture_output=True,
        text=True,
        timeout=seconds_max,
        check=False,
    )
    return done.returncode, done.stdout, done.stderr


def ready_line(process: subprocess.Popen[str]) -> dict[str, str]:
    """What a process says in its line ``ready name=value ...``; ``NotReady`` where it says none."""
    assert process.stdout is not None
    line = process.stdout.readline()
    word, *pairs = line.split() or [""]
    if word != "ready":
        raise NotReady(f"{process.args!r} said {line!r} instead of ready")
    return dict(pair.split("=", 1) for pair in pairs)


class NotReady(Exception):
    """A process that was to serve does not."""
