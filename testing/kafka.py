"""A real Apache Kafka: one node or three, which a test stops, kills, freezes and starts again.

``scripts/kafka/kafka.sh`` knows how Kafka is fetched, set up and run.  Here are its processes.
"""

import atexit
import os
import random
import signal
import socket
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

from testing.command import ROOT, SECONDS_MAX, NotReady

SCRIPT = str(ROOT / "scripts/kafka/kafka.sh")
SERVES = b"Kafka Server started"
FETCH_SECONDS_MAX = 240
PORTS_FROM = 20_000
QUICK_JVM = "-XX:TieredStopAtLevel=1"
"""Java compiles once and simply: nodes start sooner, and leave the processors to the tests."""
_RUNNING: list["Brokers"] = []


@atexit.register
def end_all() -> None:
    """End whatever brokers are left running."""
    while _RUNNING:
        _RUNNING[-1].end()


class Brokers:
    """A cluster of Kafka on this machine, with nodes numbered from 1.

    Its calls wait: where a client runs in the event loop meanwhile, ``asyncio.to_thread`` them.
    """

    def __init__(self, directory: Path, count: int = 1, *, jvm: str = QUICK_JVM) -> None:
        """Nothing is started yet.  The directory is to be new; one node or three are possible.

        Who measures for longer than a few seconds gives ``jvm=""``, and Java all its compilers.
        """
        self.directory = directory
        self.nodes = range(1, count + 1)
        self.env = {**os.environ, "KAFKA_JVM": jvm}
        self.format_env: dict[str, str] = {}
        """What more the script is told when it makes the nodes."""
        ports = free_ports(2 * count)
        self._ports = list(zip(ports[:count], ports[count:], strict=True))
        self.bootstrap_servers = ",".join(f"127.0.0.1:{port}" for port, _ in self._ports)
        """Where clients find it: the same for as long as it exists."""
        self._processes: dict[int, subprocess.Popen[bytes]] = {}
        self._guard: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        """Run until the block ends."""
        try:
            return self.start()
        except BaseException:
            self.end()
            raise

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Nobody needs its data any more."""
        self.end()

    # -- life --------------------------------------------------------------------------------

    def start(self, *nodes: int) -> Self:
        """Start nodes, all that are down unless told, and wait until they serve."""
        if not (self.directory / "1").exists():
            pairs = [f"{port}:{controller}" for port, controller in self._ports]
            _script("warm", pairs[0])
            _script("format", str(self.directory), *pairs, env=self.format_env)
        down = [node for node in self.nodes if not self.runs(node)]
        logged = {node: self._launch(node) for node in nodes or down}
        for node, before in logged.items():
            self._until_it_serves(node, before)
        return self

    def stop(self, node: int = 1) -> None:
        """Stop a node as an operator would: it hands over what it leads."""
        self._end(node, signal.SIGCONT, signal.SIGTERM)

    def kill(self, node: int = 1) -> None:
        """Kill a node as the kernel would."""
        self._end(node, signal.SIGKILL)

    def freeze(self, node: int = 1) -> None:
        """Let a node hang: its connections stay, and nothing answers."""
        self._processes[node].send_signal(signal.SIGSTOP)

    def thaw(self, node: int = 1) -> None:
        """Let it go on."""
        self._processes[node].send_signal(signal.SIGCONT)

    def end(self) -> None:
        """Kill all nodes."""
        for node in list(self._processes):
            self.kill(node)
        if self._guard is not None:
            self._guard.communicate(timeout=SECONDS_MAX)
            self._guard = None
            _RUNNING.remove(self)

    # -- what it says ------------------------------------------------------------------------

    def runs(self, node: int = 1) -> bool:
        """Whether a node has not ended, by itself or otherwise."""
        process = self._processes.get(node)
        return process is not None and process.poll() is None

    def pid(self, node: int = 1) -> int:
        """Number of a node's process."""
        return self._processes[node].pid

    def said(self, node: int = 1) -> str:
        """All that a node has logged."""
        return self._log(node).read_text(errors="replace")

    # ----------------------------------------------------------------------------------------

    def _log(self, node: int) -> Path:
        return self.directory / str(node) / "log"

    def _launch(self, node: int) -> int:
        """Start a node's process; how long its log was before."""
        assert not self.runs(node), f"node {node} runs already"
        if self._guard is None:
            # However this process ends, the guard sees its pipe end, and leaves no node behind.
            self._guard = subprocess.Popen(
                [SCRIPT, "guard", str(self.directory)],
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            )
            _RUNNING.append(self)
        with self._log(node).open("ab") as log:
            before = log.tell()
            # In a session of its own Ctrl-C does not reach it, before the tests have ended it.
            self._processes[node] = subprocess.Popen(
                [SCRIPT, "run", str(self.directory), str(node)],
                env=self.env,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        return before

    def _until_it_serves(self, node: int, before: int) -> None:
        end = time.monotonic() + SECONDS_MAX
        while SERVES not in (said := self._log(node).read_bytes()[before:]):
            if not self.runs(node) or time.monotonic() > end:
                how = "does not serve in time" if self.runs(node) else "has ended"
                end_of_log = said[-2000:].decode(errors="replace")
                self.kill(node)
                raise NotReady(f"node {node} of Kafka {how}:\n{end_of_log}")
            time.sleep(0.02)

    def _end(self, node: int, *how: signal.Signals) -> None:
        process = self._processes.pop(node)
        for what in how:
            process.send_signal(what)
        try:
            process.wait(SECONDS_MAX)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            raise


def free_ports(count: int) -> list[int]:
    """Ports on which nobody listens, and which the kernel lends to no connection.

    So nobody takes a node's port while it is down, and no client that calls it reaches itself.
    """
    lent = Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()
    end = max(int(lent[0]), PORTS_FROM + 10_000)
    found: set[int] = set()
    while len(found) < count:
        port = random.SystemRandom().randrange(PORTS_FROM, end)
        with socket.socket() as trial:
            try:
                trial.bind(("127.0.0.1", port))
            except OSError:
                continue
        found.add(port)
    return sorted(found)


def _script(*arguments: str, env: Mapping[str, str] | None = None) -> None:
    """Where it fails, what it says last says why; Maven's words stand before."""
    done = subprocess.run(
        [SCRIPT, *arguments],
        env={**os.environ, **(env or {})},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=FETCH_SECONDS_MAX,
        check=False,
    )
    if done.returncode != 0:
        raise NotReady(done.stderr[-2000:])
