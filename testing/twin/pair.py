"""The engine, a second engine and the naive twin, held to one another step by step."""

import dataclasses
from typing import Any

import msgspec

from core import Engine, describe_events
from core._native import xxh3_64
from testing.twin.encode import batch
from testing.twin.naive_engine import NaiveEngine
from testing.twin.naive_state import Command, Event


@dataclasses.dataclass
class Step:
    """One command batch, its append time, and whether a restored engine takes over after it."""

    header: dict[str, int]
    append_ns: int
    commands: list[Command]
    restore: bool = False


class Pair:
    """Applies each step to all three; any difference is an AssertionError."""

    def __init__(self) -> None:
        self.engine = Engine(0)
        self.second = Engine(0)
        self.naive = NaiveEngine()
        self.offset = 0
        self.seq = 0
        self.hash = 0
        self.command_hash = 0

    def apply(self, step: Step) -> list[Event]:
        """One batch: the same events, a sound state; the events."""
        self.offset += 1
        sealed = batch(step.header, step.commands)
        out = self.engine.apply(self.offset, step.append_ns, [sealed])
        assert self.second.apply(self.offset, step.append_ns, [sealed]) == out
        self.engine.validate()
        expected = self.naive.apply(step.header, step.append_ns, step.commands)
        batches = msgspec.json.decode(describe_events(out))
        actual = [event for each in batches for event in each["events"]]
        assert actual == expected
        self.command_hash = xxh3_64(sealed)
        self.check_frames(step.header, batches)
        if step.restore:
            self.restore()
        return expected

    def check_frames(self, header: dict[str, int], batches: list[dict[str, Any]]) -> None:
        """Batches that say whence they come, numbered without a gap and chained.

        The one gap that there may be stands before a batch that begins with RAISED.
        """
        for part, each in enumerate(batches):
            same = ("gateway", "incarnation", "number")
            assert all(each[name] == header[name] for name in same)
            assert each["dropped"] == self.naive.dropped
            assert each["command_hash"] == self.command_hash
            assert (each["part"], each["last"]) == (part, part + 1 == len(batches))
            assert each["command_offset"] == self.offset
            assert each["time_ns"] == self.naive.state.time_ns
            events = each["events"]
            if events and events[0]["type"] == "RAISED":
                assert events[0]["after"] == self.seq
                assert each["first_seq"] > self.seq
            else:
                assert each["first_seq"] == self.seq + 1
            assert each["previous_hash"] == self.hash
            assert part == 0 or events
            self.seq = each["first_seq"] - 1 + len(events)
            self.hash = each["hash"]

    def restore(self) -> None:
        """From here on the engine is one that was restored from a snapshot."""
        restored = Engine.restore(self.engine.snapshot())
        assert restored.state_hash() == self.engine.state_hash() == self.second.state_hash()
        restored.validate()
        self.engine = restored

    def check_end(self) -> None:
        """What is known of the whole: hashes, and nothing bought that was not sold."""
        assert self.engine.state_hash() == self.second.state_hash()
        counts, state = self.engine.counts(), self.naive.state
        assert counts["open_orders"] == len(state.open)
        assert counts["trades"] == state.trades
        assert counts["orders"] == state.orders
        assert counts["gaps"] == sum(row.gaps for row in state.gateways.values())
        remembered = sum(len(entry.remembered) for entry in state.entries.values())
        assert counts["client_ids"] == remembered
        assert counts["closed_orders"] == len(state.closed)


def run(steps: list[Step]) -> None:
    """A whole sequence on a fresh pair."""
    pair = Pair()
    for step in steps:
        pair.apply(step)
    pair.restore()
    pair.check_end()


def is_fault(error: BaseException) -> bool:
    """Whether this is a difference, or a panic of the engine, which is no Exception."""
    return isinstance(error, AssertionError) or type(error).__name__ == "PanicException"


def fails(steps: list[Step]) -> bool:
    """Whether a sequence shows a fault."""
    try:
        run(steps)
    except BaseException as error:
        if is_fault(error):
            return True
        raise
    return False


def shortest(steps: list[Step]) -> list[Step]:
    """A failing sequence without what it does not need to fail."""
    size = len(steps) // 2
    while size:
        at = 0
        while at < len(steps):
            fewer = steps[:at] + steps[at + size :]
            if fails(fewer):
                steps = fewer
            else:
                at += size
        size //= 2
    return steps
