"""The order state change matrices, against the exchange that runs (FIX 4.4 volume 4).

Each test has a row's number, and plays both versions; ``docs/fix.md`` has the rows of FIX 4.2's
appendix D beside it. Quantities are the standard's, divided by 1,000. No order is ever pending,
stopped or done for the day here, and no trade is corrected or busted: rows about nothing else have
no test, and the document says so.
"""

import itertools
from collections.abc import AsyncIterator
from decimal import Decimal

import pytest

from testing.fix_client import Field, FixClient, Message, utc_now
from testing.process import ServerProcess
from tests.fix.cases import UNUSED

PRICES = itertools.count(200)


class Watched:
    """An order to buy, X, and somebody who sells to it."""

    def __init__(self, client: FixClient, other: FixClient) -> None:
        self.client = client
        self.other = other
        self.price = next(PRICES)
        self.old = client.begin_string == "FIX.4.2"
        self._names = map(str, itertools.count(1))

    async def new(self, qty: object = 10, name: str = "X", *fields: Field) -> Message:
        """It is entered, and accepted."""
        self.client.place(name, *fields, qty=qty, price=self.price)
        return await self.hears(name, None, "0", "0", qty, 0, qty)

    def replace(self, name: str, orig: str, qty: object, price: object = None) -> None:
        """An amendment is asked for."""
        self.client.amend(name, orig, (38, qty), (44, price or self.price))

    async def sell(self, qty: object) -> None:
        """So much is sold to it; it is not heard yet."""
        self.other.place(next(self._names), side=2, qty=qty, price=self.price)
        assert [(await self.other.hear())[39] for _ in range(2)] == ["0", "2"]

    async def filled(self, name: str, qty: object, total: object, cum: object) -> Message:
        """So much is sold to it, and reported."""
        await self.sell(qty)
        return await self.trade(name, qty, total, cum)

    async def trade(self, name: str, last: object, total: object, cum: object) -> Message:
        """The report of a trade."""
        leaves = Decimal(str(total)) - Decimal(str(cum))
        status = "1" if leaves else "2"
        report = await self.hears(name, None, "F", status, total, cum, leaves)
        assert Decimal(report[32]) == Decimal(str(last))
        assert Decimal(report[31]) == self.price
        return report

    async def hears(
        self,
        name: str,
        orig: str | None,
        exec_type: str,
        status: str,
        qty: object,
        cum: object,
        leaves: object,
    ) -> Message:
        """The next message is this ExecutionReport, in the words of the version."""
        report = await self.client.hear()
        if self.old:
            exec_type = status if exec_type in ("F", "I") else exec_type
            assert report[20] == ("3" if report[17] == "0" else "0")
            if (exec_type, status) == ("5", "0"):
                status = "5"
        found = [report.get(tag) for tag in (35, 11, 41, 150, 39)]
        assert found == ["8", name, orig, exec_type, status], report
        quantities = [Decimal(report[tag]) for tag in (38, 14, 151)]
        assert quantities == [Decimal(str(x)) for x in (qty, cum, leaves)], report
        return report

    async def hears_reject(self, name: str, orig: str, status: str, to: int, why: int) -> Message:
        """The next message is this OrderCancelReject; FIX.4.2 has fewer reasons."""
        reject = await self.client.hear()
        found = [reject.get(tag) for tag in (35, 11, 41, 39, 434)]
        assert found == ["9", name, orig, status, str(to)], reject
        assert reject[102] == str(2 if self.old and why > 1 else why)
        return reject

    async def hears_no_more(self) -> None:
        """Nothing else was said."""
        assert await self.client.goes_on() == []


@pytest.fixture
async def order(anyone: ServerProcess, session: FixClient) -> AsyncIterator[Watched]:
    """An order of a session of its own; what is left of it is canceled in the end."""
    async with FixClient(anyone.fix, f"seller-{next(UNUSED)}") as other:
        await other.log_on()
        yield Watched(session, other)
        await session.goes_on()
    for who in (session, other):
        anyone.cancel_all(who.comp_id)


# Matrix A, vanilla


