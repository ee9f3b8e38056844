"""Where it is not known what a session was told, its client lets numbers begin anew."""

from collections.abc import Callable
from pathlib import Path

import pytest

from testing.command import quantscope
from testing.fix_client import FixClient
from testing.process import ServerProcess

RESET = "session was reset, log on with ResetSeqNumFlag=Y"


def restored(data: Path) -> Path:
    """The directory as a backup that was put back."""
    code, _, errors = quantscope("restore", str(data), str(data.with_name("restored")))
    assert code == 0, errors
    return data.with_name("restored")


def without_mark(data: Path) -> Path:
    """The directory, of which nobody knows whether it is a copy."""
    (data / "mark").unlink()
    return data


def recovered(data: Path) -> Path:
    """The directory without its commands since the last snapshot, which is accepted."""
    (data / "commands.db").unlink()
    code, _, errors = quantscope("recover", "--accept-loss", str(data))
    assert code == 0, errors
    return data


@pytest.mark.parametrize(
    ("doubt", "killed"), [(restored, False), (without_mark, False), (recovered, True)]
)
async def test_a_new_era_is_gone_on_with_by_a_reset(
    tmp_path: Path, doubt: Callable[[Path], Path], *, killed: bool
) -> None:
    with ServerProcess(tmp_path / "data") as exchange:
        async with FixClient(exchange.fix) as client:
            await client.log_on()
            client.place("a", (59, 1), price=30)
            assert (await client.hear())[150] == "0"
            exchange.stop()
            exchange.start()
            client.port = exchange.fix
            await client.connect()
            await client.log_on()
            client.place("lost", (59, 1), price=30)
            assert (await client.hear())[150] == "0"
            number = client.number
        if killed:
            exchange.kill()
        else:
            exchange.stop()
    with ServerProcess(doubt(tmp_path / "data")) as exchange:
        for _ in range(2):
            async with FixClient(exchange.fix) as client:
                client.number = number
                client.say("A", (98, 0), (108, 30), *client.credentials())
                (said,) = await client.closed()
                assert (said[35], said[58]) == ("5", RESET)
                assert int(said[34]) < 2**31
        async with FixClient(exchange.fix) as client:
            answer = await client.log_on((141, "Y"))
            assert (answer[34], answer[141]) == ("1", "Y")
            client.cancel("b", "a")
            report = await client.hear()
            assert (report[34], report[35]) == ("2", "8")
            number = client.number
        exchange.restart()
        async with FixClient(exchange.fix) as client:
            client.number = number
            assert (await client.log_on())[34] == "3"
        exchange.stop()
