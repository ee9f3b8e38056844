"""Where the sessions' messages stand, in a topic: a start reads no more of the events than it must.

A checkpoint is no more than a shortcut.  One that is not whole, or about other events, is passed
over.  What it says is needed for replay the engines keep.
"""

import asyncio
import logging
from collections.abc import Sequence

import msgspec

from core import EventsEnd, JournalError, JournalRange, OrderEntry, event_head
from gateway.retention import first_command
from journal.kafka import (
    NEW,
    Bases,
    Clients,
    Description,
    EnginesLog,
    Good,
    Journal,
    Logs,
    Portions,
    Topics,
    state_of,
)
from settings import GatewaySettings

log = logging.getLogger("quantscope.gateway")

READ_BYTES = 2**20
ATTEMPTS = 5
"""So often a start may meet a log of which the oldest is being deleted."""
Rows = list[tuple[int, list[tuple[int, int]]]]
"""Number of the entry, and its (message number, command offset) pairs."""
Known = tuple[int, Rows]
"""The highest number of an entry that there was, and a row for each session."""


class SessionCheckpoints(Portions):
    """All that the topic holds."""

    def __init__(
        self, clients: Clients, topics: Topics, *, deadline_s: float, bases: Bases = NEW
    ) -> None:
        """See ``Portions``."""
        super().__init__(clients, topics.sessions, deadline_s=deadline_s, bases=bases)
        self._logs = Logs(clients, topics, bases)

    async def publish(
        self,
        maker: str,
        journal: Journal,
        command_offset: int,
        end: EventsEnd,
        order_entries: Sequence[OrderEntry],
        settings: GatewaySettings,
    ) -> Good:
        """Publish what order entry by each protocol knows behind a command, whose events end there.

        Raises as ``Portions.write`` does.
        """
        parts = [order_entry.index() for order_entry in order_entries]
        rows = [row for part in parts for row in part.sessions]
        known = msgspec.msgpack.encode((parts[0].entries, rows))
        messages = settings.session_replay_messages_min
        wanted = [order_entry.needs_command(messages) for order_entry in order_entries]
        needed = min((command for command in wanted if command is not None), default=None)
        command_hash = await asyncio.to_thread(self._logs.command_hash, command_offset)
        what = Description(
            maker=maker,
            journal=journal,
            command_offset=command_offset,
            event_seq=end.sequence,
            event_hash=end.hash,
            first_needed=command_offset + 1 if needed is None else needed,
            command_hash=command_hash,
        )
        return await self.write(what, known, await asyncio.to_thread(self.end))

    def learn(self, order_entry: OrderEntry, events: EnginesLog, command: int) -> None:
        """Learn which messages of each session a log keeps that commands up to this one made.

        From the newest checkpoint that serves, and the events behind it; it blocks.  Raises
        ``JournalError`` where these can't be read.
        """
        for _ in range(ATTEMPTS):
            try:
                return self._learn(order_entry, events, command)
            except JournalRange as error:
                log.info("sessions: %s meanwhile, it is begun again", error)
        return self._learn(order_entry, events, command)

    def _learn(self, order_entry: OrderEntry, events: EnginesLog, command: int) -> None:
        at = events.batch_after(self._restored(order_entry, events, command))
        end = events.batch_after(command)
        log.info("sessions: reading event batches from %d to %d", at, end - 1)
        while at < end and (records := events.read(at, READ_BYTES)):
            order_entry.scan(b"".join(record.batch for record in records if record.offset < end))
            at = records[-1].offset + 1
        order_entry.forget_before(first_command(events))

    def _restored(self, order_entry: OrderEntry, events: EnginesLog, command: int) -> int:
        """Take over the newest checkpoint that serves; behind which command it stands, or 0."""
        with self.kept() as kept:
            for good, _ in self.marks(kept):
                if good.command_offset > command:
                    continue
                try:
                    entries, rows = msgspec.msgpack.decode(state_of(kept, good), type=Known)
                    if not _is_about(good, events):
                        raise ValueError("it is about other events")
                    if not order_entry.restore_index(entries, rows):
                        raise ValueError("it lacks a session")
                except (ValueError, JournalError, msgspec.MsgspecError) as error:
                    log.warning("the checkpoint at command %d: %s", good.command_offset, error)
                else:
                    return good.command_offset
        return 0


def _is_about(good: Good, events: EnginesLog) -> bool:
    """Whether the events up to its command are those of this log."""
    at = events.batch_after(good.command_offset)
    if at < events.next_offset:
        return event_head(events.read(at, 1)[0].batch).previous_hash == good.event_hash
    return event_head(events.read(events.written_offset, 1)[0].batch).hash == good.event_hash
