"""Answers to come."""

import asyncio
from collections.abc import Generator
from typing import Any, Generic, TypeVar

T = TypeVar("T")


class Awaited(Generic[T]):
    """An answer to come: await it, or don't."""

    def __init__(self, future: asyncio.Future[T]) -> None:
        """The answer that ``future`` will have."""
        self._future = future
        # An error that nobody awaits is no error of the event loop.
        future.add_done_callback(lambda done: done.cancelled() or done.exception())

    def __await__(self) -> Generator[Any, None, T]:
        """The report, or the error."""
        return self._future.__await__()

    def done(self) -> bool:
        """Whether the answer has come."""
        return self._future.done()


class Pending(Awaited[T]):
    """The answer to a request of the binary protocol."""

    def __init__(self, cl_ord_id: int, future: asyncio.Future[T]) -> None:
        """The answer to request ``cl_ord_id``."""
        super().__init__(future)
        self.cl_ord_id = cl_ord_id


class FixPending(Awaited[T]):
    """The answer to a request over FIX, whose ClOrdID is text."""

    def __init__(self, cl_ord_id: str, future: asyncio.Future[T]) -> None:
        """The answer to request ``cl_ord_id``."""
        super().__init__(future)
        self.cl_ord_id = cl_ord_id
