"""The acceptor on QuickFIX, as a process that tests start, kill and start again."""

import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Self

from testing.command import ROOT, SECONDS_MAX, ready_line
from testing.foreign_fix.engines import quickfix_env
from testing.guard import Guard
from testing.kafka import free_ports
from testing.running import Running


class QuickfixAcceptor(Running):
    """It acknowledges orders of clients whose CompIDs it knows, in FIX.4.2 and FIX.4.4."""

    def __init__(
        self, store: Path | None, *clients: str, options: Sequence[str] = (), fast: bool = False
    ) -> None:
        """Nothing is started yet.  Without ``store`` it forgets its sessions when it ends."""
        self.port = free_ports(1)[0]
        self._env = {**os.environ, **quickfix_env(fast=fast)}
        kept = [] if store is None else ["--store", str(store)]
        module = "testing.foreign_fix.quickfix_acceptor"
        self._command = [sys.executable, "-m", module, str(self.port), *clients, *kept, *options]
        self._process: subprocess.Popen[str] | None = None
        self._guard: Guard | None = None

    def start(self) -> Self:
        """Start it, and wait until it listens."""
        assert self._process is None, "it runs already"
        process = subprocess.Popen(
            self._command,
            cwd=ROOT,
            env=self._env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        self._process, self._guard = process, Guard(process)
        try:
            ready_line(process)
        except BaseException:
            self.kill()
            raise
        return self

    def stop(self) -> None:
        """Let it log its clients out, and end."""
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        """Kill it as the kernel would."""
        self._end(signal.SIGKILL)

    def _end(self, how: signal.Signals) -> None:
        process, self._process = self._process, None
        guard, self._guard = self._guard, None
        if process is None or guard is None:
            return
        process.send_signal(how)
        try:
            process.wait(SECONDS_MAX)
        finally:
            guard.dismiss()
            process.kill()
            process.wait()
            assert process.stdout is not None
            process.stdout.close()
