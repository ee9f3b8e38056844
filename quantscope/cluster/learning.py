"""What a gateway or a facade learns at a start from the log of an engine."""

import asyncio
import logging

from core import JournalError
from engine.followed import FollowedEngine, Standing

log = logging.getLogger("quantscope")

WAIT_S = 0.3
"""Before it is looked again how far the engine is, in seconds."""
SAY_INTERVAL_S = 10.0
"""How often it is said that the engine is waited for, in seconds."""


async def learned(followed: FollowedEngine) -> Standing:
    """The engine, once its log has what every command makes that is there now.

    So a start knows all that was set up before it.  An engine that is away is waited for.
    """
    loop = asyncio.get_running_loop()
    said = loop.time()
    end: int | None = None
    while True:
        try:
            if end is None:
                end = await asyncio.to_thread(followed.commands_end)
            told = await asyncio.to_thread(followed.told)
            if told >= end:
                return await asyncio.to_thread(followed.standing)
        except JournalError as error:
            log.warning("what was before the start can't be read yet: %s", error)
        else:
            if loop.time() - said >= SAY_INTERVAL_S:
                said = loop.time()
                log.warning(
                    "engine %s has told of command batch %d, of %d: it is waited for",
                    followed.name,
                    told,
                    end,
                )
        await asyncio.sleep(WAIT_S)
