"""Half an hour of a real market goes in over TCP and comes out as the venue's own trades."""

import pathlib
import subprocess

import msgspec
import pytest

from benchmarks.processes import QUANTSCOPE, ROOT, Exchange
from quantscope.flow import Result

DATA = ROOT / "tests/data"
FIGURES = Result(
    requests=307_245,
    trades=282,
    order_rejects={"POST_ONLY_WOULD_TRADE": 100_518},
    cancel_rejects={"UNKNOWN_ORDER": 100_833},
    resting=6_494,
    resting_max=6_509,
    bid_levels=1_704,
    ask_levels=2_914,
    best_bid=78350.0,
    best_ask=78351.0,
    trades_equal=281,
)
"""As ``tests/data/README.md`` gives them."""


def quantscope(*arguments: str) -> str:
    done = subprocess.run(
        [*QUANTSCOPE, *arguments], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.timeout(600)
def test_the_real_flow_gives_the_venue_s_trades(tmp_path: pathlib.Path) -> None:
    """Durable, over TCP; the same over REST; then the journal replays to the same events."""
    with Exchange(tmp_path / "data") as exchange:
        said = quantscope(
            "flow", str(DATA / "bitstamp-btcusd-orders.csv.gz"), "--port", str(exchange.binary),
            "--verify", str(DATA / "bitstamp-btcusd-trades.csv"), "--json",
        )  # fmt: skip
        assert msgspec.json.decode(said, type=Result) == FIGURES
    verdict = quantscope("verify", "--data-dir", str(tmp_path / "data"))
    assert verdict.startswith("verified from the first command")
