"""The FIX session layer test cases of the acceptor from 8 on, against the exchange that runs.

14 stands in ``test_session_fields``.  17, encryption, is not offered.
"""

import pytest

from testing.fix_client import FixClient, Message, encoded, fields_of, utc_now
from tests.fix.cases import AGAIN, logged_out, rejected

# 8: ResendRequest


async def told(session: FixClient) -> list[Message]:
    """Numbers 1 to 5 are told: Logon, report, Heartbeat, report, Heartbeat."""
    for name in ("a", "b"):
        session.place(name, price=30)
        await session.hear()
        await session.goes_on()
    return session.heard[:5]


@pytest.mark.parametrize(
    ("first", "last", "expected"),
    [
        (1, 0, [("4", 1, 2), ("8", 2, 0), ("4", 3, 4), ("8", 4, 0), ("4", 5, 6)]),
        (1, 999_999, [("4", 1, 2), ("8", 2, 0), ("4", 3, 4), ("8", 4, 0), ("4", 5, 6)]),
        (2, 4, [("8", 2, 0), ("4", 3, 4), ("8", 4, 0)]),
        (2, 2, [("8", 2, 0)]),
        (3, 3, [("4", 3, 4)]),
        (5, 9, [("4", 5, 6)]),
        (6, 0, []),
    ],
)
async def test_8_what_is_asked_for_is_told_again(
    session: FixClient, first: int, last: int, expected: list[tuple[str, int, int]]
) -> None:
    before = await told(session)
    session.say("2", (7, first), (16, last))
    again = await session.goes_on()
    assert [(x[35], int(x[34]), int(x.get(36, 0))) for x in again] == expected
    for message in again:
        assert message[43] == "Y"
        assert message[122] <= message[52]
        assert (message[35] == "4") is (message.get(123) == "Y")
        if message[35] == "8":
            first_time = before[int(message[34]) - 1]
            changed = {tag for tag in message if message[tag] != first_time.get(tag)}
            assert changed <= {9, 10, 43, 52, 122}
            assert message[122] == first_time[52]


@pytest.mark.parametrize(("first", "last", "tag"), [(0, 0, 7), (4, 3, 16)])
async def test_8_a_range_that_is_none_is_rejected(
    session: FixClient, first: int, last: int, tag: int
) -> None:
    session.say("2", (7, first), (16, last))
    rejected(await session.hear(), 2, 5, tag)
    assert await session.goes_on() == []


# 9 to 11: SequenceReset


async def test_9_numbers_begin_anew_with_a_logon_that_says_so(session: FixClient) -> None:
    await session.goes_on()
    session.say("5")
    assert [x[35] for x in await session.closed()] == ["5"]
    session.number = 1
    await session.connect()
    answer = await session.log_on((141, "Y"))
    assert (answer[34], answer[141]) == ("1", "Y")
    assert await session.goes_on() == []


async def test_10a_a_gap_fill_that_is_ahead_has_the_others_asked_for(session: FixClient) -> None:
    session.say("4", (123, "Y"), (36, 9), number=4)
    asked = await session.hear()
    assert (asked[35], asked[7]) == ("2", "2")
    session.say("4", (123, "Y"), (36, 4), header=AGAIN)
    session.number = 9
    assert await session.goes_on() == []


async def test_10b_a_gap_fill_moves_the_number(session: FixClient) -> None:
    session.say("4", (123, "Y"), (36, 20))
    session.number = 20
    assert await session.goes_on() == []


async def test_10c_a_gap_fill_that_came_before_is_passed_over(session: FixClient) -> None:
    await session.goes_on()
    session.say("4", (123, "Y"), (36, 20), number=2, header=AGAIN)
    assert await session.goes_on() == []


async def test_10d_a_gap_fill_that_is_too_low_ends_the_session(session: FixClient) -> None:
    await session.goes_on()
    session.say("4", (123, "Y"), (36, 20), number=2)
    await logged_out(session, "MsgSeqNum too low, expecting 3 but received 2")


@pytest.mark.parametrize("new", [1, 2])
async def test_10e_a_gap_fill_backwards_is_rejected(session: FixClient, new: int) -> None:
    session.say("4", (123, "Y"), (36, new))
    rejected(await session.hear(), 2, 5, 36)
    assert await session.goes_on() == []


@pytest.mark.parametrize("number", [1, 2, 99])
async def test_11a_a_reset_moves_the_number_whatever_its_own_is(
    session: FixClient, number: int
) -> None:
    session.say("4", (123, "N"), (36, 10), number=number)
    session.number = 10
    await answered(session)


async def test_11b_a_reset_to_what_is_expected_changes_nothing(session: FixClient) -> None:
    session.say("4", (36, 2), number=7)
    await answered(session)


