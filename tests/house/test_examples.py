"""The examples of the documents do what is said of them, and are as short as is said."""

import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from testing.command import ROOT
from testing.process import ServerProcess

EXAMPLES = ROOT / "docs" / "examples"
LINES_MAX = 40
LINE = re.compile(r"\d{4}-\d\d-\d\dT[\d:.]+\+00:00 (.*)\n")


def place(exchange: ServerProcess, **order: str) -> None:
    body = {"symbol": "BTCUSD", "order_type": "LIMIT", "price": "50000.5", **order}
    answer = httpx.post(f"http://127.0.0.1:{exchange.http}/orders", json=body)
    assert answer.status_code == 201, answer.text


@pytest.fixture
def interruptible() -> Iterator[None]:
    """Whoever runs tests in the background has programs begin deaf to SIGINT."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("interruptible")
def test_a_reader_of_events_prints_trades(tmp_path: Path) -> None:
    """Those of before it was started and those that come while it runs, until it is interrupted."""
    with ServerProcess(tmp_path / "data") as exchange:
        place(exchange, side="SELL", quantity="2", user_id="alice")
        place(exchange, side="BUY", quantity="0.5", user_id="bob")
        command = [sys.executable, str(EXAMPLES / "print_trades.py"), str(tmp_path / "data")]
        with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as reader:
            assert reader.stdout is not None
            try:
                before = LINE.fullmatch(reader.stdout.readline())
                place(exchange, side="BUY", quantity="1", user_id="bob")
                after = LINE.fullmatch(reader.stdout.readline())
                reader.send_signal(signal.SIGINT)
                assert reader.wait(30) == 0
                assert reader.stdout.read() == ""
            finally:
                reader.kill()
    assert before is not None
    assert before[1] == "BTCUSD BUY 0.5 @ 50000.5"
    assert after is not None
    assert after[1] == "BTCUSD BUY 1 @ 50000.5"


def test_no_example_is_long_and_all_are_told_of() -> None:
    manual = (ROOT / "docs" / "operations.md").read_text()
    examples = list(EXAMPLES.glob("*.py"))
    assert examples
    for example in examples:
        assert len(example.read_text().splitlines()) <= LINES_MAX, example.name
        assert f"](examples/{example.name})" in manual
