"""How far the copies of one log are behind each other."""

from collections.abc import Callable, Iterable

from journal.kafka.halts import At

CHANGE_OVER_S = 1.0
"""An engine that lacks for so long what another has told counts as silent, in seconds."""


class Trailing:
    """Which of several logs, in the order in which they are preferred, has what another has."""

    def __init__(self, names: Iterable[str], monotonic_ns: Callable[[], int]) -> None:
        """Nothing was heard of any."""
        self._monotonic_ns = monotonic_ns
        self._at: dict[str, At | None] = dict.fromkeys(names)
        self._lacks: dict[str, tuple[At, int]] = {}
        """What one lacks that another has, and since when."""

    def told(self, name: str, at: At) -> None:
        """One of them has all up to this place."""
        self._at[name] = at
        lacks = self._lacks.get(name)
        if lacks is not None and lacks[0] <= at:
            del self._lacks[name]
        now = self._monotonic_ns()
        for other, place in self._at.items():
            if other != name and (place is None or place < at):
                self._lacks.setdefault(other, (at, now))

    def is_silent(self, name: str) -> bool:
        """Whether it has lacked for too long what another has."""
        return self.behind_s(name) > CHANGE_OVER_S

    def behind_s(self, name: str) -> float:
        """For how many seconds it has lacked what another has."""
        lacks = self._lacks.get(name)
        return 0.0 if lacks is None else (self._monotonic_ns() - lacks[1]) / 1e9

    def at(self, name: str) -> At | None:
        """Up to where it is known; None where nothing was heard of it."""
        return self._at[name]

    @property
    def living(self) -> list[str]:
        """Those that are not silent, the preferred one first."""
        return [name for name in self._at if not self.is_silent(name)]

    @property
    def preferred(self) -> str:
        """The first that is not silent; the first of all where there is none."""
        return next(iter(self.living), next(iter(self._at)))
