"""What fails in a part that the exchange can go on without: logged, counted, and begun again.

Nothing that is told of events, and nothing that is done for one connection, is to end the process.
Each such fault is caught where the smallest part is that can go: a request, a connection, a round
of a loop.  What can't go on by itself stands among the faults (``/ready`` shows them) until it has
been begun again.
"""

import asyncio
import logging
from collections import Counter
from collections.abc import Callable, Coroutine
from typing import Any

from core._native import PanicException

log = logging.getLogger("quantscope.faults")

FAULTS = (Exception, PanicException)
"""Whatever may go wrong unforeseen; a panic of native code is no ``Exception`` for Python."""
PARTS = (
    "callback",
    "clock",
    "connection",
    "facade",
    "gateway",
    "metrics",
    "recorder",
    "request",
    "snapshots",
    "watch",
)
"""Parts of which faults are counted, beside the view and the archive, which count their own."""
RESTART_S = 1.0
"""Seconds before a part that failed is begun again; each further time twice as long."""
RESTART_MAX_S = 30.0
"""Longest of these pauses.  A part that has held longer than that begins with the shortest."""


class Faults:
    """The faults of one exchange."""

    def __init__(self) -> None:
        """Nothing has failed yet."""
        self.counts: Counter[str] = Counter(dict.fromkeys(PARTS, 0))
        self.standing: dict[str, str] = {}
        """What does not work now, and why."""

    def caught(self, part: str, what: str, error: BaseException | None) -> None:
        """Something failed in a part: log it with its traceback, and count it.

        Without ``error`` it is a panic of native code, which has told where already.
        """
        self.counts[part] += 1
        why = "" if error is None else f": {type(error).__name__}: {error}"
        log.error("%s: %s%s", part, what, why, exc_info=error)

    def call(self, callee: Callable[[], None], what: str) -> None:
        """Call somebody whose fault is not that of who calls; ``what`` names the call."""
        try:
            callee()
        except FAULTS as error:
            self.caught("callback", f"{what} failed", error)

    async def keep(
        self,
        part: str,
        what: str,
        work: Callable[[], Coroutine[Any, Any, None]],
        *,
        ends: tuple[type[Exception], ...] = (),
    ) -> None:
        """Do what goes on until canceled, and begin it again whenever it fails.

        What is in ``ends`` is raised: after that the process has to end.
        """
        pause, now = RESTART_S, asyncio.get_running_loop().time
        while True:
            begun = now()
            try:
                return await work()
            except ends:
                raise
            except FAULTS as error:
                self.caught(part, f"{what} failed, and is begun again", error)
                self.standing[what] = f"{what} failed: {error}"
            if now() - begun > RESTART_MAX_S:
                pause = RESTART_S
            await asyncio.sleep(pause)
            pause = min(2 * pause, RESTART_MAX_S)
            del self.standing[what]

    def on_callback(self, loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        """What a callback of the event loop raised: the loop's exception handler."""
        error = context.get("exception")
        what = str(context.get("message", "a callback failed"))
        self.caught("callback", what, error if isinstance(error, BaseException) else None)
