"""A real Prometheus in a process of its own, with the configuration and rules of ``deploy/``."""

import atexit
import json
import re
import signal
import subprocess
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterable
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple, Self

from testing.command import ROOT, SECONDS_MAX, NotReady
from testing.guard import Guard, begun, until_it_serves
from testing.kafka import free_ports

FOLDER = ROOT / "deploy/prometheus"
SCRAPE_S = 0.5
"""How often it scrapes, and looks at the rules; so long a process has for its answer."""
UNITS = {"s": 1.0, "m": 60.0, "h": 3_600.0}
_RUNNING: list["PrometheusServer"] = []


@atexit.register
def end_all() -> None:
    """End whatever servers are left running."""
    while _RUNNING:
        _RUNNING[-1].end()


class Target(NamedTuple):
    """Who is scraped."""

    port: int
    role: str
    name: str


class Sample(NamedTuple):
    """What it answers for one series."""

    labels: dict[str, str]
    value: float


def scaled(text: str, scale: float) -> str:
    """Rules whose times, those that a cause has to stand and those looked back, are others."""

    def times(found: re.Match[str]) -> str:
        before, number, unit, behind = found.groups()
        return f"{before}{max(round(int(number) * UNITS[unit] * scale * 1_000), 1)}ms{behind}"

    return re.sub(r"(\bfor: |\[)(\d+)([smh])(\]|$)", times, text, flags=re.MULTILINE)


class PrometheusServer:
    """A server on this machine, with a directory of its own.

    Its calls wait.  All that is changed of what an operator runs are times: it looks often, and
    those of the rules are multiplied by ``scale``.
    """

    def __init__(self, directory: Path, targets: Iterable[Target], *, scale: float = 1.0) -> None:
        """Nothing is started yet."""
        self.directory = directory
        self.port = free_ports(1)[0]
        (directory / "targets").mkdir(parents=True)
        config = (FOLDER / "prometheus.yml").read_text()
        often = f"{round(SCRAPE_S * 1_000)}ms"
        for name in ("scrape_interval", "evaluation_interval", "refresh_interval"):
            config, count = re.subn(rf"\b{name}: \w+", f"{name}: {often}", config)
            assert count == 1, f"prometheus.yml has no {name}"
        (directory / "prometheus.yml").write_text(config)
        rules = (FOLDER / "rules.yml").read_text()
        (directory / "rules.yml").write_text(scaled(rules, scale))
        self.watch(targets)
        self._process: subprocess.Popen[bytes] | None = None
        self._guard: Guard | None = None

    def __enter__(self) -> Self:
        """Run until the block ends."""
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Nobody needs its data any more."""
        self.end()

    def watch(self, targets: Iterable[Target]) -> None:
        """Scrape these from now on."""
        groups = [
            {
                "targets": [f"127.0.0.1:{target.port}"],
                "labels": {"role": target.role, "name": target.name},
            }
            for target in targets
        ]
        new = self.directory / "targets" / "new"
        new.write_text(json.dumps(groups))
        new.replace(self.directory / "targets" / "these.json")

    # -- life --------------------------------------------------------------------------------

    def start(self) -> Self:
        """Start it, and wait until it answers."""
        arguments = [f"--config.file={self.directory / 'prometheus.yml'}"]
        arguments += [f"--storage.tsdb.path={self.directory / 'data'}"]
        arguments += [f"--web.listen-address=127.0.0.1:{self.port}", "--log.level=warn"]
        # What is gone is gone soon: it is looked at often.
        arguments += ["--query.lookback-delta=10s"]
        log = self.directory / "log"
        process = self._process = begun(["prometheus", *arguments], log)
        self._guard = Guard(process)
        _RUNNING.append(self)
        try:
            until_it_serves("Prometheus", process, self._answers, log)
        except NotReady:
            self.end()
            raise
        return self

    def end(self) -> None:
        """Kill it if it runs."""
        process, self._process = self._process, None
        guard, self._guard = self._guard, None
        if process is None:
            return
        _RUNNING.remove(self)
        if guard is not None:
            guard.dismiss()
        process.send_signal(signal.SIGKILL)
        process.wait(SECONDS_MAX)

    def _answers(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self._url}/-/ready", timeout=SECONDS_MAX) as answer:  # noqa: S310
                return bool(answer.status == 200)
        except OSError:
            return False

    @property
    def _url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    # -- what it knows -----------------------------------------------------------------------

    def ask(self, path: str, **fields: str) -> Any:
        """What its interface answers."""
        url = f"{self._url}/api/v1/{path}?{urllib.parse.urlencode(fields)}"
        try:
            with urllib.request.urlopen(url, timeout=SECONDS_MAX) as answer:  # noqa: S310
                return json.loads(answer.read())["data"]
        except urllib.error.HTTPError as error:
            with error:
                raise ValueError(f"{fields}: {error.read().decode()}") from error

    def query(self, expr: str) -> list[Sample]:
        """What a query gives now: a sample for each series."""
        found = self.ask("query", query=expr)["result"]
        return [Sample(series["metric"], float(series["value"][1])) for series in found]

    def up(self) -> dict[str, bool]:
        """Whether each target was scraped last, by its name."""
        return {sample.labels["name"]: sample.value == 1 for sample in self.query("up")}

    def firing(self) -> set[tuple[str, str]]:
        """Names of the alerts that fire, each with the name of the process that it is about."""
        return {
            (alert["labels"]["alertname"], alert["labels"].get("name", ""))
            for alert in self.ask("alerts")["alerts"]
            if alert["state"] == "firing"
        }
