"""What clients should never send: it is answered as the standard says, or the line is closed.

Another session trades on meanwhile, and the memory of the exchange stays what it is.
"""

import asyncio
from collections.abc import AsyncIterator, Iterator

import pytest

from testing.fix_client import Field, FixClient, Message, encoded, fields_of, utc_now
from testing.process import ServerProcess
from tests.fix.cases import UNUSED, rejected

MESSAGE_BYTES_MAX = 65_535
GROWTH_BYTES_MAX = 24 * 2**20
"""How much the exchange may grow while it is sent hundreds of megabytes: its buffers, once."""


@pytest.fixture(scope="module")
def anyone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    """It takes messages that are as long as they may be, and waits for nobody for long."""
    data = tmp_path_factory.mktemp("bad") / "data"
    settings = (
        f"fix.message_bytes_max={MESSAGE_BYTES_MAX}",
        "fix.open=true",
        "fix.resend_deadline_s=0.5",
        "fix.gap_messages_max=1000",
        "fix.allow_user_tags=true",
    )
    with ServerProcess(data, *settings) as exchange:
        yield exchange


class Neighbour:
    """A session that has nothing to do with it."""

    def __init__(self, client: FixClient) -> None:
        self.client = client
        self.orders = 0

    async def trades(self) -> None:
        """An order of its own is taken, and canceled."""
        self.orders += 1
        self.client.place(f"n{self.orders}", price=12)
        report = await self.client.hear()
        assert (report[35], report[150], report[11]) == ("8", "0", f"n{self.orders}")
        self.client.cancel(f"c{self.orders}", f"n{self.orders}")
        assert (await self.client.hear())[150] == "4"


@pytest.fixture(autouse=True)
async def neighbour(anyone: ServerProcess) -> AsyncIterator[Neighbour]:
    """It trades before and after each test, and the exchange tells it of nothing else."""
    async with FixClient(anyone.fix, f"neighbour-{next(UNUSED)}") as client:
        await client.log_on(heartbeat_s=600)
        neighbour = Neighbour(client)
        await neighbour.trades()
        yield neighbour
        await neighbour.trades()


async def refused(session: FixClient, *fields: Field, reason: int, tag: int | None) -> None:
    """A limit order with these fields in place of its own gets this Reject, and no more."""
    own: list[Field] = [(21, 1), (11, "a"), (55, "BTCUSD"), (54, 1), (60, utc_now())]
    own += [(38, 1), (40, 2), (44, 30)]
    others = {tag for tag, _ in fields}
    number = session.number
    session.say("D", *(x for x in own if x[0] not in others), *fields)
    rejected(await session.hear(), number, reason, tag)
    assert await session.goes_on() == []


# Lengths


async def test_a_message_that_is_too_long_is_garbled(session: FixClient) -> None:
    for length in (MESSAGE_BYTES_MAX, 10**6):
        session.say("0", (58, "x" * length), number=session.number)
        await session.writer.drain()
    assert await session.goes_on() == []


async def test_a_message_as_long_as_may_be_is_taken(session: FixClient) -> None:
    one = len(session.made("0", (112, "x"), number=session.number))
    room = MESSAGE_BYTES_MAX - one - len("58=") - 1 - 3
    message = session.made("0", (112, "x"), (58, "y" * room), number=session.number)
    assert MESSAGE_BYTES_MAX - 4 < len(message) <= MESSAGE_BYTES_MAX
    session.writer.write(message)
    rejected(await session.hear(), session.number, 2, 58)
    session.number += 1
    assert await session.goes_on() == []


@pytest.mark.parametrize("digits", [b"9" * 8, b"9" * 100_000, b"0" * 100_000])
async def test_a_length_that_never_ends_is_garbled(session: FixClient, digits: bytes) -> None:
    session.writer.write(b"8=%b\x019=%b" % (session.begin_string.encode(), digits))
    assert await session.goes_on() == []


