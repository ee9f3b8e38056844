"""A client of order entry that waits for nothing for long, and what it sends."""

import asyncio

from clients.binary import BinaryClient, Options
from protocol import messages as m
from protocol.terms import Side, units

FAST = Options(
    heartbeat_s=0.1,
    silence_s_max=2.0,
    login_s_max=2.0,
    pause_s_min=0.01,
    pause_s_max=0.05,
    reconnect_s_max=5.0,
    rejected_s_max=0.3,
)


async def buy(client: BinaryClient, quantity: str = "1") -> m.ExecutionReportNew:
    async with asyncio.timeout(10):
        return await client.place(
            security_id=1, side=Side.BUY, price=units("50000"), quantity=units(quantity)
        )
