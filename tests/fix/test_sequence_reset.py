"""A SequenceReset in reset mode is journaled: a kill behind its answer does not take it back."""

from pathlib import Path

import pytest

from testing.fix_client import FixClient
from testing.process import ServerProcess
from tests.fix.cases import rejected


@pytest.mark.parametrize("begin_string", ["FIX.4.2", "FIX.4.4"])
async def test_a_reset_that_was_answered_outlives_a_kill(begin_string: str, tmp_path: Path) -> None:
    with ServerProcess(tmp_path / "data") as exchange:
        async with FixClient(exchange.fix, begin_string=begin_string) as client:
            await client.log_on()
            client.place("a", (59, 1), price=30)
            assert (await client.hear())[150] == "0"
            # Behind a gap, too: what it passes over is lost, and nobody asks for it any more.
            client.say("0", number=7)
            assert (await client.hear())[35] == "2"
            client.say("4", (36, 50), number=3)
            answer = await client.hear()
            assert (answer[35], answer.get(112)) == ("0", None)

            exchange.restart()
            client.port, client.number = exchange.fix, 50
            await client.connect()
            assert (await client.log_on())[34] == str(int(answer[34]) + 1)
            assert await client.goes_on() == []
            client.cancel("b", "a")
            assert (await client.hear())[150] == "4"

            exchange.restart()
            client.port, client.number = exchange.fix, 49
            await client.connect()
            client.say("A", (98, 0), (108, 30), *client.credentials())
            (said,) = await client.closed()
            assert said[58] == "MsgSeqNum too low, expecting 53 but received 49"


async def test_a_reset_before_an_order_is_journaled_with_what_it_was(tmp_path: Path) -> None:
    with ServerProcess(tmp_path / "data") as exchange:
        async with FixClient(exchange.fix) as client:
            await client.log_on()
            # Both are read at once.
            reset, client.number = client.made("4", (36, 50)), 50
            client.writer.write(reset)
            client.place("a", (59, 1), price=30)
            assert [(await client.hear())[35], (await client.hear())[150]] == ["0", "0"]

            exchange.restart()
            client.port = exchange.fix
            await client.connect()
            await client.log_on()
            assert await client.goes_on() == []


@pytest.mark.parametrize(("fill", "number"), [("N", 99), ("Y", 2)])
async def test_a_number_that_can_not_be_journaled_is_rejected(
    session: FixClient, fill: str, number: int
) -> None:
    session.say("4", (123, fill), (36, 2**40), number=number)
    rejected(await session.hear(), number, 5, 36)
    session.number = 3 if fill == "Y" else 2
    assert await session.goes_on() == []
