"""An engine's own log, of which a start reads the last batch alone."""

import pytest

from core import Engine, LogRecord, split_batches
from engine.chained import ChainedEvents
from engine.recovery import ReplayDiffers, recover
from journal import Log
from testing.batches import ticks
from testing.parts import memory_log, system_clock

COUNT = 9


def batches(commands: Log, stamp_from: int = COUNT + 1) -> list[bytes]:
    """The events of all commands; from one on as if another had been there."""
    engine, made = Engine(), list[bytes]()
    for offset in range(1, COUNT + 1):
        batch = commands.read(offset if offset < stamp_from else 1, 1)[0].batch
        made += split_batches(engine.apply(offset, offset, [batch]))
    return made


@pytest.fixture
def commands() -> Log:
    log = memory_log()
    log.append(1, list(ticks(COUNT)))
    return log


def events_of(made: list[bytes]) -> Log:
    log = memory_log()
    if made:
        log.append(1, made)
    return log


def held(log: Log) -> list[bytes]:
    records: list[LogRecord] = log.read(1, 2**20) if log.written_offset else []
    return [record.batch for record in records]


@pytest.mark.parametrize("stored", range(COUNT + 1))
@pytest.mark.parametrize("behind", [0, 4])
def test_what_the_log_lacks_is_appended(commands: Log, stored: int, behind: int) -> None:
    made = batches(commands)
    engine = Engine()
    for offset in range(1, behind + 1):
        engine.apply(offset, offset, [commands.read(offset, 1)[0].batch])
    # A log that ends before a snapshot goes on behind that.
    log = events_of(made[: max(stored, behind)])
    recovered = recover(iter((engine,)), commands, log, system_clock(), stored_in=ChainedEvents)
    assert recovered.events == COUNT - max(stored, behind)
    assert held(log) == made


@pytest.mark.parametrize("width", range(1, COUNT + 1))
@pytest.mark.parametrize("stored", [1, 5, COUNT])
def test_it_finds_its_end_in_pieces_of_any_width(commands: Log, stored: int, width: int) -> None:
    made = batches(commands)
    chained = ChainedEvents(events_of(made[:stored]), 0)
    rest = [chained.match(b"".join(made[at : at + width])) for at in range(0, len(made), width)]
    assert b"".join(rest) == b"".join(made[stored:])
    assert not chained.surplus()


@pytest.mark.parametrize("first", [2, 7, COUNT])
def test_a_difference_anywhere_is_seen_at_the_end(commands: Log, first: int) -> None:
    log = events_of(batches(commands, first))
    with pytest.raises(ReplayDiffers, match=f"up to command batch {COUNT}: quantscope verify"):
        recover(iter(()), commands, log, system_clock(), stored_in=ChainedEvents)


def test_events_of_commands_that_there_are_not_differ(commands: Log) -> None:
    made, fewer = batches(commands), memory_log()
    for offset in range(1, COUNT):
        fewer.append(offset, [commands.read(offset, 1)[0].batch])
    with pytest.raises(ReplayDiffers, match="does not hold"):
        recover(iter(()), fewer, events_of(made), system_clock(), stored_in=ChainedEvents)
