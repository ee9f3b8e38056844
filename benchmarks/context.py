"""What every measurement is given, and the list of them."""

import contextlib
import os
import pathlib
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping

from benchmarks.processes import exchange_at
from benchmarks.result import Row
from testing.process import ServerProcess

RUNS = 5
QUICK_RUNS = 1


class Context:
    """How thoroughly to measure, and where."""

    def __init__(
        self,
        directory: pathlib.Path,
        *,
        quick: bool = False,
        runs: int | None = None,
        environment: Mapping[str, str] | None = None,
        say: Callable[[str], None] = lambda _: None,
    ) -> None:
        """Data directories are made in ``directory``, on the disk that is measured."""
        self.directory = directory
        self.quick = quick
        self.runs = runs or (QUICK_RUNS if quick else RUNS)
        self.environment = environment or {}
        self.say = say

    def seconds(self, full: float, quick: float) -> float:
        """How long a run takes."""
        return quick if self.quick else full

    def each_run(self, name: str) -> Iterator[int]:
        """The runs of one measurement."""
        for run in range(self.runs):
            self.say(f"{name}: run {run + 1} of {self.runs}")
            yield run

    @contextlib.contextmanager
    def data_dir(self) -> Iterator[pathlib.Path]:
        """A fresh directory, removed at the end."""
        path = pathlib.Path(tempfile.mkdtemp(dir=self.directory))
        try:
            yield path
        finally:
            shutil.rmtree(path)
            # Freed blocks are discarded at the file system's next commit: not in the next run.
            os.sync()

    @contextlib.contextmanager
    def exchange(self, *arguments: str) -> Iterator[ServerProcess]:
        """An exchange on a fresh data directory."""
        with (
            self.data_dir() as path,
            exchange_at(path / "data", *arguments, environment=self.environment) as exchange,
        ):
            yield exchange


Measure = Callable[[Context], list[Row]]
MEASURES: dict[str, Measure] = {}


def measure(name: str) -> Callable[[Measure], Measure]:
    """Put a function on the list of what `make bench` measures."""

    def register(function: Measure) -> Measure:
        MEASURES[name] = function
        return function

    return register
