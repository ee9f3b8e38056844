"""What of the events log tells one entry."""

import json
from pathlib import Path
from typing import Any

import pytest

from core import JournalRange, describe_events, events_told
from journal import open_events
from journal.port import Log
from settings import JournalSettings
from testing.batches import strange
from testing.faulty import FaultyLog
from testing.parts import memory_log

ENTRIES = ("entry", "taker_entry", "maker_entry")
OTHERS = ("ENTRY_OPENED", "ENTRY_CLAIMED", "ENTRY_RAISED")
"""They are about an entry, and tell it nothing."""
QUIET = 1_000
"""An entry that there is not."""


@pytest.fixture(params=["disk", "memory", "other"])
def events(request: pytest.FixtureRequest, tmp_path: Path) -> Log:
    """A log of each kind that order entry reads."""
    if request.param == "disk":
        return open_events(tmp_path / "events.db", JournalSettings())
    return memory_log() if request.param == "memory" else FaultyLog(memory_log())


def described(batches: bytes) -> list[tuple[int, int, dict[str, Any]]]:
    """Each event, with its number and the command that made it."""
    return [
        (header["first_seq"] + index, header["command_offset"], event)
        for header in json.loads(describe_events(batches))
        for index, event in enumerate(header["events"])
    ]


def tells(event: dict[str, Any], entry: int) -> bool:
    return event["type"] not in OTHERS and entry in [event.get(name) for name in ENTRIES]


def test_each_event_of_an_entry_is_there_with_its_number(events: Log) -> None:
    batches = strange(3)
    events.append(1, batches)
    events.sync()
    every = described(b"".join(batches))
    for entry in range(1, 8):
        expected = [found for found in every if tells(found[2], entry)]
        told, behind = events_told(events, entry, 1, 2**30)
        assert described(told) == expected
        assert behind == len(batches) + 1
    assert sum(tells(event, 1) for _, _, event in every) > 10


def test_it_is_read_in_portions(events: Log) -> None:
    batches = strange(4)
    events.append(1, batches)
    events.sync()
    whole, behind = events_told(events, 1, 1, 2**30)
    at, pieces = 1, b""
    while at < behind:
        piece, following = events_told(events, 1, at, 1)
        assert following == at + 1
        at, pieces = following, pieces + piece
    assert pieces == whole
    assert events_told(events, QUIET, 1, 2**30) == (b"", behind)


def test_where_nothing_is_kept_is_an_error(events: Log) -> None:
    events.append(1, strange(5))
    events.sync()
    with pytest.raises(JournalRange):
        events_told(events, 1, 0, 1)


def test_what_is_no_batch_is_an_error(events: Log) -> None:
    events.append(1, [b"no batch of events"])
    events.sync()
    with pytest.raises(ValueError, match="batch"):
        events_told(events, 1, 1, 1)
