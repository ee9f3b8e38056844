"""An exchange in a process of its own, to be stopped, killed, restarted and asked."""

import json
import os
import re
import select
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Self

from journal import LogReader
from quantscope.operator_socket import NAME as OPERATOR
from testing.command import QUANTSCOPE, ROOT, SECONDS_MAX, NotReady, quantscope, ready_line
from testing.requests import Requests
from testing.running import Running

_RUNNING: list["ServerProcess"] = []


def end_all() -> None:
    """End whatever exchange a test has left running."""
    while _RUNNING:
        _RUNNING[-1].kill()


class ServerProcess(Requests, Running):
    """``quantscope serve`` on one data directory; a ``testing.port.Restartable``."""

    def __init__(
        self,
        data_dir: Path,
        *settings: str,
        arguments: Sequence[str] = (),
        env: Mapping[str, str] | None = None,
        same_port: bool = False,
    ) -> None:
        """Nothing is started yet.

        ``settings`` are those of ``--set``, ``arguments`` any others.  With ``same_port`` each
        start listens for order entry where the first one did: clients come back by themselves.
        """
        self.data_dir = data_dir
        self.settings = [x for setting in settings for x in ("--set", setting)]
        self.settings += arguments
        self.env = {**os.environ, **(env or {})}
        self.process: subprocess.Popen[str] | None = None
        self.http = self.binary = self.fix = 0
        self.ready: dict[str, str] = {}
        """What the last line ``ready`` has said."""
        self.start_s = 0.0
        """How long the last start has taken, in seconds."""
        data_dir.parent.mkdir(parents=True, exist_ok=True)
        self.log = data_dir.with_suffix(".log")
        self.under: list[str] = []
        """A command that runs another one, under which the server is started."""
        self._same_port = same_port

    # -- life --------------------------------------------------------------------------------

    def start(self, *settings: str) -> Self:
        """Start it, and wait until it is ready."""
        begun = time.monotonic()
        binary, fix = (self.binary, self.fix) if self._same_port else (0, 0)
        command = [*self.under, *QUANTSCOPE, "serve", "--data-dir", str(self.data_dir)]
        command += ["--http-port", "0", "--binary-port", str(binary), "--fix-port", str(fix)]
        command += self.settings
        command += [x for setting in settings for x in ("--set", setting)]
        with self.log.open("a") as log:
            self.process = subprocess.Popen(
                command, cwd=ROOT, env=self.env, stdout=subprocess.PIPE, stderr=log, text=True
            )
        _RUNNING.append(self)
        assert self.process.stdout is not None
        readable, _, _ = select.select([self.process.stdout], [], [], SECONDS_MAX)
        try:
            assert readable, "not ready in time"
            self.ready = ready_line(self.process)
        except (AssertionError, NotReady) as error:
            self.kill()
            raise NotReady(f"{error}\n{self.said()[-2000:]}") from error
        self.start_s = time.monotonic() - begun
        self.http, self.binary, self.fix = (
            int(self.ready[name].rpartition(":")[2]) for name in ("http", "binary", "fix")
        )
        return self

    def kill(self) -> None:
        """Kill it as the kernel would."""
        self._end(signal.SIGKILL)

    def stop(self) -> float:
        """Stop it as an operator would; the seconds it took."""
        begin = time.monotonic()
        assert self._end(signal.SIGTERM) == 0, self.said()[-2000:]
        return time.monotonic() - begin

    def restart(self) -> Self:
        """Kill it, and start it again."""
        self.kill()
        return self.start()

    def _end(self, how: signal.Signals | None) -> int:
        process, self.process = self.process, None
        if process is None:
            return 0
        _RUNNING.remove(self)
        if how is not None:
            process.send_signal(how)
        try:
            code = process.wait(SECONDS_MAX)
            # Where it was killed its socket stays, which no copy of the directory can hold.
            (self.data_dir / OPERATOR).unlink(missing_ok=True)
            return code
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            raise
        finally:
            assert process.stdout is not None
            process.stdout.close()

    def ends(self) -> str:
        """It ends by itself, with an error: the one line in which it says why."""
        assert self.process is not None
        code = self._end(None)
        said = self.said()
        assert code == 1, said[-2000:]
        assert "Traceback" not in said
        (line,) = [line for line in said.splitlines() if line.startswith("Error: ")]
        return line.removeprefix("Error: ")

    def refuses_to_start(self) -> str:
        """The one line that it says instead of starting."""
        code, out, errors = quantscope(
            "serve",
            "--data-dir",
            str(self.data_dir),
            "--http-port",
            "0",
            "--binary-port",
            "0",
            "--fix-port",
            "0",
        )
        assert code != 0
        assert out == ""
        lines = [line for line in errors.splitlines() if line.startswith("Error: ")]
        assert len(lines) == 1, errors
        assert "Traceback" not in errors
        return lines[0].removeprefix("Error: ")

    def hang_up(self) -> None:
        """Tell it that what it has read may have changed."""
        assert self.process is not None
        self.process.send_signal(signal.SIGHUP)

    # -- what it says and keeps --------------------------------------------------------------

    def said(self) -> str:
        """All that it has logged."""
        return self.log.read_text() if self.log.exists() else ""

    def read_at_starts(self) -> list[tuple[int, int]]:
        """From where to where each start so far has read the events log for its sessions."""
        ranges = re.findall(r"reading event batches from (\d+) to (\d+)", self.said())
        return [(int(first), int(last)) for first, last in ranges]

    def memory_bytes(self) -> int:
        """Resident memory of the process."""
        assert self.process is not None
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        line = next(line for line in status.splitlines() if line.startswith("VmRSS:"))
        return int(line.split()[1]) * 1024

    def verified(self) -> str:
        """What ``quantscope verify`` says, which must be good."""
        code, out, errors = quantscope("verify", "--data-dir", str(self.data_dir))
        assert code == 0, errors
        return out

    def journal(self, topic: str) -> list[dict[str, Any]]:
        """The journal's commands or events."""
        code, out, errors = quantscope("journal", topic, "--data-dir", str(self.data_dir))
        assert code == 0, errors
        return [json.loads(line) for line in out.splitlines()]

    def journal_begins(self) -> int:
        """The first offset that the events log keeps."""
        return LogReader(self.data_dir / "events.db").ends().first

    def trade_until_deleted(self) -> None:
        """Place orders until retention has deleted the beginning of the journal."""
        end = time.monotonic() + SECONDS_MAX
        while LogReader(self.data_dir / "commands.db").ends().first == 1:
            assert time.monotonic() < end, "nothing was ever deleted"
            for _ in range(20):
                self.place()
