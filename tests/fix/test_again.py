"""A conversation that is told again from its first message on is the same conversation."""

from pathlib import Path

import pytest

from testing.fix_client import FixClient, utc_now
from testing.foreign_fix.contents import Numbers
from testing.foreign_fix.text import ForeignMessage
from testing.process import ServerProcess

ONCE = ("A", "0", "1", "2", "4", "5", "y", "f")
"""What is true only when it is said: a gap is told in its place."""
ROUNDS = 25


async def converse(client: FixClient, other: FixClient) -> None:
    """Something of each kind, many times; the other line only trades."""
    newer = client.begin_string == "FIX.4.4"
    for number in range(ROUNDS):
        one, two, three = (f"{name}{number}" for name in "abc")
        client.place(one, price=100)
        client.place(one, price=100)  # a duplicate
        client.amend(two, one, (38, 3), (44, 101))
        client.say("H", (11, two), (55, "BTCUSD"), (54, 1))
        other.place(f"o{number}", side=2, price=101, qty=1)
        await other.hear()
        await other.hear()
        client.cancel(three, two)
        client.cancel(f"d{number}", two)  # too late
        client.place(f"e{number}", qty=0)  # refused
        client.place(f"f{number}", price="a price")  # a Reject
        client.say("B", (148, "news"))  # a BusinessMessageReject
        client.place(f"g{number}", (59, 3), price=99)  # nothing to take: it is canceled
        client.place(f"h{number}", price=90)
        client.place(f"i{number}", side=2, price=90)  # would trade with itself
        if newer:
            client.say("x", (320, f"l{number}"), (559, 4))
            client.say("e", (324, f"s{number}"), (55, "BTCUSD"), (263, 0))
            client.say("q", (11, f"j{number}"), (530, 7), (60, utc_now()))
    await until(client, "end")


async def until(client: FixClient, word: str) -> list[ForeignMessage]:
    """All that comes before the answer to a TestRequest, as it came."""
    client.say("1", (112, word))
    begin = len(client.came)
    while (await client.hear()).get(112) != word:
        pass
    return came(client, begin)


def came(client: FixClient, begin: int) -> list[ForeignMessage]:
    """What it has heard from there on, but for the last message."""
    return [ForeignMessage("in", message.decode("latin-1")) for message in client.came[begin:-1]]


@pytest.mark.parametrize("begin_string", ["FIX.4.2", "FIX.4.4"])
async def test_all_that_is_told_again_is_what_was_told(begin_string: str, tmp_path: Path) -> None:
    with ServerProcess(tmp_path / "data") as exchange:
        async with (
            FixClient(exchange.fix, begin_string=begin_string) as client,
            FixClient(exchange.fix, "demo2") as other,
        ):
            await client.log_on()
            await other.log_on()
            await converse(client, other)
            first, last = came(client, 0), int(client.heard[-1][34])
            client.say("2", (7, 1), (16, 0))
            again = await until(client, "again")
            held(first, again, last)

            exchange.restart()
            client.port = exchange.fix
            await client.connect()
            await client.log_on()
            client.say("2", (7, 1), (16, last))
            held(first, await until(client, "after a kill"), last)

            # A part of it, and one message of it.
            number = next(int(x[34]) for x in first if x[35] == "8")
            client.say("2", (7, number), (16, number))
            (one,) = await until(client, "one")
            assert (one[34], one[35], one[43]) == (str(number), "8", "Y")


def held(first: list[ForeignMessage], again: list[ForeignMessage], last: int) -> None:
    """The same messages, with the same numbers; others were filled, and none is missing."""
    numbers = Numbers(first)
    for message in again:
        assert message[43] == "Y"
        numbers.hear(message)
    assert numbers.whole_to(last)
    told = [x[34] for x in again if x[35] != "4"]
    assert told == [x[34] for x in first if x[35] not in ONCE]
    assert {x[35] for x in again} >= {"8", "9", "3", "j", "4"}
