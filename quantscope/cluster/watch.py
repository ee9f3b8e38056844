"""What is true of the exchange as a whole, looked at while a role works."""

import asyncio
import logging
from collections.abc import Callable

from journal.kafka import Control, KafkaError, Standing, Unavailable, in_words

log = logging.getLogger("quantscope")

INTERVAL_S = 0.3
"""How often it is looked, in seconds: a halt is to be heard of within a second."""


async def watch_exchange(control: Control, *listeners: Callable[[Standing], object]) -> None:
    """Tell each of every change until canceled; brokers that are away are waited for."""
    seen: Standing | None = None
    while True:
        try:
            standing = await control.read()
        except (KafkaError, TimeoutError, Unavailable) as error:
            log.debug("what is true of the exchange can't be read: %s", in_words(error))
        else:
            if standing is not seen:
                seen = standing
                for listener in listeners:
                    listener(standing)
        await asyncio.sleep(INTERVAL_S)
