"""Binance's connector trades over TLS with an exchange that takes anybody."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from testing.certificates import Certificates
from testing.foreign_fix.engine import ForeignEngine
from testing.foreign_fix.engines import binance
from testing.foreign_fix.orders import BUY, SELL, cancel, mass_cancel, new_order, replace, status
from testing.foreign_fix.session import BinanceSession
from testing.process import ServerProcess
from testing.waiting import until


@pytest.fixture
def certificates(tmp_path: Path) -> Certificates:
    return Certificates(tmp_path / "certificates")


@pytest.fixture
def exchange(certificates: Certificates, tmp_path: Path) -> Iterator[ServerProcess]:
    with ServerProcess(
        tmp_path / "data",
        "fix.open=true",
        f"tls.certificate_file={certificates.server}",
        f"tls.key_file={certificates.server_key}",
        "tls.http=false",
    ) as exchange:
        yield exchange


def client_of(
    exchange: ServerProcess, certificates: Certificates, sender: str = "anybody"
) -> ForeignEngine:
    return binance(BinanceSession(exchange.fix, sender), certificates.ca)


def test_it_trades_amends_and_cancels(exchange: ServerProcess, certificates: Certificates) -> None:
    assert "fix" in exchange.ready["tls"].split(",")
    with client_of(exchange, certificates) as client:
        logon = client.among("out", "A")[0]
        assert {95, 96, 141, 553, 9406, 25035, 25036} <= {tag for tag, _ in logon.fields}
        client.send("D", *new_order("sell", SELL, 1))
        client.wait({35: "8", 11: "sell", 150: 0, 39: 0})
        client.send("D", *new_order("buy", BUY, 1))
        client.wait({35: "8", 11: "buy", 150: "F", 39: 2, 32: 1, 31: "50000"})
        client.send("D", *new_order("a", BUY, 2, 40_000))
        client.wait({35: "8", 11: "a", 150: 0})
        client.send("G", *replace("b", "a", BUY, 3, 41_000))
        client.wait({35: "8", 11: "b", 41: "a", 150: 5, 38: 3})
        client.send("H", *status("b"))
        client.wait({35: "8", 11: "b", 150: "I", 151: 3})
        client.send("F", *cancel("c", "b", BUY, 3))
        client.wait({35: "8", 11: "c", 41: "b", 150: 4})
        client.send("q", *mass_cancel("d"))
        client.wait({35: "r", 11: "d", 533: 0})
        client.send("1", (112, "there?"))
        client.wait({35: "0", 112: "there?"})
        client.log_out()
        assert not client.rejects()
    assert [order["user_id"] for order in exchange.get("/orders?user_id=anybody")["orders"]] == [
        "anybody"
    ] * 3


def test_each_of_its_logons_begins_anew_and_orders_stay(
    exchange: ServerProcess, certificates: Certificates
) -> None:
    with client_of(exchange, certificates) as client:
        client.send("D", *new_order("a"))
        client.wait({35: "8", 11: "a", 150: 0})
        client.disconnect()
        client.log_on()
        client.send("F", *cancel("b", "a"))
        assert client.wait({35: "8", 11: "b", 41: "a", 150: 4})[34] == "2"
        client.log_out()
        assert not client.rejects()
    answers = client.among("in", "A")
    assert [(answer[34], answer[141]) for answer in answers] == [("1", "Y")] * 2


async def test_who_has_no_password_is_not_taken_where_the_exchange_is_not_open(
    certificates: Certificates, tmp_path: Path
) -> None:
    with ServerProcess(
        tmp_path / "closed",
        f"tls.certificate_file={certificates.server}",
        f"tls.key_file={certificates.server_key}",
    ) as exchange:
        client = client_of(exchange, certificates, "demo1")
        client.start()
        # Whether the connector reads the Logout or sees the line closed first is its own affair.
        await until(lambda: "not authorized" in exchange.said())
        await asyncio.sleep(1.5)
        client.kill()
        assert not client.logons
