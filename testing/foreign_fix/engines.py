"""Which foreign engines there are, and what it takes to start each."""

import functools
import os
import subprocess
import sys
from pathlib import Path

from testing.command import ROOT, NotReady
from testing.foreign_fix.engine import ForeignEngine
from testing.foreign_fix.session import BinanceSession, ForeignSession

SCRIPT = ROOT / "scripts/quickfix/quickfix.sh"
BUILD_SECONDS_MAX = 1_200
"""QuickFIX is compiled when it is used for the first time."""
JVM = ["-Xmx128m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xshare:auto"]


def quickfix(session: ForeignSession) -> ForeignEngine:
    """QuickFIX, by its binding to Python."""
    return ForeignEngine(
        [sys.executable, "-m", "testing.foreign_fix.quickfix_driver"], session, **quickfix_env()
    )


def quickfixj(session: ForeignSession) -> ForeignEngine:
    """QuickFIX/J."""
    return ForeignEngine(["java", *JVM, "-cp", _made("java"), "Driver"], session)


def binance(session: BinanceSession, authority: Path) -> ForeignEngine:
    """Binance's connector, which trusts the servers of this authority alone."""
    return ForeignEngine(
        [sys.executable, "-m", "testing.foreign_fix.binance_driver"],
        session,
        SSL_CERT_FILE=str(authority),
    )


def quickfix_env(*, fast: bool = False) -> dict[str, str]:
    """The environment in which Python finds QuickFIX, built with optimisation if ``fast``."""
    found = _made("fast" if fast else "python")
    before = os.environ.get("PYTHONPATH")
    return {"PYTHONPATH": found if not before else os.pathsep.join((found, before))}


@functools.cache
def _made(what: str) -> str:
    """What the script says of an engine, which it builds or fetches if it must."""
    done = subprocess.run(
        [SCRIPT, what],
        env={**os.environ, "PYTHON": sys.executable},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=BUILD_SECONDS_MAX,
        check=False,
    )
    if done.returncode != 0:
        raise NotReady(done.stderr[-2_000:])
    return done.stdout.strip()
