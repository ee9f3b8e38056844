"""Connections without sockets, which a test gives bytes and turns by hand."""

import asyncio
from unittest.mock import MagicMock

from core import Turns
from facade.connection import Connection
from settings import FacadeSettings


class Pipe(asyncio.Transport):
    """A transport that keeps what is written, and closes at once."""

    def __init__(self, connection: Connection) -> None:
        super().__init__({"socket": MagicMock()})
        self.connection = connection
        self.written: list[bytes] = []
        self.over = False

    def write(self, data: bytes | bytearray | memoryview) -> None:
        assert not self.over
        self.written.append(bytes(data))

    def can_write_eof(self) -> bool:
        return True

    def write_eof(self) -> None:
        self.over = True

    def is_closing(self) -> bool:
        return self.over

    def close(self) -> None:
        self.over = True

    def abort(self) -> None:
        self.over = True

    def pause_reading(self) -> None:
        """What came is given on all the same: more than a real one would."""

    def resume_reading(self) -> None:
        """See ``pause_reading``."""

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        assert high == FacadeSettings().queue_bytes_max
        assert low is None


class ByHand(Turns):
    """Turns without a loop."""

    def _ask(self) -> None:
        """Turned below."""
