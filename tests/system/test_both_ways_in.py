"""One order, changed and asked about over TCP and over REST."""

import asyncio
import struct
from pathlib import Path

from clients.binary import BinaryClient
from clients.rest import RestClient
from protocol import messages as m
from protocol import soup
from protocol.soup import Kind
from protocol.terms import CxlRejReason, MassCancelRequestType, OrdStatus, Side, TimeInForce
from testing.client import Client
from testing.process import ServerProcess


async def test_a_session_hears_its_own_numbers_when_rest_changes_its_order(tmp_path: Path) -> None:
    with ServerProcess(tmp_path / "data") as exchange:
        client = await Client(exchange.binary).login()
        client.place(7, quantity=5)
        order = await client.expect_new(7)
        shown = await asyncio.to_thread(exchange.amend, order.order_id, quantity="4")
        assert shown["remaining_quantity"] == "4"
        await client.expect(
            m.ExecutionReportReplace, cl_ord_id=7, orig_cl_ord_id=7, leaves_qty=4 * 10**8
        )
        shown = await asyncio.to_thread(exchange.cancel, order.order_id)
        assert shown["status"] == "CANCELED"
        await client.expect(m.ExecutionReportCancel, cl_ord_id=7, orig_cl_ord_id=7)
        # The number after the last one that it used itself is good.
        client.place(8)
        await client.expect_new(8)
        await client.logout()
    exchange.verified()


async def test_a_message_that_is_no_request_is_counted_for_what_it_is(tmp_path: Path) -> None:
    with ServerProcess(tmp_path / "data") as exchange:
        client = await Client(exchange.binary).login()
        client.send(soup.encode(Kind.UNSEQUENCED, struct.pack("<HHHH", 0, 999, 100, 0)))
        await client.expect(m.BusinessMessageReject, business_reject_reason=3)
        client.place(1)
        order = await client.expect_new(1)
        await asyncio.to_thread(exchange.cancel, order.order_id)
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


async def test_a_mass_cancel_is_of_the_sessions_own_orders(tmp_path: Path) -> None:
    with ServerProcess(tmp_path / "data") as exchange:
        client = await Client(exchange.binary).login()
        for cl_ord_id in (1, 2):
            client.place(cl_ord_id)
            await client.expect_new(cl_ord_id)
        by_rest = await asyncio.to_thread(exchange.place, user_id="demo1", price="1")
        client.request(m.OrderMassCancelRequest(3, None, MassCancelRequestType.ALL, None))
        for _ in range(2):
            await client.expect(m.ExecutionReportCancel, cl_ord_id=3)
        report = await client.expect(m.OrderMassCancelReport, cl_ord_id=3)
        assert report.total_affected_orders == 2
        client.place(4)
        await client.expect_new(4)
        # The account's: the session's and the one that came over REST, told without case.
        done = await asyncio.to_thread(exchange.cancel_all, "DEMO1")
        assert done == {"canceled": 2}
        await client.expect(m.ExecutionReportCancel, cl_ord_id=4)
        path = f"/orders/{by_rest['order_id']}"
        shown = await asyncio.to_thread(exchange.get, path)
        assert shown["reason"] == "MASS_CANCEL"
        await client.logout()


async def test_a_cancel_that_names_another_instrument_is_answered_with_the_order(
    tmp_path: Path,
) -> None:
    with ServerProcess(tmp_path / "data") as exchange:
        client = await Client(exchange.binary).login()
        client.place(1)
        order = await client.expect_new(1)
        client.request(m.OrderCancelRequest(2, 1, None, 2))
        await client.expect(
            m.OrderCancelReject,
            order_id=order.order_id,
            security_id=1,
            cxl_rej_reason=CxlRejReason.ORDER_ID_MISMATCH,
            ord_status=OrdStatus.NEW,
        )
        client.place(3, security_id=999)
        reject = await client.expect(m.ExecutionReportReject, cl_ord_id=3)
        assert reject.order_id == order.order_id + 1
        assert reject.exec_id is not None
        assert reject.exec_id > order.exec_id
        client.place(3)
        await client.expect(m.ExecutionReportReject, cl_ord_id=3, order_id=None)
        path = f"/orders/{reject.order_id}"
        refused = await asyncio.to_thread(exchange.get, path)
        assert refused["reason"] == "UNKNOWN_SYMBOL"
        assert (refused["symbol"], refused["client_order_id"]) == ("#999", "3")
        await client.logout()


async def test_the_time_in_force_of_an_order_that_names_none_is_what_each_door_says(
    tmp_path: Path,
) -> None:
    """FIX's DAY over TCP, GTC over REST, whoever sends it; a market order never rests."""
    with ServerProcess(tmp_path / "data") as exchange:
        async with RestClient(f"http://127.0.0.1:{exchange.http}") as rest:
            for price, expected in ((1, "GTC"), (None, "IOC")):
                placed = await rest.place(
                    user_id="a", symbol="BTCUSD", side="BUY", price=price, quantity=1
                )
                assert placed.time_in_force == expected
        shown = await asyncio.to_thread(exchange.place, user_id="a", price="1")
        assert shown["time_in_force"] == "GTC"
        async with BinaryClient("127.0.0.1", exchange.binary, "demo1", "demo") as binary:
            order = await binary.place(security_id=1, side=Side.BUY, price=10**8, quantity=1)
            assert order.time_in_force is TimeInForce.DAY
            order = await binary.place(security_id=1, side=Side.BUY, quantity=1)
            assert order.time_in_force is TimeInForce.IOC
    for place, said in ((RestClient.place, "is GTC"), (BinaryClient.place, "is a DAY order")):
        assert said in (place.__doc__ or "")
    assert "this session entered" in (BinaryClient.mass_cancel.__doc__ or "").splitlines()[0]
