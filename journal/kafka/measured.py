"""What requests to the brokers take, and how far a clock is from theirs."""

from core import AckTimes, Clock, Histogram

MS_NS = 1_000_000
"""Brokers stamp in milliseconds, rounded down."""


class Timed:
    """How long something takes that is done again and again, one time after the other."""

    def __init__(self, clock: Clock) -> None:
        """Nothing was done yet."""
        self._times = AckTimes(clock)
        self._count = 0

    def begin(self) -> None:
        """It begins; one that began before and did not end is forgotten."""
        self._times.forget()
        self._count += 1
        self._times.sent(self._count)

    def end(self) -> None:
        """It has been done."""
        self._times.acknowledged(self._count)

    def latency(self) -> Histogram:
        """How long it took."""
        return self._times.latency()


class Measured:
    """Requests of one process to a topic whose records the brokers stamp."""

    def __init__(self, clock: Clock) -> None:
        """Nothing was sent yet."""
        self._clock = clock
        self._begun_ns = 0
        self.took = Timed(clock)
        """How long those took that were answered."""
        self.skew_ns = 0
        """How far the clock is ahead of the brokers', at least; below 0 where it is behind."""

    def begin(self) -> None:
        """A request is sent."""
        self.took.begin()
        self._begun_ns = self._clock.now_ns()

    def end(self, append_ms: int | None) -> None:
        """It is answered; by the broker's clock that was when it was appended, if it says so."""
        self.took.end()
        if append_ms is not None:
            self.skew_ns = skew_ns(self._begun_ns, self._clock.now_ns(), append_ms)


def skew_ns(begun_ns: int, ended_ns: int, append_ms: int) -> int:
    """By how much the clock that saw a request begin and end differs at least from the other."""
    if begun_ns >= (append_ms + 1) * MS_NS:
        return begun_ns - (append_ms + 1) * MS_NS
    return min(ended_ns - append_ms * MS_NS, 0)
