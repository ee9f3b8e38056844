"""A recorder that is held up: new orders are refused, cancels taken, and it goes on by itself."""

import asyncio
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from protocol import messages as m
from protocol.terms import OrdRejReason
from testing.client import Client
from testing.process import ServerProcess

BURST = 50
BUSY_WITHIN_S = 30


@contextmanager
def held_up(exchange: ServerProcess) -> Iterator[None]:
    """Somebody else is writing to the store, and takes long."""
    store = sqlite3.connect(exchange.data_dir / "store.db", isolation_level=None)
    try:
        store.execute("BEGIN IMMEDIATE")
        yield
        store.execute("ROLLBACK")
    finally:
        store.close()


async def rest(call: Callable[..., Any], *arguments: Any, **order: str) -> Any:
    """A REST call beside the lines of this loop."""
    return await asyncio.to_thread(call, *arguments, **order)


async def place_until_busy(client: Client, number: int) -> int:
    """Send bursts of orders until one is refused; the first number that was."""
    refused: list[int] = []
    async with asyncio.timeout(BUSY_WITHIN_S):
        while not refused:
            for _ in range(BURST):
                number += 1
                client.place(number, price=1 + number % 50)
            for _ in range(BURST):
                report = await client.report()
                if not isinstance(report, m.ExecutionReportNew):
                    assert isinstance(report, m.ExecutionReportReject)
                    assert report.ord_rej_reason == OrdRejReason.BUSY
                    assert report.security_id is report.side is None
                    refused.append(report.cl_ord_id)
    assert refused == list(range(refused[0], number + 1))
    return refused[0]


async def place_until_taken(client: Client, number: int) -> None:
    """What was refused with BUSY has not used up its ClOrdID: send it until it is taken."""
    async with asyncio.timeout(30):
        while True:
            client.place(number)
            report = await client.report()
            if isinstance(report, m.ExecutionReportNew):
                assert report.cl_ord_id == number
                return
            assert isinstance(report, m.ExecutionReportReject)
            assert report.ord_rej_reason == OrdRejReason.BUSY
            await asyncio.sleep(0.05)


async def test_beyond_journal_bytes_max_new_orders_are_refused_and_cancels_are_taken(
    tmp_path: Path,
) -> None:
    with ServerProcess(tmp_path / "data", "journal.journal_bytes_max=50000") as exchange:
        client = await Client(exchange.binary).login()
        client.place(1)
        await client.expect_new(1)
        order = await rest(exchange.place, client_order_id="first")
        with held_up(exchange):
            busy = await place_until_busy(client, 1)
            answer = await rest(exchange.place, 503, client_order_id="late")
            assert answer["code"] == "BUSY"
            client.cancel(busy, 1)
            await client.expect(m.ExecutionReportCancel, cl_ord_id=busy, orig_cl_ord_id=1)
            answer = await rest(exchange.cancel, order["order_id"])
            assert answer["status"] == "CANCELED"
            await rest(exchange.get, "/ready")
            figures: dict[str, float] = {}
            async with asyncio.timeout(30):
                while not figures.get("quantscope_recorder_failed"):
                    await asyncio.sleep(0.05)
                    figures = await asyncio.to_thread(exchange.metrics)
            assert figures["quantscope_recorder_lag_bytes"] > 50000
        await place_until_taken(client, busy + 1)
        order = await rest(exchange.place, client_order_id="late")
        assert order["status"] == "NEW"
        figures = await asyncio.to_thread(exchange.metrics)
        assert figures["quantscope_recorder_failed"] == 0
        assert figures["quantscope_recorder_lag_bytes"] < 50000
        page = await rest(exchange.get, "/orders?user_id=demo1&limit=1000")
        assert str(busy) not in {order["client_order_id"] for order in page["orders"]}
        await client.logout()
    exchange.verified()


async def test_what_a_session_was_told_rest_knows_at_once_whatever_the_recorder_does(
    tmp_path: Path,
) -> None:
    settings = ("facade.overlay_orders_max=20", "facade.recent_orders_max=5")
    with ServerProcess(tmp_path / "data", *settings, "facade.store_deadline_s=0.3") as exchange:
        client = await Client(exchange.binary).login()
        with held_up(exchange):
            placed = []
            for number in range(1, 41):
                client.place(number)
                placed.append((await client.expect_new(number)).order_id)
            for order_id in placed:
                order = await rest(exchange.get, f"/orders/{order_id}")
                assert (order["status"], order["user_id"]) == ("NEW", "demo1")
            page = await rest(exchange.get, "/orders?user_id=demo1")
            assert [int(o["order_id"]) for o in page["orders"]] == placed[::-1]
            order = await asyncio.to_thread(exchange.amend, placed[0], quantity="0.5")
            assert order["quantity"] == "0.5"
            await client.expect(m.ExecutionReportReplace)
            for order_id in placed:
                order = await rest(exchange.cancel, order_id)
                assert order["status"] == "CANCELED"
                await client.expect(m.ExecutionReportCancel)
            # Eight are the newest, twenty older ones wait; nobody has the others yet: it is said.
            for order_id in placed[:12]:
                answer = await rest(exchange.get, f"/orders/{order_id}", 503)
                assert answer["code"] == "NOT_KNOWN_YET"
                answer = await rest(exchange.cancel, order_id, 409)
                assert answer["code"] == "ORDER_CLOSED"
            for order_id in placed[12:]:
                assert (await rest(exchange.get, f"/orders/{order_id}"))["status"] == "CANCELED"
            await rest(exchange.get, "/orders?user_id=demo1", 503)
        for order_id in placed:
            async with asyncio.timeout(30):
                while True:
                    status, order = await rest(exchange.ask, f"/orders/{order_id}")
                    if status == 200:
                        break
                    assert (status, order["code"]) == (503, "NOT_KNOWN_YET")
            assert order["status"] == "CANCELED"
        await rest(exchange.get, f"/orders/{placed[-1] + 1}", 404)
        page = await rest(exchange.get, "/orders?user_id=demo1")
        assert [int(o["order_id"]) for o in page["orders"]] == placed[::-1]
        await client.logout()
    exchange.verified()


async def test_after_a_kill_every_order_is_known_with_all_that_happened_to_it(
    tmp_path: Path,
) -> None:
    exchange = ServerProcess(tmp_path / "data").start()
    client = await Client(exchange.binary).login()
    client.place(1, quantity=100)
    resting = (await client.expect_new(1)).order_id
    for _ in range(70):
        await rest(exchange.place, side="SELL")
    before = await rest(exchange.get, f"/orders/{resting}")
    assert (before["fills_count"], len(before["fills"])) == (70, 50)
    exchange.kill()
    exchange.start()
    changed = await asyncio.to_thread(exchange.amend, resting, quantity="90")
    assert changed["filled_quantity"] == "70"
    async with asyncio.timeout(30):
        while True:
            status, after = await rest(exchange.ask, f"/orders/{resting}")
            if status == 200:
                break
    assert after["fills"] == before["fills"]
    assert (after["fills_count"], after["status_history_count"]) == (70, 72)
    assert after["timestamp"] == before["timestamp"]
    pages, cursor = [], ""
    while cursor is not None:
        mark = f"&cursor={cursor}" if cursor else ""
        page = await rest(exchange.get, f"/orders/{resting}/fills?limit=30{mark}")
        pages += page["fills"]
        cursor = page["next_cursor"]
    assert (len(pages), pages[20:]) == (70, before["fills"])
    exchange.stop()
    exchange.verified()
