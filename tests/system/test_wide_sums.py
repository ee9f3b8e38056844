"""The largest orders there may be: sums of them are exact, and nothing stops for them."""

from decimal import Decimal
from pathlib import Path
from typing import Any

from testing.process import ServerProcess

PRICE = Decimal("92233720368.54")
LARGEST = Decimal("9999999999")
WIDE = """
[[instruments]]
symbol = "BTCUSD"
tick = "0.01"
quantity_max = "9999999999"
orders_per_side_max = 1
"""
TRADES = 20
"""Nineteen are beyond 127 bits."""


def trade(exchange: ServerProcess) -> None:
    for side in ("SELL", "BUY"):
        exchange.place(side=side, price=str(PRICE), quantity=str(LARGEST))


def ticker(exchange: ServerProcess) -> Any:
    status, shown = exchange.ask("/ticker/BTCUSD")
    assert status == 200, shown
    return shown


def expect(shown: Any, trades: int) -> None:
    assert shown["trades"] == trades
    assert Decimal(shown["volume"]) == trades * LARGEST
    # More digits than Decimal's context has: as integers.
    whole, _, fraction = shown["quote_volume"].partition(".")
    quote = int(whole + fraction.ljust(16, "0"))
    assert quote == trades * int(PRICE * 100) * int(LARGEST) * 10**14


def test_a_day_of_the_largest_trades_is_summed_exactly_over_a_restart(tmp_path: Path) -> None:
    config = tmp_path / "config.toml"
    config.write_text(WIDE)
    exchange = ServerProcess(tmp_path / "data", env={"QUANTSCOPE_CONFIG": str(config)}).start()
    for done in range(1, TRADES + 1):
        trade(exchange)
        expect(ticker(exchange), done)
    exchange.kill()
    exchange.start()
    expect(ticker(exchange), TRADES)
    trade(exchange)
    expect(ticker(exchange), TRADES + 1)
    exchange.get("/ready")
    exchange.stop()
    exchange.start()
    expect(ticker(exchange), TRADES + 1)
    exchange.stop()
    assert "ERROR" not in exchange.said()
    exchange.verified()


def test_a_change_of_many_percent_is_shown_exactly(tmp_path: Path) -> None:
    with ServerProcess(tmp_path / "data") as exchange:
        for price in ("0.01", "9300000"):
            for side in ("SELL", "BUY"):
                exchange.place(side=side, price=price)
        assert ticker(exchange)["change_percent"] == "92999999900"
