"""A gap in the numbers of a FIX session: what waits behind it, and how long it has been open."""

from clients.fix_message import Message


class Gap:
    """Open from the first number that was ahead until all up to the highest such is done with."""

    def __init__(self, messages_max: int) -> None:
        """Closed."""
        self._messages_max = messages_max
        self.close()

    def close(self) -> None:
        """Nothing is missing; nothing waits."""
        self._waiting: dict[int, Message | None] = {}
        self._highest = 0
        self._progress_at = 0.0
        self._asked_again = False

    @property
    def is_open(self) -> bool:
        """Whether numbers are missing."""
        return self._highest > 0

    def keep(self, number: int, message: Message | None, now: float) -> bool:
        """Keep a message that is ahead, or only its place; whether it opened the gap.

        Where ``messages_max`` wait it is not kept: it comes again, with what was asked for.
        """
        opened = not self.is_open
        if opened:
            self._progress_at = now
        self._highest = max(self._highest, number)
        if len(self._waiting) < self._messages_max:
            self._waiting.setdefault(number, message)
        return opened

    def holds(self, number: int) -> bool:
        """Whether the message of this number has come; ``take`` has it."""
        return number in self._waiting

    def take(self, number: int) -> Message | None:
        """The message of this number, or ``None`` for one whose turn has passed."""
        return self._waiting.pop(number)

    def moved(self, next_in: int, now: float) -> None:
        """All before ``next_in`` is done with."""
        self._progress_at, self._asked_again = now, False
        if next_in > self._highest:
            self.close()
        elif self._waiting and next(iter(self._waiting)) < next_in:
            self._waiting = {n: kept for n, kept in self._waiting.items() if n >= next_in}

    def overdue(self, now: float, seconds_max: float) -> bool:
        """Whether nothing of what was asked for has come for so long."""
        return self.is_open and now - self._progress_at >= seconds_max

    def ask_again(self, now: float) -> bool:
        """Take note of a second question; ``False`` where there has been one."""
        first, self._asked_again, self._progress_at = not self._asked_again, True, now
        return first
