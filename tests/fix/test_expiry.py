"""Foreign engines are told that an order has expired, and their dictionaries have it."""

from collections.abc import Callable
from pathlib import Path

import pytest

from testing.foreign_fix.engine import ForeignEngine
from testing.foreign_fix.engines import quickfix, quickfixj
from testing.foreign_fix.orders import BUY, SELL, cancel, new_order, replace, status
from testing.foreign_fix.session import ForeignSession
from testing.process import ServerProcess
from testing.wall import Wall

Engine = Callable[[ForeignSession], ForeignEngine]
HOURS_25 = 25 * 3600
LATE = ("fix.sending_time_s_max=100000", "server.clock_settle_s=1")
"""The client's clock is not set; the exchange's is taken once it has stood for a second."""


@pytest.mark.parametrize("engine", [quickfix, quickfixj])
@pytest.mark.parametrize("begin_string", ["FIX.4.2", "FIX.4.4"])
def test_a_day_order_expires_and_one_of_gtc_stays(
    engine: Engine, begin_string: str, clock: Path, tmp_path: Path
) -> None:
    wall = Wall(clock, tmp_path / "clock")
    with ServerProcess(tmp_path / "data", *LATE, env=wall.env) as exchange:
        session = ForeignSession(
            exchange.fix,
            tmp_path / "client",
            begin_string=begin_string,
            more={"CheckLatency": "N"},
        )
        with engine(session) as client:
            client.send("D", *new_order("day", BUY, 3, 100, (59, 0)))
            client.wait({35: "8", 11: "day", 150: 0, 59: 0})
            client.send("D", *new_order("some", SELL, 1, 100))
            client.wait({35: "8", 11: "day", 39: 1, 14: 1, 151: 2})
            client.send("G", *replace("amended", "day", BUY, 4, 101))
            client.wait({35: "8", 11: "amended", 41: "day", 150: 5, 59: 0})
            client.send("D", *new_order("stays", BUY, 1, 90, (59, 1)))
            client.wait({35: "8", 11: "stays", 150: 0, 59: 1})
            wall.set(HOURS_25)
            expired = client.wait({35: "8", 11: "amended", 150: "C"})
            assert expired.has({39: "C", 38: 4, 14: 1, 151: 0, 6: "100", 41: None, 378: None})
            client.send("H", *status("amended"))
            client.wait({35: "8", 11: "amended", 39: "C", **_is_status(begin_string)})
            client.send("F", *cancel("late", "amended"))
            client.wait({35: "9", 11: "late", 41: "amended", 39: "C", 102: 0})
            client.send("F", *cancel("c", "stays"))
            client.wait({35: "8", 11: "c", 41: "stays", 150: 4})
            # Once more, with PossDupFlag.
            client.until_numbers(*(_last(client, way) + 1 for way in ("out", "in")))
            client.renumber(next_in=2)
            client.send("1", (112, "again"))
            client.wait({35: "2", 7: 2}, way="out")
            client.wait({35: "8", 11: "amended", 150: "C", 39: "C", 43: "Y"})
            client.send("1", (112, "the end"))
            client.wait({35: "0", 112: "the end"})
        assert not client.among("out", "3", "j")
        assert not client.rejects()


def _is_status(begin_string: str) -> dict[int, object]:
    return {20: 3} if begin_string == "FIX.4.2" else {150: "I"}


def _last(client: ForeignEngine, way: str) -> int:
    return max(int(message[34]) for message in client.among(way))
