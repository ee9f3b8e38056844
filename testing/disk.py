"""A disk that fails when a test says so (see ``testing/libraries/faults.c``), and comes back."""

import asyncio
from pathlib import Path

from testing.process import ServerProcess

FAULTY = ("journal.retry_interval_s=0.1", "journal.tick_interval_s=0.2")


class Disk:
    """What becomes of the writes of an exchange."""

    def __init__(self, library: Path, told: Path) -> None:
        self.told = told
        self.told.write_text("")
        self.env = {"LD_PRELOAD": str(library), "FAULTS": str(told)}

    def fail(self, how: str) -> None:
        self.told.write_text(how)

    def work(self) -> None:
        self.told.write_text("")


async def ready_again(exchange: ServerProcess) -> None:
    """Wait until commands are taken again."""
    async with asyncio.timeout(30):
        while (await asyncio.to_thread(exchange.ask, "/ready"))[0] != 200:
            await asyncio.sleep(0.05)
