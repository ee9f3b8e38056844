"""A gap in what a client said that two crashes leave open: it is asked for until it is filled."""

from pathlib import Path

import pytest

from testing.fix_client import Field, FixClient, utc_now
from testing.process import ServerProcess


def again() -> list[Field]:
    """What stands in the header of a message that was sent before."""
    return [(43, "Y"), (122, utc_now())]


@pytest.mark.parametrize("begin_string", ["FIX.4.2", "FIX.4.4"])
async def test_a_gap_is_filled_after_two_crashes_and_no_order_is_lost_or_executed_twice(
    tmp_path: Path, begin_string: str
) -> None:
    with ServerProcess(tmp_path / "data") as exchange:
        async with FixClient(exchange.fix, begin_string=begin_string) as client:
            await client.log_on()
            client.place("a", price=10)
            assert (await client.hear())[11] == "a"
            client.number = 5
            client.place("d", price=10)
            asked = await client.hear()
            assert (asked[35], asked[7], asked[16]) == ("2", "3", "0")
            for number in (6, 7):
                exchange.restart()
                client.port = exchange.fix
                await client.connect()
                client.number = number
                await client.log_on()
                asked = await client.hear()
                assert (asked[35], asked[7], asked[16]) == ("2", "3", "0")
            for number, name in ((3, "b"), (4, "c"), (5, "d")):
                client.number = number
                client.place(name, price=10, header=again())
            client.say("4", (123, "Y"), (36, 8), number=6, header=again())
            client.number = 8
            told = [await client.hear() for _ in range(3)]
            assert [(x[11], x[150]) for x in told] == [("b", "0"), ("c", "0"), ("d", "0")]
            client.say("1", (112, "there?"))
            assert (await client.hear())[112] == "there?"
        shown = exchange.get("/orders?user_id=demo1")["orders"]
        assert sorted(x["client_order_id"] for x in shown) == ["a", "b", "c", "d"]
        exchange.kill()
    exchange.verified()