async def test_a_message_that_never_ends_ends_with_its_session(client: FixClient) -> None:
    async with client:
        await client.log_on(heartbeat_s=1)
        head = b"8=%b\x019=60000\x0135=0\x01" % client.begin_string.encode()
        client.writer.write(head)
        said = await client.closed()
        assert "1" in [x[35] for x in said]
        assert {x[35] for x in said} <= {"0", "1"}


@pytest.mark.parametrize(("text", "reason"), [("x" * 300, 5), ("caf\xe9", 6), ("a\x7fb", 6)])
async def test_a_test_request_that_can_t_be_answered_is_rejected(
    session: FixClient, text: str, reason: int
) -> None:
    session.say("1", (112, text))
    rejected(await session.hear(), 2, reason, 112)
    assert await session.goes_on() == []


# Fields


async def test_10_000_tags_are_read_or_refused(session: FixClient) -> None:
    session.say("0", *((112, number) for number in range(7_000)))
    rejected(await session.hear(), 2, 13, 112)
    many = [(tag, "") for tag in range(5_000, 15_000)]
    session.say("0", *many[:1])
    rejected(await session.hear(), 3, 4, 5_000)
    session.say("0", *((tag, 1) for tag, _ in many), number=4)
    session.say("0", *((5_000 + number % 9, 1) for number in range(9_000)))
    assert await session.goes_on() == []


@pytest.mark.parametrize(
    ("count", "reason"),
    [(2**31, 16), (2**32 + 1, 16), (2**63 - 1, 16), (2**63, 6), (10**39, 6), (-1, 6)],
)
async def test_a_group_of_any_count_costs_nothing(
    session: FixClient, count: int, reason: int
) -> None:
    await refused(session, (78, count), (79, "x"), (80, 1), reason=reason, tag=78)


@pytest.mark.parametrize("character", ["\0", "\x02", "\x1f", "\x7f", "\x80", "\xff"])
@pytest.mark.parametrize("tag", [11, 58])
async def test_characters_that_are_not_printable_are_rejected(
    session: FixClient, tag: int, character: str
) -> None:
    await refused(session, (tag, f"a{character}b"), reason=6, tag=tag)


@pytest.mark.parametrize(
    ("number", "reason"),
    [
        *(("1e3", 6), ("1E3", 6), ("+1", 6), ("--1", 6), ("-", 6), (".", 6), ("1.", None)),
        *(("1,5", 6), (" 1", 6), ("0x1", 6), ("nan", 6), ("inf", 6), ("1.2.3", 6)),
        *(("9" * 40, 5), ("9" * 41, 6), ("1.123456789", 5), ("0.000000001", 5)),
        ("92233720368.54775808", 5),
    ],
)
async def test_numbers_that_can_t_be_are_rejected(
    session: FixClient, number: str, reason: int | None
) -> None:
    for tag in (38, 44):
        if reason is not None:
            await refused(session, (tag, number), reason=reason, tag=tag)
    if reason is None:
        session.place("a", qty=number)
        assert (await session.hear())[38] == "1"


async def test_a_negative_quantity_is_the_engine_s_to_refuse(session: FixClient) -> None:
    session.place("a", qty=-1)
    report = await session.hear()
    assert [report[tag] for tag in (35, 150, 39)] == ["8", "8", "8"]


@pytest.mark.parametrize(
    "time",
    [
        *("20240230-00:00:00", "20230229-00:00:00", "20241301-00:00:00", "20240100-00:00:00"),
        *("20240102-24:00:00", "20240102-23:60:00", "20240102-23:59:61", "20240102-3:04:05"),
        *("20240102", "20240102-03:04", "00000000-00:00:00", "20240102-03:04:05.", "x"),
        *("20240102-03:04:05.0123456789", "-20240102-03:04:05", "20240102-03:04:05Z"),
    ],
)
async def test_times_that_don_t_exist_are_rejected(session: FixClient, time: str) -> None:
    await refused(session, (60, time), reason=6, tag=60)
    session.say("0", sending=time)
    rejected(await session.hear(), session.number - 1, 6, 52)
    session.say("0", header=[(43, "Y"), (122, time)])
    rejected(await session.hear(), session.number - 1, 6, 122)
    assert await session.goes_on() == []


