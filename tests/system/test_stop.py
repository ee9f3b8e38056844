"""What an exchange leaves behind that was asked to stop."""

from pathlib import Path

import pytest

from core import StoreReader
from journal import LogReader
from quantscope.roles.recorder import RecorderRole
from tests.system.within import within

ROUNDS = 100


async def test_the_store_has_all_events_also_those_behind_the_last_snapshot(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    left = []
    close = RecorderRole.close

    async def closing(self: RecorderRole) -> None:
        events = self._service.journals.events
        left.append(events.next_offset - 1 - events.written_offset)
        await close(self)

    monkeypatch.setattr(RecorderRole, "close", closing)
    async with within(tmp_path) as served:
        service, housekeeping = served.exchange.engine.service, served.exchange.engine.housekeeping
        last_snapshot = housekeeping.last_snapshot

        async def and_time_passes() -> None:
            await last_snapshot()
            for _ in range(ROUNDS):
                service._system.tick()
                service._turn()
            await service.drain()

        monkeypatch.setattr(housekeeping, "last_snapshot", and_time_passes)
    assert left == [0]
    last = LogReader(tmp_path / "events.db").ends().next - 1
    assert StoreReader(tmp_path / "store.db").position().offset == last
