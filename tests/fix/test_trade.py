"""Engines that nobody here wrote trade with the exchange, and neither side refuses anything."""

from collections.abc import Callable
from pathlib import Path

import pytest

from testing.certificates import Certificates
from testing.foreign_fix.engine import ForeignEngine
from testing.foreign_fix.engines import quickfix, quickfixj
from testing.foreign_fix.orders import (
    BUY,
    SELL,
    cancel,
    mass_cancel,
    new_order,
    replace,
    security_list,
    status,
)
from testing.foreign_fix.session import ForeignSession
from testing.foreign_fix.tls import tls_settings
from testing.process import ServerProcess

Engine = Callable[[ForeignSession], ForeignEngine]
ENGINES = pytest.mark.parametrize("engine", [quickfix, quickfixj])
VERSIONS = pytest.mark.parametrize("begin_string", ["FIX.4.2", "FIX.4.4"])


@ENGINES
@VERSIONS
def test_a_foreign_engine_does_all_that_a_client_does(
    engine: Engine, begin_string: str, tmp_path: Path
) -> None:
    old = begin_string == "FIX.4.2"
    trade = {150: 2, 20: 0} if old else {150: "F"}
    confirmed = {20: 3, 150: 5} if old else {150: "I"}
    with ServerProcess(tmp_path / "data") as exchange:
        session = ForeignSession(exchange.fix, tmp_path / "client", begin_string=begin_string)
        with engine(session) as client:
            # Two orders trade with each other, and one is amended, asked for and canceled.
            client.send("D", *new_order("sell", SELL, 1, 50_000))
            client.wait({35: "8", 11: "sell", 150: 0, 39: 0})
            client.send("D", *new_order("buy", BUY, 1, 50_000))
            client.wait({35: "8", 11: "buy", **trade, 39: 2, 32: 1, 31: "50000"})
            client.send("D", *new_order("a", BUY, 2, 40_000))
            client.wait({35: "8", 11: "a", 150: 0})
            client.send("G", *replace("b", "a", BUY, 3, 41_000))
            client.wait({35: "8", 11: "b", 41: "a", 150: 5, 38: 3, 151: 3})
            client.send("H", *status("b"))
            client.wait({35: "8", 11: "b", **confirmed, 151: 3})
            client.send("F", *cancel("c", "b", BUY, 3))
            client.wait({35: "8", 11: "c", 41: "b", 150: 4, 151: 0})
            client.send("F", *cancel("d", "b", BUY, 3))
            client.wait({35: "9", 11: "d", 41: "b", 434: 1})
            if not old:
                client.send("D", *new_order("e", BUY, 1, 40_000))
                client.wait({35: "8", 11: "e", 150: 0})
                client.send("q", *mass_cancel("f"))
                client.wait({35: "8", 11: "e", 150: 4})
                client.wait({35: "r", 11: "f", 531: 7})
                client.send("x", *security_list("g"))
                assert "BTCUSD" in client.wait({35: "y", 320: "g"}).all(55)
            _gaps(client)
            client.log_out("for now")
            client.log_on()
            client.sequence_reset(client.numbers()[0] + 50)
            client.send("1", (112, "after the reset"))
            client.wait({35: "0", 112: "after the reset"})
        assert not client.rejects()


def _gaps(client: ForeignEngine) -> None:
    """One that the exchange sees, one that the engine sees, and a line that is lost."""
    next_out, _ = client.numbers()
    client.renumber(next_out=next_out + 5)
    client.send("D", *new_order("gap", BUY, 1, 40_000))
    client.wait({35: "2", 7: next_out})
    client.wait({35: "8", 11: "gap", 150: 0})
    # What it says that it has read it has yet to count.
    client.until_numbers(*(_last(client, way) + 1 for way in ("out", "in")))
    client.renumber(next_in=2)
    client.send("F", *cancel("no-gap", "gap", BUY, 1))
    client.wait({35: "2"}, way="out")
    client.wait({35: "8", 11: "sell", 150: 0, 43: "Y"})
    client.wait({35: "8", 11: "no-gap", 150: 4})
    logons = client.logons
    client.disconnect()
    client.until_logged_on(logons)


def _last(client: ForeignEngine, way: str) -> int:
    return max(int(message[34]) for message in client.among(way))


@ENGINES
def test_both_sides_are_killed_and_agree_on_what_was_said(engine: Engine, tmp_path: Path) -> None:
    with ServerProcess(tmp_path / "data", same_port=True) as exchange:
        with engine(ForeignSession(exchange.fix, tmp_path / "client")) as client:
            for name in ("a", "b", "c"):
                client.send("D", *new_order(name, BUY, 1, 40_000))
                client.wait({35: "8", 11: name, 150: 0})
            client.until_numbers(5, 5)
            client.kill()
            client.start()
            client.until_logged_on()
            logons = client.logons
            exchange.restart()
            client.until_logged_on(logons)
            client.send("D", *new_order("d", BUY, 1, 40_000))
            client.wait({35: "8", 11: "d", 150: 0})
        assert not client.rejects()
        assert not [m for m in client.among("out", "A") if m.get(141)]
        news = [m[11] for m in client.among("in", "8") if m.get(43) is None]
        assert sorted(news) == ["a", "b", "c", "d"]


def test_quickfixj_trades_over_tls(tmp_path: Path) -> None:
    made = Certificates(tmp_path / "certificates", "127.0.0.1", "localhost")
    shown = (f"tls.certificate_file={made.server}", f"tls.key_file={made.server_key}")
    with ServerProcess(tmp_path / "data", *shown, "tls.http=false") as exchange:
        trusting = tls_settings(made.ca, tmp_path / "trusted")
        with quickfixj(ForeignSession(exchange.fix, tmp_path / "client", more=trusting)) as client:
            client.send("D", *new_order("a"))
            client.wait({35: "8", 11: "a", 150: 0})
            logons = client.logons
            client.disconnect()
            client.until_logged_on(logons)
            client.send("F", *cancel("b", "a"))
            client.wait({35: "8", 11: "b", 41: "a", 150: 4})
        assert not client.rejects()
