"""What the clients of order entry share: a connection that is kept, and streams of reports."""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Iterable
from contextlib import suppress
from typing import Any, Generic, Self, TypeVar

from clients.connection import Connection, Happening, Message, Options
from clients.errors import (
    ClientError,
    DisconnectedError,
    SessionEndedError,
    TooManyInFlightError,
)
from clients.reports import Reports
from clients.session import Lost

Item = TypeVar("Item")


class Client(ABC, Generic[Message, Happening, Item]):
    """A logged-in user; subclasses say which requests there are, and what answers them."""

    _connection: Connection[Message, Happening]
    _goodbye_s_max = 0.0
    """How long the server may take to answer a goodbye."""

    def __init__(self, options: Options) -> None:
        """Nothing is connected before the client is entered."""
        self._options = options
        self._streams: list[Reports[Item]] = []
        self._keeper: asyncio.Task[None] | None = None
        self._sending = False
        self._failed: ClientError | None = None

    async def __aenter__(self) -> Self:
        """Connect and log in; a refusal or a server that is not there is raised."""
        await self._connection.open()
        self._keeper = asyncio.create_task(self._keep(), name="order entry client")
        return self

    async def __aexit__(self, *_: object) -> None:
        """Log out and close; what is unanswered fails with ``DisconnectedError``."""
        said = self._connection.log_out()
        if self._keeper is not None:
            if said and self._goodbye_s_max:
                await asyncio.wait([self._keeper], timeout=self._goodbye_s_max)
            self._keeper.cancel()
            with suppress(asyncio.CancelledError):
                await self._keeper
        self._fail(SessionEndedError("the client was closed"))

    @property
    def connected(self) -> bool:
        """Whether requests go out at once."""
        return self._sending

    def reports(self) -> Reports[Item]:
        """Every report from now on, with its number."""
        stream: Reports[Item] = Reports(self._options.reports_max)
        if self._failed is not None:
            stream.close(self._failed)
        self._streams.append(stream)
        return stream

    @abstractmethod
    def _in_flight(self) -> int:
        """How many requests wait for their answers."""

    @abstractmethod
    def _drain(self) -> Iterable[asyncio.Future[Any]]:
        """All who wait for an answer, which does not come any more."""

    def _check(self) -> None:
        """That one more request may be made."""
        if self._failed is not None:
            raise self._failed
        if self._in_flight() >= self._options.in_flight_max:
            raise TooManyInFlightError(f"{self._options.in_flight_max} requests are in flight")

    async def _keep(self) -> None:
        try:
            await self._connection.keep()
        except ClientError as error:
            self._fail(error)

    async def _room(self) -> None:
        for stream in self._streams:
            await stream.room()

    def _tell(self, item: Item | Lost) -> None:
        for stream in self._streams:
            stream.put(item)

    def _fail(self, error: ClientError) -> None:
        """It is over: everyone who waits gets the error, readers what has come before it."""
        if self._failed is not None:
            return
        self._failed = error
        closed = isinstance(error, SessionEndedError)
        fail_all(self._drain(), DisconnectedError(str(error)) if closed else error)
        for stream in self._streams:
            stream.close(None if closed else error)


def fail_all(waiters: Iterable[asyncio.Future[Any]], error: ClientError) -> None:
    """Everyone who still waits gets the error."""
    for waiter in waiters:
        if not waiter.done():
            waiter.set_exception(error)
