"""A role of a cluster in a process of its own, to be stopped, killed, started again and asked."""

import os
import select
import signal
import subprocess
from pathlib import Path
from typing import Self

from testing.command import QUANTSCOPE, ROOT, SECONDS_MAX, NotReady, quantscope, ready_line
from testing.kafka import Brokers
from testing.requests import Requests
from testing.running import Running

_RUNNING: list["ClusterProcess"] = []


def end_cluster() -> None:
    """End whatever role a test has left running."""
    while _RUNNING:
        _RUNNING[-1].kill()


def config_of(directory: Path, brokers: Brokers, prefix: str, *lines: str) -> Path:
    """A configuration of a cluster on these brokers, with more lines of TOML before its own."""
    servers = ", ".join(f'"{server}"' for server in brokers.bootstrap_servers.split(","))
    own = ["[kafka]", f"bootstrap_servers = [{servers}]", f'topic_prefix = "{prefix}"']
    path = directory / f"{prefix}.toml"
    path.write_text("\n".join([*lines, *own, "request_timeout_s = 3.0", ""]))
    return path


def set_up(config: Path, *arguments: str, root: Path = ROOT) -> str:
    """Make the topics and journal the configuration; what ``quantscope setup`` says of it."""
    code, out, errors = quantscope("setup", "--config", str(config), *arguments, root=root)
    assert code == 0, errors
    return out


class ClusterProcess(Requests, Running):
    """``quantscope ROLE`` with a configuration."""

    def __init__(self, config: Path, role: str, *arguments: str) -> None:
        """Nothing is started yet; ports that are not told are free ones, and stay."""
        self.config = config
        self.role = role
        self.arguments = arguments
        self.http = self.binary = self.fix = 0
        self.env = dict(os.environ)
        self.root = ROOT
        """The build that it is started from."""
        self.under: list[str] = []
        """A command that runs another one, under which it is started."""
        self.ready_s_max = SECONDS_MAX
        """How long a start may take, in seconds."""
        self.process: subprocess.Popen[str] | None = None
        name = "-".join((config.stem, role, *arguments)).replace("/", "_")
        self.log = config.with_name(f"{name}.log")

    def start(self) -> Self:
        """Start it, and wait until it is ready."""
        self.launch()
        return self.until_ready()

    def launch(self) -> None:
        """Start it, and wait for nothing."""
        command = [
            *self.under,
            *QUANTSCOPE,
            self.role,
            "--config",
            str(self.config),
            *self.arguments,
        ]
        command += ["--http-port", str(self.http)]
        if self.role == "gateway":
            command += ["--binary-port", str(self.binary), "--fix-port", str(self.fix)]
        with self.log.open("a") as log:
            self.process = subprocess.Popen(
                command, cwd=self.root, env=self.env, stdout=subprocess.PIPE, stderr=log, text=True
            )
        _RUNNING.append(self)

    def until_ready(self) -> Self:
        """Wait until it says that it is ready."""
        process = self.process
        assert process is not None
        assert process.stdout is not None
        spoken = select.poll()
        spoken.register(process.stdout, select.POLLIN)
        try:
            assert spoken.poll(1e3 * self.ready_s_max), "not ready in time"
            said = ready_line(process)
        except (AssertionError, NotReady) as error:
            self.kill()
            raise NotReady(f"{self.role}: {error}\n{self.said()[-2000:]}") from error
        self.http = int(said["http"].rpartition(":")[2])
        self.binary = int(said.get("binary", "0").rpartition(":")[2])
        self.fix = int(said.get("fix", "0").rpartition(":")[2])
        return self

    def kill(self) -> None:
        """Kill it as the kernel would."""
        if self.process is not None:
            self.process.send_signal(signal.SIGKILL)
            self.ends()

    @property
    def runs(self) -> bool:
        """Whether it has begun, and not ended by itself or otherwise."""
        return self.process is not None and self.process.poll() is None

    def freeze(self) -> None:
        """Let it hang: its connections stay, and nothing answers."""
        assert self.process is not None
        self.process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Let it go on."""
        assert self.process is not None
        self.process.send_signal(signal.SIGCONT)

    def stop(self) -> None:
        """Stop it as an operator would."""
        self.tell_to_stop()
        assert self.ends() == 0, self.said()[-2000:]

    def tell_to_stop(self) -> None:
        """Ask it to end, and wait for nothing."""
        assert self.process is not None
        self.process.send_signal(signal.SIGTERM)

    def tell_to_reread(self) -> None:
        """Ask it to take what has changed in its configuration, and wait for nothing."""
        assert self.process is not None
        self.process.send_signal(signal.SIGHUP)

    def ends(self) -> int:
        """Wait until it has ended; its exit code."""
        process, self.process = self.process, None
        assert process is not None
        _RUNNING.remove(self)
        try:
            return process.wait(SECONDS_MAX)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            raise
        finally:
            assert process.stdout is not None
            process.stdout.close()

    def said(self) -> str:
        """All that it has logged."""
        return self.log.read_text() if self.log.exists() else ""
