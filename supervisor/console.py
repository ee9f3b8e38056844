"""What is said of the programs: a line each, marked with the name of who said it."""

import queue
import sys
import threading
from types import TracebackType
from typing import Self

LINES_MAX = 10_000
"""Lines that wait for whoever reads; more are counted, and not shown."""
OWN = "supervisor"


class Console:
    """Writes to the standard error from a thread of its own.

    A terminal that is held up (Ctrl-S), or a pipe that nobody reads, holds up this thread alone:
    programs that say much are read on, and go on.
    """

    def __init__(self, width: int) -> None:
        """``width``: letters of the longest name."""
        self._width = max(width, len(OWN))
        self._lines: queue.Queue[str | None] = queue.Queue(LINES_MAX)
        self._left_out = 0
        self._thread = threading.Thread(target=self._write, name="console", daemon=True)

    def __enter__(self) -> Self:
        """Write while the block lasts."""
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """What waits is written, unless nobody reads."""
        try:
            self._lines.put(None, timeout=1)
        except queue.Full:
            return
        self._thread.join(timeout=1)

    def say(self, text: str, name: str = OWN) -> None:
        """Show a line; it never waits."""
        if self._left_out and not self._lines.full():
            left_out, self._left_out = self._left_out, 0
            self._put(OWN, f"{left_out} lines are not shown: nobody read them in time")
        self._put(name, text)

    @property
    def waiting(self) -> int:
        """Lines that are not written yet."""
        return self._lines.qsize()

    def _put(self, name: str, text: str) -> None:
        try:
            self._lines.put_nowait(f"{name:<{self._width}} | {text}\n")
        except queue.Full:
            self._left_out += 1

    def _write(self) -> None:
        while (line := self._lines.get()) is not None:
            try:
                sys.stderr.write(line)
                if self._lines.empty():
                    sys.stderr.flush()
            except OSError:
                # Whoever read has gone; the cluster goes on.
                continue