async def test_a_1_a_filled_order(order: Watched) -> None:
    await order.new()
    await order.filled("X", 2, 10, 2)
    await order.filled("X", 1, 10, 3)
    last = await order.filled("X", 7, 10, 10)
    assert last[6] == str(order.price)
    await order.hears_no_more()


async def test_a_1_a_an_order_that_is_refused(order: Watched) -> None:
    order.client.place("X", qty=0, price=order.price)
    await order.hears("X", None, "8", "8", 0, 0, 0)
    await order.hears_no_more()


# Matrix B, cancel


async def test_b_1_a_cancel_request_for_a_zero_filled_order(order: Watched) -> None:
    await order.new()
    order.client.cancel("Y", "X")
    await order.hears("Y", "X", "4", "4", 10, 0, 0)
    await order.hears_no_more()


async def test_b_1_b_cancel_request_for_a_part_filled_order(order: Watched) -> None:
    await order.new()
    await order.filled("X", 2, 10, 2)
    await order.sell(5)
    order.client.cancel("Y", "X")
    await order.trade("X", 5, 10, 7)
    await order.hears("Y", "X", "4", "4", 10, 7, 0)
    await order.hears_no_more()


async def test_b_1_c_cancel_request_for_an_order_that_is_filled_before(order: Watched) -> None:
    await order.new()
    await order.filled("X", 2, 10, 2)
    await order.sell(8)
    order.client.cancel("Y", "X")
    await order.trade("X", 8, 10, 10)
    await order.hears_reject("Y", "X", "2", 1, 0)
    await order.hears_no_more()


async def test_b_1_d_and_e_cancel_request_before_the_acknowledgment(order: Watched) -> None:
    order.client.place("X", qty=10, price=order.price)
    order.client.cancel("Y", "X")
    await order.hears("X", None, "0", "0", 10, 0, 10)
    await order.hears("Y", "X", "4", "4", 10, 0, 0)
    await order.hears_no_more()


async def test_b_1_f_cancel_request_for_an_unknown_order(order: Watched) -> None:
    order.client.cancel("Y", "X")
    reject = await order.hears_reject("Y", "X", "8", 1, 1)
    assert reject[37] == "NONE"
    await order.hears_no_more()


# Matrix C, changes of the quantity


async def test_c_1_a_increase_of_a_zero_filled_order(order: Watched) -> None:
    await order.new()
    order.replace("Y", "X", 11)
    await order.hears("Y", "X", "5", "0", 11, 0, 11)
    await order.filled("Y", 1, 11, 1)
    await order.filled("Y", 10, 11, 11)
    await order.hears_no_more()


async def test_c_1_b_increase_of_a_part_filled_order(order: Watched) -> None:
    await order.new()
    await order.filled("X", 1, 10, 1)
    await order.sell("0.1")
    order.replace("Y", "X", 12)
    await order.trade("X", "0.1", 10, "1.1")
    await order.hears("Y", "X", "5", "1", 12, "1.1", "10.9")
    await order.filled("Y", "10.9", 12, 12)
    await order.hears_no_more()


async def test_c_1_c_increase_of_a_filled_order(order: Watched) -> None:
    await order.new()
    await order.filled("X", 10, 10, 10)
    order.replace("Y", "X", 12)
    await order.hears_reject("Y", "X", "2", 2, 0)
    await order.hears_no_more()


async def test_c_2_a_another_price_for_an_order_that_is_filled_before(order: Watched) -> None:
    await order.new()
    await order.filled("X", 1, 10, 1)
    await order.sell(9)
    order.replace("Y", "X", 10, price=order.price - 1)
    await order.trade("X", 9, 10, 10)
    await order.hears_reject("Y", "X", "2", 2, 0)
    await order.hears_no_more()


async def test_c_3_a_decrease_to_more_than_is_executed(order: Watched) -> None:
    await order.new()
    await order.filled("X", 1, 10, 1)
    await order.sell("0.5")
    order.replace("Y", "X", 8)
    await order.trade("X", "0.5", 10, "1.5")
    await order.hears("Y", "X", "5", "1", 8, "1.5", "6.5")
    await order.filled("Y", "6.5", 8, 8)
    await order.hears_no_more()


