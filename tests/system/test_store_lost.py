"""A store that is gone, exchanged or on a disk that failed is built again, and denies nothing."""

import asyncio
import shutil
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from testing.client import Client
from testing.disk import Disk
from testing.process import ServerProcess
from tests.system.orders import SOON, expect_open, place_some

TRIMMED = (*SOON, "gateway.session_replay_messages_min=1", "store.checkpoint_interval_s=0.2")


def trimmed(data: Path) -> tuple[ServerProcess, list[dict[str, Any]]]:
    """An exchange whose logs have lost their beginning, and orders that are open since then."""
    exchange = ServerProcess(data, *TRIMMED).start()
    orders = []
    for user in ("ann", "bob"):
        orders += place_some(exchange, 13, user)
        exchange.trade_until_deleted()
    for _ in range(400):
        exchange.place(user_id="carl")
    while exchange.journal_begins() == 1:
        exchange.place(user_id="carl")
    return exchange, orders


async def until(exchange: ServerProcess, words: str) -> None:
    async with asyncio.timeout(30):
        while words not in exchange.said():
            await asyncio.sleep(0.02)


async def test_a_store_that_is_deleted_under_a_server_is_built_again_with_what_the_engine_knows(
    tmp_path: Path,
) -> None:
    data = tmp_path / "data"
    exchange, orders = await asyncio.to_thread(trimmed, data)
    for file in data.glob("store.db*"):
        file.unlink()
    await until(exchange, f"recorder: halted: {data / 'store.db'} is gone")
    await until(exchange, "recorder: records again")
    await asyncio.to_thread(expect_open, exchange, orders)
    late = await asyncio.to_thread(exchange.place, user_id="dora")
    async with asyncio.timeout(10):
        while (await asyncio.to_thread(exchange.get, "/orders?user_id=dora"))["count"] != 1:
            await asyncio.sleep(0.05)
    exchange.stop()
    assert "Traceback" not in exchange.said()
    # It is in a file that can be found, and the next start serves it too.
    exchange.start()
    await asyncio.to_thread(expect_open, exchange, orders)
    await asyncio.to_thread(exchange.get, f"/orders/{late['order_id']}")
    exchange.stop()
    exchange.verified()


async def test_a_store_that_is_exchanged_under_a_server_is_refused_until_it_fits(
    tmp_path: Path,
) -> None:
    """A copy of before what the log has deleted can't be brought up: the store is not asked."""
    data = tmp_path / "data"
    exchange = ServerProcess(data, *TRIMMED).start()
    await asyncio.to_thread(place_some, exchange, 5, "ann")
    await asyncio.sleep(0.5)
    live_copy(data / "store.db", tmp_path / "copy.db")
    orders = await asyncio.to_thread(place_some, exchange, 5, "bob")
    await asyncio.to_thread(trim, exchange)
    for name in ("store.db-wal", "store.db-shm"):
        (data / name).unlink()
    (tmp_path / "copy.db").rename(data / "store.db")
    await until(exchange, "can't be brought up: it ends with event")
    status, answer = await asyncio.to_thread(exchange.ask, "/orders?user_id=bob")
    assert (status, answer["code"]) == (503, "UNAVAILABLE")
    await asyncio.to_thread(exchange.get, "/ready", 503)
    await asyncio.to_thread(exchange.place, user_id="dora")
    # Moved away, it is built again.
    (data / "store.db").rename(tmp_path / "moved.db")
    await until(exchange, "recorder: records again")
    await asyncio.to_thread(expect_open, exchange, orders)
    exchange.stop()
    exchange.verified()


def live_copy(store: Path, to: Path) -> None:
    """As the manual says."""
    connection = sqlite3.connect(store)
    connection.execute("VACUUM INTO ?", (str(to),))
    connection.close()


def trim(exchange: ServerProcess) -> None:
    """Go on until the events that a copy of before would need are deleted."""
    exchange.trade_until_deleted()
    while exchange.journal_begins() < 60:
        exchange.place(user_id="carl")


