"""What a reader of reports sees: every report once, in order, with its number."""

import asyncio
from collections import deque
from typing import Generic, Self, TypeVar

from clients.errors import ClientError
from clients.session import Lost

Item = TypeVar("Item")


class ReportsLostError(ClientError):
    """Reports that the server no longer keeps; reading goes on behind them."""

    def __init__(self, lost: Lost) -> None:
        """Say which."""
        super().__init__(f"reports {lost.first} to {lost.last} are no longer kept")
        self.lost = lost


class Reports(Generic[Item]):
    """An asynchronous iterator of what comes: ``Sequenced`` of the binary protocol, or of FIX
    ``Delivered``.

    Where ``reports_max`` reports wait for their reader, the client stops reading its socket, and
    the exchange holds the rest; what one read gave may stand above that.  It ends when the client
    is closed, with an error where there was one.
    """

    def __init__(self, reports_max: int) -> None:
        """Nothing has come."""
        self._max = reports_max
        self._waiting: deque[Item | Lost] = deque()
        self._filled, self._drained = asyncio.Event(), asyncio.Event()
        self._closed = False
        self._error: ClientError | None = None

    def __aiter__(self) -> Self:
        """Itself."""
        return self

    async def __anext__(self) -> Item:
        """The next report; ``ReportsLostError`` where some are gone."""
        while not self._waiting:
            if self._closed:
                if self._error is not None:
                    raise self._error
                raise StopAsyncIteration
            self._filled.clear()
            await self._filled.wait()
        item = self._waiting.popleft()
        self._drained.set()
        if isinstance(item, Lost):
            raise ReportsLostError(item)
        return item

    def put(self, item: Item | Lost) -> None:
        """Hand over what came."""
        if not self._closed:
            self._waiting.append(item)
            self._filled.set()

    async def room(self) -> None:
        """Wait until fewer than ``reports_max`` reports wait."""
        while len(self._waiting) >= self._max and not self._closed:
            self._drained.clear()
            await self._drained.wait()

    def close(self, error: ClientError | None = None) -> None:
        """Nothing comes any more; what has come can still be read."""
        if not self._closed:
            self._closed, self._error = True, error
        self._filled.set()
        self._drained.set()
