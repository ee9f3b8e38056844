"""Sessions of FIX that are reset by the clock, which a test sets."""

import asyncio
import signal
from pathlib import Path

from testing.fix_client import FixClient
from testing.process import ServerProcess
from testing.waiting import until
from testing.wall import Wall
from tests.system.session_rows import rows

HOURS_25 = 25 * 3600
NAME = "FIX.4.4/demo1"
RESET = "sessions are reset, as is due"


def exchange(tmp_path: Path, wall: Wall) -> ServerProcess:
    settings = ("fix.reset_time=12:00", "fix.sending_time_s_max=1e6")
    return ServerProcess(tmp_path / "data", *settings, env=wall.env)


async def test_a_reset_that_was_missed_is_made_up_for_once(tmp_path: Path, clock: Path) -> None:
    wall = Wall(clock, tmp_path / "clock")
    served = exchange(tmp_path, wall)
    with served:
        async with FixClient(served.fix) as client:
            await client.log_on()
        served.stop()
        assert RESET not in served.said()
        wall.set(HOURS_25)
        served.start()
        await until(lambda: rows(served)[NAME]["epoch"] == 1)
        async with FixClient(served.fix) as client:
            assert (await client.log_on())[34] == "1"
        served.restart()
        async with FixClient(served.fix) as client:
            client.number = 2
            assert (await client.log_on())[34] == "2"
        served.stop()
        assert served.said().count(RESET) == 1
        served.verified()


async def test_lines_are_ended_with_what_is_in_flight_answered(tmp_path: Path, clock: Path) -> None:
    wall = Wall(clock, tmp_path / "clock")
    count = 200
    with exchange(tmp_path, wall) as served:
        async with FixClient(served.fix) as client, FixClient(served.fix, "demo2") as idle:
            await client.log_on()
            await idle.log_on()
            wall.set(HOURS_25)
            for number in range(count):
                client.place(f"a{number}", (59, 1), price=30)
            assert served.process is not None
            served.process.send_signal(signal.SIGUSR1)
            told = await client.closed()
            assert [(x[35], x[58]) for x in told[-1:]] == [
                ("5", "the session is reset, as it is at this time")
            ]
            known = [x[11] for x in told[:-1]]
            assert known == [f"a{number}" for number in range(len(known))]
            assert (await idle.closed())[-1][35] == "5"
            await until(lambda: RESET in served.said())
            found = rows(served)
            assert [found[f"FIX.4.4/demo{n}"]["epoch"] for n in (1, 2)] == [1, 1]
            # What was told was done, and no more.
            orders = await asyncio.to_thread(served.get, "/orders?user_id=demo1&limit=500")
            assert len(orders["orders"]) == len(known)
            client.number = 1
            await client.connect()
            assert (await client.log_on())[34] == "1"
