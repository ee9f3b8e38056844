"""Half an hour of a real market, and what becomes of it in any exchange."""

import csv
import gzip
import itertools
from collections import Counter
from pathlib import Path

import msgspec

from quantscope.flow import Result
from testing.command import ROOT, quantscope
from testing.requests import Requests

DATA = ROOT / "tests/data"
FLOW_SECONDS_MAX = 300
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


def assert_the_book_is_the_same_over_rest(exchange: Requests) -> None:
    """As many levels and orders, at the same best prices."""
    book = exchange.get("/orderbook/BTCUSD?depth=10000")
    bids, asks = book["bids"], book["asks"]
    assert (len(bids), len(asks)) == (FIGURES.bid_levels, FIGURES.ask_levels)
    assert (float(bids[0]["price"]), float(asks[0]["price"])) == (78350.0, 78351.0)
    assert sum(level["orders"] for level in bids + asks) == FIGURES.resting


def assert_the_trades_are_the_venue_s_over_rest(exchange: Requests) -> None:
    """As many as ``FIGURES`` says, and as many of them the venue's."""
    trades = exchange.get("/trades/BTCUSD?limit=1000")["trades"]
    assert len(trades) == FIGURES.trades
    ours = Counter((x["taker_side"].lower(), x["price"], x["quantity"]) for x in trades)
    with (DATA / "bitstamp-btcusd-trades.csv").open() as file:
        venue = Counter((x["taker_side"], x["price"], x["quantity"]) for x in csv.DictReader(file))
    assert (ours & venue).total() == FIGURES.trades_equal


def send_the_flow(port: int) -> None:
    """Send it over TCP, and find what ``FIGURES`` says."""
    assert flow_sent(port) == FIGURES


def flow_sent(
    port: int,
    *arguments: str,
    orders: Path = DATA / "bitstamp-btcusd-orders.csv.gz",
    seconds_max: float = FLOW_SECONDS_MAX,
) -> Result:
    """What becomes of the flow, or of another one, by ``quantscope flow``."""
    trades = DATA / "bitstamp-btcusd-trades.csv"
    code, said, errors = quantscope(
        *("flow", str(orders), "--port", str(port), "--verify", str(trades), "--json"),
        *arguments,
        seconds_max=seconds_max,
    )
    assert code == 0, errors
    return msgspec.json.decode(said, type=Result)


def first_rows(count: int, folder: Path) -> Path:
    """A file of the first rows of the flow."""
    path = folder / "first.csv"
    with gzip.open(DATA / "bitstamp-btcusd-orders.csv.gz", "rt") as file:
        path.write_text("".join(itertools.islice(file, count + 1)))
    return path
