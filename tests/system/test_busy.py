"""A recorder that is held up: new orders are refused, cancels taken, and it goes on by itself."""

import asyncio
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from protocol import messages as m
from protocol.terms import OrdRejReason
from tests.system.client import Client
from tests.system.exchange import Exchange

BURST = 50
BUSY_WITHIN_S = 30


@contextmanager
def held_up(exchange: Exchange) -> Iterator[None]:
    """Somebody else is writing to the store, and takes long."""
    store = sqlite3.connect(exchange.data_dir / "store.db", isolation_level=None)
    try:
        store.execute("BEGIN IMMEDIATE")
        yield
        store.execute("ROLLBACK")
    finally:
        store.close()


async def rest(call: Any, *arguments: str, **order: str) -> tuple[int, Any]:
    """A REST call beside the lines of this loop."""
    answer: tuple[int, Any] = await asyncio.to_thread(call, *arguments, **order)
    return answer


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
    with Exchange(tmp_path / "data", "journal.journal_bytes_max=50000") as exchange:
        client = await Client(exchange.binary).login()
        client.place(1)
        await client.expect_new(1)
        status, order = await rest(exchange.post, client_order_id="first")
        assert status == 201
        with held_up(exchange):
            busy = await place_until_busy(client, 1)
            status, answer = await rest(exchange.post, client_order_id="late")
            assert (status, answer["code"]) == (503, "BUSY")
            client.cancel(busy, 1)
            await client.expect(m.ExecutionReportCancel, cl_ord_id=busy, orig_cl_ord_id=1)
            status, answer = await rest(exchange.delete, f"/orders/{order['order_id']}")
            assert (status, answer["status"]) == (200, "CANCELED")
            assert (await rest(exchange.get, "/ready"))[0] == 200
            figures: dict[str, float] = {}
            async with asyncio.timeout(30):
                while not figures.get("quantscope_recorder_failed"):
                    await asyncio.sleep(0.05)
                    figures = await asyncio.to_thread(exchange.metrics)
            assert figures["quantscope_recorder_lag_bytes"] > 50000
        await place_until_taken(client, busy + 1)
        status, order = await rest(exchange.post, client_order_id="late")
        assert (status, order["status"]) == (201, "NEW")
        figures = await asyncio.to_thread(exchange.metrics)
        assert figures["quantscope_recorder_failed"] == 0
        assert figures["quantscope_recorder_lag_bytes"] < 50000
        page = (await rest(exchange.get, "/orders?user_id=demo1&limit=1000"))[1]
        assert str(busy) not in {order["client_order_id"] for order in page["orders"]}
        await client.logout()
    exchange.verified()


async def test_beyond_overlay_orders_max_rest_refuses_new_orders_and_takes_cancels(
    tmp_path: Path,
) -> None:
    with Exchange(tmp_path / "data", "facade.overlay_orders_max=20") as exchange:
        client = await Client(exchange.binary).login()
        with held_up(exchange):
            for number in range(20):
                status, order = await rest(exchange.post, client_order_id=f"id-{number}")
                assert status == 201
            for _ in range(2):
                status, answer = await rest(exchange.post, client_order_id="late")
                assert (status, answer["code"]) == (503, "BUSY")
            status, answer = await rest(exchange.delete, f"/orders/{order['order_id']}")
            assert (status, answer["status"]) == (200, "CANCELED")
            # The limit is the facade's own: what comes over TCP is not kept by it.
            client.place(1)
            await client.expect_new(1)
            assert (await rest(exchange.post, client_order_id="late"))[0] == 503
        async with asyncio.timeout(30):
            while (await rest(exchange.post, client_order_id="late"))[0] != 201:
                await asyncio.sleep(0.05)
        page = (await rest(exchange.get, "/orders?user_id=rest&limit=1000"))[1]
        names = [order["client_order_id"] for order in page["orders"]]
        assert names == ["late", *(f"id-{number}" for number in reversed(range(20)))]
        await client.logout()
    exchange.verified()
