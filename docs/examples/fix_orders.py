"""Place an order over FIX, look at it, cancel it, and print all that is told of it meanwhile.

``python docs/examples/fix_orders.py [PORT]`` talks to an exchange on this machine.  Numbers, and
what was sent, are kept in ``demo1.fix``: started again, it goes on where it was.
"""

import asyncio
import sys

from clients.fix import PORT, FileStore, FixClient, Told
from clients.reports import Reports
from protocol.terms import Side, decimal, units


async def print_all(reports: Reports[Told]) -> None:
    """Until the client is closed."""
    async for told in reports:
        print(told.sequence, type(told.report).__name__, flush=True)


async def main(port: int) -> None:
    """The life of one order."""
    with FileStore("demo1.fix") as store:
        client = FixClient("127.0.0.1", port, "demo1", "demo", store=store)
        printing = asyncio.create_task(print_all(client.reports()))
        async with client:
            order = await client.place(
                symbol="BTCUSD", side=Side.BUY, price=units("49000"), quantity=units("0.5")
            )
            state = await client.status(order_id=order.order_id)
            print(f"{decimal(state.leaves_qty).normalize():f} of it are open")
            await client.cancel(order_id=order.order_id)
        await printing


asyncio.run(main(int(sys.argv[1]) if len(sys.argv) > 1 else PORT))
