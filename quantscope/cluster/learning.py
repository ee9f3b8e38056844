"""What a gateway or a facade learns at a start from the logs of engines."""

import asyncio
import logging

from core import JournalError
from engine.followed import FollowedEngines, Standing

log = logging.getLogger("quantscope")

WAIT_S = 0.3
"""Before it is looked again how far the engines are, in seconds."""
SAY_INTERVAL_S = 10.0
"""How often it is said that engines are waited for, in seconds."""


async def learned(followed: FollowedEngines) -> Standing:
    """The engine, once a log has what every command makes that is there now.

    So a start knows all that was set up before it.  Engines that are away are waited for.
    """
    loop = asyncio.get_running_loop()
    said = loop.time()
    end: int | None = None
    while True:
        try:
            if end is None:
                end = await asyncio.to_thread(followed.commands_end)
            told = await asyncio.to_thread(followed.told)
            if max(told.values(), default=0) >= end:
                return await asyncio.to_thread(followed.standing)
        except JournalError as error:
            log.warning("what was before the start can't be read yet: %s", error)
        else:
            if loop.time() - said >= SAY_INTERVAL_S:
                said = loop.time()
                log.warning(
                    "no engine has told of command batch %d yet, and they are waited for: %s",
                    end,
                    ", ".join(f"{name} has told of {at}" for name, at in told.items()),
                )
        await asyncio.sleep(WAIT_S)
