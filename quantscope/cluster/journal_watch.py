"""Whether the journal is still the one that a process began with, and all commands are there."""

import asyncio
import logging
from collections.abc import Callable

from core import JournalError
from journal.kafka import (
    Bases,
    Clients,
    Control,
    Eras,
    Journal,
    KafkaError,
    KafkaSnapshots,
    Logs,
    Portions,
    Proof,
    Proofs,
    Standing,
    StartAgain,
    TopicReader,
    Topics,
    Unavailable,
    in_words,
    lost_commands,
)

log = logging.getLogger("quantscope")

INTERVAL_S = 1.0
"""How often it is looked, in seconds."""
LOOKS = 2
"""So often the end is looked at: a broker that has just begun to lead may not know all of it."""
TROUBLE = (JournalError, KafkaError, TimeoutError, Unavailable)
"""What passes by when brokers are back."""
Heard = Callable[[], int]
"""Up to which command a role has heard of what follows from them; 0 where it can't tell."""


class JournalWatch:
    """Looks at the end of the commands, and hears of what is true of the exchange.

    Nobody goes on by commands that have lost their end.  That they have is seen at a start, and
    after an outage or a change of leader: an end goes with a broker.
    """

    def __init__(
        self, clients: Clients, topics: Topics, control: Control, journal: Journal, eras: Eras
    ) -> None:
        """``journal`` is what the process began with, and ``eras`` what of the events counts."""
        bases = Bases(journal.bases)
        self._control = control
        self._journal = journal
        self._logs = Logs(clients, topics, bases, eras)
        deadline_s = clients.settings.append_deadline_s
        self._proofs = Proofs(
            self._logs,
            clients.settings.engines,
            (
                KafkaSnapshots(clients, topics, deadline_s=deadline_s, bases=bases),
                Portions(clients, topics.sessions, deadline_s=deadline_s, bases=bases),
            ),
        )

    async def begin(self) -> None:
        """Hold the commands to all that is known; brokers that are away are waited for.

        Raises ``LostCommands``.
        """
        while True:
            try:
                return await self._hold(0)
            except TROUBLE as error:
                log.warning("the commands can't be looked at yet: %s", in_words(error))
            await asyncio.sleep(INTERVAL_S)

    async def run(self, heard: Heard) -> None:
        """Until canceled; raises ``LostCommands``."""
        while True:
            try:
                async with self._logs.follow_commands() as commands:
                    await self._watch(commands, heard)
            except TROUBLE as error:
                log.debug("the journal can't be looked at: %s", in_words(error))
            await asyncio.sleep(INTERVAL_S)

    async def _watch(self, commands: TopicReader, heard: Heard) -> None:
        link: object = None
        end = 0
        while True:
            end_before, end = end, await commands.end()
            link_before, link = link, commands.link
            if link != link_before or end < end_before:
                await self._hold(heard())
            await asyncio.sleep(INTERVAL_S)

    def on_standing(self, standing: Standing) -> None:
        """Raise ``StartAgain`` where it is another journal than the one that it began with."""
        if standing.journal not in (None, self._journal):
            raise StartAgain("the journal goes on in another era, which quantscope setup has begun")

    async def _hold(self, heard: int) -> None:
        own = [Proof("this process", heard)] if heard else []
        wrong: str | None = None
        for _ in range(LOOKS):
            places = (await self._control.read()).places.values()
            wrong = await asyncio.to_thread(self._proofs.wrong, places, *own)
            if wrong is None:
                return
            await asyncio.sleep(INTERVAL_S)
        raise lost_commands(wrong or "")
