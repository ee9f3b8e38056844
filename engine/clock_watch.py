"""Says what the system's clock does to engine time: once for each thing that it does.

``core.Clock`` decides what is taken of it.  Engine time is the highest stamp of a command so far,
so that a clock which was wrong when it was taken leaves it ahead: it stands still until the clock
has caught up, over restarts too.
"""

import logging
from datetime import UTC, datetime, timedelta

from core import Clock
from settings import ServerSettings

log = logging.getLogger("quantscope.engine")

NS = 1_000_000_000
DAY_NS = 86_400 * NS
LAST_S = 253_402_300_799
"""The end of the year 9999, in seconds since 1970: no calendar here goes beyond."""


class ClockWatch:
    """Looks at a clock and at engine time."""

    def __init__(self, clock: Clock, server: ServerSettings) -> None:
        """``server``: its three settings of the clock, of which this says what they do."""
        self._clock = clock
        self._step_ns_max = int(server.clock_step_s_max * NS)
        self._settle_s = server.clock_settle_s
        self._wanted_ahead_ns = server.clock_ahead_days * DAY_NS
        self._refused = clock.steps_refused
        self._taken = clock.steps_taken
        self._held_ns = 0
        self._stands = False
        self.ahead_ns = 0
        """By how much engine time is ahead of the clock."""

    def begin(self, time_ns: int) -> None:
        """An engine has been recovered: its time is to be gone on from."""
        self._clock.ahead_ns = 0
        ahead_ns = time_ns - self._clock.now_ns()
        if self._wanted_ahead_ns and ahead_ns > 0:
            self._clock.ahead_ns = self._wanted_ahead_ns
            log.warning(
                "the exchange's clock goes %s ahead of the system's (server.clock_ahead_days), "
                "because the journal is %s ahead of that",
                span(self._wanted_ahead_ns),
                span(ahead_ns),
            )
        elif self._wanted_ahead_ns:
            log.warning(
                "server.clock_ahead_days is not needed any more, and passed over: the journal is "
                "not ahead of the clock"
            )
        self.look(time_ns)

    def look(self, time_ns: int) -> None:
        """Log what is new; to be called at least every second."""
        now_ns = self._clock.now_ns()
        self._look_at_steps()
        self.ahead_ns = max(time_ns - now_ns, 0)
        if self.ahead_ns > self._step_ns_max and not self._stands:
            self._stands = True
            log.warning(
                "the journal is ahead of the clock by %s: until %s engine time stands still, so "
                "that times that are told do not move, DAY orders do not expire and the tickers' "
                "day does not roll; orders are taken and matched as ever",
                span(self.ahead_ns),
                moment(time_ns - self._clock.ahead_ns),
            )
        elif self._stands and self.ahead_ns == 0:
            self._stands = False
            log.info("the clock has caught up with the journal: engine time goes on")

    def _look_at_steps(self) -> None:
        clock = self._clock
        held_ns, was_held_ns = clock.held_ns, self._held_ns
        self._held_ns = held_ns
        if clock.steps_taken != self._taken:
            self._taken = clock.steps_taken
            log.warning("the system's clock is taken, %s", away(clock.last_taken_ns))
        elif was_held_ns and not held_ns:
            log.info("the system's clock is back where it was")
        if clock.steps_refused != self._refused:
            self._refused = clock.steps_refused
            if held_ns:
                log.warning(
                    "the system's clock jumped, and is %s: that is not taken before it has stood "
                    "for %g s (server.clock_settle_s), or at SIGUSR1; until then time goes on by "
                    "the time since the system's start",
                    away(held_ns),
                    self._settle_s,
                )
            else:
                log.warning("the system's clock jumped for a moment, which was not taken")


def away(step_ns: int) -> str:
    """How far a clock is from where it should be."""
    return f"{span(abs(step_ns))} {'ahead' if step_ns > 0 else 'behind'}"


def span(time_ns: int) -> str:
    """A time for people to read."""
    if time_ns < 120 * NS:
        return f"{time_ns / NS:.1f} s"
    return str(timedelta(seconds=round(time_ns / NS)))


def moment(time_ns: int) -> str:
    """UTC for people to read, to the second."""
    when = datetime.fromtimestamp(min(max(time_ns // NS, 0), LAST_S), UTC)
    return f"{when:%Y-%m-%d %H:%M:%S} UTC"
