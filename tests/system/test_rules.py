"""A build that does not know the rules by which a journal goes on says so, and writes nothing."""

from pathlib import Path

from core import RULES, Commands
from protocol.terms import Gateway
from testing.command import quantscope
from testing.parts import commands_log
from testing.process import ServerProcess


def test_a_journal_of_newer_rules_is_refused_in_one_line(tmp_path: Path) -> None:
    exchange = ServerProcess(tmp_path / "data").start()
    exchange.place()
    exchange.stop()
    log = commands_log(tmp_path / "data/commands.db")
    commands = Commands()
    commands.rules(RULES + 1)
    batch = commands.seal(Gateway.ENGINE, 0, 0, 1, 1)
    assert batch is not None
    log.append(1, [batch])
    log.sync()
    last = log.next_offset - 1
    log.close()
    said = f"the journal goes on by rules of version {RULES + 1}, and this build knows {RULES}"
    for command in ("serve", "verify"):
        code, _, errors = quantscope(command, "--data-dir", str(tmp_path / "data"))
        assert (code, said in errors) == (1, True), errors
        assert "Traceback" not in errors
    log = commands_log(tmp_path / "data/commands.db")
    assert log.next_offset - 1 == last
    log.close()
