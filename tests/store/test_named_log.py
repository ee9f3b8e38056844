"""A recorder on a log of Python's: whatever that does, the recorder goes on."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from core import JournalError, LogRecord, StoreFailed, xxh3_64
from store import RecorderService
from store.lag import Behind
from testing.batches import ordinary
from testing.fold import Fold
from testing.parts import new_recorder
from testing.stored import check

QUICK: dict[str, Any] = {"recorder_interval_s": 0.002, "recorder_retry_interval_s_max": 0.05}


class Gappy:
    """A log of which every third offset holds no record; it does what a test tells it to."""

    journal_id = 3

    def __init__(self, batches: list[bytes]) -> None:
        self.records = dict[int, LogRecord]()
        self.fails: dict[str, Callable[[], Any]] = {}
        self.first_offset = 1
        self.written_offset = 0
        self.append(batches)

    def append(self, batches: list[bytes]) -> None:
        for batch in batches:
            offset = self.written_offset + 1
            offset += offset % 3 == 0
            chain = xxh3_64(batch)
            self.records[offset] = LogRecord(offset=offset, append_ns=1, chain=chain, batch=batch)
            self.written_offset = offset

    @property
    def next_offset(self) -> int:
        return self.written_offset + 1

    def look(self) -> None:
        self.fails.get("look", lambda: None)()

    def read(self, start: int, bytes_max: int) -> Any:
        if "read" in self.fails:
            return self.fails["read"]()
        found, size = list[LogRecord](), 0
        for offset in range(start, self.next_offset):
            if record := self.records.get(offset):
                size += len(record.batch)
                if found and size > bytes_max:
                    break
                found.append(record)
        return found

    def chain_at(self, offset: int) -> Any:
        if "chain_at" in self.fails:
            return self.fails["chain_at"]()
        record = self.records.get(offset)
        return None if record is None else record.chain


def raises(error: BaseException) -> Callable[[], Any]:
    def call() -> None:
        raise error

    return call


def service_of(path: Path, log: Gappy) -> RecorderService:
    return RecorderService(lambda: new_recorder(path, log, **QUICK))


FAULTS = [
    ("look", raises(JournalError("the line is cut")), "the line is cut"),
    ("look", raises(ZeroDivisionError()), "ZeroDivisionError"),
    ("look", raises(SystemExit("it ends")), "it ends"),
    ("read", lambda: [1, 2], "LogRecord"),
    ("read", lambda: None, "Sequence"),
    ("chain_at", lambda: "seven", "str"),
    ("chain_at", lambda: -1, "negative"),
]


@pytest.mark.parametrize(("call", "fault", "said"), FAULTS)
async def test_whatever_it_raises_or_gives_is_tried_again(
    tmp_path: Path, call: str, fault: Callable[[], Any], said: str
) -> None:
    batches = list(ordinary(3, 40))
    log, path, fold = Gappy(batches[:11]), tmp_path / "store.db", Fold()
    async with service_of(path, log) as service, asyncio.timeout(20):
        while service.recorder.position().offset != log.written_offset:
            await asyncio.sleep(0.01)
        log.fails[call] = fault
        log.append(batches[11:30])
        while service.recorder.failure is None:
            await asyncio.sleep(0.01)
        assert said in service.recorder.failure
        assert not service.recorder.halted
        log.fails.clear()
        while service.recorder.position().offset != log.written_offset:
            await asyncio.sleep(0.01)
    async with service_of(path, log) as service:
        log.append(batches[30:])
    assert service.recorder.notice is None
    fold.add(b"".join(batches))
    check(path, fold)


def test_what_is_no_log_is_refused(tmp_path: Path) -> None:
    other: Any = object()
    with pytest.raises(StoreFailed, match="events log: 'object' object has no attribute"):
        new_recorder(tmp_path / "store.db", other)


def test_a_recorder_that_nobody_holds_any_more_ends(tmp_path: Path) -> None:
    path, batches = tmp_path / "store.db", list(ordinary(3, 5))
    log, fold = Gappy(batches), Fold()
    new_recorder(path, log, **QUICK)
    # Whoever let go of it waited for its end.
    fold.add(b"".join(batches))
    check(path, fold)


def test_how_far_it_is_behind_is_told_in_events_and_in_time() -> None:
    now = 0
    behind = Behind(lambda: now * 10**9)
    seen: list[tuple[int, float]] = []
    for now, newest, recorded in [  # noqa: B007
        (0, 0, 0),
        (1, 10, 0),
        (3, 30, 0),
        (4, 40, 9),
        (6, 50, 10),
        (7, 60, 40),
        (8, 60, 60),
        (9, 60, 60),
        (90, 70, 60),
        (91, 70, 70),
    ]:
        behind.look(newest, recorded)
        seen.append((behind.events, behind.seconds))
    assert seen == [
        (0, 0.0),
        (10, 0.0),
        (30, 2.0),
        (31, 3.0),
        (40, 5.0),
        (20, 5.0),
        (0, 0.0),
        (0, 0.0),
        (10, 0.0),
        (0, 0.0),
    ]
