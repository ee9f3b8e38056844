"""Readers over TLS that leave much unread: the same holds for them as on a plain line."""

import asyncio
import contextlib
import os
import socket
from pathlib import Path

import pytest

from testing.certificates import Certificates
from testing.client import Client
from testing.in_process import InProcess, config_of
from testing.logs import Logs
from testing.waiting import until

COUNT = 20_000
QUEUE = 200_000
BELOW_BYTES = 2 * 65_536
"""What may lie below TLS: up to the mark at which it takes no more, and one piece beyond."""


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return Certificates(tmp_path_factory.mktemp("made"))


def inside(directory: Path, made: Certificates, *overrides: str) -> InProcess:
    """An exchange whose own socket buffers are as small as can be."""
    config = config_of(None, f"gateway.queue_bytes_max={QUEUE}", *overrides)
    logs = Logs(directory, config.journal)
    return InProcess(logs=logs, config=config, send_buffer_bytes=4_096, tls=made.shown())


async def silent(served: InProcess, made: Certificates) -> Client:
    """Whoever places orders, and reads none of their reports."""
    client = await Client(served.binary, tls=made.known()).login()
    sock = client.writer.get_extra_info("socket")
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65_536)
    client.writer.transport.pause_reading()  # type: ignore[attr-defined]
    for number in range(1, COUNT + 1):
        client.place(number, price=1 + number % 50)
        if number % 100 == 0:
            await asyncio.sleep(0)
    return client


async def fill(served: InProcess, made: Certificates) -> Client:
    """The same, once all orders are in."""
    client = await silent(served, made)
    await until(lambda: served.gateway.order_entry.counts().requests == COUNT)
    await until(lambda: served.gateway.fallen_behind > 0)
    return client


async def test_one_that_stops_and_goes_on_is_told_all_on_the_same_line(
    made: Certificates, tmp_path: Path
) -> None:
    async with inside(tmp_path, made) as served:
        client = await fill(served, made)
        report_bytes = 200
        assert served.gateway.largest_buffer < QUEUE + BELOW_BYTES + 1_000 * report_bytes
        client.writer.transport.resume_reading()  # type: ignore[attr-defined]
        for number in range(1, COUNT + 1):
            await client.expect_new(number)
        (line,) = served.lines
        await until(lambda: served.gateway.order_entry.replay_command(line.number) is None)
        client.place(COUNT + 1)
        await client.expect_new(COUNT + 1)
        assert served.gateway.slow_readers == 0
        await client.logout()


async def test_one_that_takes_nothing_is_cut_at_the_deadline(
    made: Certificates, tmp_path: Path
) -> None:
    async with inside(tmp_path, made, "gateway.write_deadline_s=0.5") as served:
        # It may be cut before all of them are read.
        client = await silent(served, made)
        await until(lambda: served.gateway.slow_readers == 1)
        client.cut()


async def test_one_that_takes_little_at_a_time_is_never_cut(
    made: Certificates, tmp_path: Path
) -> None:
    async with inside(tmp_path, made, "gateway.write_deadline_s=1.5") as served:
        client = await fill(served, made)
        descriptor = client.writer.get_extra_info("socket").fileno()
        loop = asyncio.get_running_loop()
        end, taken = loop.time() + 4.0, 0
        while loop.time() < end:
            # Past the client's TLS, which holds more than this in a whole deadline.
            with contextlib.suppress(BlockingIOError):
                taken += len(os.read(descriptor, 8_192))
            await asyncio.sleep(0.05)
        assert taken > BELOW_BYTES
        assert served.gateway.slow_readers == 0
        client.cut()
