"""How much of the events log the sessions need: their newest messages, up to a bound."""

from core import OrderEntry, event_head, first_batch_after
from journal.port import KeptLog, Log
from settings import GatewaySettings

NONE_KEPT = 2**63
"""Stands for the first command of a log that holds nothing: none so far is kept."""


def first_needed(order_entry: OrderEntry, events: Log, settings: GatewaySettings) -> int:
    """The first offset that a session could still ask for; the next one where none can.

    ``session_replay_messages_min`` of each session are kept, but of no more than
    ``session_replay_bytes_max`` bytes of the log.
    """
    command = order_entry.needs_command(settings.session_replay_messages_min)
    if order_entry.fault is not None:
        first = events.first_offset  # it does not know what sessions need
    elif command is None:
        return events.next_offset
    else:
        first = first_batch_after(events, command - 1)
    used = events.bytes_used()
    if used <= settings.session_replay_bytes_max:
        return first
    kept = events.next_offset - events.first_offset
    affordable = kept * settings.session_replay_bytes_max // used
    return max(first, events.next_offset - affordable)


def first_command(events: KeptLog, offset: int | None = None) -> int:
    """The first command all of whose events stand at an offset of the log (its first one) or after.

    Raises ``JournalError``.
    """
    records = events.read(events.first_offset if offset is None else offset, 1)
    if not records:
        return NONE_KEPT
    head = event_head(records[0].batch)
    return head.command_offset + (head.part > 0)
