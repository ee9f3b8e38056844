"""A start reads of the events log what came after the newest snapshot, and offers all of it."""

import shutil
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from testing.client import Client
from testing.process import ServerProcess

ORDERS = 2_500
"""More than two entries of a session's index (see ``INDEX_STEP`` in ``crates/gateway``)."""


async def place(exchange: ServerProcess, count: int) -> None:
    client = await Client(exchange.binary).login()
    first = client.last_cl_ord_id + 1
    for number in range(first, first + count):
        client.place(number, price=1 + number % 50)
    for number in range(first, first + count):
        await client.expect_new(number)
    client.cut()


async def expect_all(exchange: ServerProcess, count: int) -> None:
    """Every message can be asked for, and what is asked for comes."""
    for first in (count, 1_025, 1_024, 1):
        client = await Client(exchange.binary).login(sequence=first)
        assert (client.oldest, client.following) == (1, first)
        for number in range(first, count + 1):
            await client.expect_new(number)
        await client.logout()


async def test_what_a_snapshot_knows_of_the_sessions_is_not_read_again(tmp_path: Path) -> None:
    exchange = ServerProcess(tmp_path / "data").start()
    ((first, configured),) = exchange.read_at_starts()
    assert first == 1
    await place(exchange, ORDERS)
    exchange.stop()
    exchange.start()
    begin, end = exchange.read_at_starts()[-1]
    # No more than the gateways' incarnations: nothing else has changed.
    assert end - begin == 2 < configured - first
    assert begin > configured + 1
    await expect_all(exchange, ORDERS)
    await place(exchange, 100)
    exchange.kill()
    exchange.start()
    assert exchange.read_at_starts()[-1][0] == begin
    await expect_all(exchange, ORDERS + 100)
    exchange.stop()
    assert "passed over" not in exchange.said()


def damage(index: Path) -> None:
    """One message stands elsewhere; all the rest is well-formed."""
    data = index.read_bytes()
    head, body = data[:20], msgspec.msgpack.decode(data[20:])
    place = next(places[0] for _, places in body[-1] if places)
    place[1] += 1
    index.write_bytes(head + msgspec.msgpack.encode(body))


def cut(index: Path) -> None:
    index.write_bytes(index.read_bytes()[:10])


def of_another_exchange(index: Path) -> None:
    other = index.parents[2] / "other" / "snapshots" / index.name
    shutil.copy(other, index)


@pytest.mark.parametrize("spoil", [damage, cut, of_another_exchange, Path.unlink])
async def test_a_bad_index_of_the_sessions_is_passed_over(
    tmp_path: Path, spoil: Callable[[Path], None]
) -> None:
    for name in ("other", "data"):
        exchange = ServerProcess(tmp_path / name).start()
        await place(exchange, 1_100)
        exchange.stop()
    spoil(tmp_path / "data" / "snapshots" / "sessions.index")
    exchange.start()
    assert exchange.read_at_starts()[-1][0] == 1
    assert ("sessions.index is passed over" in exchange.said()) == (spoil is not Path.unlink)
    await expect_all(exchange, 1_100)
    exchange.stop()


async def test_messages_of_a_user_who_was_not_configured_for_a_while_are_found(
    tmp_path: Path,
) -> None:
    file = tmp_path / "settings.toml"
    other = '[[users]]\nname = "other"\npassword = "x"\n'
    both = other + '[[users]]\nname = "demo1"\npassword = "demo"\n'
    exchange = ServerProcess(tmp_path / "data", env={"QUANTSCOPE_CONFIG": str(file)})
    file.write_text(both)
    exchange.start()
    await place(exchange, 1_100)
    exchange.stop()
    file.write_text(other)
    exchange.start()
    exchange.stop()
    file.write_text(both)
    exchange.start()
    assert "it lacks a session" in exchange.said()
    await expect_all(exchange, 1_100)
    exchange.stop()
