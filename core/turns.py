"""Turns of the event loop that stay short: who has sent more than a little waits for the next one.

What a connection has sent is handled piece by piece.  A piece is handled as soon as it is read,
where no more came; all that came beyond waits here, and its socket is not read.  So much of each
turn is given to those who wait, one after the other, a piece or some each: the others' sockets, the
commits and the timers have their turn in between, however many connections ask for all they can.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Protocol

from core.faults import FAULTS, Faults

SHARES = 4
"""One who waits goes on for at most this part of a turn's time, and then the next one does."""


class Waiting(Protocol):
    """A connection, mostly, of which something waits to be handled."""

    def go_on(self, until: int) -> None:
        """Handle a piece, and more of them until that time; say ``later`` where more is left."""

    def abort(self) -> None:
        """Give up: its ``go_on`` has failed."""


class Turns:
    """The time of each turn of the loop for what may wait, and who waits for it.  One for a port.

    # Limits
    ``turn_us_max``: microseconds of a turn.  The piece that goes beyond it is the turn's last.
    """

    def __init__(
        self,
        turn_us_max: int,
        clock: Callable[[], int],
        faults: Faults | None = None,
    ) -> None:
        """``clock`` gives nanoseconds; it is asked after each piece."""
        self._faults = faults or Faults()
        self.clock = clock
        self._most = turn_us_max * 1000
        self._share = self._most // SHARES
        self._spent = 0
        self._waiting: deque[Waiting] = deque()
        self._asked = False
        self._held = False

    @property
    def open(self) -> bool:
        """Whether this turn of the loop still has time for what may wait."""
        return self._spent < self._most

    def until(self, begun: int) -> int:
        """How long one goes on that began now, and was not waiting: not at all in a full turn."""
        return begun + self._share if self._spent < self._most else begun

    def charge(self, ns: int) -> None:
        """So much of this turn was taken beside ``go_on``, or will be because of it."""
        self._spent += ns
        self._ask()

    def later(self, waiting: Waiting) -> None:
        """Let it go on when it is its turn; to be said once for each time."""
        self._waiting.append(waiting)
        if not self._held:
            self._ask()

    def hold(self) -> None:
        """Let nobody go on until ``resume``."""
        self._held = True

    def resume(self) -> None:
        """Go on."""
        self._held = False
        if self._waiting:
            self._ask()

    def _ask(self) -> None:
        """A turn of the loop is asked for: it ends this one, and begins with those who wait."""
        if not self._asked:
            self._asked = True
            asyncio.get_running_loop().call_soon(self.turn)

    def turn(self) -> None:
        """A turn of the loop has begun: let those go on who wait, for as long as it may take."""
        self._asked = False
        self._spent = 0
        now = self.clock()
        while self._waiting and not self._held and self._spent < self._most:
            waiting = self._waiting.popleft()
            begun = now
            try:
                waiting.go_on(begun + self._share)
            except FAULTS as error:
                self._give_up(waiting, error)
            now = self.clock()
            self._spent += now - begun
        if self._waiting and not self._held:
            self._ask()

    def _give_up(self, waiting: Waiting, error: BaseException) -> None:
        """One who waited failed: the others are not to wait for it."""
        self._faults.caught("connection", "what waited for its turn is given up", error)
        try:
            waiting.abort()
        except FAULTS as again:
            self._faults.caught("connection", "nor can it be closed", again)
