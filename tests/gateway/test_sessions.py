"""Logins, numbers and replays of binary sessions."""

import asyncio
import re
from pathlib import Path

import pytest

from protocol import messages as m
from protocol import soup
from protocol.soup import Kind
from protocol.terms import BusinessRejectReason, CxlRejReason, OrdRejReason, Side
from testing.client import Client
from testing.process import ServerProcess
from testing.waiting import until


@pytest.mark.parametrize(("user", "password"), [("demo1", "wrong"), ("nobody", "demo"), ("", "")])
async def test_an_unknown_user_or_a_wrong_password_is_not_authorized(
    shared: ServerProcess, user: str, password: str
) -> None:
    await Client(shared.binary, user, password).expect_rejected_login("A")


async def test_users_and_passwords_are_compared_without_case(shared: ServerProcess) -> None:
    client = await Client(shared.binary, "DEMO1", "Demo").login()
    await client.logout()


async def test_an_unknown_session_is_not_available(shared: ServerProcess) -> None:
    client = await Client(shared.binary, "demo2").login()
    session = client.session
    await client.logout()
    await client.expect_rejected_login("S", session="WRONG")
    await client.login(session=session)
    await client.logout()


async def test_a_number_beyond_the_next_is_not_available(shared: ServerProcess) -> None:
    client = await Client(shared.binary, "demo3").login()
    following = client.following
    await client.logout()
    await client.expect_rejected_login("S", sequence=following + 1)
    await client.login(sequence=following)
    await client.logout()


async def test_of_two_logins_the_first_stays(shared: ServerProcess) -> None:
    first = await Client(shared.binary, "demo4").login()
    await Client(shared.binary, "demo4").expect_rejected_login("S")
    first.place(1)
    await first.expect_new(1)
    await first.logout()
    again = await Client(shared.binary, "demo4").login()
    await again.logout()


async def test_who_comes_and_goes_and_why_is_in_the_log(shared: ServerProcess) -> None:
    client = await Client(shared.binary, "demo14").login()
    await client.logout()
    await client.login()
    client.cut()
    await until(lambda: "is lost: " in shared.said())
    await Client(shared.binary, "demo14", "wrong").expect_rejected_login("A")
    said = re.sub(r"127\.0\.0\.1:\d+", "HERE", shared.said())
    called = f"INFO quantscope.gateway: binary session {client.session} of demo14 from HERE"
    for how in (
        "is logged in, and is told what comes from 1 on",
        "is closed: logout",
        "is lost: its client has closed it",
    ):
        assert f"{called} {how}" in said
    rejected = "binary login of 'demo14' from HERE: not authorized"
    assert f"WARNING quantscope.gateway: {rejected}" in said
    assert said.count("of demo14 from HERE") == 4


async def test_what_comes_right_behind_a_login_is_handled_after_it(shared: ServerProcess) -> None:
    client = await Client(shared.binary, "demo12").connect()
    login = soup.LoginRequest("demo12", "demo").encode()
    client.send(login + b"".join(client.order_bytes(number) for number in range(1, 501)))
    await client.accepted(await client.packet())
    for number in range(1, 501):
        await client.expect_new(number)
    await client.logout()


async def test_of_many_logins_at_once_one_gets_in(shared: ServerProcess) -> None:
    clients = [await Client(shared.binary, "demo13").connect() for _ in range(20)]
    for client in clients:
        client.send(soup.LoginRequest("demo13", "demo").encode())
    kinds = [(await client.packet()).kind for client in clients]
    assert kinds.count(Kind.LOGIN_ACCEPTED) == 1
    assert kinds.count(Kind.LOGIN_REJECTED) == 19


async def test_a_second_login_on_one_line_is_malformed(shared: ServerProcess) -> None:
    client = await Client(shared.binary, "demo5").login()
    client.send(soup.LoginRequest("demo5", "demo").encode())
    packet = await client.packet()
    assert packet.kind == Kind.DEBUG
    assert packet.payload == b"second login on one connection"
    await client.expect_closed()


@pytest.mark.parametrize(
    "data",
    [
        b"\0\0",
        b"\0\x01?",
        b"\xff\xffU" + bytes(10),
        b"\0\x05Labcd",
        soup.encode(Kind.UNSEQUENCED, bytes(8)),
        soup.encode(Kind.SEQUENCED, bytes(8)),
    ],
)
async def test_what_is_no_login_is_answered_with_a_reason_and_closed(
    shared: ServerProcess, data: bytes
) -> None:
    other = await Client(shared.binary, "demo6").login()
    client = await Client(shared.binary).connect()
    client.send(data)
    if data == b"\0\0":
        client.send(b"U")
    packet = await client.packet()
    assert packet.kind == Kind.DEBUG
    assert packet.payload
    await client.expect_closed()
    other.place(other.last_cl_ord_id + 1)
    await other.expect_new(other.last_cl_ord_id + 1)
    await other.logout()


