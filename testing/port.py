"""What tests ask of an exchange, wherever and in however many processes it runs."""

from pathlib import Path
from types import TracebackType
from typing import Protocol, Self


class Exchange(Protocol):
    """An exchange that serves: its ports on this machine."""

    @property
    def http(self) -> int:
        """The port of REST and WebSocket."""

    @property
    def binary(self) -> int:
        """The port of binary order entry."""


class Restartable(Exchange, Protocol):
    """One that can be stopped and killed, and goes on from what it has kept."""

    def start(self, *settings: str) -> Self:
        """Start it, and wait until it is ready."""

    def stop(self) -> float:
        """Stop it as an operator would; the seconds it took."""

    def kill(self) -> None:
        """Kill it as the kernel would."""

    def restart(self) -> Self:
        """Kill it, and start it again."""

    def __enter__(self) -> Self:
        """Serve until the block ends."""

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop it cleanly where nothing went wrong."""


class NewExchange(Protocol):
    """Makes exchanges: what the fixture ``new_exchange`` gives."""

    def __call__(self, data_dir: Path, *settings: str) -> Restartable:
        """One that keeps its data there, and is not started yet.

        Each of its starts listens for order entry where the first one did.
        """
