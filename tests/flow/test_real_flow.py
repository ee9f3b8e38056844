"""Half an hour of a real market goes in over TCP and comes out as the venue's own trades."""

import csv
import pathlib
import subprocess
from collections import Counter

import msgspec
import pytest

from quantscope.flow import Result
from testing.command import QUANTSCOPE, ROOT
from testing.process import ServerProcess

DATA = ROOT / "tests/data"
FIGURES = Result(
    requests=307_245,
    trades=282,
    order_rejects={"POST_ONLY_WOULD_TRADE": 100_518},
    cancel_rejects={"UNKNOWN_ORDER": 100_833},
    cancel_rejects_of={"refused": 100_518, "closed": 302, "not_in_file": 13},
    resting=6_494,
    resting_max=6_509,
    bid_levels=1_704,
    ask_levels=2_914,
    best_bid="78350",
    best_ask="78351",
    trades_equal=281,
)
"""As ``tests/data/README.md`` gives them."""


def assert_the_book_is_the_same_over_rest(exchange: ServerProcess) -> None:
    book = exchange.get("/orderbook/BTCUSD?depth=10000")
    bids, asks = book["bids"], book["asks"]
    assert (len(bids), len(asks)) == (FIGURES.bid_levels, FIGURES.ask_levels)
    assert (float(bids[0]["price"]), float(asks[0]["price"])) == (78350.0, 78351.0)
    assert sum(level["orders"] for level in bids + asks) == FIGURES.resting


def assert_the_trades_are_the_venue_s_over_rest(exchange: ServerProcess) -> None:
    trades = exchange.get("/trades/BTCUSD?limit=1000")["trades"]
    assert len(trades) == FIGURES.trades
    ours = Counter((x["taker_side"].lower(), x["price"], x["quantity"]) for x in trades)
    with (DATA / "bitstamp-btcusd-trades.csv").open() as file:
        venue = Counter((x["taker_side"], x["price"], x["quantity"]) for x in csv.DictReader(file))
    assert (ours & venue).total() == FIGURES.trades_equal


def quantscope(*arguments: str) -> str:
    done = subprocess.run(
        [*QUANTSCOPE, *arguments], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.timeout(600)
def test_the_real_flow_gives_the_venue_s_trades(tmp_path: pathlib.Path) -> None:
    """Durable, over TCP; the same over REST; then the journal replays to the same events."""
    with ServerProcess(tmp_path / "data") as exchange:
        said = quantscope(
            "flow", str(DATA / "bitstamp-btcusd-orders.csv.gz"), "--port", str(exchange.binary),
            "--verify", str(DATA / "bitstamp-btcusd-trades.csv"), "--json",
        )  # fmt: skip
        assert msgspec.json.decode(said, type=Result) == FIGURES
        assert_the_book_is_the_same_over_rest(exchange)
        assert_the_trades_are_the_venue_s_over_rest(exchange)
        exchange.kill()  # a clean stop would take a snapshot, and leave nothing to replay
    verdict = quantscope("verify", "--data-dir", str(tmp_path / "data"))
    assert verdict.startswith("verified from the first command")
