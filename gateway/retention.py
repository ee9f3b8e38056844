"""How much of the events log the sessions need: their newest messages, up to a bound."""

from core import OrderEntry
from journal.port import Log
from settings import GatewaySettings


def first_needed(order_entry: OrderEntry, events: Log, settings: GatewaySettings) -> int:
    """The first offset that a session could still ask for; the next one where none can.

    ``session_replay_messages_min`` of each session are kept, but of no more than
    ``session_replay_bytes_max`` bytes of the log.
    """
    first = order_entry.needs_offset(settings.session_replay_messages_min)
    if order_entry.fault is not None:
        first = events.first_offset  # it does not know what sessions need
    if first is None:
        return events.next_offset
    used = events.bytes_used()
    if used <= settings.session_replay_bytes_max:
        return first
    kept = events.next_offset - events.first_offset
    affordable = kept * settings.session_replay_bytes_max // used
    return max(first, events.next_offset - affordable)
