"""The server is held to ``letter.py``, and each of its answers is read by the letter, too."""

import asyncio
import re
from collections.abc import Iterator
from typing import NamedTuple

import pytest

from settings import FacadeSettings
from testing.in_process import InProcess
from tests.facade.letter import ELSEWHERE, TABLE, Row
from tests.facade.pipe import ByHand, Pipe
from tests.facade.sent import ORDER, chunk, chunked, get, post, statuses

LIMITS = FacadeSettings(linger_deadline_s=0.5, sweep_interval_s=0.02)
PROBE = b"GET /health HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
CLOSE_FRAME = b"\x88\x80\0\0\0\0"
SECTIONS = {
    "9112": "2.1 2.2 2.3 3 3.1 3.2 3.2.1 3.2.2 3.2.3 3.2.4 3.3 4 5 5.1 5.2 6 6.1 6.2 6.3 7.1 7.1.1 "
    "7.1.2 7.2 7.3 7.4 8 9.1 9.2 9.3 9.3.1 9.3.2 9.4 9.5 9.6 9.7 9.8",
    "9110": "7.1 7.2 7.3 7.4 7.5 7.6.1 7.6.2 7.6.3 7.7 7.8 "
    "10.1.1 10.1.2 10.1.3 10.1.4 10.1.5 10.2.1 10.2.2 10.2.3 10.2.4",
}
_STATUS_LINE = re.compile(rb"HTTP/1\.1 ([1-5][0-9]{2}) [ -~]+")
_FIELD = re.compile(rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]+: [!-~](?:[ -~]*[!-~])?")


class Answer(NamedTuple):
    status: int
    lines: list[bytes]


def read(data: bytes, *, head_only: bool) -> Iterator[Answer]:
    """Answers, as RFC 9112 (2 to 6) and RFC 9110 (6.6.1, 7.6.1, 8.6) want them."""
    while data:
        head, end, data = data.partition(b"\r\n\r\n")
        first, *lines = head.split(b"\r\n")
        found = _STATUS_LINE.fullmatch(first)
        assert found, first
        assert end
        assert all(_FIELD.fullmatch(line) for line in lines), lines
        names = [line.partition(b":")[0].lower() for line in lines]
        assert b"transfer-encoding" not in names
        assert all(names.count(name) == 1 for name in {*names} - {b"connection"})
        assert b"upgrade" not in names or b"Connection: Upgrade" in lines
        status = int(found[1])
        yield Answer(status, lines)
        if status < 200:
            assert b"content-length" not in names
            if status == 101:
                # What follows is no HTTP.
                return
            continue
        assert {b"date", b"content-type", b"content-length"} <= {*names}
        length = int(lines[names.index(b"content-length")].partition(b":")[2])
        size = 0 if head_only else length
        assert len(data) >= size
        data = data[size:]


def behind(row: Row) -> bytes:
    """What is sent behind the bytes of a row: it is answered where the connection stays."""
    if row.back[-1] == 101:
        return CLOSE_FRAME
    return PROBE.replace(b"GET", b"HEAD") if row.sent.startswith(b"HEAD") else PROBE


def check(row: Row, came: bytes) -> None:
    """What came back for a row, and for the probe behind it."""
    answers = list(read(came, head_only=row.sent.startswith(b"HEAD")))
    expected = row.back if row.closes else (*row.back, 200)
    assert tuple(answer.status for answer in answers) == expected
    last = answers[len(row.back) - 1]
    assert {*row.has} <= {*last.lines}
    if row.closes and last.status != 101:
        assert b"Connection: close" in last.lines


def test_every_section_is_looked_at_and_no_must_is_answered_otherwise() -> None:
    wanted = {f"{rfc} {section}" for rfc, text in SECTIONS.items() for section in text.split()}
    shown = {row.section for row in TABLE}
    assert wanted <= shown | {*ELSEWHERE}
    assert not shown & {*ELSEWHERE}
    assert {row.level for row in TABLE} == {"MUST", "SHOULD", "MAY"}
    assert not [row for row in TABLE if row.level == "MUST" and row.instead]


@pytest.mark.parametrize("row", TABLE, ids=[f"{n} {row.about}" for n, row in enumerate(TABLE)])
async def test_the_letter_is_held(row: Row) -> None:
    async with asyncio.timeout(30), InProcess(LIMITS) as exchange:
        check(row, await exchange.talk(row.sent + behind(row)))
        orders = await exchange.get("/orders", user_id="alice")
        assert [order["status"] for order in orders["orders"]] == ["NEW"] * row.placed


@pytest.mark.parametrize("size", [1, 2, 3, 64])
async def test_the_letter_is_held_however_bytes_arrive(size: int) -> None:
    async with InProcess(LIMITS) as exchange:
        server = exchange.facade.server
        turns = server.turns = ByHand(LIMITS.turn_us_max, exchange.clock.monotonic_ns)
        for row in TABLE:
            # A line that is not whole yet can't be told from what is none; who waits is asked.
            if row.back == (501,) or b"Expect" in row.sent or len(row.sent) > 1_000:
                continue
            connection = server.connect()
            pipe = Pipe(connection)
            connection.connection_made(pipe)
            sent = row.sent + behind(row)
            for at in range(0, len(sent), size):
                if not pipe.over:
                    connection.received(sent[at : at + size])
                turns.turn()
                await asyncio.sleep(0)
            async with asyncio.timeout(30):
                while not pipe.over:
                    turns.turn()
                    await asyncio.sleep(0)
            check(row, b"".join(pipe.written).partition(b"\x88")[0])
            connection.connection_lost(None)


# RFC 9112, 8: incomplete messages.


@pytest.mark.parametrize(
    "sent",
    [
        b"GET /health HT",
        b"GET /health HTTP/1.1\r\nHost: x\r\n",
        post(ORDER)[:-1],
        chunked(chunk(ORDER)),
        chunked(chunk(ORDER) + b"0\r\n"),
        chunked(chunk(ORDER)[:-4]),
    ],
)
async def test_a_request_that_does_not_come_whole_is_none(sent: bytes) -> None:
    async with asyncio.timeout(30), InProcess(LIMITS) as exchange:
        reader, writer = await asyncio.open_connection("127.0.0.1", exchange.http)
        writer.write(sent)
        writer.write_eof()
        assert await reader.read() == b""
        assert (await exchange.get("/orders", user_id="alice"))["count"] == 0
        writer.close()


# RFC 9112, 9.5 and 9.6: time-outs and the end of a connection.


async def test_a_time_out_is_a_graceful_close() -> None:
    limits = FacadeSettings(idle_deadline_s=1.0, sweep_interval_s=0.02)
    async with asyncio.timeout(30), InProcess(limits) as exchange:
        assert statuses(await exchange.talk(get())) == [200]


async def test_the_last_answer_arrives_though_the_client_sends_on() -> None:
    """The server closes its side, reads on for a while, and only then closes the other one."""
    async with asyncio.timeout(30), InProcess(LIMITS) as exchange:
        reader, writer = await asyncio.open_connection("127.0.0.1", exchange.http)
        writer.write(b"no request\r\n\r\n" + b"x" * 100_000)
        while not exchange.facade.server.answers[400]:
            await asyncio.sleep(0.01)
        writer.write(b"x" * 100_000)
        await writer.drain()
        answer = await reader.read()
        assert statuses(answer) == [400]
        assert b"Connection: close" in answer
        # The client closes its side: nothing is waited for any more.
        writer.write_eof()
        while exchange.facade.server.connections:
            await asyncio.sleep(0.01)
        writer.close()
