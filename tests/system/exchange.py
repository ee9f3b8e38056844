"""The exchange under test: a server in a process of its own, to be stopped, killed and asked."""

import json
import os
import re
import select
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from journal import LogReader

ROOT = Path(__file__).parents[2]
SECONDS_MAX = 60


def quantscope(*arguments: str, env: dict[str, str] | None = None) -> tuple[int, str, str]:
    """Run a command to its end: code, output, errors."""
    done = subprocess.run(
        [sys.executable, "-m", "quantscope.cli", *arguments],
        cwd=ROOT,
        env={**os.environ, **(env or {})},
        capture_output=True,
        text=True,
        timeout=SECONDS_MAX,
        check=False,
    )
    return done.returncode, done.stdout, done.stderr


_RUNNING: list["Exchange"] = []


def end_all() -> None:
    """End whatever exchange a test has left running."""
    while _RUNNING:
        _RUNNING[-1].kill()


class Exchange:
    """Starts, stops and kills ``quantscope serve`` on one data directory."""

    def __init__(self, data_dir: Path, *settings: str, env: dict[str, str] | None = None) -> None:
        self.data_dir = data_dir
        self.settings = [x for setting in settings for x in ("--set", setting)]
        self.env = {**os.environ, **(env or {})}
        self.process: subprocess.Popen[str] | None = None
        self.http = self.binary = 0
        data_dir.parent.mkdir(parents=True, exist_ok=True)
        self.log = data_dir.with_suffix(".log")
        self.under: list[str] = []
        """A command that runs another one, under which the server is started."""

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if error is not None:
            self.kill()
        else:
            self.stop()

    def start(self, *settings: str) -> Self:
        """Start it, and wait until it is ready."""
        command = [sys.executable, "-m", "quantscope.cli", "serve", "--data-dir"]
        command += [str(self.data_dir), "--http-port", "0", "--binary-port", "0", *self.settings]
        command += [x for setting in settings for x in ("--set", setting)]
        command = [*self.under, *command]
        with self.log.open("a") as log:
            self.process = subprocess.Popen(
                command, cwd=ROOT, env=self.env, stdout=subprocess.PIPE, stderr=log, text=True
            )
        _RUNNING.append(self)
        assert self.process.stdout is not None
        readable, _, _ = select.select([self.process.stdout], [], [], SECONDS_MAX)
        assert readable, "not ready in time"
        line = self.process.stdout.readline()
        assert line.startswith("ready "), f"{line!r}\n{self.said()[-2000:]}"
        said = dict(pair.split("=", 1) for pair in line.split()[1:])
        self.http, self.binary = (int(said[x].rpartition(":")[2]) for x in ("http", "binary"))
        return self

    def kill(self) -> None:
        """Kill it as the kernel would."""
        self._end(signal.SIGKILL)

    def stop(self) -> float:
        """Stop it as an operator would; the seconds it took."""
        begin = time.monotonic()
        assert self._end(signal.SIGTERM) == 0, self.said()[-2000:]
        return time.monotonic() - begin

    def _end(self, how: signal.Signals) -> int:
        process, self.process = self.process, None
        if process is None:
            return 0
        _RUNNING.remove(self)
        process.send_signal(how)
        try:
            return process.wait(SECONDS_MAX)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            raise
        finally:
            assert process.stdout is not None
            process.stdout.close()

    def ends(self) -> str:
        """It ends by itself, with an error: the one line in which it says why."""
        process, self.process = self.process, None
        assert process is not None
        _RUNNING.remove(self)
        assert process.stdout is not None
        try:
            code = process.wait(SECONDS_MAX)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            raise
        finally:
            process.stdout.close()
        said = self.said()
        assert code == 1, said[-2000:]
        assert "Traceback" not in said
        (line,) = [line for line in said.splitlines() if line.startswith("Error: ")]
        return line.removeprefix("Error: ")

    def said(self) -> str:
        """All that it has logged."""
        return self.log.read_text() if self.log.exists() else ""

    def read_at_starts(self) -> list[tuple[int, int]]:
        """From where to where each start so far has read the events log for its sessions."""
        ranges = re.findall(r"reading event batches from (\d+) to (\d+)", self.said())
        return [(int(first), int(last)) for first, last in ranges]

    def refuses_to_start(self) -> str:
        """The one line that it says instead of starting."""
        code, out, errors = quantscope(
            "serve", "--data-dir", str(self.data_dir), "--http-port", "0", "--binary-port", "0"
        )
        assert code != 0
        assert out == ""
        lines = [line for line in errors.splitlines() if line.startswith("Error: ")]
        assert len(lines) == 1, errors
        assert "Traceback" not in errors
        return lines[0].removeprefix("Error: ")

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

    def get(self, path: str) -> tuple[int, Any]:
        """Status and body of a GET."""
        return self._ask("GET", path, None)

    def delete(self, path: str) -> tuple[int, Any]:
        """Status and body of a DELETE."""
        return self._ask("DELETE", path, None)

    def patch(self, path: str, **fields: str) -> tuple[int, Any]:
        """Status and body of a PATCH."""
        return self._ask("PATCH", path, json.dumps(fields).encode())

    def metrics(self) -> dict[str, float]:
        """What ``/metrics`` shows, which it must: name, with labels, and value."""
        url = f"http://127.0.0.1:{self.http}/metrics"
        with urllib.request.urlopen(url, timeout=30) as answer:
            lines = answer.read().decode().splitlines()
        pairs = (line.rsplit(" ", 1) for line in lines if not line.startswith("#"))
        return {name: float(value) for name, value in pairs}

    def post(self, **order: str) -> tuple[int, Any]:
        """Status and body of ``POST /orders``: a buy of one at 100 unless told otherwise."""
        plain = {"symbol": "BTCUSD", "side": "BUY", "order_type": "LIMIT", "price": "100"}
        body = {**plain, "quantity": "1", "user_id": "rest", **order}
        return self._ask("POST", "/orders", json.dumps(body).encode())

    def trade_until_deleted(self) -> None:
        """Place orders until retention has deleted the beginning of the journal."""
        end = time.monotonic() + SECONDS_MAX
        while LogReader(self.data_dir / "commands.db").ends()[1] == 1:
            assert time.monotonic() < end, "nothing was ever deleted"
            for _ in range(20):
                self.post()

    def journal_begins(self) -> int:
        """The first offset that the events log keeps."""
        return LogReader(self.data_dir / "events.db").ends()[1]

    def _ask(self, method: str, path: str, body: bytes | None) -> tuple[int, Any]:
        url = f"http://127.0.0.1:{self.http}{path}"
        kind = {"Content-Type": "application/json"}
        request = urllib.request.Request(url, body, kind, method=method)
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310
                return answer.status, json.loads(answer.read())
        except urllib.error.HTTPError as error:
            with error:
                return error.code, json.loads(error.read())
