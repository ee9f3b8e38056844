"""A disk that fails under the whole exchange, and files that were cut or went bad."""

import asyncio
import shutil
from pathlib import Path

import pytest

from journal import LogReader
from testing.client import Client
from testing.command import quantscope
from testing.disk import FAULTY, Disk, ready_again
from testing.process import ServerProcess


@pytest.mark.parametrize("fault", ["sync 1", "space 1", "torn 1", "lost 1"])
async def test_nothing_is_acknowledged_while_the_disk_fails_and_then_it_goes_on(
    tmp_path: Path, faults: Path, fault: str
) -> None:
    disk = Disk(faults, tmp_path / "faults")
    exchange = ServerProcess(tmp_path / "data", *FAULTY, env=disk.env)
    with exchange:
        client = await Client(exchange.binary).login()
        client.place(1)
        await client.expect_new(1)
        await asyncio.to_thread(exchange.place, client_order_id="a")

        disk.fail(fault)
        client.place(2)
        assert await client.reports_until_closed() == []
        status, answer = await asyncio.to_thread(exchange.try_place, client_order_id="b")
        assert status == 503
        assert answer["code"] in ("OUTCOME_UNKNOWN", "UNAVAILABLE")
        await asyncio.to_thread(exchange.get, "/ready", 503)
        late = await Client(exchange.binary).connect()
        await late.expect_closed()

        disk.work()
        await ready_again(exchange)
        again = await Client(exchange.binary).login(client.session, 2)
        if again.last_cl_ord_id == 1:
            again.place(2)
        await again.expect_new(2)
        again.place(3)
        await again.expect_new(3)
        status, order = await asyncio.to_thread(exchange.try_place, client_order_id="b")
        assert status in (200, 201)
        assert order["client_order_id"] == "b"
        await again.logout()
    assert "nothing is acknowledged" in exchange.said()
    # On a busy machine ticks would come while it starts.
    exchange.start("journal.tick_interval_s=1")
    # The outage did not confuse the count of event batches: the rest is read from the right one.
    _, later = exchange.read_at_starts()
    # No more came after the snapshot than the incarnations of the two gateways.
    assert later[1] - later[0] == 2
    replay = await Client(exchange.binary).login(client.session, 1)
    for number in (1, 2, 3):
        await replay.expect_new(number)
    await replay.logout()
    exchange.stop()
    exchange.verified()


async def test_what_waits_for_a_commit_that_fails_is_answered_outcome_unknown(
    tmp_path: Path, faults: Path
) -> None:
    disk = Disk(faults, tmp_path / "faults")
    # Ticks are rare, so that the order is what meets the failure.
    with ServerProcess(tmp_path / "data", "journal.retry_interval_s=0.1", env=disk.env) as exchange:
        codes = set()
        for _ in range(3):
            disk.fail("sync 1")
            codes.add((await asyncio.to_thread(exchange.try_place))[1].get("code"))
            disk.work()
            await ready_again(exchange)
        assert "OUTCOME_UNKNOWN" in codes


async def fill(exchange: ServerProcess, count: int) -> Client:
    """Orders one after the other: each in a commit of its own."""
    client = await Client(exchange.binary).login()
    for number in range(1, count + 1):
        client.place(number)
        await client.expect_new(number)
    return client


async def test_commands_cut_anywhere_in_the_last_two_commits_can_go_on_from_the_last_whole_one(
    tmp_path: Path,
) -> None:
    exchange = ServerProcess(tmp_path / "whole", "journal.wal_bytes_max=65536")
    exchange.start()
    client = await fill(exchange, 5)
    await asyncio.sleep(0.3)  # events are written behind
    exchange.kill()
    wal = tmp_path / "whole" / "commands.db-wal"
    data = wal.read_bytes()
    frame = 24 + 4096
    frames = [data[at : at + frame] for at in range(32, len(data), frame)]
    used = sum(1 for part in frames if part[8:16] == data[16:24])
    ends = [32 + frame * count for count in (used, used - 1, used - 2)]
    for end, cut in [(ends[1], 0), (ends[1], 30), (ends[1], 3000), (ends[2], 1)]:
        copy = tmp_path / f"cut-{end + cut}"
        shutil.copytree(tmp_path / "whole", copy)
        with (copy / "commands.db-wal").open("r+b") as file:
            file.truncate(end + cut)
        await expect_shorter(ServerProcess(copy), client.session)


async def orders_of(exchange: ServerProcess, user: str) -> list[object]:
    """What REST lists."""
    status, page = await asyncio.to_thread(exchange.ask, f"/orders?user_id={user}")
    assert status == 200
    orders: list[object] = page["orders"]
    return orders


async def expect_shorter(exchange: ServerProcess, session: str) -> None:
    """Some of the last commands are gone; without them it goes on under new session ids."""
    following = LogReader.at_rest(exchange.data_dir / "commands.db").ends().next
    assert f"goes to command batch {following - 1}" in exchange.refuses_to_start()
    code, said, _ = quantscope("recover", str(exchange.data_dir), "--accept-loss")
    assert (code, "event batches were dropped" in said) == (0, True)
    exchange.start()
    again = Client(exchange.binary)
    await again.expect_rejected_login("S", session=session)
    await again.login(sequence=1)
    kept = again.last_cl_ord_id
    assert 2 <= kept <= 4
    # What may have been told already is not told again.
    assert again.following == again.oldest > 5
    again.place(kept + 1)
    await again.expect_new(kept + 1)
    async with asyncio.timeout(10):
        # The store is built anew meanwhile.
        while len(await orders_of(exchange, "demo1")) != kept + 1:
            await asyncio.sleep(0.1)
    await again.logout()
    exchange.stop()
    exchange.verified()


@pytest.mark.parametrize("name", ["commands.db-wal", "commands.db"])
async def test_a_byte_that_went_bad_before_the_last_commit_is_refused_with_its_place(
    tmp_path: Path, name: str
) -> None:
    exchange = ServerProcess(tmp_path / "data").start()
    await fill(exchange, 5)
    if name == "commands.db":
        exchange.stop()
        place = 40
    else:
        exchange.kill()
        place = 32 + 24 + 4096 + 500
    with (tmp_path / "data" / name).open("r+b") as file:
        file.seek(place if name != "commands.db" else 4)
        byte = file.read(1)
        file.seek(-1, 1)
        file.write(bytes([byte[0] ^ 0x55]))
    line = exchange.refuses_to_start()
    assert name in line
    assert "byte" in line or "offset" in line
