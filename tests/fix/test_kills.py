"""The exchange is killed while QuickFIX and QuickFIX/J trade: both sides agree, nothing is lost."""

import contextlib
import random
import threading
import time
from collections import Counter
from pathlib import Path

import pytest

from testing.foreign_fix.contents import Numbers
from testing.foreign_fix.engine import ForeignEngine
from testing.foreign_fix.engines import quickfix, quickfixj
from testing.foreign_fix.orders import BUY, SELL, cancel, new_order
from testing.foreign_fix.session import ForeignSession
from testing.process import ServerProcess

PRICE = 50_000
BETWEEN_S = (0.05, 0.8)
"""For how long they trade before the next trouble."""
CLIENTS_TOO = 0.2
"""How often they are killed together with the exchange."""


AWAY = {BUY: 40_000, SELL: 60_000}
"""Where an order rests that is to be canceled."""


class FixTrader:
    """A client whose orders trade with those of another; it sends until it is told to stop."""

    def __init__(self, client: ForeignEngine, side: int) -> None:
        self.client = client
        self.sent: list[str] = []
        """Names of orders."""
        self.canceled: list[str] = []
        """Of those, which it has canceled; each by a request with a name of its own."""
        self._side = side
        self.between = threading.Lock()
        """Who has it knows that nothing is being sent."""
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run)

    def start(self) -> None:
        """Send one order after the other, whether there is a line or not."""
        self._thread.start()

    def stop(self) -> None:
        """Send no more."""
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stop.wait(0.01):
            with self.between:
                self._send(f"{'bs'[self._side - 1]}{len(self.sent)}")

    def _send(self, name: str) -> None:
        self.sent.append(name)
        if len(self.sent) % 4:
            self.client.send("D", *new_order(name, self._side, 1, PRICE))
            return
        self.client.send("D", *new_order(name, self._side, 1, AWAY[self._side]))
        self.canceled.append(name)
        self.client.send("F", *cancel(f"no {name}", name, self._side, 1))


def make_trouble(trader: FixTrader, rng: random.Random) -> None:
    """A line that is lost, or a gap that one side sees."""
    with trader.between:
        next_out, next_in = trader.client.numbers()
        match rng.randrange(3):
            case 0:
                trader.client.disconnect()
            case 1:
                trader.client.renumber(next_in=max(2, next_in - rng.randrange(1, 300)))
            case _:
                trader.client.renumber(next_out=next_out + rng.randrange(1, 5))


def kill_all(exchange: ServerProcess, traders: list[FixTrader], *, clients: bool) -> None:
    """Kill the exchange, and perhaps its clients, too; all of them come back."""
    logons = [trader.client.logons for trader in traders]
    with contextlib.ExitStack() as stack:
        for trader in traders if clients else ():
            stack.enter_context(trader.between)
            trader.client.kill()
        exchange.restart()
        for trader in traders if clients else ():
            trader.client.start()
    for trader, before in zip(traders, logons, strict=True):
        trader.client.until_logged_on(before)


def settled(trader: FixTrader) -> None:
    """Wait until each order has its answer: what was sent without a line goes out by itself."""
    wanted = {*trader.sent, *(f"no {name}" for name in trader.canceled)}
    end = time.monotonic() + 60
    while missing := wanted - {m[11] for m in trader.client.among("in", "8", "9")}:
        assert time.monotonic() < end, f"no answer to {sorted(missing)}\n{trader.client.said()}"
        time.sleep(0.02)


@pytest.mark.timeout(3_600)
def test_nothing_is_lost_and_nothing_is_executed_twice(
    tmp_path: Path, pytestconfig: pytest.Config, seed: int
) -> None:
    rng = random.Random(seed)
    kills = pytestconfig.getoption("fix_kills")
    exchange = ServerProcess(tmp_path / "data", same_port=True)
    with exchange, contextlib.ExitStack() as stack:
        traders = []
        for name, side, version, engine in (
            ("demo1", BUY, "FIX.4.4", quickfixj),
            ("demo2", SELL, "FIX.4.2", quickfix),
        ):
            session = ForeignSession(exchange.fix, tmp_path / name, name, begin_string=version)
            traders.append(FixTrader(stack.enter_context(engine(session)), side))
        for trader in traders:
            trader.start()
        try:
            for _ in range(kills):
                time.sleep(rng.uniform(*BETWEEN_S))
                make_trouble(rng.choice(traders), rng)
                time.sleep(rng.uniform(*BETWEEN_S))
                kill_all(exchange, traders, clients=rng.random() < CLIENTS_TOO)
        finally:
            for trader in traders:
                trader.stop()
        for trader in traders:
            settled(trader)
        fills = [told(trader) for trader in traders]
        assert fills[0] == fills[1] > 0, "the sides of the trades are not of each other"
        shown = exchange.get("/trades/BTCUSD?limit=1000")["trades"]
        assert len(shown) == min(fills[0], 1_000)
        exchange.kill()
    exchange.verified()


def told(trader: FixTrader) -> int:
    """Hold all that went over the line to what must be; how many fills there were."""
    client = trader.client
    # Both sides know where they stand: what each says next is what the other expects.
    client.send("1", (112, "the end"))
    client.wait({35: "0", 112: "the end"})
    assert not client.rejects()
    assert not [m for m in client.among("out", "A") if m.get(141)]
    heard, said = Numbers(client.among("in")), Numbers(client.among("out"))
    for way, numbers in (("in", heard), ("out", said)):
        last = max(int(message[34]) for message in client.among(way))
        assert numbers.whole_to(last), f"numbers {way} are missing"
    reports = [dict(text) for text in heard.contents.values() if dict(text)[35] in ("8", "9")]

    def names(*exec_types: str) -> Counter[str]:
        return Counter(x[11] for x in reports if x.get(150) in exec_types)

    assert not [x for x in reports if x.get(150) not in ("0", "2", "4", "F")], "nothing is refused"
    assert names("0") == Counter(trader.sent), "each order is taken once"
    assert names("4") == Counter(f"no {name}" for name in trader.canceled)
    fills = names("2", "F")
    assert max(fills.values()) == 1, "each order was for one"
    assert len({x[17] for x in reports}) == len(reports)
    return len(fills)
