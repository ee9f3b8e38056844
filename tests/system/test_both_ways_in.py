"""One order, changed and asked about over TCP and over REST."""

import asyncio
import struct
from pathlib import Path

from protocol import messages as m
from protocol import soup
from protocol.soup import Kind
from tests.system.client import Client
from tests.system.exchange import Exchange


async def test_a_session_hears_its_own_numbers_when_rest_changes_its_order(tmp_path: Path) -> None:
    with Exchange(tmp_path / "data") as exchange:
        client = await Client(exchange.binary).login()
        client.place(7, quantity=5)
        order = await client.expect_new(7)
        path = f"/orders/{order.order_id}"
        status, shown = await asyncio.to_thread(exchange.patch, path, quantity="4")
        assert (status, shown["remaining_quantity"]) == (200, "4")
        await client.expect(
            m.ExecutionReportReplace, cl_ord_id=7, orig_cl_ord_id=7, leaves_qty=4 * 10**8
        )
        status, shown = await asyncio.to_thread(exchange.delete, path)
        assert (status, shown["status"]) == (200, "CANCELED")
        await client.expect(m.ExecutionReportCancel, cl_ord_id=7, orig_cl_ord_id=7)
        # The number after the last one that it used itself is good.
        client.place(8)
        await client.expect_new(8)
        await client.logout()
    exchange.verified()


async def test_a_message_that_is_no_request_is_counted_for_what_it_is(tmp_path: Path) -> None:
    with Exchange(tmp_path / "data") as exchange:
        client = await Client(exchange.binary).login()
        client.send(soup.encode(Kind.UNSEQUENCED, struct.pack("<HHHH", 0, 999, 100, 0)))
        await client.expect(m.BusinessMessageReject, business_reject_reason=3)
        client.place(1)
        order = await client.expect_new(1)
        await asyncio.to_thread(exchange.delete, f"/orders/{order.order_id}")
        figures = await asyncio.to_thread(exchange.metrics)
        name = 'quantscope_refused_total{reason="UNSUPPORTED_MESSAGE_TYPE"}'
        refused = {n: count for n, count in figures.items() if "_refused_total{" in n and count}
        assert refused == {name: 1}
        assert not any(
            count for n, count in figures.items() if n.startswith("quantscope_rejected_total")
        )
        assert figures['quantscope_canceled_total{reason="REQUESTED"}'] == 1
        assert 'quantscope_canceled_total{reason="MASS_CANCEL"}' in figures
        await client.expect(m.ExecutionReportCancel)
        await client.logout()
