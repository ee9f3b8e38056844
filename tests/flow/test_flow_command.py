"""``quantscope flow`` as people use it, and what it says when it can't go on."""

import asyncio
import gzip
import json
import pathlib
import re
from collections.abc import Iterator

import pytest
from click.testing import CliRunner, Result

from protocol import soup
from protocol.terms import BusinessRejectReason, Code, CxlRejReason, OrdRejReason
from quantscope import flow_session
from quantscope.cli import main
from quantscope.flow import REASONS
from quantscope.flow import Result as Figures
from quantscope.flow_session import FlowError, FlowSession
from testing.process import ServerProcess

ROWS = """timestamp_ms,action,order_id,side,type,price,quantity
1,new,70,sell,post_only,100,2
2,new,71,buy,limit,100,0.5
3,new,72,buy,post_only,100,1
4,cancel,9,,,,
"""
TRADES = """timestamp_ms,taker_order_id,maker_order_id,taker_side,price,quantity
2,71,70,buy,100,0.5
"""


@pytest.fixture(scope="module")
def exchange(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    with ServerProcess(tmp_path_factory.mktemp("flow") / "data") as exchange:
        yield exchange


@pytest.fixture
def file(tmp_path: pathlib.Path) -> pathlib.Path:
    path = tmp_path / "flow.csv"
    path.write_text(ROWS)
    return path


def flow(exchange: ServerProcess, file: pathlib.Path, *arguments: str) -> Result:
    return CliRunner().invoke(main, ["flow", str(file), "--port", str(exchange.binary), *arguments])


def test_it_prints_what_became_of_the_flow(exchange: ServerProcess, file: pathlib.Path) -> None:
    venue = file.with_name("trades.csv")
    venue.write_text(TRADES)
    done = flow(exchange, file, "--verify", str(venue), "--in-flight", "1")
    assert done.exit_code == 0, done.output
    for figure in ("POST_ONLY_WOULD_TRADE 1", "UNKNOWN_ORDER 1", "trades equal", "best ask"):
        assert figure in done.output
    # Each reason is explained, and what was to be canceled.
    said = " ".join(re.findall(r"[\w.-]+", done.output))
    for meaning in ("A post-only order", "No such", "not_in_file 1", "the file does"):
        assert meaning in said


def test_every_reason_that_a_flow_may_meet_is_explained() -> None:
    told: dict[str, list[Code]] = {
        "order_rejects": [*OrdRejReason, *BusinessRejectReason],
        "cancel_rejects": [*CxlRejReason],
    }
    for name, reasons in told.items():
        for reason in reasons:
            assert REASONS[name][reason.name].endswith(".")
    assert set(REASONS) == {
        name for name, kind in Figures.__annotations__.items() if kind == dict[str, int]
    }


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (["--password", "wrong"], "the exchange refuses demo1: A"),
        (["--symbol", "NOTHING"], "the exchange has no instrument NOTHING"),
        (["--user", "toolongname"], "'toolongname' has more than 6 characters"),
    ],
)
def test_a_refusal_is_told_in_one_line(
    exchange: ServerProcess, file: pathlib.Path, arguments: list[str], why: str
) -> None:
    done = flow(exchange, file, *arguments)
    assert done.exit_code == 1
    assert f"Error: {why}\n" in done.output


def test_a_file_that_is_no_flow_is_refused(exchange: ServerProcess, file: pathlib.Path) -> None:
    file.write_text("a,b\n")
    assert "Error: the first line is not timestamp_ms" in flow(exchange, file).output


def test_an_exchange_that_is_not_there_is_told(file: pathlib.Path) -> None:
    done = CliRunner().invoke(main, ["flow", str(file), "--port", "1"])
    assert done.exit_code == 1
    assert "Connect call failed" in done.output


def test_prices_in_json_are_exact(exchange: ServerProcess, file: pathlib.Path) -> None:
    file.write_text(ROWS.replace(",100,1\n", ",99.1,1\n"))
    done = flow(exchange, file, "--json", "--user", "demo2")
    assert done.exit_code == 0, done.output
    result = json.loads(done.output[done.output.index("{") :])
    assert (result["best_bid"], result["best_ask"]) == ("99.1", "100")


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (["--in-flight", "0"], "0 is not in the range"),
        (["--in-flight", "-1"], "-1 is not in the range"),
        (["--port", "99999"], "99999 is not in the range"),
    ],
)
def test_a_number_out_of_range_is_refused(
    file: pathlib.Path, arguments: list[str], why: str
) -> None:
    done = CliRunner().invoke(main, ["flow", str(file), *arguments])
    assert done.exit_code == 2
    assert why in done.output


@pytest.mark.parametrize(
    ("name", "data", "why"),
    [
        ("flow.csv", b"\xff\xfe", "is no text in UTF-8"),
        ("flow.csv.gz", gzip.compress(ROWS.encode() * 99)[:-9], "is no whole gzip file"),
        ("flow.csv.gz", b"plain", "is no whole gzip file"),
        ("flow.csv", ROWS.replace("70", "7" * 200_000).encode(), "line 2"),
    ],
)
def test_a_file_that_cannot_be_read_is_one_error(
    tmp_path: pathlib.Path, name: str, data: bytes, why: str
) -> None:
    file = tmp_path / name
    file.write_bytes(data)
    done = CliRunner().invoke(main, ["flow", str(file), "--port", "1"])
    assert done.exit_code == 1
    assert done.output.startswith("Error: ")
    assert why in done.output


def test_trades_of_a_wrong_kind_are_refused_before_anything_is_sent(file: pathlib.Path) -> None:
    """Nobody listens at that port, and nobody is asked."""
    done = CliRunner().invoke(main, ["flow", str(file), "--port", "1", "--verify", str(file)])
    assert done.exit_code == 1
    assert "Error: the first line is not timestamp_ms,taker_order_id" in done.output


def test_the_port_of_http_is_told_from_that_of_the_protocol(
    exchange: ServerProcess, file: pathlib.Path
) -> None:
    done = CliRunner().invoke(main, ["flow", str(file), "--port", str(exchange.http)])
    assert done.exit_code == 1
    assert "Error: this is not the port of the binary protocol: " in done.output


async def test_a_server_that_only_says_that_it_is_alive_is_given_up(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(flow_session, "ANSWER_TIMEOUT_S", 0.3)
    ended = asyncio.Event()

    async def beat(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                writer.write(soup.encode(soup.Kind.SERVER_HEARTBEAT))
                await writer.drain()
                await asyncio.sleep(0.05)
        except ConnectionError:
            writer.transport.abort()
            await asyncio.sleep(0)
            ended.set()

    async with await asyncio.start_server(beat, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        session = FlowSession(*await asyncio.open_connection("127.0.0.1", port))
        with pytest.raises(FlowError, match="no answer within"):
            async with asyncio.timeout(10):
                await session.log_in("demo1", "demo")
        await session.log_out()
        await ended.wait()
