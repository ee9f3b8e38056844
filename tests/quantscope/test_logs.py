"""The log as JSON lines: each is one object, whoever logs, and whatever goes wrong."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from testing.command import ROOT, SECONDS_MAX, quantscope
from testing.log_lines import lines_of
from testing.process import ServerProcess

JSON = "server.log_format=json"
BEGIN = """
import logging, sys, threading, warnings
from quantscope import logs
from settings import ServerSettings

logs.begin(ServerSettings(log_format="json"), "gateway 7")
log = logging.getLogger("library")
"""


def logged(script: str, code: int = 0) -> list[dict[str, Any]]:
    """What a program logs."""
    done = subprocess.run(
        [sys.executable, "-c", BEGIN + script],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=SECONDS_MAX,
        check=False,
    )
    assert (done.returncode, done.stdout) == (code, "")
    return lines_of(done.stderr)


def test_a_line_says_when_who_and_what() -> None:
    (row,) = logged("log.warning('%d of %s\\nand more', 3, 'x')")
    del row["time"]
    assert row == {
        "level": "WARNING",
        "logger": "library",
        "process": "gateway 7",
        "message": "3 of x\nand more",
    }


RAISE = "def fail():\n    raise ValueError('no\\nway')\n"


@pytest.mark.parametrize(
    ("script", "level", "message", "code"),
    [
        (
            f"{RAISE}try:\n    fail()\nexcept ValueError:\n    log.exception('it failed')",
            "ERROR",
            "it failed",
            0,
        ),
        (f"{RAISE}fail()", "CRITICAL", "ValueError: no\nway", 1),
        (
            f"{RAISE}line = threading.Thread(target=fail, name='one')\nline.start()\nline.join()",
            "ERROR",
            "the thread one has ended: no\nway",
            0,
        ),
        (
            f"{RAISE}class Bad:\n    def __del__(self):\n        fail()\nbad = Bad()\ndel bad",
            "ERROR",
            "an exception was ignored in <function Bad.__del__",
            0,
        ),
    ],
)
def test_a_traceback_is_a_field(script: str, level: str, message: str, code: int) -> None:
    (row,) = logged(script, code)
    assert row["level"] == level
    assert row["message"].startswith(message)
    assert row["exception"].startswith("Traceback (most recent call last):\n")
    assert row["exception"].endswith("ValueError: no\nway")


@pytest.mark.parametrize(
    ("script", "message"),
    [
        ("warnings.warn('old')", "UserWarning: old"),
        ("log.error('%d', 'x')", "a line of library can't be formatted: %d: %d format: a real"),
        ("log.error('name %s', chr(0xDC80))", "name \\udc80"),
        ("log.error({'level': 'no', 'message': 1})", "{'level': 'no', 'message': 1}"),
        ("log.error('x', extra={'level': 'no', 'process_': object()})", "x"),
        ("log.error('x', stack_info=True)", "x"),
    ],
)
def test_nothing_that_is_logged_breaks_a_line(script: str, message: str) -> None:
    (row,) = logged(script)
    assert message in row["message"]
    assert row["level"] in ("WARNING", "ERROR")
    assert ("stack" in row) == ("stack_info" in script)


def test_who_has_closed_the_log_is_no_error() -> None:
    done = subprocess.run(
        [sys.executable, "-c", f"{BEGIN}sys.stderr.close()\nlog.error('x')\nprint('on')"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=SECONDS_MAX,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "on\n", "")


def test_an_exchange_logs_lines_of_json_and_says_ready_as_ever(tmp_path: Path) -> None:
    with ServerProcess(tmp_path / "data", JSON) as exchange:
        exchange.place(user_id="alice")
        port = exchange.http
        code, out, errors = quantscope(
            *("serve", "--data-dir", str(tmp_path / "other"), "--set", JSON),
            *("--http-port", str(port), "--binary-port", "0", "--fix-port", "0"),
        )
        assert (code, out) == (1, "")
        last = lines_of(errors)[-1]
        assert last["level"] == "CRITICAL"
        assert str(port) in last["message"]
    rows = lines_of(exchange.said())
    assert {row["process"] for row in rows} == {"serve"}
    assert "stopping" in {row["message"] for row in rows}


def test_other_commands_say_their_errors_so_too(tmp_path: Path) -> None:
    for command, words in (
        (("recover", str(tmp_path / "none")), "none"),
        (
            (
                *(
                    "verify",
                    "--set",
                    "journal.adapter=kafka",
                    "--set",
                    "kafka.start_deadline_s=0.3",
                ),
                *("--set", "kafka.bootstrap_servers=127.0.0.1:9"),
            ),
            "no broker of 127.0.0.1:9",
        ),
    ):
        code, out, errors = quantscope(*command, "--set", JSON)
        assert (code, out) == (1, "")
        (row,) = lines_of(errors)
        assert (row["level"], row["process"]) == ("CRITICAL", command[0])
        assert words in row["message"]
