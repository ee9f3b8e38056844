"""Waiting for what is to come, and no longer than a test may take."""

import asyncio
from collections.abc import Callable

SECONDS_MAX = 90
"""Whole clusters are slow on a machine that does much else."""


async def until(holds: Callable[[], bool]) -> None:
    """Let the loop go on until this holds."""
    async with asyncio.timeout(SECONDS_MAX):
        while not holds():
            await asyncio.sleep(0.002)
