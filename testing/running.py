"""What tests start and end: a `with` block for a process, or for several."""

from abc import ABC, abstractmethod
from types import TracebackType
from typing import Self


class Running(ABC):
    """Whatever is started, and then stopped cleanly or killed."""

    @abstractmethod
    def start(self) -> Self:
        """Start it, and wait until it is ready."""

    @abstractmethod
    def stop(self) -> float | None:
        """Stop it cleanly, and say how long that has taken in seconds where that is measured."""

    @abstractmethod
    def kill(self) -> None:
        """Kill it, if it is still there."""

    def __enter__(self) -> Self:
        """Run until the block ends."""
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop it cleanly where nothing went wrong."""
        if error is not None:
            self.kill()
        else:
            self.stop()
