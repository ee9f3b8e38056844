"""What a configuration that was changed between two runs does to the exchange."""

from pathlib import Path

import pytest

from testing.client import Client
from testing.process import ServerProcess

USERS = '[[users]]\nname = "demo1"\npassword = "demo"\n'
TWO = '[[instruments]]\nsymbol = "BTCUSD"\n[[instruments]]\nsymbol = "ETHUSD"\n'
ONE = '[[instruments]]\nsymbol = "ETHUSD"\n'


def test_an_instrument_that_was_taken_out_is_closed_and_its_orders_can_be_canceled(
    tmp_path: Path,
) -> None:
    file = tmp_path / "settings.toml"
    file.write_text(USERS + TWO)
    exchange = ServerProcess(tmp_path / "data", env={"QUANTSCOPE_CONFIG": str(file)}).start()
    order = exchange.place()
    exchange.stop()
    file.write_text(USERS + ONE)
    exchange.start()
    assert "WARNING quantscope.engine: instrument BTCUSD is no longer configured" in exchange.said()
    refused = exchange.place(422)
    assert refused["code"] == "EXCHANGE_CLOSED"
    exchange.place(symbol="ETHUSD")
    assert exchange.cancel(order["order_id"])["status"] == "CANCELED"
    exchange.stop()
    file.write_text(USERS + TWO)
    exchange.start()
    exchange.place()
    exchange.stop()
    exchange.verified()


async def test_a_start_with_the_same_configuration_journals_none_of_it(tmp_path: Path) -> None:
    exchange = ServerProcess(tmp_path / "data", "engine.accounts_max=99")
    for _ in range(2):
        exchange.start()
        exchange.stop()
    kinds = [command["type"] for command in exchange.journal("commands")]
    configured = [kind for kind in kinds if kind not in ("TICK", "GATEWAY_OPEN", "RULES")]
    assert configured == ["SETTINGS"] + ["INSTRUMENT"] * 4 + ["ENTRY_OPEN"] * 16
    assert kinds.count("GATEWAY_OPEN") == 6
    assert kinds.count("RULES") == 1


async def test_a_user_whose_name_is_written_otherwise_goes_on_in_the_same_session(
    tmp_path: Path,
) -> None:
    file = tmp_path / "settings.toml"
    file.write_text(USERS)
    exchange = ServerProcess(tmp_path / "data", env={"QUANTSCOPE_CONFIG": str(file)}).start()
    client = await Client(exchange.binary).login()
    client.place(1)
    await client.expect_new(1)
    await client.logout()
    exchange.stop()
    file.write_text(USERS.replace("demo1", "DEMO1"))
    exchange.start()
    again = await Client(exchange.binary, "DEMO1").login(client.session, 1)
    assert again.last_cl_ord_id == 1
    await again.expect_new(1)
    again.place(2)
    await again.expect_new(2)
    await again.logout()
    exchange.stop()


def test_one_order_cannot_fill_a_side_for_all_others(tmp_path: Path) -> None:
    with ServerProcess(tmp_path / "data") as exchange:
        huge = {"quantity": "92233720368", "price": "92233720368.54"}
        refused = exchange.place(422, side="SELL", **huge)
        assert refused["code"] == "QUANTITY_TOO_LARGE"
        exchange.place(side="SELL", user_id="another", quantity="900000")


@pytest.mark.parametrize("allowed", [False, True])
def test_memory_comes_in_small_pages_but_where_huge_ones_are_wanted(
    tmp_path: Path, allowed: bool
) -> None:
    settings = ("server.huge_pages=true",) if allowed else ()
    with ServerProcess(tmp_path / "data", *settings) as exchange:
        assert exchange.process is not None
        status = Path(f"/proc/{exchange.process.pid}/status").read_text()
    assert f"\nTHP_enabled:\t{int(allowed)}\n" in status
