"""A fault of order entry ends its lines, and no more: it shows, and it is begun again.

The fault is a real panic of native code: the place in the events log is put to where counting on
overflows, so that the next event is one too many.
"""

import asyncio
import logging
import random
import threading
from pathlib import Path
from typing import Any

import pytest

from core import Engine, PanicException
from gateway import restart
from gateway.connections import Connections
from protocol import messages as m
from protocol.terms import Side
from testing.client import Client
from testing.command import quantscope
from testing.trader import Trader
from testing.waiting import until
from tests.system.within import Within, with_users, within

LAST = 2**64 - 1


class Obstacle:
    """Lets order entry begin again only when it is taken away."""

    def __init__(self, served: Within, gateway: Connections[Any] | None = None) -> None:
        self._restart: Any = (gateway or served.exchange.gateway.binary)._restart
        self._fresh = self._restart._fresh
        self._restart._fresh = self._fail
        self.attempts = 0

    def _fail(self, _: Any) -> Any:
        self.attempts += 1
        raise PanicException("nothing to begin with")

    def take_away(self) -> None:
        self._restart._fresh = self._fresh


def break_order_entry(served: Within) -> None:
    """From the next event on it has failed."""
    served.exchange.gateway.binary.order_entry.set_next_offset(LAST)


async def come_back(served: Within, lines: list[Client], told: dict[str, list[m.Message]]) -> None:
    """Each session hears what it has missed, no more and no less, and goes on."""
    missed = {"demo1": [m.ExecutionReportTrade, m.ExecutionReportCancel]}
    missed["demo2"] = [m.ExecutionReportTrade]
    for before in lines:
        line = await Client(served.binary, before.user).login(before.session, before.following)
        assert (line.session, line.following, line.last_cl_ord_id) == (before.session, 4, 3)
        heard = [await line.report() for _ in missed[line.user]]
        assert [type(report) for report in heard] == missed[line.user]
        line.place(4, side=Side.SELL, price=200)
        heard.append(await line.expect_new(4))
        told[line.user] += heard
        await line.logout()


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """Short pauses."""
    monkeypatch.setattr(restart, "RESTART_S", 0.05)
    monkeypatch.setattr(restart, "RESTART_MAX_S", 0.2)