async def test_c_3_b_decrease_to_what_is_executed(order: Watched) -> None:
    await order.new()
    await order.sell(7)
    order.replace("Y", "X", 7)
    await order.trade("X", 7, 10, 7)
    await order.hears("Y", "X", "5", "2", 7, 7, 0)
    await order.hears_no_more()


async def test_c_3_c_decrease_to_less_than_is_executed(order: Watched) -> None:
    await order.new()
    await order.sell(8)
    order.replace("Y", "X", 7)
    await order.trade("X", 8, 10, 8)
    await order.hears("Y", "X", "5", "2", 8, 8, 0)
    await order.hears_no_more()


# Matrix D, sequences and chains


async def test_d_1_a_one_replace_is_accepted_and_then_another(order: Watched) -> None:
    await order.new()
    await order.filled("X", 1, 10, 1)
    order.replace("Y", "X", 8)
    await order.hears("Y", "X", "5", "1", 8, 1, 7)
    await order.filled("Y", 1, 8, 2)
    order.replace("Z", "Y", 6)
    await order.hears("Z", "Y", "5", "1", 6, 2, 4)
    await order.filled("Z", 4, 6, 6)
    await order.hears_no_more()


async def test_d_1_b_one_replace_is_rejected_and_then_another_accepted(order: Watched) -> None:
    await order.new()
    await order.filled("X", 1, 10, 1)
    order.replace("Y", "X", 8, price=-1)
    await order.hears_reject("Y", "X", "1", 2, 99)
    order.replace("Z", "X", 6)
    await order.hears("Z", "X", "5", "1", 6, 1, 5)
    await order.hears_no_more()


async def test_d_2_a_two_replaces_at_once_are_processed_in_sequence(order: Watched) -> None:
    await order.new()
    await order.filled("X", 1, 10, 1)
    order.replace("Y", "X", 8)
    order.replace("Z", "Y", 7)
    await order.hears("Y", "X", "5", "1", 8, 1, 7)
    await order.hears("Z", "Y", "5", "1", 7, 1, 6)
    await order.filled("Z", 6, 7, 7)
    await order.hears_no_more()


async def test_d_2_c_two_replaces_at_once_are_both_rejected(order: Watched) -> None:
    await order.new()
    await order.filled("X", 1, 10, 1)
    order.replace("Y", "X", 8, price=-1)
    # Y was never the order's: whoever builds upon it is told what is.
    order.replace("Z", "Y", 7)
    await order.hears_reject("Y", "X", "1", 2, 99)
    await order.hears_reject("Z", "X", "1", 2, 99)
    order.client.cancel("C", "Z")
    await order.hears_reject("C", "X", "1", 1, 99)
    order.replace("W", "X", 7)
    await order.hears("W", "X", "5", "1", 7, 1, 6)
    # Also of the request's older name the newest is told, and once the order is over.
    order.replace("V", "X", 0)
    await order.hears_reject("V", "W", "1", 2, 99)
    await order.filled("W", 6, 7, 7)
    order.client.cancel("D", "Z")
    await order.hears_reject("D", "W", "2", 1, 99)
    order.client.cancel("E", "X")
    await order.hears_reject("E", "W", "2", 1, 0)
    await order.hears_no_more()


# Matrix E, unsolicited


async def test_e_1_b_unsolicited_cancel_of_a_part_filled_order(
    order: Watched, anyone: ServerProcess
) -> None:
    new = await order.new()
    await order.filled("X", 1, 10, 1)
    anyone.cancel(new[37])
    canceled = await order.hears("X", None, "4", "4", 10, 1, 0)
    assert canceled.get(378) == (None if order.old else "8")
    assert canceled[58]
    await order.hears_no_more()


async def test_e_1_c_unsolicited_replacement_of_a_part_filled_order(
    order: Watched, anyone: ServerProcess
) -> None:
    new = await order.new()
    anyone.amend(new[37], quantity="11")
    restated = await order.hears("X", None, "D", "0", 11, 0, 11)
    assert restated[378] == ("4" if order.old else "8")
    await order.filled("X", 1, 11, 1)
    anyone.amend(new[37], quantity="12")
    await order.hears("X", None, "D", "1", 12, 1, 11)
    await order.hears_no_more()


