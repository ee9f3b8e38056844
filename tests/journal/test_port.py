"""What every adapter of the port does alike."""

import select
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from journal import (
    JournalFailed,
    JournalFull,
    JournalRange,
    Log,
    open_commands,
    open_events,
    open_memory,
)
from settings import JournalSettings
from testing.faulty import FaultyLog
from testing.parts import memory_log

SMALL = JournalSettings(wal_bytes_max=1 << 20, queue_bytes_max=500)
MAKERS: dict[str, Callable[[Path], Log]] = {
    "commands": lambda path: open_commands(path / "commands.db", SMALL),
    "events": lambda path: open_events(path / "events.db", SMALL),
    "memory": lambda _: open_memory(1, 1000),
    "faulty": lambda path: FaultyLog(open_commands(path / "commands.db", SMALL)),
}


@pytest.fixture(params=MAKERS)
def log(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Log]:
    made = MAKERS[request.param](tmp_path)
    yield made
    made.close()


def test_offsets_start_at_1_and_have_no_gap(log: Log) -> None:
    assert (log.first_offset, log.next_offset, log.durable_offset) == (1, 1, 0)
    assert log.append(7, [b"one", b"two"]) == 1
    assert log.append(8, [b"three"]) == 3
    log.sync()
    assert (log.durable_offset, log.written_offset, log.next_offset) == (3, 3, 4)
    entries = log.read(1, 1 << 20)
    assert [(entry.offset, entry.append_ns, entry.batch) for entry in entries] == [
        (1, 7, b"one"),
        (2, 7, b"two"),
        (3, 8, b"three"),
    ]
    assert len({entry.chain for entry in entries}) == 3


def test_a_read_holds_one_entry_at_least_and_stops_at_its_limit(log: Log) -> None:
    log.append(1, [b"x" * 100] * 5)
    log.sync()
    assert [entry.offset for entry in log.read(2, 1)] == [2]
    assert [entry.offset for entry in log.read(2, 250)] == [2, 3]
    assert log.read(6, 100) == []
    with pytest.raises(JournalRange, match="ends before offset 6"):
        log.read(7, 100)


def test_what_is_deleted_is_gone_and_the_rest_stays(log: Log) -> None:
    log.append(1, [b"one", b"two", b"three"])
    log.sync()
    log.delete_before(3)
    log.append(1, [b"four"])
    log.sync()
    while log.first_offset < 3:
        pass
    with pytest.raises(JournalRange, match="begins at offset 3"):
        log.read(2, 100)
    assert [entry.batch for entry in log.read(3, 100)] == [b"three", b"four"]


def test_a_commit_makes_the_descriptor_readable_until_it_is_cleared(log: Log) -> None:
    log.notify_fd()
    log.clear_notify()
    offset = log.append(1, [b"one"])
    while log.written_offset < offset:
        assert select.select([log.notify_fd()], [], [], 10)[0]
        log.clear_notify()
    log.sync()
    log.clear_notify()
    assert select.select([log.notify_fd()], [], [], 0)[0] == []


def test_nothing_is_taken_after_the_end(log: Log) -> None:
    log.close()
    with pytest.raises(JournalFailed, match="closed"):
        log.append(1, [b"late"])


def test_a_full_log_refuses_and_gives_no_offset_away(log: Log) -> None:
    refused = 0
    taken = 0
    for _ in range(2000):
        try:
            taken = log.append(1, [b"x" * 600])
        except JournalFull:
            refused += 1
    log.sync()
    assert refused > 0
    assert log.next_offset == taken + 1


def test_a_failed_append_is_never_claimed_and_nothing_is_taken_after_it(tmp_path: Path) -> None:
    under = memory_log()
    log = FaultyLog(under, fail_at=2, keep_failed=True)
    assert log.append(1, [b"one"]) == 1
    assert log.failure is None
    log.clear_notify()
    assert log.append(1, [b"two"]) == 2
    assert select.select([log.notify_fd()], [], [], 1)[0]
    assert log.failure is not None
    assert log.durable_offset == 1
    with pytest.raises(JournalFailed, match="told to fail"):
        log.append(1, [b"three"])
    with pytest.raises(JournalFailed, match="told to fail"):
        log.sync()
    assert under.next_offset == 3


def test_the_next_append_can_be_told_to_fail() -> None:
    log = FaultyLog(memory_log())
    log.append(1, [b"one"])
    log.fail_next()
    assert log.append(1, [b"two"]) == 2
    assert log.failure is not None
    assert [entry.batch for entry in log.read(1, 100)] == [b"one"]


def test_counters_tell_what_was_committed(tmp_path: Path) -> None:
    log = open_commands(tmp_path / "commands.db", SMALL)
    log.append(1, [b"one", b"two"])
    log.sync()
    stats = log.stats()
    assert (stats["commits"], stats["records"], stats["bytes"]) == (1, 2, 6)
    for counted in (log.commit_buckets(), log.records_buckets()):
        assert len(counted.counts) == len(counted.bounds) + 1
        assert sum(counted.counts) == 1
    assert 0 < log.bytes_used() <= log.bytes_on_disk()
    log.close()
