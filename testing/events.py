"""All events of an exchange, kept by one who reads along, and the store held to them."""

import asyncio
from pathlib import Path

from core import StoreReader
from journal import LogReader
from testing.fold import Fold
from testing.stored import check


class Events:
    """All events there ever were, read before retention can delete them."""

    def __init__(self, data_dir: Path) -> None:
        self._data_dir = data_dir
        self._batches: list[bytes] = []
        self._place = 1

    def read(self) -> None:
        """Read on to the end of the log; an error where it no longer has what was not read."""
        log = LogReader(self._data_dir / "events.db")
        while entries := log.read(self._place, 1 << 20):
            self._batches += [entry.batch for entry in entries]
            self._place = entries[-1].offset + 1

    async def follow(self, ended: asyncio.Event) -> None:
        """Read on while the exchange lives, ahead of what retention deletes."""
        while not ended.is_set():
            await asyncio.to_thread(self.read)
            await asyncio.sleep(0.01)

    def deleted(self) -> bool:
        """Whether both logs have lost their beginning to retention."""
        logs = [LogReader(self._data_dir / f"{name}.db") for name in ("commands", "events")]
        return all(log.ends().first > 1 for log in logs)

    def check_store(self) -> Fold:
        """The store holds what the events say, no more and no less: what that is."""
        self.read()
        fold = Fold()
        fold.add(b"".join(self._batches))
        store = self._data_dir / "store.db"
        assert StoreReader(store).position().offset == self._place - 1
        check(store, fold)
        return fold
