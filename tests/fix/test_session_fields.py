"""The FIX session layer test cases about fields, 14, against the exchange that runs.

14n, encryption, is not offered.
"""

import pytest

from testing.fix_client import Field, FixClient, encoded, fields_of, utc_now
from tests.fix.cases import rejected


def order(**without: int) -> list[Field]:
    """A limit order's fields, but for some."""
    fields: list[Field] = [(21, 1), (11, "a"), (55, "BTCUSD"), (54, 1), (60, utc_now())]
    fields += [(38, 1), (40, 2), (44, 30)]
    return [(tag, value) for tag, value in fields if tag not in without.values()]


@pytest.mark.parametrize("tag", [4999, 999_999])
async def test_14a_a_tag_that_nobody_defines_is_rejected(session: FixClient, tag: int) -> None:
    session.say("D", *order(), (tag, "x"))
    rejected(await session.hear(), 2, 3, tag)
    assert await session.goes_on() == []


@pytest.mark.parametrize("tag", ["x", "0", "01", "-1", "+1", "1 ", "", "4294967296"])
async def test_14a_what_is_no_tag_is_rejected(session: FixClient, tag: str) -> None:
    body = "".join(f"{x}={y}\x01" for x, y in fields_of(session.made("D", *order()))[2:-1])
    session.writer.write(_framed(session, body.encode() + f"{tag}=x\x01".encode()))
    rejected(await session.hear(), 2, 0, None)
    assert await session.goes_on() == []


def _framed(session: FixClient, body: bytes) -> bytes:
    """These bytes as a body."""
    head = b"8=%b\x019=%d\x01%b" % (session.begin_string.encode(), len(body), body)
    return head + b"10=%03d\x01" % (sum(head) % 256)


@pytest.mark.parametrize("tag", [11, 55, 54, 60, 40])
async def test_14b_a_tag_that_is_required_and_missing_is_rejected(
    session: FixClient, tag: int
) -> None:
    session.say("D", *order(without=tag))
    rejected(await session.hear(), 2, 1, tag)
    assert await session.goes_on() == []


@pytest.mark.parametrize("begin_string", ["FIX.4.2"])
async def test_14b_handl_inst_is_required_in_4_2(session: FixClient) -> None:
    session.say("D", *order(without=21))
    rejected(await session.hear(), 2, 1, 21)


@pytest.mark.parametrize(
    ("msg_type", "fields", "tag"),
    [
        ("1", [], 112),
        ("2", [(7, 1)], 16),
        ("2", [(16, 0)], 7),
        ("3", [(58, "x")], 45),
        ("4", [(123, "Y")], 36),
    ],
)
async def test_14b_administrative_messages_are_held_to_their_fields(
    session: FixClient, msg_type: str, fields: list[Field], tag: int
) -> None:
    session.say(msg_type, *fields)
    rejected(await session.hear(), 2, 1, tag)
    assert await session.goes_on() == []


async def test_14b_a_message_without_its_time_is_rejected(session: FixClient) -> None:
    fields = [x for x in fields_of(session.made("0"))[2:-1] if x[0] != 52]
    session.writer.write(encoded(session.begin_string, fields))
    rejected(await session.hear(), 2, 1, 52)
    assert await session.goes_on() == []


async def test_14b_a_message_without_its_number_ends_the_session(session: FixClient) -> None:
    fields = [x for x in fields_of(session.made("0"))[2:-1] if x[0] != 34]
    session.writer.write(encoded(session.begin_string, fields))
    (logout,) = await session.closed()
    assert (logout[35], logout[58]) == ("5", "MsgSeqNum (34) missing")


@pytest.mark.parametrize("tag", [103, 146, 7])
async def test_14c_a_tag_of_another_message_is_rejected(session: FixClient, tag: int) -> None:
    session.say("D", *order(), (tag, 1))
    rejected(await session.hear(), 2, 2, tag)
    assert await session.goes_on() == []


@pytest.mark.parametrize("tag", [11, 44, 58])
async def test_14d_a_tag_without_a_value_is_rejected(session: FixClient, tag: int) -> None:
    session.say("D", *order(without=tag), (tag, ""))
    rejected(await session.hear(), 2, 4, tag)
    assert await session.goes_on() == []


@pytest.mark.parametrize(
    ("tag", "value"),
    [(54, "x"), (40, "?"), (59, "Z"), (21, "4"), (18, "!"), (11, "x" * 37), (38, "0.123456789")],
)
async def test_14e_a_value_that_is_not_among_its_tags_is_rejected(
    session: FixClient, tag: int, value: str
) -> None:
    session.say("D", *order(without=tag), (tag, value))
    rejected(await session.hear(), 2, 5, tag)
    assert await session.goes_on() == []


