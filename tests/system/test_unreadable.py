"""A record of the commands log that is no batch is passed over, and everybody says so."""

import json
from pathlib import Path

import pytest

from core import Commands, Engine
from protocol.terms import Gateway
from testing.command import quantscope
from testing.parts import commands_log
from testing.process import ServerProcess

SAID = "2 record(s) of the commands log are no command batches"


def append(path: Path, *records: bytes) -> None:
    log = commands_log(path)
    log.append(1, list(records))
    log.sync()
    log.close()


def test_what_is_no_batch_is_passed_over_by_start_and_verify_and_shown(tmp_path: Path) -> None:
    directory = tmp_path / "data"
    with ServerProcess(directory) as exchange:
        exchange.place()
    tick = Commands()
    tick.tick()
    batch = tick.seal(Gateway.ENGINE, 0, 0, 1, 1)
    assert batch is not None
    append(directory / "commands.db", b"no batch at all", batch[:-1], batch)

    code, _, errors = quantscope("verify", "--data-dir", str(directory))
    assert (code, SAID in errors) == (1, True), errors
    code, lines, _ = quantscope("journal", "commands", "--data-dir", str(directory))
    shown = [json.loads(line) for line in lines.splitlines()]
    assert code == 0
    assert [row["type"] for row in shown[-3:]] == ["UNREADABLE", "UNREADABLE", "TICK"]
    assert shown[-3]["bytes"] == b"no batch at all".hex()

    with ServerProcess(directory) as exchange:
        assert SAID in exchange.said()
        assert exchange.metrics()["quantscope_unreadable_records_total"] == 2
        assert exchange.place()


def test_a_partition_that_does_not_fit_an_id_is_refused() -> None:
    Engine(127)
    with pytest.raises(ValueError, match="partition 128 is above 127"):
        Engine(128)
