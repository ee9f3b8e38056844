"""What the events log keeps for the sessions."""

from dataclasses import dataclass
from typing import cast

import pytest

from core import OrderEntry
from gateway.retention import first_needed
from journal.port import Log
from settings import GatewaySettings

LIMITS = GatewaySettings(session_replay_bytes_max=1_000)


@dataclass
class Sessions:
    needs: int | None
    fault: str | None = None

    def needs_offset(self, messages: int) -> int | None:
        assert messages == LIMITS.session_replay_messages_min
        return self.needs


@dataclass
class Kept:
    """A log of 100 batches, of 10 bytes each unless told otherwise."""

    used: int = 1_000
    first_offset: int = 101
    next_offset: int = 201

    def bytes_used(self) -> int:
        return self.used


@pytest.mark.parametrize(
    ("sessions", "events", "first"),
    [
        (Sessions(None), Kept(), 201),
        (Sessions(150), Kept(), 150),
        # Twice as much as may be: half of the batches are within it.
        (Sessions(150), Kept(used=2_000), 151),
        (Sessions(180), Kept(used=2_000), 180),
        # Who has failed does not know what is needed: all that may be kept.
        (Sessions(180, "deliberate"), Kept(), 101),
        (Sessions(None, "deliberate"), Kept(used=2_000), 151),
    ],
)
def test_what_is_kept_for_sessions(sessions: Sessions, events: Kept, first: int) -> None:
    assert first_needed(cast(OrderEntry, sessions), cast(Log, events), LIMITS) == first
