"""What the journal has lost a store takes back: it is as if those events had never come."""

import random
from pathlib import Path

import pytest

from core import Commands, Engine, LogRecord, StoreFailed, recorder_seed, split_batches, take_back
from protocol.terms import Gateway
from testing.batches import BUY, GTC, LIMIT, SELL, START_NS, UNIT, command
from testing.fold import Fold
from testing.parts import memory_log, new_recorder
from testing.stored import check, content

JOURNAL_ID = 7
WHALE_PRICE = 500 * UNIT


class Market:
    """An engine, and what it has told: of users who trade, and of a whale with a long history."""

    def __init__(self, seed: int) -> None:
        self.rng = random.Random(seed)
        self.engine = Engine(0)
        self.told: list[bytes] = []
        self._place = 0
        self._buffer = Commands()
        self._buffer.gateway_open(Gateway.FACADE, 1)
        for number, symbol in enumerate(("BTCUSD", "ETHUSD"), 1):
            self._buffer.instrument(number, symbol, tick=UNIT, lot=1)
        self._apply(0)
        self._order("whale", SELL, 100_000 * UNIT)
        self._apply(1)

    def _order(self, user: str, side: int, qty: int) -> None:
        self._buffer.new_order(
            side=side,
            ord_type=LIMIT,
            tif=GTC,
            qty=qty,
            instrument=2,
            price=WHALE_PRICE,
            user=user,
            num=1,
        )

    def _apply(self, incarnation: int) -> None:
        number, now = self._place, START_NS + self._place // 3 * 7_000_000_000
        sealed = self._buffer.seal(Gateway.FACADE, incarnation, number, now, 1_000)
        assert sealed is not None
        self._place += 1
        self.told += split_batches(self.engine.apply(self._place, now, [sealed]))

    def go_on(self, count: int, users: str = "user") -> None:
        """So many command batches more."""
        for _ in range(count):
            for _ in range(20):
                user = f"{users}{self.rng.randrange(4)}"
                command(self.rng, self._buffer, user, self._place * 20)
            for _ in range(self.rng.randrange(12)):
                self._order("minnow", BUY, UNIT)
            if self.rng.random() < 0.1:
                self._buffer.instrument(2, "ETHUSD", tick=UNIT, lot=1, qty_min=UNIT)
                self._buffer.instrument(3, f"NEW{users}", tick=UNIT, lot=1)
            self._apply(1)

    def lose(self) -> "Market":
        """The same, but what it has told so far, to go on otherwise."""
        other = Market.__new__(Market)
        other.__dict__ = dict(self.__dict__)
        other.engine = Engine.restore(self.engine.snapshot())
        other.told = []
        other.rng = random.Random(self.rng.random())
        other._buffer = Commands()
        return other


def record(path: Path, batches: list[bytes]) -> list[LogRecord]:
    """Have a store of these, also one that is there go on; they as they stand in their log."""
    log = memory_log(JOURNAL_ID)
    log.append(1, batches)
    recorder = new_recorder(path, log)
    recorder.stop()
    assert recorder.failure is None
    return log.read(1, 1 << 30)


def folded(batches: list[bytes]) -> Fold:
    fold = Fold()
    fold.add(b"".join(batches))
    return fold


@pytest.mark.parametrize("kept", [1, 20, 150])
def test_it_is_as_if_they_had_never_come_and_goes_on(tmp_path: Path, kept: int, seed: int) -> None:
    path, market = tmp_path / "store.db", Market(seed)
    market.go_on(kept)
    stood = market.engine.snapshot()
    lost = market.lose()
    lost.go_on(60, "lost")
    told = market.told
    records = record(path, told + lost.told)
    seed_of = recorder_seed(Engine.restore(stood))
    taken = take_back(path, b"".join(lost.told), seed_of, records[len(told) - 1], JOURNAL_ID)
    assert taken.orders > 100
    assert taken.changed > 0
    assert taken.trades > 50
    fold = folded(told)
    check(path, fold)
    record(tmp_path / "other.db", told)
    ids, instruments = sorted(folded(told + lost.told).orders), [1, 2, 3]
    assert content(path, ids, instruments) == content(tmp_path / "other.db", ids, instruments)
    # What follows is other than what was lost, with the same ids and names.
    following = market.lose()
    following.go_on(40)
    record(path, told + following.told)
    check(path, folded(told + following.told))


def test_what_does_not_fit_changes_nothing(tmp_path: Path, seed: int) -> None:
    path, market = tmp_path / "store.db", Market(seed)
    market.go_on(20)
    engine = Engine.restore(market.engine.snapshot())
    lost = market.lose()
    lost.go_on(20)
    told = market.told
    records = record(path, told + lost.told)
    to, fold = records[len(told) - 1], folded(told + lost.told)
    right = recorder_seed(engine)
    for batches, known, at, why in (
        (lost.told[:-1], right, to, "its last event is none of those that were lost"),
        (lost.told, recorder_seed(Engine(0)), to, "was not open behind what is kept"),
        (lost.told, recorder_seed(lost.engine), to, "has another past|was not open"),
        (lost.told[1:], right, to, "does not follow from what is recorded"),
    ):
        with pytest.raises(StoreFailed, match=why):
            take_back(path, b"".join(batches), known, at, JOURNAL_ID)
        check(path, fold)
