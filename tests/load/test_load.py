"""The load generator against a whole exchange, and what it says when there is none."""

import pathlib
import subprocess
from collections.abc import Iterator

import msgspec
import pytest
from click.testing import CliRunner

from benchmarks.processes import (
    BenchError,
    load,
    loading,
    native_echo,
)
from quantscope.cli import main
from testing.command import QUANTSCOPE, ROOT
from testing.foreign_fix.acceptor import QuickfixAcceptor
from testing.process import ServerProcess
from testing.requests import parse_metrics


@pytest.fixture(scope="module")
def exchange(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    with ServerProcess(tmp_path_factory.mktemp("load") / "data") as exchange:
        yield exchange


@pytest.fixture(params=["binary", "fix"])
def reached(exchange: ServerProcess, request: pytest.FixtureRequest) -> list[object]:
    """What says by which protocol the exchange is loaded, and at which port."""
    port = exchange.fix if request.param == "fix" else exchange.binary
    return ["--protocol", request.param, "--port", port]


def test_the_closed_loop_keeps_its_mix_and_loses_nothing(reached: list[object]) -> None:
    result = load(
        "--json", *reached, "--connections", 4, "--in-flight", 50,
        "--resting", 2000, "--seconds", 1, "--warmup-seconds", 0.2,
    )  # fmt: skip
    orders = result["orders"]
    assert orders > 1000
    assert result["lost"] == 0
    assert result["reject_ratio"] < 0.01
    for kind, share in (("rests", 0.45), ("cancels", 0.45), ("crosses", 0.10)):
        assert result[kind] / orders == pytest.approx(share, abs=0.03)
    assert result["fills"] > 0


def test_a_second_run_goes_on_where_the_first_ended(reached: list[object]) -> None:
    """ClOrdIDs rise from run to run: nothing of the second is a repeat."""
    for _ in range(2):
        result = load(
            "--json", *reached, "--connections", 2, "--rate", 500,
            "--resting", 100, "--seconds", 0.5, "--warmup-seconds", 0, "--user-prefix", "demo",
        )  # fmt: skip
        # A cancel that comes too late is a reject beside the orders.
        assert 250 <= result["orders"] + result["rejects"] < 260
        assert result["lost"] == 0
        assert result["reject_ratio"] < 0.05


def test_round_trips_are_measured_in_turns(exchange: ServerProcess) -> None:
    with native_echo() as port:
        result = load(
            "round-trip", "--port", exchange.binary, "--echo-port", port, "--seconds", 0.5,
            "--resting", 100,
        )  # fmt: skip
    assert result["orders"] > 0
    assert 0 < result["echoes"][0]["p50"] < result["exchange"]["p50"]
    assert result["binary"] is None


def test_round_trips_over_fix_take_turns_with_the_binary_protocol(exchange: ServerProcess) -> None:
    with native_echo() as port:
        result = load(
            "round-trip", "--protocol", "fix", "--port", exchange.fix,
            "--binary-port", exchange.binary, "--echo-port", port, "--seconds", 0.9,
            "--resting", 100,
        )  # fmt: skip
    assert result["orders"] > 0
    assert result["rejects"] == 0
    assert result["binary"]["count"] > 0
    assert 0 < result["echoes"][0]["p50"] < result["exchange"]["p50"]


def test_a_session_has_once_more_what_it_was_told_while_others_trade(
    exchange: ServerProcess,
) -> None:
    with loading(
        "resend", "--protocol", "fix", "--port", exchange.fix, "--connections", 3,
        "--messages", 500, "--rate", 500, "--turns", 2, "--resting", 300,
        "--seconds", 0.2, "--warmup-seconds", 0,
    ) as result:  # fmt: skip
        assert not result
    assert len(result["resends"]) == 2
    for told in result["resends"]:
        # What is told again is about orders; a Logon stands for a gap.
        assert 450 < told["messages"] <= 500
        assert told["seconds"] > 0
    assert result["without"]["orders"] + result["without"]["rejects"] >= 200
    assert result["beside"]["latency_us"]["count"] == result["beside"]["orders"]


def test_nothing_is_told_again_on_a_line_of_the_binary_protocol(exchange: ServerProcess) -> None:
    with pytest.raises(BenchError, match="load: protocol error: only a session of FIX asks"):
        load("resend", "--port", exchange.binary)


def test_sessions_stay_without_a_word_of_their_own(exchange: ServerProcess) -> None:
    with loading(
        "stay", "--protocol", "fix", "--port", exchange.fix, "--connections", 5, "--seconds", 0.2
    ) as result:
        assert exchange.metrics()['quantscope_order_entry_connections{protocol="fix"}'] == 5
    # Logons, and the list of instruments that the first of them asks for.
    assert result == {"sessions": 5, "heard": 6}


def test_an_acceptor_that_lists_no_instruments_is_loaded_by_their_symbols() -> None:
    acceptor = QuickfixAcceptor(None, "demo1", "demo2")
    acceptor.start()
    try:
        result = load(
            "--protocol", "fix", "--port", acceptor.port, "--symbols", "BTCUSD,ETHUSD", "--json",
            "--connections", 2, "--in-flight", 10, "--resting", 100, "--seconds", 0.3,
        )  # fmt: skip
    finally:
        acceptor.stop()
    assert result["orders"] > 0
    assert result["rejects"] == result["fills"] == 0


def test_a_listener_hears_every_change_once_and_in_order(exchange: ServerProcess) -> None:
    """The binary users trade with each other while they listen."""
    with subprocess.Popen(
        [*QUANTSCOPE, "load", "notify", "--port", str(exchange.http), "--users", "2",
         "--user-prefix", "demo"],
        cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    ) as listening:  # fmt: skip
        assert listening.stdout
        assert listening.stdout.readline() == "ready users=2\n"
        sent = load(
            "--json", "--port", exchange.binary, "--connections", 2, "--rate", 2000,
            "--mix", "50/40/10", "--resting", 200, "--seconds", 0.5, "--warmup-seconds", 0,
        )  # fmt: skip
        output, _ = listening.communicate(timeout=60)
    heard = msgspec.json.decode(output)
    assert heard["closed"] == 0
    assert heard["messages"] > sent["orders"]
    assert not [told for told in heard["told"] if "out of order" in told]


def test_a_refused_login_is_told_in_one_line(exchange: ServerProcess) -> None:
    with pytest.raises(BenchError, match=r"load: login refused: demo1: A$"):
        load("--port", exchange.binary, "--password", "wrong")


def test_a_refused_logon_is_told_in_one_line(exchange: ServerProcess) -> None:
    with pytest.raises(BenchError, match=r"load: login refused: demo1: not authorized$"):
        load("--protocol", "fix", "--port", exchange.fix, "--password", "wrong")


def test_another_exchange_than_the_named_one_lets_nobody_in(exchange: ServerProcess) -> None:
    with pytest.raises(BenchError, match=r"load: connection closed by the other side: demo1$"):
        load("--protocol", "fix", "--port", exchange.fix, "--target-comp-id", "OTHER")


def test_the_disk_alone_is_measured(tmp_path: pathlib.Path) -> None:
    result = load("fdatasync", "--dir", tmp_path, "--bytes", 100, "--seconds", 0.1)
    assert result["bytes"] == 100
    assert result["latency_us"]["count"] > 0
    assert not list(tmp_path.iterdir()), "it leaves nothing behind"


def test_a_bad_option_is_refused(capfd: pytest.CaptureFixture[str]) -> None:
    done = CliRunner().invoke(main, ["load", "--mix", "50/50/50"])
    assert done.exit_code == 2
    assert "three shares that make 100" in capfd.readouterr().err


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("--rate", "0"),
        ("--rate", "nan"),
        ("--in-flight", "0"),
        ("--connections", "0"),
        ("--resting", "0"),
        ("--seconds", "-1"),
    ],
)
def test_a_number_out_of_range_is_refused(
    capfd: pytest.CaptureFixture[str], option: str, value: str
) -> None:
    done = CliRunner().invoke(main, ["load", f"{option}={value}"])
    assert done.exit_code == 2
    error = capfd.readouterr().err
    assert error.startswith(f"error: invalid value '{value}' for '{option}")
    assert "is wanted" in error


def test_an_instrument_that_nobody_knows_is_told(reached: list[object]) -> None:
    with pytest.raises(BenchError, match=r"load: the exchange has no instrument 99$"):
        load(*reached, "--connections", 1, "--instruments", "1,99")


@pytest.mark.parametrize("protocol", ["binary", "fix"])
def test_a_market_that_is_closed_is_told(tmp_path: pathlib.Path, protocol: str) -> None:
    config = tmp_path / "closed.toml"
    config.write_text('[[instruments]]\nsymbol = "BTCUSD"\nopen = false\n')
    with ServerProcess(tmp_path / "data", arguments=("--config", str(config))) as closed:
        port = closed.fix if protocol == "fix" else closed.binary
        with pytest.raises(BenchError, match=r"the exchange has refused all of \d+ orders"):
            load(
                "--json", "--protocol", protocol, "--port", port, "--connections", 1,
                "--instruments", 1,
            )  # fmt: skip


def test_metrics_are_read_by_name_and_labels() -> None:
    text = '# HELP a b\n# TYPE a counter\na_total 3.0\nb{le="0.1"} 4\n'
    assert parse_metrics(text) == {"a_total": 3.0, 'b{le="0.1"}': 4.0}
