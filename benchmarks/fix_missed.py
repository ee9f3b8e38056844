"""One fill that a quiet FIX session has missed, in the middle of much that others did."""

import asyncio
import os
import time
from collections.abc import Coroutine
from typing import Any, TypeVar

from benchmarks.binary import CONNECTIONS
from benchmarks.context import Context, measure
from benchmarks.processes import BenchError, exchange_at, load
from benchmarks.result import Row, figure
from testing.fix_client import FixClient
from testing.process import ServerProcess

T = TypeVar("T")

LOG_BYTES = 2**30
QUIET = f"demo{CONNECTIONS}"
"""The users before it make the log."""
OTHERS = (2, 3, 4)
"""The instruments that these trade: the first one is the quiet session's."""
PRICE = 100

MISSED = "FIX, one missed fill of a quiet session, 1 GiB of events"
HERE = figure(
    MISSED,
    "FIX, one missed fill of a session that was quiet for hours, in 1 GiB of events: time until it "
    "is told again",
    "ms",
    bar="<= 100",
)
AFTER_START = figure(
    f"{MISSED}, after a start",
    "FIX, the same of an exchange that was killed (kill -9) and has started again",
    "ms",
    bar="<= 100",
)


def fill_log(exchange: ServerProcess, size: int) -> None:
    """Trade by the others until the events log has so many bytes."""
    instruments = ",".join(map(str, OTHERS))
    seconds = 0.2 if size < 2**26 else 5.0
    while exchange.metrics()["quantscope_events_log_bytes"] < size:
        load(
            "--json", "--port", exchange.binary, "--connections", CONNECTIONS - 1,
            "--instruments", instruments, "--seconds", seconds, "--warmup-seconds", 0,
        )  # fmt: skip


async def trade_a_little(client: FixClient) -> None:
    """Log on, order, trade, and be gone with an order that rests."""
    await client.connect()
    await client.log_on((141, "Y"))
    client.place("traded", price=PRICE)
    client.place("sold", side=2, price=PRICE, qty="0.5")
    client.place("rests", price=PRICE)
    await client.goes_on()
    client.cut()


async def asks(client: FixClient, missed: int) -> float:
    """Log on once more, and ask for one message: the milliseconds until it comes."""
    await client.connect()
    await client.log_on()
    await client.goes_on()
    begun = time.perf_counter()
    client.say("2", (7, missed), (16, missed))
    (told,) = await client.hear_until("8")
    milliseconds = 1e3 * (time.perf_counter() - begun)
    if (told[34], told.get(43), told[150]) != (str(missed), "Y", "F"):
        raise BenchError(f"{told} is not the fill of number {missed}")
    # Its numbers are journaled with the answer: after a start it is asked for none of them.
    await client.goes_on()
    client.cut()
    return milliseconds


def talk(what: Coroutine[Any, Any, T]) -> T:
    """Do it on a loop of its own."""
    try:
        return asyncio.run(what)
    except (EOFError, OSError) as error:
        raise BenchError("the quiet session's line was lost") from error


def forget_pages(exchange: ServerProcess) -> None:
    """Let the log be on disk alone, as what was written hours ago is."""
    os.sync()
    for path in exchange.data_dir.glob("events.db*"):
        with path.open("rb") as file:
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


@measure("fix-missed-fill")
def missed_fill(ctx: Context) -> list[Row]:
    """A ResendRequest of one message, before and after a start."""
    size = 2**21 if ctx.quick else LOG_BYTES
    command = "ResendRequest of one message (quantscope load until the log has 1 GiB)"
    here, after = HERE.row(command), AFTER_START.row(command)
    for _ in ctx.each_run("fix-missed-fill"):
        with ctx.data_dir() as path, exchange_at(path / "data") as exchange:
            client = FixClient(exchange.fix, QUIET)
            talk(trade_a_little(client))
            missed = int(client.heard[-1][34]) + 1
            fill_log(exchange, size // 2)
            exchange.place(
                symbol="BTCUSD", side="SELL", order_type="LIMIT", price=str(PRICE),
                quantity="0.6", user_id="other",
            )  # fmt: skip
            fill_log(exchange, size)
            forget_pages(exchange)
            here.samples.append(talk(asks(client, missed)))
            exchange.restart()
            client.port = exchange.fix
            forget_pages(exchange)
            after.samples.append(talk(asks(client, missed)))
            exchange.kill()  # the store may have much to record still
    return [here, after]
