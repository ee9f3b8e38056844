"""What an operator does: starts, stops, configures, and looks at what is left."""

import asyncio
import re
import shutil
from pathlib import Path

from testing.client import Client
from testing.command import quantscope
from testing.process import ServerProcess


async def test_a_second_process_on_the_same_data_directory_is_refused(tmp_path: Path) -> None:
    with ServerProcess(tmp_path / "data") as exchange:
        assert exchange.process is not None
        line = exchange.refuses_to_start()
        assert str(exchange.process.pid) in line
        await asyncio.to_thread(exchange.get, "/health")


async def test_a_port_in_use_is_named_with_flag_and_variable(tmp_path: Path) -> None:
    with ServerProcess(tmp_path / "data") as exchange:
        own = {"http": exchange.http, "binary": exchange.binary, "fix": exchange.fix}
        for name, port in own.items():
            flag = f"--{name}-port"
            ports = {"--http-port": "0", "--binary-port": "0", "--fix-port": "0", flag: str(port)}
            flags = [x for pair in ports.items() for x in pair]
            other = str(tmp_path / "other")
            code, _, errors = quantscope("serve", "--data-dir", other, *flags)
            assert code != 0
            lines = [line for line in errors.splitlines() if line.startswith("Error")]
            assert len(lines) == 1, errors
            for word in (str(port), flag, f"QUANTSCOPE_SERVER_{name.upper()}_PORT"):
                assert word in lines[0]


async def test_a_clean_stop_loses_nothing_and_takes_seconds(tmp_path: Path) -> None:
    exchange = ServerProcess(tmp_path / "data").start()
    client = await Client(exchange.binary).login()
    for number in range(1, 2001):
        client.place(number, price=1 + number % 50)
    await client.expect_new(1)
    # A reader that does not read must not hold up the end.
    await (await Client(exchange.binary, "demo2").login()).logout()
    seconds = await asyncio.to_thread(exchange.stop)
    assert seconds < 10
    told = 1 + len(await client.reports_until_closed())
    exchange.start()
    assert re.search(r"restored \d+ open orders, 0 command batches replayed", exchange.said())
    again = await Client(exchange.binary).login(sequence=1)
    assert again.last_cl_ord_id >= told
    for number in range(1, again.last_cl_ord_id + 1):
        await again.expect_new(number)
    await again.logout()
    exchange.stop()


async def test_what_is_no_longer_needed_is_deleted_and_the_rest_verifies(tmp_path: Path) -> None:
    exchange = ServerProcess(
        tmp_path / "data",
        "journal.snapshot_interval_s=0.2",
        "journal.snapshot_commands_min=10",
        "gateway.session_replay_messages_min=100",
    ).start()
    number = 0
    for rounds in (20, 30):
        # What the recorder has not synced is kept: a clean stop syncs it.
        client = await Client(exchange.binary).login()
        for _ in range(rounds):
            for number in range(number + 1, number + 201):  # noqa: B020
                client.place(number, price=1 + number % 50)
            for _ in range(200):
                await client.report()
            await asyncio.sleep(0.03)
        client.cut()
        if rounds == 20:
            exchange.stop()
            exchange.start()
    exchange.kill()
    commands = exchange.journal("commands")
    events = exchange.journal("events")
    assert commands[0]["offset"] > 1
    assert events[0]["offset"] > 1
    assert exchange.verified().startswith("verified from the snapshot")
    assert len(list((tmp_path / "data" / "snapshots").glob("*.snapshot"))) == 2

    exchange.start()
    again = await Client(exchange.binary).login(client.session, 1)
    assert 1 < again.oldest == again.following <= number - 100
    for kept in range(again.oldest, number + 1):
        await again.expect_new(kept)
    await again.logout()
    exchange.stop()
    exchange.verified()


async def test_a_deleted_store_is_built_again(tmp_path: Path) -> None:
    exchange = ServerProcess(tmp_path / "data").start()
    client = await Client(exchange.binary).login()
    for number in range(1, 31):
        client.place(number)
        await client.expect_new(number)
    await asyncio.sleep(0.5)  # what came over TCP is shown when it is recorded
    before = await asyncio.to_thread(exchange.get, "/orders?user_id=demo1&limit=50")
    client.cut()
    exchange.stop()
    for file in (tmp_path / "data").glob("store.db*"):
        file.unlink()
    exchange.start()
    after = await asyncio.to_thread(exchange.get, "/orders?user_id=demo1&limit=50")
    # A start has events of its own.
    assert after.pop("sequence") >= before.pop("sequence")
    assert after == before
    assert len(before["orders"]) == 30
    exchange.stop()


async def test_a_bad_snapshot_is_passed_over(tmp_path: Path) -> None:
    exchange = ServerProcess(tmp_path / "data").start()
    client = await Client(exchange.binary).login()
    client.place(1)
    await client.expect_new(1)
    client.cut()
    exchange.stop()
    (snapshot,) = (tmp_path / "data" / "snapshots").glob("*.snapshot")
    data = bytearray(snapshot.read_bytes())
    data[len(data) // 2] ^= 1
    snapshot.write_bytes(data)
    exchange.start()
    assert f"ERROR quantscope.engine: snapshot {snapshot.name} is damaged" in exchange.said()
    assert snapshot.with_suffix(".damaged").read_bytes() == data
    assert not snapshot.exists()
    again = await Client(exchange.binary).login(sequence=1)
    await again.expect_new(1)
    await again.logout()
    exchange.stop()


async def test_events_that_are_not_those_of_the_commands_are_refused(tmp_path: Path) -> None:
    for name, price in (("one", 10), ("two", 20)):
        exchange = ServerProcess(tmp_path / name).start()
        client = await Client(exchange.binary).login()
        client.place(1, price=price)
        await client.expect_new(1)
        client.cut()
        exchange.stop()
    for file in (tmp_path / "one").glob("events.db*"):
        shutil.copy(tmp_path / "two" / file.name, file)
    for file in (tmp_path / "one" / "snapshots").iterdir():
        file.unlink()
    assert "events.db is of another journal" in ServerProcess(tmp_path / "one").refuses_to_start()
    # Without the mark, which names the events log, the engine's own events tell.
    (tmp_path / "one" / "mark").unlink()
    line = ServerProcess(tmp_path / "one").refuses_to_start()
    assert "are not those that are stored" in line
    assert "move events.db and events.db-wal away" in line
