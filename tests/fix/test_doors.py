"""One user by three doors at once: each is told of its own orders, and REST shows all of them."""

from collections.abc import AsyncIterator
from pathlib import Path

from clients.rest_types import Notification, Subscribed
from clients.ws import notifications
from protocol import messages as m
from testing.client import Client, hang_up
from testing.fix_client import FixClient, Message
from testing.process import ServerProcess

USER = "demo1"


async def test_each_door_is_told_of_its_own_and_rest_shows_all(tmp_path: Path) -> None:
    with ServerProcess(tmp_path / "data") as exchange:
        stream = notifications(f"ws://127.0.0.1:{exchange.http}", USER)
        assert isinstance(await anext(stream), Subscribed)
        binary = await Client(exchange.binary, USER).login()
        async with (
            FixClient(exchange.fix, USER) as newer,
            FixClient(exchange.fix, USER, begin_string="FIX.4.2") as older,
            FixClient(exchange.fix, "demo2") as other,
        ):
            for client in (newer, older, other):
                await client.log_on()
            # An order by each door, all with names that only their door knows.
            binary.place(1, price=100)
            placed = {"1": str((await binary.expect_new(1)).order_id)}
            for client, name in ((newer, "a text"), (older, "another text")):
                client.place(name, price=100)
                placed[name] = (await client.hear())[37]
            answer = exchange.place(user_id=USER, price="100", client_order_id="by REST")
            placed["by REST"] = answer["order_id"]

            shown = exchange.get(f"/orders?user_id={USER}")
            assert {x["client_order_id"]: x["order_id"] for x in shown["orders"]} == placed
            assert shown["count"] == 4
            assert {await named(stream) for _ in range(4)} == set(placed)

            # Another account takes all four; each door hears of its own trade alone.
            other.place("all", side=2, price=100, qty=4)
            told = [await other.hear() for _ in range(5)]
            assert [x[150] for x in told] == ["0", "F", "F", "F", "F"]
            trade = await binary.expect(m.ExecutionReportTrade, cl_ord_id=1)
            assert str(trade.order_id) == placed["1"]
            assert shows(await newer.hear()) == ("a text", placed["a text"], "F", "2")
            assert shows(await older.hear()) == ("another text", placed["another text"], "2", "2")
            assert {await named(stream) for _ in range(4)} == set(placed)

            # What one door entered another cancels, and the one is told.
            newer.place("b", price=90)
            order_id = (await newer.hear())[37]
            exchange.cancel(order_id)
            assert shows(await newer.hear()) == ("b", order_id, "4", "4")
            canceled = exchange.get(f"/orders/{order_id}")
            assert (canceled["client_order_id"], canceled["status"]) == ("b", "CANCELED")

            # Nothing else was told to anybody.
            for client in (newer, older, other):
                client.say("1", (112, "else"))
                assert (await client.hear())[112] == "else"
            binary.place(2, price=80)
            await binary.expect_new(2)
            await binary.logout()
        await stream.aclose()  # type: ignore[attr-defined]
        await hang_up()


async def named(stream: AsyncIterator[Notification | Subscribed]) -> str | None:
    """The client's name of the order that the next notification is about."""
    told = await anext(stream)
    assert isinstance(told, Notification)
    return told.client_order_id


def shows(report: Message) -> tuple[str, str, str, str]:
    """ClOrdID, OrderID, ExecType and OrdStatus."""
    return report[11], report[37], report[150], report[39]