async def test_malformed_framing_of_a_session_leaves_the_session(shared: ServerProcess) -> None:
    client = await Client(shared.binary, "demo7").login()
    client.place(1)
    client.send(b"\0\x02X?")
    reports = []
    try:
        while True:
            reports.append(await client.packet())
    except EOFError:
        assert Kind.DEBUG in {packet.kind for packet in reports}
    again = await Client(shared.binary, "demo7").login(sequence=1)
    await again.expect_new(1)
    await again.logout()


async def test_an_unknown_template_is_refused_in_sequence_and_nobody_else_notices(
    shared: ServerProcess,
) -> None:
    client = await Client(shared.binary, "demo8").login()
    client.send(soup.encode(Kind.UNSEQUENCED, bytes.fromhex("0800 0f27 6400 0000") + bytes(8)))
    reason = BusinessRejectReason.UNSUPPORTED_MESSAGE_TYPE
    await client.expect(m.BusinessMessageReject, business_reject_reason=reason)
    client.place(1)
    await client.expect_new(1)
    await client.logout()


async def test_a_repeat_is_refused_as_a_duplicate_and_never_executed(shared: ServerProcess) -> None:
    client = await Client(shared.binary, "demo9").login()
    client.place(5, price=90)
    await client.expect_new(5)
    for number in (5, 4):
        client.place(number, price=90)
        duplicate = OrdRejReason.DUPLICATE_CLIENT_ORDER_ID
        await client.expect(m.ExecutionReportReject, cl_ord_id=number, ord_rej_reason=duplicate)
    client.cancel(5, 5)
    reason = CxlRejReason.DUPLICATE_CLIENT_ORDER_ID
    await client.expect(m.OrderCancelReject, cl_ord_id=5, cxl_rej_reason=reason)
    client.cancel(6, 5)
    await client.expect(m.ExecutionReportCancel, cl_ord_id=6, orig_cl_ord_id=5)
    await client.logout()


async def test_many_questions_in_one_write_are_all_answered(shared: ServerProcess) -> None:
    """Each is decided on by itself: none may cost a frame of the stack."""
    client = await Client(shared.binary, "demo10").login()
    count = 3_000
    for number in range(1, count + 1):
        client.ask_instruments(number)
    lists = 0
    while lists < count * 4:
        packet = await client.packet()
        lists += packet.kind == Kind.UNSEQUENCED
    client.place(1)
    await client.expect_new(1)
    await client.logout()


async def test_every_number_that_is_kept_can_be_replayed_from_also_after_a_restart(
    tmp_path: Path,
) -> None:
    exchange = ServerProcess(tmp_path / "data").start()
    maker = await Client(exchange.binary, "demo1").login()
    taker = await Client(exchange.binary, "demo2").login()
    for number in range(1, 11):
        maker.place(number, side=Side.SELL, price=100 + number)
    told = [await maker.report() for _ in range(10)]
    taker.place(1, quantity=5, price=105)
    told += [await maker.report() for _ in range(5)]
    taken = [await taker.report() for _ in range(6)]
    maker.cut()
    taker.cut()

    async def expect_replays() -> None:
        for first in range(1, 17):
            await asyncio.sleep(0.02)
            client = await Client(exchange.binary, "demo1").login(maker.session, first)
            assert (client.following, client.oldest, client.last_cl_ord_id) == (first, 1, 10)
            assert [await client.report() for _ in range(first, 16)] == told[first - 1 :]
            await client.logout()
        client = await Client(exchange.binary, "demo2").login(taker.session, 1)
        assert [await client.report() for _ in range(6)] == taken
        await client.logout()

    await expect_replays()
    exchange.stop()
    exchange.start()
    await expect_replays()
    exchange.kill()
    exchange.start()
    await expect_replays()

    client = await Client(exchange.binary, "demo1").login()
    assert client.following == 16
    client.place(11)
    await client.expect_new(11)
    await client.logout()
    exchange.stop()
    assert exchange.verified().startswith("verified from")


async def test_while_old_reports_are_replayed_new_ones_keep_their_place(tmp_path: Path) -> None:
    with ServerProcess(tmp_path / "data") as exchange:
        client = await Client(exchange.binary).login()
        count = 20_000
        for number in range(1, count + 1):
            client.place(number, price=1 + number % 100)
        for _ in range(count):
            await client.report()
        client.cut()
        await asyncio.sleep(0.1)
        again = await Client(exchange.binary).login(client.session, 1)
        for number in range(count + 1, count + 501):
            again.place(number)
            await asyncio.sleep(0)
        for number in range(1, count + 501):
            await again.expect_new(number)
        await again.logout()
