"""Orders that tests of a journal's fate place first, and look for afterwards."""

from typing import Any

from testing.client import Client
from testing.port import Exchange
from testing.process import ServerProcess

SOON = ("journal.snapshot_interval_s=0.1", "journal.snapshot_commands_min=5")
"""Snapshots at a pace at which a test sees one."""


async def trade(exchange: Exchange, count: int) -> tuple[Client, list[int]]:
    """Orders one after the other, each in a commit of its own; their ids."""
    client = await Client(exchange.binary).login()
    ids = []
    for number in range(client.last_cl_ord_id + 1, client.last_cl_ord_id + 1 + count):
        client.place(number)
        ids.append((await client.expect_new(number)).order_id)
    return client, ids


def place_some(exchange: ServerProcess, count: int, user: str) -> list[dict[str, Any]]:
    orders = []
    for number in range(count):
        order = exchange.place(user_id=user, client_order_id=f"{user}-{number}")
        orders.append(order)
    return orders


def expect_open(exchange: ServerProcess, orders: list[dict[str, Any]]) -> None:
    """Each is found by its id, in its user's list, and by a repeat, with its real terms."""
    listed: dict[str, dict[str, Any]] = {}
    for user in {order["user_id"] for order in orders}:
        page = exchange.get(f"/orders?user_id={user}&status=NEW&limit=1000")
        listed |= {order["order_id"]: order for order in page["orders"]}
    for order in orders:
        status, found = exchange.ask(f"/orders/{order['order_id']}")
        assert status == 200
        for told in (found, listed[order["order_id"]]):
            for field in ("user_id", "symbol", "price", "quantity", "status", "client_order_id"):
                assert told[field] == order[field], field
    first = orders[0]
    again = exchange.try_place(user_id=first["user_id"], client_order_id=first["client_order_id"])
    assert (again[0], again[1]["order_id"]) == (200, first["order_id"])
