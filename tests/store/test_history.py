"""The store holds what the events say: orders, their history, their fills, trades."""

from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core import InMemory, StoreReader, View
from settings import FacadeSettings
from testing.batches import ordinary, strange
from testing.fold import Fold
from testing.parts import memory_log, new_recorder
from testing.stored import check


def record(path: Path, batches: list[bytes], events_max: int) -> None:
    log = memory_log()
    log.append(1, batches)
    recorder = new_recorder(
        path, log, recorder_transaction_events_max=events_max, recorder_read_bytes_max=2_000
    )
    recorder.stop()
    assert recorder.failure is None
    assert recorder.position().offset == len(batches)


def folded(batches: list[bytes]) -> Fold:
    fold = Fold()
    fold.add(b"".join(batches))
    return fold


@settings(deadline=None, max_examples=60, suppress_health_check=list(HealthCheck))
@given(seed=st.integers(0, 2**60), events_max=st.sampled_from((1, 10, 100_000)))
def test_the_store_equals_a_fold_of_the_events(seed: int, events_max: int) -> None:
    batches = strange(seed)
    with TemporaryDirectory() as directory:
        path = Path(directory) / "store.db"
        record(path, batches, events_max)
        check(path, folded(batches))


@pytest.mark.parametrize("events_max", [50, 5_000])
def test_a_longer_market(tmp_path: Path, events_max: int) -> None:
    batches = list(ordinary(1, 60))
    record(tmp_path / "store.db", batches, events_max)
    fold = folded(batches)
    assert len(fold.orders) > 1_500
    assert sum(map(len, fold.trades.values())) > 500
    check(tmp_path / "store.db", fold)


def test_memory_and_store_show_an_order_in_the_same_bytes(tmp_path: Path) -> None:
    compared = 0
    for seed in range(25):
        path = tmp_path / f"{seed}.db"
        batches = strange(seed)
        record(path, batches, 100)
        view, reader = View(2, FacadeSettings()), StoreReader(path)
        view.apply(b"".join(batches))
        for order_id in folded(batches).orders:
            stored = reader.order(order_id)
            assert stored is not None
            kept = view.find(order_id)
            assert isinstance(kept, InMemory)
            assert kept.json == stored.json
            compared += 1
    assert compared > 600


def test_a_filter_and_pages_while_orders_come(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    batches = list(ordinary(2, 40, users=1))
    log = memory_log()
    log.append(1, batches[:20])
    new_recorder(path, log).stop()
    reader = StoreReader(path)
    fold = folded(batches[:20])
    expected = sorted(
        (i for i, order in fold.orders.items() if order["status"] == "FILLED"), reverse=True
    )
    account = reader.account("user0")
    assert account is not None
    page = reader.orders(account, limit=5, status="FILLED")
    found = [order_id for order_id, _ in page.orders]
    log.append(2, batches[20:])
    new_recorder(path, log).stop()
    while page.next is not None and len(found) < 50:
        # In the meantime older ones may have been filled too, and none may be lost or doubled.
        page = reader.orders(account, limit=5, status="FILLED", before=page.next)
        found += [order_id for order_id, _ in page.orders]
    assert found == sorted(set(found), reverse=True)
    assert {i for i in expected if i >= found[-1]} <= set(found)
    with pytest.raises(ValueError, match="no status"):
        reader.orders(account, status="LOST")