async def test_all_goes_on_without_order_entry_and_sessions_miss_nothing(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    directory = tmp_path / "data"
    async with within(directory) as served:
        lines = [await Client(served.binary, f"demo{n}").login() for n in (1, 2)]
        told: dict[str, list[m.Message]] = {line.user: [] for line in lines}
        for line in lines:
            for number in range(1, 4):
                line.place(number, price=90 + number)
                told[line.user].append(await line.expect_new(number))
        resting = await served.place(price="50")
        obstacle = Obstacle(served)

        break_order_entry(served)
        # The event that it fails over is the order's own, and is told of all the same.
        order = await served.place(price="51")
        for line in lines:
            await line.expect_closed()
        ready = await served.get("/ready", 503)
        assert ready["faults"] == ["binary order entry failed: panic: attempt to add with overflow"]
        await Client(served.binary).connect()
        with pytest.raises((EOFError, ConnectionError)):
            await Client(served.binary).ask_login()

        # Meanwhile: orders over REST, of which the sessions are to hear, too.
        filled = await served.place(side="SELL", price="93", quantity="2")
        assert filled["status"] == "FILLED"
        canceled = await served.client.delete(f"/orders/{order['order_id']}")
        assert canceled.json()["status"] == "CANCELED"
        book = await served.get("/orderbook/BTCUSD")
        assert [level["price"] for level in book["bids"]] == ["92", "91", "50"]
        mine = told["demo1"][0]
        assert isinstance(mine, m.ExecutionReportNew)
        assert (await served.client.delete(f"/orders/{mine.order_id}")).status_code == 200
        await until(lambda: obstacle.attempts >= 2)
        assert (await served.get("/ready", 503))["faults"] == ready["faults"]
        obstacle.take_away()
        await served.until_ready()

        await come_back(served, lines, told)
        assert (await served.faults())["gateway"] == 1 + obstacle.attempts
        assert sum("panic: attempt to add" in record.message for record in caplog.records) == 1
        assert (await served.get(f"/orders/{resting['order_id']}"))["status"] == "NEW"
        figures = (await served.client.get("/metrics")).text
        assert "quantscope_orders_total 11.0" in figures
    assert quantscope("verify", "--data-dir", str(directory))[0] == 0
    # What it knows of where messages stand has gone into the index: a start finds all of them.
    async with within(directory) as served:
        for user, reports in told.items():
            line = await Client(served.binary, user).login("", 1)
            assert [await line.report() for _ in reports] == reports


async def test_what_was_not_sealed_is_gone_and_what_was_is_answered_after_the_login(
    tmp_path: Path,
) -> None:
    async with within(tmp_path / "data") as served:
        line = await Client(served.binary).login()
        line.place(1)
        await line.expect_new(1)
        obstacle = Obstacle(served)
        break_order_entry(served)
        # One passes at once: it is executed, and order entry fails over telling of it.
        line.place(2)
        await line.expect_closed()
        obstacle.take_away()
        await served.until_ready()
        line = await Client(served.binary).login("", 2)
        assert line.last_cl_ord_id == 2
        await line.expect_new(2)
        line.place(3)
        await line.expect_new(3)


async def test_a_second_fault_while_it_begins_again_is_one_more(tmp_path: Path) -> None:
    async with within(tmp_path / "data") as served:
        line = await Client(served.binary).login()
        line.place(1, quantity=5)
        await line.expect_new(1)
        gateway = served.exchange.gateway.binary
        held, go_on = asyncio.Event(), threading.Event()
        loop = asyncio.get_running_loop()
        original: Any = gateway._restart
        fresh = original._fresh

        def slow(engine: Engine) -> restart.Fresh:
            made: restart.Fresh = fresh(engine)

            def learn() -> None:
                loop.call_soon_threadsafe(held.set)
                go_on.wait(20)
                made.learn()

            return made._replace(learn=learn)

        original._fresh = slow
        break_order_entry(served)
        await served.place(side="SELL")
        async with asyncio.timeout(20):
            await held.wait()
        # It has sessions again, and does not know yet where their messages stand.
        break_order_entry(served)
        await served.place(side="SELL")
        go_on.set()
        await served.until_ready()
        assert gateway.order_entry.faults == 2
        assert (await served.faults())["gateway"] == 2
        line = await Client(served.binary).login("", 1)
        await line.expect_new(1)
        for _ in range(2):
            await line.expect(m.ExecutionReportTrade, last_qty=10**8)


async def test_fix_alone_fails_and_is_told_of(tmp_path: Path) -> None:
    async with within(tmp_path / "data") as served:
        line = await Client(served.binary).login()
        gateway = served.exchange.gateway.fix
        obstacle = Obstacle(served, gateway)
        gateway.order_entry.set_next_offset(LAST)
        line.place(1)
        await line.expect_new(1)
        await until(lambda: gateway.order_entry.fault is not None)
        faults = (await served.get("/ready", 503))["faults"]
        assert faults == ["FIX order entry failed: panic: attempt to add with overflow"]
        line.place(2)
        await line.expect_new(2)
        obstacle.take_away()
        await served.until_ready()
        await line.logout()


async def test_who_is_gone_loses_its_orders_also_while_order_entry_is_down(
    tmp_path: Path,
) -> None:
    change = with_users(cancel_on_disconnect=True)
    async with within(tmp_path / "data", change=change) as served:
        line = await Client(served.binary).login()
        line.place(1, price=77)
        await line.expect_new(1)
        Obstacle(served)
        break_order_entry(served)
        await served.place(price="50")
        await line.expect_closed()

        async def prices() -> list[str]:
            book = await served.get("/orderbook/BTCUSD")
            return [level["price"] for level in book["bids"]]

        async with asyncio.timeout(20):
            while await prices() != ["50"]:
                await asyncio.sleep(0.01)
        await served.get("/ready", 503)


async def test_nothing_that_sessions_may_want_is_deleted_while_order_entry_is_down(
    tmp_path: Path,
) -> None:
    async with within(tmp_path / "data") as served:
        line = await Client(served.binary).login()
        for number in range(1, 4):
            line.place(number)
            await line.expect_new(number)
        exchange = served.exchange
        index, events = exchange.gateway.index, exchange.engine.service.journals.events
        assert index is not None
        events.sync()
        exchange.gateway.capture()()
        kept = index.read()
        Obstacle(served)
        break_order_entry(served)
        await served.place()
        await line.expect_closed()
        assert exchange.gateway.first_needed() == events.first_offset
        exchange.gateway.capture()()
        assert index.read() == kept


async def test_under_load_and_fault_after_fault_each_report_comes_once(tmp_path: Path) -> None:
    directory = tmp_path / "data"
    async with within(directory, "journal.snapshot_interval_s=0.2") as served:
        traders = [Trader(f"demo{n}", random.Random(n)) for n in range(1, 4)]
        over = asyncio.Event()

        async def live(trader: Trader) -> None:
            while not over.is_set():
                try:
                    await trader.come_back(served)
                except (EOFError, ConnectionError):
                    await asyncio.sleep(0.01)
                else:
                    await trader.trade()

        order_entry = served.exchange.gateway.binary.order_entry
        async with asyncio.TaskGroup() as group:
            for trader in traders:
                group.create_task(live(trader))
            for fault in range(1, 9):
                heard = [len(trader.told) for trader in traders]
                async with asyncio.timeout(30):
                    while [len(x.told) for x in traders] < [n + 50 for n in heard]:
                        await asyncio.sleep(0.01)
                break_order_entry(served)
                await until(lambda fault=fault: order_entry.faults == fault)  # type: ignore[misc]
                await served.place(price="1")
            over.set()
            await served.until_ready()
            for trader in traders:
                trader.client.cut()
        for trader in traders:
            await trader.come_back(served)
            await trader.check(served)
            assert len(trader.told) > 8 * 50
        faults = await served.faults()
        # A snapshot between the breaking and the next event finds no log that goes so far.
        faults.pop("snapshots", None)
        assert faults == {"gateway": 8}
    code, _, errors = quantscope("verify", "--data-dir", str(directory))
    assert code == 0, errors
