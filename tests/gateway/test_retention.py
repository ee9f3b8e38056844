"""What the events log keeps for the sessions."""

from dataclasses import dataclass
from typing import cast

import pytest

from core import Commands, Engine, LogRecord, OrderEntry, split_batches
from gateway.retention import NONE_KEPT, first_command, first_needed
from journal.port import Log
from protocol.terms import Gateway
from settings import GatewaySettings

LIMITS = GatewaySettings(session_replay_bytes_max=1_000)


@dataclass
class Sessions:
    needs: int | None
    fault: str | None = None

    def needs_command(self, messages: int) -> int | None:
        assert messages == LIMITS.session_replay_messages_min
        return self.needs


def ticks(count: int) -> list[bytes]:
    """The event batches of so many commands, one each."""
    tick = Commands()
    tick.tick()
    batch = tick.seal(Gateway.ENGINE, 0, 0, 1, 1)
    assert batch is not None
    return split_batches(Engine().apply(1, 1, [batch] * count))


BATCHES = ticks(200)


@dataclass
class Kept:
    """A log of 100 batches, of 10 bytes each unless told otherwise, the n-th of command n."""

    used: int = 1_000
    first_offset: int = 101
    written_offset: int = 200
    next_offset: int = 201

    def read(self, start: int, bytes_max: int) -> list[LogRecord]:
        found = BATCHES[start - 1 : start]
        return [LogRecord(offset=start, append_ns=1, chain=1, batch=batch) for batch in found]

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


def test_the_first_command_is_one_all_of_whose_events_are_kept() -> None:
    kept = cast(Log, Kept())
    assert first_command(kept) == 101
    assert first_command(kept, 150) == 150
    assert first_command(kept, 201) == NONE_KEPT
