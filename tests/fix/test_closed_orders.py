"""What a FIX session is told of orders that are closed, and of those that were replaced."""

from testing.fix_client import FixClient, Message
from testing.process import ServerProcess


def values(message: Message, *tags: int) -> list[str | None]:
    """What a message says by these tags."""
    return [message.get(tag) for tag in tags]


async def filled(client: FixClient, *, price: int) -> Message:
    """The fill of an order a of 1 by an order s of the same session."""
    await client.log_on()
    client.place("a", price=price)
    await client.hear()
    client.place("s", side=2, price=price)
    for _ in range(2):
        await client.hear()
    return await client.hear()


async def test_a_closed_order_is_told_as_it_ended(shared: ServerProcess) -> None:
    async with FixClient(shared.fix, "demo1") as client:
        fill = await filled(client, price=61)
        assert values(fill, 11, 39, 150) == ["a", "2", "F"]
        client.say("H", (11, "a"), (55, "BTCUSD"), (54, 1))
        status = await client.hear()
        assert values(status, 35, 37, 11, 150, 39) == ["8", fill[37], "a", "I", "2"]
        assert values(status, 38, 14, 151, 6, 44) == ["1", "1", "0", "61", "61"]
        client.cancel("b", "a")
        refused = await client.hear()
        assert values(refused, 35, 37, 39, 434, 102) == ["9", fill[37], "2", "1", "0"]
        client.amend("c", "a", (38, 5), (44, 61))
        refused = await client.hear()
        assert values(refused, 35, 37, 39, 434, 102) == ["9", fill[37], "2", "2", "0"]


async def test_an_order_that_never_was_is_unknown(shared: ServerProcess) -> None:
    async with FixClient(shared.fix, "demo2") as client:
        await client.log_on()
        client.say("H", (11, "a"), (55, "BTCUSD"), (54, 1))
        status = await client.hear()
        assert values(status, 35, 37, 39, 103) == ["8", "NONE", "8", "5"]
        assert values(status, 14, 151, 6) == ["0", "0", "0"]
        client.cancel("b", "a")
        assert values(await client.hear(), 35, 37, 39, 102) == ["9", "NONE", "8", "1"]


async def test_an_order_amended_to_what_is_executed_is_filled(shared: ServerProcess) -> None:
    async with FixClient(shared.fix, "demo3") as client:
        await client.log_on()
        client.place("a", qty=5, price=62)
        await client.hear()
        client.place("s", side=2, qty=2, price=62)
        for _ in range(3):
            await client.hear()
        client.amend("b", "a", (38, 1), (44, 62))
        replaced = await client.hear()
        assert values(replaced, 11, 41, 150, 39) == ["b", "a", "5", "2"]
        assert values(replaced, 38, 14, 151) == ["2", "2", "0"]
        client.cancel("c", "b")
        assert values(await client.hear(), 35, 39, 102) == ["9", "2", "0"]


async def test_a_replaced_order_is_replaced_in_version_4_2(shared: ServerProcess) -> None:
    for version, status in (("FIX.4.2", "5"), ("FIX.4.4", "0")):
        async with FixClient(shared.fix, "demo4", begin_string=version) as client:
            await client.log_on()
            client.place("a", qty=2, price=3)
            await client.hear()
            client.amend("b", "a", (38, 3), (44, 3))
            assert values(await client.hear(), 150, 39) == ["5", status]
            client.say("H", (11, "b"), (55, "BTCUSD"), (54, 1))
            assert values(await client.hear(), 35, 39) == ["8", status]
            client.amend("c", "b", (38, 3), (44, 3))
            assert values(await client.hear(), 35, 39) == ["9", status]
            client.cancel("d", "b")
            assert values(await client.hear(), 35, 39) == ["8", "4"]
