"""An operator's commands on sessions of a running exchange: list, reset, end."""

import json
import socket
import stat
from pathlib import Path

from protocol.soup import Kind
from quantscope.operator_socket import NAME, Request, ask, path_in
from testing.client import Client
from testing.command import quantscope
from testing.fix_client import FixClient
from testing.process import ServerProcess
from tests.system.session_rows import rows


def told(exchange: ServerProcess, *arguments: str) -> str:
    """What a command says that must be good."""
    code, out, errors = quantscope("session", *arguments, "--data-dir", _dir(exchange))
    assert code == 0, errors
    return out.strip()


def refused(exchange: ServerProcess, *arguments: str) -> str:
    """What a command says that can't be done, in one line."""
    code, out, errors = quantscope("session", *arguments, "--data-dir", _dir(exchange))
    assert (code, out) == (1, ""), errors
    return errors.strip()


def _dir(exchange: ServerProcess) -> str:
    return str(exchange.data_dir)


async def test_sessions_are_listed_of_both_protocols(tmp_path: Path) -> None:
    with ServerProcess(tmp_path / "data") as exchange:
        line = await Client(exchange.binary, "demo2").login()
        await line.expect_new(line.place(7))
        async with FixClient(exchange.fix, "demo1") as client:
            await client.log_on()
            client.place("a")
            await client.hear()
            found = rows(exchange)
            fix, binary = found["FIX.4.4/demo1"], found["demo2"]
            assert (fix["protocol"], fix["account"], fix["next_in"], fix["next_out"]) == (
                "fix",
                "demo1",
                3,
                3,
            )
            assert (binary["protocol"], binary["next_in"], binary["next_out"]) == ("binary", 8, 2)
            assert fix["peer"].startswith("127.0.0.1:")
            assert fix["heard_s"] >= 0
            assert (found["demo3"]["peer"], found["demo3"]["heard_s"]) == (None, None)
            table = told(exchange, "list")
            assert "FIX.4.4/demo1" in table
            assert "connected from" in table
        line.cut()


async def test_a_fix_session_that_is_reset_begins_at_1(tmp_path: Path) -> None:
    exchange = ServerProcess(tmp_path / "data")
    with exchange:
        async with FixClient(exchange.fix, "demo1") as client:
            await client.log_on()
            client.place("a", price=30)
            await client.hear()
            assert told(exchange, "reset", "FIX.4.4/demo1").endswith("epoch 1")
            (said,) = await client.closed()
            assert (said[35], said[34], said[58]) == (
                "5",
                "3",
                "the session is reset by an operator",
            )
            client.number = 1
            await client.connect()
            assert (await client.log_on())[34] == "1"
            client.cancel("b", "a")
            report = await client.hear()
            assert (report[34], report[150]) == ("2", "4")
        # What is known after a start is the same as what was known before it.
        exchange.restart()
        row = rows(exchange)["FIX.4.4/demo1"]
        assert (row["next_in"], row["next_out"], row["epoch"]) == (3, 3, 1)
        exchange.stop()
        resets = [row for row in exchange.journal("commands") if "SESSION_RESET" in json.dumps(row)]
        assert len(resets) == 1
        exchange.verified()


async def test_a_binary_session_that_is_reset_has_another_id(tmp_path: Path) -> None:
    with ServerProcess(tmp_path / "data") as exchange:
        line = await Client(exchange.binary).login()
        before = line.session
        await line.expect_new(line.place(5))
        told(exchange, "reset", "DEMO1")
        assert (await line.packet()).kind == Kind.END_OF_SESSION
        await line.expect_closed()
        await line.expect_rejected_login("S", before)
        again = await Client(exchange.binary).login()
        assert (again.following, again.last_cl_ord_id) == (1, 5)
        assert again.session not in ("", before)
        await again.expect_new(again.place(6))
        session = again.session
        again.cut()
        exchange.restart()
        # The events log is read from before the reset, and the numbers are those of after.
        again = await Client(exchange.binary).login(session, 1)
        assert again.following == 1
        await again.expect_new(6)
        again.cut()


async def test_who_is_ended_logs_in_again_and_misses_nothing(tmp_path: Path) -> None:
    with ServerProcess(tmp_path / "data") as exchange:
        line = await Client(exchange.binary).login()
        await line.expect_new(line.place(1))
        assert "is ended" in told(exchange, "end", "demo1")
        assert (await line.packet()).kind == Kind.END_OF_SESSION
        await line.expect_closed()
        again = await Client(exchange.binary).login(line.session, 1)
        await again.expect_new(1)
        again.cut()
        async with FixClient(exchange.fix, "demo1") as client:
            await client.log_on()
            told(exchange, "end", "FIX.4.4/demo1")
            (said,) = await client.closed()
            assert (said[35], said[58]) == ("5", "the session is ended by an operator")
            await client.connect()
            assert (await client.log_on())[34] == "3"
        assert told(exchange, "end", "demo2") == "nobody is logged in to session demo2"


async def test_what_is_in_flight_is_answered_before_the_end(tmp_path: Path) -> None:
    count = 500
    with ServerProcess(tmp_path / "data") as exchange:
        line = await Client(exchange.binary).login()
        for number in range(1, count + 1):
            line.send(line.order_bytes(number))
        await line.expect_new(1)
        told(exchange, "end", "demo1")
        seen = 1
        while (packet := await line.packet()).kind != Kind.END_OF_SESSION:
            seen += packet.kind == Kind.SEQUENCED
        again = await Client(exchange.binary).login(line.session, seen + 1)
        assert again.last_cl_ord_id == seen
        again.cut()


async def test_only_the_owner_of_the_directory_may_ask(tmp_path: Path) -> None:
    with ServerProcess(tmp_path / "data") as exchange:
        mode = (exchange.data_dir / NAME).stat().st_mode
        assert stat.S_ISSOCK(mode)
        assert stat.S_IMODE(mode) == 0o600
        assert "no session 'nobody'" in refused(exchange, "reset", "nobody").replace('"', "'")
        exchange.stop()
        assert not (exchange.data_dir / NAME).exists()
        # One that a killed process has left is no hindrance.
        with path_in(exchange.data_dir) as path, socket.socket(socket.AF_UNIX) as left:
            left.bind(path)
        exchange.start()
        assert ask(exchange.data_dir, Request("list")).sessions
        exchange.stop()
        assert "no exchange answers for" in refused(exchange, "list")


async def test_a_long_path_is_no_hindrance(tmp_path: Path) -> None:
    data = tmp_path / ("d" * 100) / ("e" * 100)
    data.parent.mkdir()
    with ServerProcess(data) as exchange:
        assert "demo1" in rows(exchange)
