"""The recorder in an event loop, and the store's queries."""

import asyncio
import logging
from pathlib import Path

import msgspec
import pytest

from core import Recorded, StoreFailed, event_head
from store import RecorderService, SqliteStore, Store
from testing.batches import ordinary
from testing.fold import Fold, shown
from testing.parts import memory_log, new_recorder
from testing.stored import check, held


async def test_it_tells_what_is_recorded_and_records_all_at_the_end(tmp_path: Path) -> None:
    log, path = memory_log(), tmp_path / "store.db"
    batches = list(ordinary(5, 30))
    log.append(1, batches[:10])
    told: list[int] = []
    all_told = asyncio.Event()
    fold = Fold()
    fold.add(b"".join(batches[:10]))

    def on_recorded(sequence: int) -> None:
        told.append(sequence)
        if sequence == fold.sequence:
            all_told.set()

    service = RecorderService(
        lambda: new_recorder(path, log, recorder_interval_s=0.001), on_recorded
    )
    async with service:
        await asyncio.wait_for(all_told.wait(), 10)
        log.append(2, batches[10:])
    fold.add(b"".join(batches[10:]))
    assert told == sorted(set(told))
    assert told[-1] == fold.sequence
    stats = service.recorder.stats()
    assert stats["events"] == fold.sequence
    assert stats["lag_entries"] == 0
    assert service.recorder.durable() == service.recorder.position()
    check(path, fold)


async def test_queries_run_beside_the_loop(tmp_path: Path) -> None:
    log, path = memory_log(), tmp_path / "store.db"
    batches = list(ordinary(6, 30))
    log.append(1, batches)
    fold = Fold()
    fold.add(b"".join(batches))
    async with RecorderService(lambda: new_recorder(path, log)):
        pass
    store: Store = SqliteStore(path)
    last = event_head(batches[-1])
    assert await store.position() == Recorded(
        offset=len(batches), sequence=fold.sequence, command_offset=last.command_offset
    )
    ids = list(fold.orders)[:50]
    kept = await asyncio.gather(*(store.order(order_id) for order_id in ids))
    assert [msgspec.json.decode(each.json) for each in kept if each] == [
        shown(fold.orders[i]) for i in ids
    ]
    assert store.complete_since is None
    fills = await store.fills(ids[0], after=0, limit=5, bytes_max=10_000)
    assert fills is not None
    assert msgspec.json.decode(fills.json) == fold.orders[ids[0]]["fills"][:5]
    assert await store.history(10**9, after=0, limit=5, bytes_max=10_000) is None
    beginnings = await store.beginnings([*ids, 10**9])
    assert beginnings.sequence == fold.sequence
    assert [(order.order_id, order.fills) for order in beginnings.orders] == [
        (i, len(fold.orders[i]["fills"])) for i in ids
    ]
    account = next(n for n in range(1, 9) if fold.account(n) == "user1")
    page = await store.orders(account, limit=3, instrument=1)
    assert len(page.orders) == 3
    assert page.next == page.orders[-1][0]
    assert await store.instruments() == [(1, "BTCUSD"), (2, "ETHUSD")]
    between = await store.trades_between(1, 0, 2**63)
    assert [str(trade.trade_id) for trade in reversed(between)] == [t["id"] for t in fold.trades[1]]
    some = await store.trades(1, before=between[-1].trade_id, limit=1)
    assert msgspec.json.decode(some[0][1]) == fold.trades[1][1]
    total = await store.sum_between(1, 0, 2**63)
    assert total is not None
    bars = await store.bars(1, 0)
    assert total.open == bars[0].sum.open == between[0].price
    assert total.high == max(trade.price for trade in between)
    assert total.quantity == sum(bar.sum.quantity for bar in bars)
    assert total.quote == sum(bar.sum.quote for bar in bars)
    assert total.count == sum(bar.sum.count for bar in bars)
    assert total.quote == sum(trade.price * trade.quantity for trade in between)
    await store.close()


async def test_a_gap_in_the_log_halts_it_and_is_logged(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    log = memory_log()
    batches = list(ordinary(7, 10))
    log.append(1, batches[:4] + batches[5:])
    failed = asyncio.Event()
    service = RecorderService(lambda: new_recorder(tmp_path / "store.db", log))
    with caplog.at_level(logging.ERROR, "store.recorder"):
        async with service:
            asyncio.get_running_loop().call_later(10, failed.set)
            while not service.recorder.halted and not failed.is_set():
                await asyncio.sleep(0.01)
    assert "recorder: halted: events log, offset 5: event" in caplog.text


async def test_a_store_that_cannot_be_written_is_logged_until_it_can(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    log, path = memory_log(), tmp_path / "store.db"
    batches = list(ordinary(11, 6))
    log.append(1, batches[:3])
    service = RecorderService(
        lambda: new_recorder(
            path, log, recorder_interval_s=0.005, recorder_retry_interval_s_max=0.05
        )
    )
    async with service, asyncio.timeout(20):
        while service.recorder.position().offset < 3:
            await asyncio.sleep(0.01)
        async with held(path):
            log.append(2, batches[3:])
            while "database is locked; will try again" not in caplog.text:
                await asyncio.sleep(0.01)
        while "records again" not in caplog.text:
            await asyncio.sleep(0.01)
    fold = Fold()
    fold.add(b"".join(batches))
    check(path, fold)


async def test_one_that_is_begun_again_by_choice_waits_for_nothing(tmp_path: Path) -> None:
    log, path = memory_log(), tmp_path / "store.db"
    log.append(1, list(ordinary(12, 3)))
    service = RecorderService(lambda: new_recorder(path, log), retry_s=3_600)
    async with service, asyncio.timeout(20):
        running = asyncio.create_task(service.run())
        for restarts in range(1, 4):
            service.begin_again("what it reads is to be another")
            while service.restarts < restarts:
                await asyncio.sleep(0.01)
            assert service.failed is None
        running.cancel()


async def test_another_journal_begins_another_store(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "store.db"
    for seed in (8, 9):
        log = memory_log(seed)
        log.append(1, list(ordinary(seed, 5)))
        async with RecorderService(lambda log=log: new_recorder(path, log)):  # type: ignore[misc]
            pass
    assert "put aside" in caplog.text
    assert (tmp_path / "store.db.aside-1").exists()


def test_what_is_no_store_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    with pytest.raises(StoreFailed, match="unable to open"):
        SqliteStore(path)
    path.write_bytes(b"no database at all, but long enough to be taken for one" * 20)
    with pytest.raises(StoreFailed, match="not a database"):
        new_recorder(path, memory_log())
    with pytest.raises(StoreFailed, match="events log"):
        new_recorder(tmp_path / "new.db", tmp_path / "no-events.db")
