"""An order that FIX has amended is shown by its newest ClOrdID wherever orders are shown."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from clients.rest_types import Notification, Subscribed
from clients.ws import notifications
from testing.client import hang_up
from testing.fix_client import FixClient
from testing.process import ServerProcess

USER = "demo1"


async def heard(stream: AsyncIterator[Notification | Subscribed]) -> tuple[str, str | None]:
    """What a notification is about, and the client's name of the order."""
    told = await anext(stream)
    assert isinstance(told, Notification)
    return told.event, told.client_order_id


def named(exchange: ServerProcess, order_id: str) -> str:
    """What the order is called, alone and in a list."""
    alone = str(exchange.get(f"/orders/{order_id}")["client_order_id"])
    listed = exchange.get(f"/orders?user_id={USER}")["orders"]
    assert {x["client_order_id"] for x in listed if x["order_id"] == order_id} == {alone}
    return alone


@pytest.mark.parametrize("begin_string", ["FIX.4.2", "FIX.4.4"])
async def test_rest_and_notifications_show_the_newest_name(
    begin_string: str, tmp_path: Path
) -> None:
    with ServerProcess(tmp_path / "data") as exchange:
        stream = notifications(f"ws://127.0.0.1:{exchange.http}", USER)
        assert isinstance(await anext(stream), Subscribed)
        async with FixClient(exchange.fix, USER, begin_string=begin_string) as client:
            await client.log_on()
            client.place("a", (59, 1), qty=5, price=40)
            order_id = (await client.hear())[37]
            assert (await heard(stream), named(exchange, order_id)) == (("NEW", "a"), "a")
            client.amend("b", "a", (38, 4), (44, 40))
            assert (await client.hear())[11] == "b"
            assert (await heard(stream), named(exchange, order_id)) == (("REPLACED", "b"), "b")
            # One that is refused, and one by another door, change no name.
            client.amend("no", "b", (38, 4), (44, 40))
            assert (await client.hear())[35] == "9"
            exchange.amend(order_id, quantity="3")
            assert (await client.hear())[11] == "b"
            assert (await heard(stream), named(exchange, order_id)) == (("REPLACED", "b"), "b")
            exchange.place(user_id="other", side="SELL", price="40", quantity="1")
            assert (await client.hear())[11] == "b"
            assert await heard(stream) == ("TRADE", "b")
            await stream.aclose()  # type: ignore[attr-defined]

            exchange.restart()
            assert named(exchange, order_id) == "b"
            client.port = exchange.fix
            await client.connect()
            await client.log_on()
            client.amend("c", "a", (38, 2), (44, 41))
            assert (await client.hear())[11] == "c"
            assert named(exchange, order_id) == "c"
            client.cancel("d", "c")
            assert (await client.hear())[150] == "4"
            assert named(exchange, order_id) == "c"
        await hang_up()
        exchange.stop()
    exchange.verified()
    # A directory whose store was lost is shown from the log, or from what the engine knows.
    (tmp_path / "data" / "store.db").unlink()
    with ServerProcess(tmp_path / "data") as exchange:
        assert named(exchange, order_id) == "c"
