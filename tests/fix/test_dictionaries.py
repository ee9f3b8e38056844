"""Whatever the exchange tells, foreign engines find it in their own dictionaries."""

from collections.abc import Callable
from pathlib import Path

import pytest

from testing.foreign_fix.engine import ForeignEngine
from testing.foreign_fix.engines import quickfix, quickfixj
from testing.foreign_fix.orders import BUY, SELL, TIME, cancel, new_order, replace, status
from testing.foreign_fix.session import ForeignSession
from testing.foreign_fix.text import Field
from testing.process import ServerProcess

Engine = Callable[[ForeignSession], ForeignEngine]
DECREMENT = (2964, 100)
"""Self-trade prevention takes from both orders."""


def market(name: str, side: int, quantity: int) -> list[Field]:
    """A NewOrderSingle (D) without a price."""
    kept = [x for x in new_order(name, side, quantity) if x[0] not in (40, 44)]
    return [*kept, (40, 1)]


@pytest.mark.parametrize("engine", [quickfix, quickfixj])
@pytest.mark.parametrize("begin_string", ["FIX.4.2", "FIX.4.4"])
def test_each_kind_of_report_is_one_that_a_dictionary_has(
    engine: Engine, begin_string: str, tmp_path: Path
) -> None:
    with ServerProcess(tmp_path / "data") as exchange:
        session = ForeignSession(exchange.fix, tmp_path / "client", begin_string=begin_string)
        with engine(session) as client:
            _orders_that_end(client, exchange)
            _refusals(client)
            if begin_string == "FIX.4.4":
                _what_only_4_4_has(client)
            client.send("1", (112, "the end"))
            client.wait({35: "0", 112: "the end"})
            # All of it once more, with PossDupFlag.
            client.until_numbers(*(_last(client, way) + 1 for way in ("out", "in")))
            told = len(client.among("in", "8", "9"))
            client.renumber(next_in=2)
            client.send("1", (112, "once more"))
            client.wait({35: "2", 7: 2}, way="out")
            client.send("1", (112, "and on"))
            client.wait({35: "0", 112: "and on"})
            assert len(client.among("in", "8", "9")) >= 2 * told
        assert not client.among("out", "3", "j")


def _last(client: ForeignEngine, way: str) -> int:
    return max(int(message[34]) for message in client.among(way))


def _orders_that_end(client: ForeignEngine, exchange: ServerProcess) -> None:
    """Each way in which an order ends, or goes on with less."""
    client.send("D", *market("m", BUY, 1))
    client.wait({35: "8", 11: "m", 39: 4})
    client.send("D", *new_order("ioc", BUY, 1, 100, (59, 3)))
    client.wait({35: "8", 11: "ioc", 39: 4})
    client.send("D", *new_order("fok", BUY, 1, 100, (59, 4)))
    client.wait({35: "8", 11: "fok", 39: 4})
    client.send("D", *new_order("gtc", SELL, 5, 200, (59, 1)))
    client.send("D", *new_order("part", BUY, 2, 200))
    client.wait({35: "8", 11: "gtc", 39: 1, 32: 2, 14: 2, 151: 3})
    client.send("G", *replace("more", "gtc", SELL, 6, 210))
    client.wait({35: "8", 11: "more", 41: "gtc", 150: 5, 38: 6, 14: 2, 151: 4})
    client.send("D", *new_order("own", BUY, 1, 210, DECREMENT))
    client.wait({35: "8", 11: "own", 39: 4})
    client.send("H", *status("more", SELL))
    client.wait({35: "8", 11: "more", 14: 2, 151: 3})
    client.send("G", *replace("less", "more", SELL, 2, 210))
    client.wait({35: "8", 11: "less", 41: "more", 151: 0})
    client.send("D", *new_order("a", BUY, 1, 90, (18, 6)))
    order_id = client.wait({35: "8", 11: "a", 150: 0})[37]
    exchange.cancel(order_id)
    client.wait({35: "8", 11: "a", 150: 4})


def _refusals(client: ForeignEngine) -> None:
    """Each way in which something is refused, but for what the session refuses."""
    client.send("D", *new_order("zero", BUY, 0))
    client.wait({35: "8", 11: "zero", 150: 8, 39: 8})
    client.send("D", *new_order("a", BUY, 1))
    client.wait({35: "8", 11: "a", 150: 8, 39: 8, 103: 6})
    client.send("D", *new_order("rests", SELL, 1, 300))
    client.send("G", *replace("refused", "rests", SELL, 1, 300))
    client.wait({35: "9", 11: "refused", 41: "rests", 39: 0, 434: 2})
    client.send("F", *cancel("upon it", "refused", SELL))
    client.wait({35: "9", 11: "upon it", 41: "rests", 39: 0, 434: 1})
    client.send("D", *new_order("takes", BUY, 1, 300, (18, 6)))
    client.wait({35: "8", 11: "takes", 150: 8})
    client.send("D", *new_order("until", BUY, 1, 100, (59, 6), (126, "20991231-00:00:00")))
    client.wait({35: "8", 11: "until", 150: 8})
    client.send("F", *cancel("c", "nothing"))
    client.wait({35: "9", 11: "c", 37: "NONE", 102: 1, 39: 8, 434: 1})
    client.send("G", *replace("r", "nothing"))
    client.wait({35: "9", 11: "r", 37: "NONE", 39: 8, 434: 2})
    client.send("H", *status("nothing"))
    client.wait({35: "8", 37: "NONE", 39: 8})
    client.send("B", (148, "news"), (33, 1), (58, "a line"))
    client.wait({35: "j", 372: "B", 380: 3})
    client.send("D", *new_order("account", BUY, 1, 100, (1, "another")))
    client.wait({35: "j", 372: "D"})


def _what_only_4_4_has(client: ForeignEngine) -> None:
    client.send("q", (11, "q1"), (530, 1), (55, "BTCUSD"), (60, TIME))
    client.wait({35: "r", 11: "q1", 533: 1})
    client.send("q", (11, "q2"), (530, 1), (55, "NOTHING"), (60, TIME))
    client.wait({35: "r", 11: "q2", 530: 1, 531: 0, 532: 1, 533: 0})
    client.send("x", (320, "one"), (559, 0), (55, "ETHUSD"))
    client.wait({35: "y", 320: "one"})
    client.send("e", (324, "s"), (55, "BTCUSD"), (263, 0))
    client.wait({35: "f", 324: "s", 326: 17})