@pytest.mark.parametrize(
    ("tag", "value"),
    [
        (38, "one"),
        (38, "1e3"),
        (38, "+1"),
        (44, "1.2.3"),
        (44, "0x10"),
        (54, "12"),
        (60, "today"),
        (60, "20240230-00:00:00"),
        (60, "20240102T03:04:05"),
        (126, "24:00"),
        (114, "y"),
        (58, "\xe9"),
    ],
)
async def test_14f_a_value_of_another_form_is_rejected(
    session: FixClient, tag: int, value: str
) -> None:
    session.say("D", *order(without=tag), (tag, value))
    rejected(await session.hear(), 2, 6, tag)
    assert await session.goes_on() == []


@pytest.mark.parametrize("tag", [50, 57, 97, 142])
async def test_14g_a_header_s_field_in_the_body_is_rejected(session: FixClient, tag: int) -> None:
    session.say("D", *order(), (tag, "N"))
    rejected(await session.hear(), 2, 14, tag)
    assert await session.goes_on() == []


async def test_14g_a_body_s_field_in_the_trailer_is_rejected(session: FixClient) -> None:
    session.say("D", *order(without=58), (93, 1), (89, "s"), (58, "x"))
    rejected(await session.hear(), 2, 14, 58)
    assert await session.goes_on() == []


@pytest.mark.parametrize(("tag", "value"), [(11, "a"), (38, 2), (58, "x")])
async def test_14h_a_tag_that_stands_twice_is_rejected(
    session: FixClient, tag: int, value: object
) -> None:
    session.say("D", *order(), (58, "x"), (tag, value))
    rejected(await session.hear(), 2, 13, tag)
    assert await session.goes_on() == []


async def test_14h_a_tag_of_the_header_that_stands_twice_is_rejected(session: FixClient) -> None:
    session.say("D", *order(), header=[(50, "a"), (50, "b")])
    rejected(await session.hear(), 2, 13, 50)
    assert await session.goes_on() == []


def allocations(*groups: list[Field], count: int) -> list[Field]:
    """NoAllocs, and what is said to be its entries."""
    return [(78, count), *(field for group in groups for field in group)]


ONE: list[Field] = [(79, "x"), (80, 1)]


async def test_14_a_group_that_is_well_formed_is_taken(session: FixClient) -> None:
    session.say("D", *order(), *allocations(ONE, [(79, "y")], count=2), (58, "x"))
    assert (await session.hear())[150] == "0"


@pytest.mark.parametrize("count", [1, 3, 2**31, 2**32])
async def test_14i_a_count_that_is_wrong_is_rejected(session: FixClient, count: int) -> None:
    session.say("D", *order(), *allocations(ONE, ONE, count=count))
    rejected(await session.hear(), 2, 16, 78)
    assert await session.goes_on() == []


@pytest.mark.parametrize(
    ("group", "tag"),
    [([(80, 1), (79, "x")], 80), ([(80, 1)], 80)],
)
async def test_14j_a_group_in_another_order_is_rejected(
    session: FixClient, group: list[Field], tag: int
) -> None:
    session.say("D", *order(), *allocations(group, count=1))
    rejected(await session.hear(), 2, 15, tag)
    assert await session.goes_on() == []


async def test_14k_a_soh_within_a_value_is_rejected(session: FixClient) -> None:
    session.say("D", *order(), (58, "one\x0112"))
    rejected(await session.hear(), 2, 17, 12)
    assert await session.goes_on() == []


async def test_14k_data_may_hold_a_soh(session: FixClient) -> None:
    session.say("D", *order(), (354, 5), (355, "a\x0158="))
    assert (await session.hear())[150] == "0"


async def test_14m_a_tag_that_is_required_at_times_gets_a_business_reject(
    session: FixClient,
) -> None:
    session.say("D", *order(without=38))
    said = await session.hear()
    assert [said[tag] for tag in (35, 45, 372, 380, 379)] == ["j", "2", "D", "5", "a"]
    session.say("F", (11, "b"), (41, "NONE"), (55, "BTCUSD"), (54, 1), (60, utc_now()))
    said = await session.hear()
    assert [said[tag] for tag in (35, 372, 380, 379)] == ["j", "F", "5", "b"]
    assert await session.goes_on() == []