async def answered(session: FixClient) -> None:
    """A Heartbeat says that the reset is taken, and nothing else follows."""
    (answer, *others) = [await session.hear(), *await session.goes_on()]
    assert (answer[35], answer.get(112), others) == ("0", None, [])


async def test_11c_a_reset_backwards_is_rejected_and_takes_no_number(session: FixClient) -> None:
    await session.goes_on()
    session.say("4", (36, 2), number=3)
    rejected(await session.hear(), 3, 5, 36)
    assert await session.goes_on() == []


# 12, 13: Logout


async def test_12_the_exchange_logs_out_and_closes_the_line(session: FixClient) -> None:
    session.say("0", number=1)
    await logged_out(session, "MsgSeqNum too low, expecting 2 but received 1")
    await session.connect()
    assert (await session.log_on())[34] == "3"


async def test_13b_a_logout_is_answered(session: FixClient) -> None:
    session.say("5", (58, "good night"))
    (answer,) = await session.closed()
    assert (answer[35], answer[34], answer.get(58)) == ("5", "2", None)
    await session.connect()
    assert (await session.log_on())[34] == "3"
    assert await session.goes_on() == []


async def test_13b_a_logout_is_answered_also_behind_a_gap(session: FixClient) -> None:
    session.say("5", number=9)
    assert [x[35] for x in await session.closed()] == ["5"]
    await session.connect()
    await session.log_on()
    assert await session.goes_on() == []


# 15, 16, 18, 19, 20


async def test_15_fields_may_stand_in_any_order_within_their_part(session: FixClient) -> None:
    order = [(21, 1), (11, "a"), (55, "BTCUSD"), (54, 1), (60, utc_now()), (38, 1), (40, 1)]
    _, _, msg_type, *header, _ = fields_of(session.made("D"))
    turned = [msg_type, *reversed(header), *reversed(order)]
    session.writer.write(encoded(session.begin_string, turned))
    assert (await session.hear())[11] == "a"


async def filled_meanwhile(session: FixClient) -> None:
    """Its order is filled while it is logged out, by report 4."""
    session.place("a", price=45)
    await session.hear()
    session.say("5")
    await session.closed()
    async with FixClient(session.port, f"{session.comp_id}-other") as other:
        await other.log_on()
        other.place("b", side=2, price=45)
        assert [(await other.hear())[150] for _ in range(2)] == ["0", "F"]
    await session.connect()


async def test_16a_b_what_happens_meanwhile_is_asked_for_and_told(session: FixClient) -> None:
    await filled_meanwhile(session)
    assert (await session.log_on())[34] == "5"
    session.say("2", (7, 4), (16, 0))
    fill, gap = await session.goes_on()
    assert [fill[tag] for tag in (35, 34, 43, 11, 39)] == ["8", "4", "Y", "a", "2"]
    assert [gap[tag] for tag in (35, 34, 123, 36)] == ["4", "5", "Y", "6"]


@pytest.mark.parametrize("begin_string", ["FIX.4.4"])
async def test_16a_b_what_happens_meanwhile_is_told_where_789_says_so(session: FixClient) -> None:
    await filled_meanwhile(session)
    answer = await session.log_on((789, 4))
    assert (answer[34], answer[789]) == ("5", "5")
    (fill,) = await session.goes_on()
    assert [fill[tag] for tag in (35, 34, 43, 11, 39)] == ["8", "4", "Y", "a", "2"]


@pytest.mark.parametrize("tag", [115, 128])
async def test_18b_messages_of_and_for_others_are_rejected(session: FixClient, tag: int) -> None:
    session.place("a", price=30, header=[(tag, "OTHER")])
    rejected(await session.hear(), 2, 9, tag)
    assert await session.goes_on() == []


async def test_19a_a_possible_resend_that_came_before_is_confirmed(session: FixClient) -> None:
    session.place("a", price=30)
    new = await session.hear()
    session.place("a", price=30, header=[(97, "Y")])
    confirmed = await session.hear()
    assert [confirmed[tag] for tag in (35, 37, 11, 39)] == ["8", new[37], "a", "0"]
    assert (confirmed[150], confirmed.get(20)) in [("I", None), ("0", "3")]


async def test_19b_a_possible_resend_that_never_came_is_taken(session: FixClient) -> None:
    session.place("a", price=30, header=[(97, "Y")])
    assert (await session.hear())[150] == "0"


async def test_20_both_sides_may_ask_at_once(session: FixClient) -> None:
    session.place("a", price=30)
    await session.hear()
    session.say("0", number=5)
    asked = await session.hear()
    assert (asked[35], asked[34], asked[7]) == ("2", "3", "3")
    session.say("2", (7, 2), (16, 2), number=6)
    again = await session.hear()
    assert [again[tag] for tag in (35, 34, 43, 11)] == ["8", "2", "Y", "a"]
    session.say("4", (123, "Y"), (36, 5), header=AGAIN)
    session.number = 7
    assert await session.goes_on() == []
