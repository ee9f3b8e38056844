"""FIX sessions over sockets: how they begin, go on, and end; what is told again."""

import asyncio
from pathlib import Path

from testing.fix_client import SOH, FixClient, encoded, utc_now
from testing.process import ServerProcess


async def test_a_wrong_password_moves_no_number(shared: ServerProcess) -> None:
    for password in ("wrong", "demo "):
        async with FixClient(shared.fix, "demo1", password=password) as client:
            client.say("A", (98, 0), (108, 30), *client.credentials())
            (said,) = await client.closed()
            assert (said[35], said[34], said[58]) == ("5", "1", "not authorized")
    async with FixClient(shared.fix, "nobody") as client:
        client.say("A", (98, 0), (108, 30), *client.credentials())
        (said,) = await client.closed()
        assert said[58] == "not authorized"
    async with FixClient(shared.fix, "demo1") as client:
        answer = await client.log_on()
        assert answer[34] == "1"


async def test_before_a_logon_nothing_is_answered(shared: ServerProcess) -> None:
    for message in (
        encoded(
            "FIX.4.4", [(35, "0"), (49, "demo2"), (56, "QUANTSCOPE"), (34, 1), (52, utc_now())]
        ),
        encoded(
            "FIX.4.3", [(35, "A"), (49, "demo2"), (56, "QUANTSCOPE"), (34, 1), (52, utc_now())]
        ),
        encoded("FIX.4.4", [(35, "A"), (49, "demo2"), (56, "OTHER"), (34, 1), (52, utc_now())]),
        b"GET / HTTP/1.1\r\n\r\n" + SOH,
    ):
        async with FixClient(shared.fix, "demo2") as client:
            client.writer.write(message)
            assert await client.closed() == [], message


async def test_what_was_missed_is_told_again_and_lists_are_not(shared: ServerProcess) -> None:
    async with FixClient(shared.fix, "demo3") as client:
        await client.log_on()
        client.place("a", price=30)
        client.say("x", (320, "l"), (559, 4))
        client.say("1", (112, "t"))
        client.cancel("b", "a")
        first = [await client.hear() for _ in range(4)]
        assert [x[35] for x in first] == ["8", "y", "0", "8"]
        client.say("2", (7, 1), (16, 0))
        again = [await client.hear() for _ in range(4)]
        assert [(x[35], x[34], x.get(36), x[43]) for x in again] == [
            ("4", "1", "2", "Y"),
            ("8", "2", None, "Y"),
            ("4", "3", "5", "Y"),
            ("8", "5", None, "Y"),
        ]
        assert again[1][122] == first[0][52]
        same = (11, 37, 17, 150, 39, 60)
        assert [again[1][tag] for tag in same] == [first[0][tag] for tag in same]
        client.say("1", (112, "then"))
        heartbeat = await client.hear()
        assert (heartbeat[35], heartbeat[34], heartbeat[112]) == ("0", "6", "then")


async def test_a_gap_is_asked_for_once_and_what_waited_follows_in_order(
    shared: ServerProcess,
) -> None:
    async with FixClient(shared.fix, "demo4") as client:
        await client.log_on()
        for number, name in ((4, "c"), (5, "d")):
            client.number = number
            client.place(name, price=31)
        asked = await client.hear()
        assert (asked[35], asked[7], asked[16]) == ("2", "2", "0")
        client.number = 2
        for name in ("a", "b"):
            client.place(name, price=31, header=[(43, "Y"), (122, utc_now())])
        names = [(await client.hear())[11] for _ in range(4)]
        assert names == ["a", "b", "c", "d"]
        client.number = 6
        client.say("q", (11, "m"), (530, 7), (60, utc_now()))
        await client.hear_until("r")


async def test_numbers_begin_anew_where_the_client_says_so(shared: ServerProcess) -> None:
    async with FixClient(shared.fix, "demo5") as client:
        await client.log_on()
        client.place("a", price=32)
        await client.hear()
        client.say("5")
        assert [x[35] for x in await client.closed()] == ["5"]
        client.number = 1
        await client.connect()
        answer = await client.log_on((141, "Y"))
        assert (answer[34], answer[141]) == ("1", "Y")
        client.cancel("b", "a")
        report = await client.hear()
        assert (report[34], report[150], report[41]) == ("2", "4", "a")


