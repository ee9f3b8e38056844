"""Orders over FIX, from socket to socket: what is asked, and what is told for it."""

import pytest

from testing.fix_client import FixClient, Message, utc_now
from testing.process import ServerProcess

VERSIONS = ("FIX.4.4", "FIX.4.2")


def shows(message: Message, **expected: object) -> None:
    """A message has these values, by names of FIX's tags."""
    found = {name: message.get(TAGS[name]) for name in expected}
    assert found == {name: None if x is None else str(x) for name, x in expected.items()}, message


TAGS = {
    "type": 35,
    "number": 34,
    "order_id": 37,
    "cl": 11,
    "orig": 41,
    "exec_type": 150,
    "status": 39,
    "qty": 38,
    "leaves": 151,
    "cum": 14,
    "avg": 6,
    "last_qty": 32,
    "last_px": 31,
    "trans": 20,
    "side": 54,
    "reason": 103,
    "cxl_reason": 102,
    "response": 434,
    "text": 58,
    "symbol": 55,
    "ref": 45,
    "ref_type": 372,
    "business": 380,
    "reject": 373,
    "ref_tag": 371,
    "restated": 378,
    "affected": 533,
    "mass": 531,
}


async def test_an_order_is_accepted_amended_traded_and_canceled(shared: ServerProcess) -> None:
    async with FixClient(shared.fix, "demo1") as client:
        await client.log_on()
        client.place("a", qty=3, price="50.5")
        new = await client.hear()
        shows(new, type=8, cl="a", exec_type=0, status=0, qty=3, leaves=3, cum=0, avg=0, side=1)
        client.amend("b", "a", (38, 5), (44, "50.5"))
        shows(await client.hear(), cl="b", orig="a", exec_type=5, status=0, qty=5, leaves=5)
        client.place("c", side=2, qty="1.5", price="50.5")
        shows(await client.hear(), cl="c", exec_type=0, side=2, qty="1.5")
        shows(
            await client.hear(),
            cl="c",
            exec_type="F",
            status=2,
            last_qty="1.5",
            last_px="50.5",
            leaves=0,
            cum="1.5",
            avg="50.5",
        )
        shows(await client.hear(), cl="b", exec_type="F", status=1, qty=5, leaves="3.5", cum="1.5")
        client.cancel("d", "b")
        canceled = await client.hear()
        shows(canceled, cl="d", orig="b", exec_type=4, status=4, qty=5, leaves=0, cum="1.5")
        assert canceled[37] == new[37]


async def test_version_4_2_says_it_in_its_own_words(shared: ServerProcess) -> None:
    async with FixClient(shared.fix, "demo2", begin_string="FIX.4.2") as client:
        await client.log_on()
        client.place("a", price=51)
        shows(await client.hear(), exec_type=0, status=0, trans=0)
        client.amend("b", "a", (38, 2), (44, 51))
        shows(await client.hear(), cl="b", orig="a", exec_type=5, status=5)
        client.place("c", side=2, price=51)
        await client.hear()
        shows(await client.hear(), cl="c", exec_type=2, status=2, trans=0)
        shows(await client.hear(), cl="b", exec_type=1, status=1, trans=0)
        client.say("H", (11, "b"), (55, "BTCUSD"), (54, 1))
        status = await client.hear()
        shows(status, cl="b", exec_type=1, status=1, trans=3)
        assert status[17] == "0"
        client.say("q", (11, "m"), (530, 7), (60, utc_now()))
        shows(await client.hear(), type=3, ref_type="q", reject=11)


async def test_what_is_refused_says_why(shared: ServerProcess) -> None:
    async with FixClient(shared.fix, "demo3") as client:
        await client.log_on()
        client.place("a", qty=0)
        shows(await client.hear(), exec_type=8, status=8, reason=13, text="INVALID_QUANTITY")
        client.place("a", price=52)
        shows(await client.hear(), exec_type=8, reason=6, text="DUPLICATE_CLIENT_ORDER_ID")
        client.cancel("b", "nothing")
        shows(await client.hear(), type=9, cl="b", orig="nothing", order_id="NONE", cxl_reason=1)
        client.place("c", (1, "somebody else"))
        shows(await client.hear(), type="j", business=6, ref_type="D")
        client.place("c", price="1.123456789")
        shows(await client.hear(), type=3, reject=5, ref_tag=44)
        client.place("c", price="1e3")
        shows(await client.hear(), type=3, reject=6, ref_tag=44)
        client.say("D", (11, "c"), (55, "NOPE"), (54, 1), (60, utc_now()), (38, 1), (40, 1))
        shows(await client.hear(), type="j", business=2, ref_type="D")
        client.say("B", (148, "news"))
        shows(await client.hear(), type="j", business=3, ref_type="B")
        client.say("zz")
        shows(await client.hear(), type=3, reject=11, ref_type="zz")


async def test_a_mass_cancel_takes_the_sessions_own_orders(shared: ServerProcess) -> None:
    async with FixClient(shared.fix, "demo4") as client:
        await client.log_on()
        for name in ("a", "b"):
            client.place(name, price=20)
            await client.hear()
        client.say("q", (11, "m"), (530, 7), (60, utc_now()))
        told = await client.hear_until("r")
        assert [(x[11], x.get(41), x[150]) for x in told[:-1]] == [
            ("a", None, "4"),
            ("b", None, "4"),
        ]
        shows(told[-1], cl="m", mass=7, affected=2)