@pytest.mark.parametrize("number", ["0", "-1", "x", "1e3", "9" * 30])
async def test_a_number_that_is_none_ends_the_session(session: FixClient, number: str) -> None:
    fields = [x if x[0] != 34 else (34, number) for x in fields_of(session.made("0"))[2:-1]]
    session.writer.write(encoded(session.begin_string, fields))
    (logout,) = await session.closed()
    assert logout[35] == "5"


@pytest.mark.parametrize("comp_id", ["a\0b", "a\x02", "a b", "\xe9", "a/b", "x" * 33, "x" * 300])
async def test_a_comp_id_that_can_t_be_is_not_let_in(client: FixClient, comp_id: str) -> None:
    client.comp_id = comp_id
    async with client:
        client.say("A", (98, 0), (108, 30))
        assert {x.get(58) for x in await client.closed()} <= {"not authorized"}


# Gaps and resends


async def test_a_gap_that_is_never_filled_ends_the_session(session: FixClient) -> None:
    session.number = 9
    session.say("0")
    asked, again, logout = await session.closed()
    assert [(x[35], x.get(7)) for x in (asked, again)] == [("2", "2"), ("2", "2")]
    assert (logout[35], logout[58]) == ("5", "a gap in MsgSeqNum was not filled")


async def test_what_waits_behind_a_gap_is_bounded(session: FixClient, neighbour: Neighbour) -> None:
    for number in range(3, 3_003):
        session.say("0", number=number)
    assert (await session.hear())[35] == "2"
    await neighbour.trades()
    session.say("0", number=2)
    session.say("1", (112, "x"), number=3_003)
    asked = (await session.hear_until("2"))[-1]
    assert asked[7] == "1003"


async def test_a_flood_of_resend_requests_holds_nobody_up(
    session: FixClient, neighbour: Neighbour
) -> None:
    for number in range(50):
        session.place(str(number), price=30)
    for _ in range(50):
        assert (await session.hear())[150] == "0"
    for _ in range(2_000):
        session.say("2", (7, 1), (16, 0))
    heard = asyncio.create_task(session.goes_on())
    for _ in range(10):
        await neighbour.trades()
    again = await heard
    assert {x[43] for x in again} == {"Y"}
    assert {int(x[34]) for x in again if x[35] == "8"} == set(range(2, 52))


# Memory


def _bad(client: FixClient) -> list[bytes]:
    """A megabyte of what is above."""
    begin = client.begin_string.encode()
    number = client.number
    long = client.made("0", (58, "x" * 200_000), number=number)
    many = client.made("0", *((5_000 + x, 1) for x in range(10_000)), number=2**40)
    group = client.made("D", (78, 2**31), (79, "x"), number=2**41)
    endless = b"8=%b\x019=%b" % (begin, b"9" * 200_000)
    return [long, many, endless, group, b"\0" * 200_000, bytes(range(256)) * 1_000]


async def _suffer(exchange: ServerProcess, times: int) -> list[Message]:
    """So many lines of one session send it, and are cut."""
    said: list[Message] = []
    client = FixClient(exchange.fix, f"client-{next(UNUSED)}")
    for _ in range(times):
        async with client:
            await client.log_on((141, "Y"))
            for _ in range(4):
                for message in _bad(client):
                    client.writer.write(message)
                    await client.writer.drain()
            client.say("5")
            said += await client.closed()
        client.number = 1
    return said


async def test_memory_stays_what_it_is(anyone: ServerProcess, neighbour: Neighbour) -> None:
    await _suffer(anyone, 5)
    before = anyone.memory_bytes()
    said = await _suffer(anyone, 30)
    await neighbour.trades()
    assert anyone.memory_bytes() - before < GROWTH_BYTES_MAX
    assert {x[35] for x in said} == {"2", "5"}
