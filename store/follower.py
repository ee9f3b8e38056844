"""A store that another process fills: opened when it is there, and followed as far as it is.

It may come later, go away, or be put back from a copy: nothing here ends over that.
"""

import asyncio
import contextlib
import logging
import os
from collections.abc import Callable
from pathlib import Path

from core import StoreFailed, StoreReader
from settings import FacadeSettings
from store.sqlite import SqliteStore

log = logging.getLogger("quantscope.store")


class StoreFollower:
    """A file of one machine that a recorder fills; nothing here writes it."""

    def __init__(
        self,
        path: Path,
        journal_id: int,
        limits: FacadeSettings,
        *,
        on_recorded: Callable[[int], None] = lambda _: None,
        on_resumed: Callable[[], None] = lambda: None,
    ) -> None:
        """Nothing is opened yet: ``run`` does it.

        A store of another journal is not asked.  ``on_recorded`` is called with the sequence
        number up to which all is recorded, whenever it is another, also a lower one; and before
        the store that has it may be asked.  ``on_resumed`` is called when it may be asked again: it
        may be another file by then.
        """
        self._path = path
        self._journal_id = journal_id
        self._interval_s = limits.store_poll_interval_s
        self._on_recorded = on_recorded
        self._on_resumed = on_resumed
        self._file: tuple[int, int] | None = None
        """Device and number of what is open."""
        self._woken = asyncio.Event()
        self.away: str | None = "it is not opened yet"
        """Why it can't be asked now; None while it can."""
        self.recorded = 0
        """The sequence number up to which all was recorded when it was looked at last."""
        self.store = SqliteStore(path, suspended=self.away)

    def wake(self) -> None:
        """Look now: somebody waits for what is recorded."""
        self._woken.set()

    async def run(self) -> None:
        """Follow it until canceled."""
        while True:
            try:
                await self._look()
            except (StoreFailed, OSError) as error:
                await self._lose(str(error))
            if self.away is not None:
                # Whoever waits does not make it be opened more often.
                await asyncio.sleep(self._interval_s)
                continue
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self._interval_s):
                    await self._woken.wait()
            self._woken.clear()

    async def _look(self) -> None:
        file = self._named()
        if self.away is not None or file != self._file:
            await self._open(file)
        else:
            self._say((await self.store.position()).sequence)

    def _named(self) -> tuple[int, int]:
        try:
            found = os.stat(self._path)
        except FileNotFoundError:
            raise StoreFailed(f"there is no {self._path.name}") from None
        return found.st_dev, found.st_ino

    async def _open(self, file: tuple[int, int]) -> None:
        recorded = await asyncio.to_thread(self._position)
        await self.store.suspend("it is opened again")
        self._say(recorded)
        await self.store.resume()
        log.info("the store %s can be read, up to event %d", self._path, recorded)
        self._file, self.away = file, None
        self._on_resumed()

    def _position(self) -> int:
        """How far the file is, where it is this journal's."""
        reader = StoreReader(self._path)
        journal_id = reader.journal_id()
        if journal_id is None:
            raise StoreFailed(f"nothing is recorded in {self._path.name} yet")
        if journal_id != self._journal_id:
            raise StoreFailed(
                f"{self._path.name} is of journal {journal_id:016x}, and this is "
                f"{self._journal_id:016x}"
            )
        return reader.position().sequence

    def _say(self, recorded: int) -> None:
        if recorded != self.recorded:
            self.recorded = recorded
            self._on_recorded(recorded)

    async def _lose(self, reason: str) -> None:
        if reason != self.away:
            said = "the store in %s can't be read, and is tried again: %s"
            log.warning(said, self._path.parent, reason)
        self.away = reason
        await self.store.suspend(reason)