async def test_a_second_line_of_a_live_session_is_closed(shared: ServerProcess) -> None:
    async with FixClient(shared.fix, "demo6") as client, FixClient(shared.fix, "demo6") as other:
        await client.log_on()
        other.say("A", (98, 0), (108, 30), *other.credentials())
        assert await other.closed() == []
        client.say("1", (112, "alive"))
        assert (await client.hear())[112] == "alive"


async def test_a_number_that_is_too_low_ends_the_session(shared: ServerProcess) -> None:
    async with FixClient(shared.fix, "demo7") as client:
        await client.log_on()
        client.say("0", number=1)
        (said,) = await client.closed()
        assert said[58] == "MsgSeqNum too low, expecting 2 but received 1"


async def test_sessions_of_both_versions_are_apart(shared: ServerProcess) -> None:
    async with (
        FixClient(shared.fix, "demo8") as newer,
        FixClient(shared.fix, "demo8", begin_string="FIX.4.2") as older,
    ):
        await newer.log_on()
        await older.log_on()
        newer.place("a", price=33)
        report = await newer.hear()
        older.say(
            "F", (11, "x"), (41, "NONE"), (37, report[37]), (55, "BTCUSD"), (54, 1), (60, utc_now())
        )
        told = await older.hear()
        assert (told[11], told.get(41), told[150]) == ("x", None, "4")
        unasked = await newer.hear()
        assert (unasked[11], unasked.get(41), unasked[150], unasked[378]) == ("a", None, "4", "8")


async def test_after_a_kill_numbers_go_on_and_nothing_is_lost(tmp_path: Path) -> None:
    with ServerProcess(tmp_path / "data") as exchange:
        async with FixClient(exchange.fix) as client:
            await client.log_on()
            for name in ("a", "b"):
                client.place(name, price=34)
                await client.hear()
            exchange.restart()
            client.port = exchange.fix
            await client.connect()
            answer = await client.log_on()
            assert answer[34] == "4"
            client.place("c", price=34)
            assert (await client.hear())[34] == "5"
            client.say("2", (7, 1), (16, 0))
            again = [await client.hear() for _ in range(5)]
            told = [(x[35], x[34], x.get(11)) for x in again]
            assert told == [
                ("4", "1", None),
                ("8", "2", "a"),
                ("8", "3", "b"),
                ("4", "4", None),
                ("8", "5", "c"),
            ]


async def test_a_silent_line_gives_way_and_a_healthy_one_stays(tmp_path: Path) -> None:
    with ServerProcess(tmp_path / "data", "fix.probe_s=0.001") as exchange:
        async with FixClient(exchange.fix) as client, FixClient(exchange.fix) as other:
            await client.log_on()
            await _wants(other)
            asked = await client.hear()
            assert asked[35] == "1"
            client.say("0", (112, asked[112]))
            client.say("1", (112, "alive"))
            assert (await client.hear())[112] == "alive"
            # Whoever does not answer is cut; then the session is free.
            await asyncio.sleep(0.1)  # so that it was silent for longer than probe_s
            await _wants(await other.connect())
            assert (await client.hear())[35] == "1"
            assert await client.closed() == []
            other.number = client.number
            await other.connect()
            assert (await other.log_on())[35] == "A"


async def _wants(other: FixClient) -> None:
    """A Logon for a session that another line has."""
    other.number = 1
    other.say("A", (98, 0), (108, 30), *other.credentials())
    assert await other.closed() == []


async def test_sub_ids_tell_sessions_apart_where_that_is_configured(tmp_path: Path) -> None:
    with ServerProcess(tmp_path / "data", "fix.sub_ids=true") as exchange:
        lines = [FixClient(exchange.fix, sub_id=name) for name in ("ALGO", "DESK", "")]
        for line in lines:
            async with line:
                answer = await line.log_on()
                assert (answer[34], answer.get(57, ""), answer[56]) == ("1", line.sub_id, "demo1")
                line.place("a", price=30)
                assert (await line.hear())[150] == "0"
                sub_id, line.sub_id = line.sub_id, "OTHER"
                line.say("0")
                said = await line.closed()
                assert [(x[35], x.get(373)) for x in said] == [("3", "9"), ("5", None)]
                line.sub_id = sub_id
        names = [order["user_id"] for order in exchange.get("/orders?user_id=demo1")["orders"]]
        assert names == ["demo1"] * 3
        for wrong in ("a/b", "X" * 33):
            async with FixClient(exchange.fix, sub_id=wrong) as line:
                line.say("A", (98, 0), (108, 30), *line.credentials())
                assert (await line.closed())[0][58] == "not authorized"
