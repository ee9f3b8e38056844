"""``quantscope flow`` as people use it, and what it says when it can't go on."""

import pathlib
from collections.abc import Iterator

import pytest
from click.testing import CliRunner, Result

from benchmarks.processes import Exchange
from quantscope.cli import main

ROWS = """timestamp_ms,action,order_id,side,type,price,quantity
1,new,70,sell,post_only,100,2
2,new,71,buy,limit,100,0.5
3,new,72,buy,post_only,100,1
4,cancel,9,,,,
"""
TRADES = """timestamp_ms,taker_order_id,maker_order_id,taker_side,price,quantity
2,71,70,buy,100,0.5
"""


@pytest.fixture(scope="module")
def exchange(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Exchange]:
    with Exchange(tmp_path_factory.mktemp("flow") / "data") as exchange:
        yield exchange


@pytest.fixture
def file(tmp_path: pathlib.Path) -> pathlib.Path:
    path = tmp_path / "flow.csv"
    path.write_text(ROWS)
    return path


def flow(exchange: Exchange, file: pathlib.Path, *arguments: str) -> Result:
    return CliRunner().invoke(main, ["flow", str(file), "--port", str(exchange.binary), *arguments])


def test_it_prints_what_became_of_the_flow(exchange: Exchange, file: pathlib.Path) -> None:
    venue = file.with_name("trades.csv")
    venue.write_text(TRADES)
    done = flow(exchange, file, "--verify", str(venue), "--in-flight", "1")
    assert done.exit_code == 0, done.output
    for figure in ("POST_ONLY_WOULD_TRADE 1", "UNKNOWN_ORDER 1", "trades equal", "100.0"):
        assert figure in done.output


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (["--password", "wrong"], "the exchange refuses demo1: A"),
        (["--symbol", "NOTHING"], "the exchange has no instrument NOTHING"),
    ],
)
def test_a_refusal_is_told_in_one_line(
    exchange: Exchange, file: pathlib.Path, arguments: list[str], why: str
) -> None:
    done = flow(exchange, file, *arguments)
    assert done.exit_code == 1
    assert f"Error: {why}\n" in done.output


def test_a_file_that_is_no_flow_is_refused(exchange: Exchange, file: pathlib.Path) -> None:
    file.write_text("a,b\n")
    assert "Error: the first line is not timestamp_ms" in flow(exchange, file).output


def test_an_exchange_that_is_not_there_is_told(file: pathlib.Path) -> None:
    done = CliRunner().invoke(main, ["flow", str(file), "--port", "1"])
    assert done.exit_code == 1
    assert "Connect call failed" in done.output