async def test_a_live_copy_of_the_store_behind_a_trimmed_log_is_refused_with_what_to_do(
    tmp_path: Path,
) -> None:
    data = tmp_path / "data"
    exchange = ServerProcess(data, *TRIMMED).start()
    await asyncio.to_thread(place_some, exchange, 5, "ann")
    await asyncio.sleep(0.5)
    live_copy(data / "store.db", tmp_path / "copy.db")
    live_copy(data / "store.db", tmp_path / "again.db")
    orders = await asyncio.to_thread(place_some, exchange, 5, "bob")
    await asyncio.to_thread(trim, exchange)
    exchange.stop()
    shutil.copy(data / "store.db", tmp_path / "newest.db")
    for file in data.glob("store.db*"):
        file.unlink()
    (tmp_path / "copy.db").rename(data / "store.db")
    line = exchange.refuses_to_start()
    assert "store.db is a copy of before" in line
    assert "put a newer copy of it back, or move it away" in line
    # One that is new enough goes on.
    (tmp_path / "newest.db").rename(data / "store.db")
    exchange.start()
    await asyncio.to_thread(expect_open, exchange, orders)
    exchange.stop()
    # And so does the exchange without any.
    (data / "store.db").unlink()
    exchange.start()
    await asyncio.to_thread(expect_open, exchange, orders)
    exchange.stop()
    exchange.verified()


async def listed(exchange: ServerProcess, user: str) -> int | str:
    """How many orders REST lists, or the code with which it says that it can't."""
    count, cursor = 0, ""
    while True:
        path = f"/orders?user_id={user}&limit=1000{cursor}"
        status, page = await asyncio.to_thread(exchange.ask, path)
        if status != 200:
            return str(page["code"])
        count += int(page["count"])
        if page["next_cursor"] is None:
            return count
        cursor = f"&cursor={page['next_cursor']}"


async def said_at_once(exchange: ServerProcess) -> bool:
    """Whether ``/ready`` and the metrics say that nothing is recorded."""
    status, ready = await asyncio.to_thread(exchange.ask, "/ready")
    failed = (await asyncio.to_thread(exchange.metrics))["quantscope_recorder_failed"]
    ended = any("the recorder has ended: " in why for why in ready["faults"])
    return (status, ended, failed) == (503, True, 1)


@pytest.mark.parametrize("fault", ["sync 1", "sync 2"])
async def test_a_failed_sync_of_the_store_costs_no_order_and_denies_none(
    tmp_path: Path, faults: Path, fault: str
) -> None:
    """The recorder ends, and another goes on from what the disk holds; meanwhile it is said so."""
    disk = Disk(faults, tmp_path / "faults")
    env = {**disk.env, "FAULTS_ONLY": "store.db"}
    quick = ("store.checkpoint_interval_s=0.05", "store.wal_bytes_max=100000")
    exchange = ServerProcess(tmp_path / "data", *quick, env=env).start()
    client = await Client(exchange.binary).login()
    for number in range(1, 201):
        client.place(number)
        await client.expect_new(number)
    disk.fail(fault)
    last = 200
    async with asyncio.timeout(30):
        while "recorder: halted: store: sync failed" not in exchange.said():
            last += 1
            client.place(last)
            await client.expect_new(last)
    client.place(last + 1)
    new = await client.expect_new(last + 1)
    # The list is not short, and the order is not unknown: it is in memory, or can't be asked for.
    # Another recorder may be at work for a moment, until its own sync fails.
    assert await listed(exchange, "demo1") in ("UNAVAILABLE", last + 1)
    assert (await asyncio.to_thread(exchange.ask, f"/orders/{new.order_id}"))[0] in (200, 503)
    async with asyncio.timeout(30):
        while not await said_at_once(exchange):
            await asyncio.sleep(0.01)
    disk.work()
    await until(exchange, "recorder: records again")
    async with asyncio.timeout(30):
        while await listed(exchange, "demo1") != last + 1:
            await asyncio.sleep(0.05)
    await asyncio.to_thread(exchange.get, f"/orders/{new.order_id}")
    assert (await asyncio.to_thread(exchange.metrics))["quantscope_recorder_failed"] == 0
    await asyncio.to_thread(exchange.get, "/ready")
    client.cut()
    exchange.stop()
    exchange.verified()