async def test_e_1_d_unsolicited_reduction(order: Watched) -> None:
    await order.new()
    own: list[Field] = [(2964, 100)]
    order.client.place("Y", *own, side=2, qty=4, price=order.price)
    await order.hears("Y", None, "0", "0", 4, 0, 4)
    told = [await order.client.hear() for _ in range(2)]
    (reduced,) = (x for x in told if x[11] == "X")
    assert [reduced[tag] for tag in (150, 39, 38, 151, 378)] == ["D", "0", "6", "6", "5"]
    await order.hears_no_more()


# Matrix F, rejects


async def test_f_1_a_order_rejected_due_to_a_duplicate_cl_ord_id(order: Watched) -> None:
    await order.new()
    await order.filled("X", 1, 10, 1)
    order.client.place("X", qty=15, price=order.price)
    reject = await order.hears("X", None, "8", "8", 15, 0, 0)
    assert reject[103] == "6"
    await order.hears_no_more()


async def test_f_1_b_possible_resend_and_duplicate_cl_ord_id(order: Watched) -> None:
    await order.new()
    order.client.place("X", qty=10, price=order.price, header=[(97, "Y")])
    await order.hears("X", None, "I", "0", 10, 0, 10)
    order.client.place("Y", qty=15, price=order.price, header=[(97, "Y")])
    await order.hears("Y", None, "0", "0", 15, 0, 15)
    await order.hears_no_more()


# Matrix G, status


def asks(order: Watched, name: str) -> None:
    """OrderStatusRequest."""
    order.client.say("H", (11, name), (55, "BTCUSD"), (54, 1))


async def test_g_1_a_status_request_for_an_unknown_order(order: Watched) -> None:
    asks(order, "X")
    status = await order.hears("X", None, "I", "8", 0, 0, 0)
    assert (status[37], status[103]) == ("NONE", "5")
    await order.hears_no_more()


async def test_g_1_b_nothing_done_in_response_to_a_status_request(order: Watched) -> None:
    await order.new()
    asks(order, "X")
    await order.hears("X", None, "I", "0", 10, 0, 10)
    await order.hears_no_more()


async def test_g_1_c_status_requests_from_the_first_moment_to_the_last(order: Watched) -> None:
    order.client.place("X", qty=10, price=order.price)
    asks(order, "X")
    await order.hears("X", None, "0", "0", 10, 0, 10)
    await order.hears("X", None, "I", "0", 10, 0, 10)
    await order.filled("X", 2, 10, 2)
    asks(order, "X")
    await order.hears("X", None, "I", "1", 10, 2, 8)
    await order.filled("X", 8, 10, 10)
    asks(order, "X")
    await order.hears("X", None, "I", "2", 10, 10, 0)
    await order.hears_no_more()


# Matrix I, time in force


async def test_i_1_a_fill_or_kill_order_that_can_t_be_filled(order: Watched) -> None:
    order.other.place("s", side=2, qty=9, price=order.price)
    await order.other.hear()
    await order.new(10, "X", (59, 4))
    await order.hears("X", None, "4", "4", 10, 0, 0)
    await order.hears_no_more()
    order.other.cancel("c", "s", side=2)
    await order.other.hear()


@pytest.mark.parametrize("there", [0, 1])
async def test_i_1_b_immediate_or_cancel_order_that_is_not_hit_at_once(
    order: Watched, there: int
) -> None:
    if there:
        order.other.place("s", side=2, qty=1, price=order.price)
        await order.other.hear()
    await order.new(10, "X", (59, 3))
    if there:
        await order.trade("X", 1, 10, 1)
    await order.hears("X", None, "4", "4", 10, there, 0)
    await order.hears_no_more()


# Matrix L, miscellaneous


async def test_l_1_b_cash_order_qty_is_not_taken_in_place_of_order_qty(order: Watched) -> None:
    order.client.say(
        "D",
        *([(21, 1)] if order.old else []),
        *((11, "X"), (55, "BTCUSD"), (54, 1), (60, utc_now()), (40, 2), (44, order.price)),
        (152, 1000),
    )
    said = await order.client.hear()
    assert [said[tag] for tag in (35, 372, 380)] == ["j", "D", "5"]
    await order.hears_no_more()