async def test_a_mass_cancel_of_what_there_is_not_has_its_own_answer(
    shared: ServerProcess,
) -> None:
    async with FixClient(shared.fix, "demo4") as client:
        await client.log_on((141, "Y"))
        client.place("c", price=20)
        await client.hear()
        for name, symbol in (("n", [(55, "NOPE")]), ("o", [(48, "NOPE"), (22, 8)])):
            client.say("q", (11, name), (530, 1), *symbol, (60, utc_now()))
            refused = await client.hear()
            shows(refused, type="r", cl=name, mass=0, affected=0, text="UNKNOWN_SYMBOL")
            assert (refused[530], refused[532], refused.get(55)) == ("1", "1", None)
        # The request has had its name, and no symbol is still none.
        client.say("q", (11, "n"), (530, 7), (60, utc_now()))
        shows(await client.hear(), type="r", cl="n", mass=0, text="DUPLICATE_CLIENT_ORDER_ID")
        client.say("q", (11, "p"), (530, 1), (60, utc_now()))
        shows(await client.hear(), type=3, reject=1, ref_tag=55)
        client.cancel("d", "c")
        shows(await client.hear(), cl="d", exec_type=4)


async def test_instruments_are_listed_and_have_a_status(shared: ServerProcess) -> None:
    async with FixClient(shared.fix, "demo5") as client:
        await client.log_on()
        client.say("x", (320, "all"), (559, 4))
        fields = await client.hear_fields()
        symbols = [value for tag, value in fields if tag == 55]
        assert symbols == ["BTCUSD", "ETHUSD", "SOLUSD", "XRPUSD"]
        assert dict(fields)[893] == "Y"
        client.say("x", (320, "one"), (559, 0), (55, "ETHUSD"))
        assert [value for tag, value in await client.hear_fields() if tag == 55] == ["ETHUSD"]
        client.say("e", (324, "s"), (55, "BTCUSD"), (263, 0))
        status = await client.hear()
        assert (status[35], status[324], status[326]) == ("f", "s", "17")


@pytest.mark.parametrize("begin_string", VERSIONS)
async def test_what_was_perhaps_sent_before_is_confirmed(
    shared: ServerProcess, begin_string: str
) -> None:
    async with FixClient(shared.fix, "demo6", begin_string=begin_string) as client:
        await client.log_on()
        client.place("a", price=21)
        new = await client.hear()
        client.place("a", price=21, header=[(97, "Y")])
        confirmed = await client.hear()
        assert (confirmed[37], confirmed[11], confirmed[39]) == (new[37], "a", "0")
        assert confirmed[150] == ("I" if begin_string == "FIX.4.4" else "0")
        client.cancel("b", "a")
        await client.hear()


@pytest.mark.parametrize("begin_string", VERSIONS)
async def test_what_was_refused_before_is_refused_as_before(
    shared: ServerProcess, begin_string: str
) -> None:
    async with FixClient(shared.fix, "demo7", begin_string=begin_string) as client:
        await client.log_on()
        client.place("a", qty=0, price=21)
        refused = await client.hear()
        shows(refused, exec_type=8, status=8, text="INVALID_QUANTITY")
        client.place("a", qty=0, price=21, header=[(97, "Y")])
        again = await client.hear()
        assert again[37] == "NONE", "it makes no second order"
        once = {8, 9, 10, 17, 34, 37, 52, 60}
        assert {x: again[x] for x in again if x not in once} == {
            x: refused[x] for x in refused if x not in once
        }
        client.place("a", qty=1, price=21)
        shows(await client.hear(), exec_type=8, text="DUPLICATE_CLIENT_ORDER_ID")
        # What never was an order is no refusal of one.
        client.cancel("b", "nothing")
        shows(await client.hear(), type=9)
        client.place("b", price=21, header=[(97, "Y")])
        shows(await client.hear(), type=8, order_id="NONE", status=8, reason=5)
    assert len(shared.get("/orders?user_id=demo7")["orders"]) == VERSIONS.index(begin_string) + 1


@pytest.mark.parametrize("begin_string", VERSIONS)
async def test_an_amended_order_is_told_with_all_its_terms(
    shared: ServerProcess, begin_string: str
) -> None:
    async with FixClient(shared.fix, "demo8", begin_string=begin_string) as client:
        await client.log_on()
        terms = [40, 44, 59, 18]
        for name, more, stays in (("g", [(59, 1)], "1"), ("d", [(18, 6)], "0")):
            client.place(name, *more, price=22)
            new = await client.hear()
            assert [new.get(x) for x in terms] == ["2", "22", stays, "6" if name == "d" else None]
            client.amend(f"{name}2", name, (38, 3), (44, 23))
            replaced = await client.hear()
            shows(replaced, exec_type=5, qty=3)
            assert [replaced.get(x) for x in terms] == ["2", "23", *(new.get(x) for x in (59, 18))]
            assert set(replaced) == {*new, 41}
            shared.amend(new[37], quantity="4")
            restated = await client.hear()
            shows(restated, cl=f"{name}2", exec_type="D", qty=4)
            assert set(restated) == {*new, 378}
            assert (restated[59], restated.get(18)) == (stays, new.get(18))
            client.cancel(f"{name}3", f"{name}2")
            await client.hear()
