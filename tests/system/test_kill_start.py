"""``kill -9`` at any moment of a start or of an end: the next start goes on, and misses nothing."""

import asyncio
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from testing.client import Client
from testing.command import ROOT
from testing.process import ServerProcess

STARTS = 6
"""Starts that are killed, of each kind."""


def killed_start(exchange: ServerProcess, seconds: float) -> None:
    """Start it, and kill it so many seconds later, whatever it is doing."""
    command = [sys.executable, "-m", "quantscope.cli", "serve", "--data-dir"]
    command += [str(exchange.data_dir), "--http-port", "0", "--binary-port", "0"]
    command += ["--fix-port", "0"]
    with exchange.log.open("a") as log:
        process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=log)
    time.sleep(seconds)
    process.send_signal(signal.SIGKILL)
    process.wait()


def starts_s(tmp_path: Path) -> float:
    """How long a start takes here and now."""
    begin = time.monotonic()
    exchange = ServerProcess(tmp_path / "measured").start()
    took = time.monotonic() - begin
    exchange.kill()
    return took


@pytest.mark.timeout(600)
async def test_a_first_start_that_is_killed_can_be_tried_again(tmp_path: Path, seed: int) -> None:
    chance, took = random.Random(seed), starts_s(tmp_path)
    for life in range(STARTS):
        exchange = ServerProcess(tmp_path / f"data{life}")
        killed_start(exchange, took * chance.uniform(0.4, 1.1))
        with exchange:
            await asyncio.to_thread(exchange.place)
        assert "lost" not in exchange.said()
        exchange.verified()


@pytest.mark.timeout(600)
async def test_a_start_of_a_copy_that_is_killed_gives_no_number_twice(
    tmp_path: Path, seed: int
) -> None:
    """Between the new era and the raised numbers lies a moment in which it may die."""
    chance, took = random.Random(seed), starts_s(tmp_path)
    exchange = ServerProcess(tmp_path / "data").start()
    order = await asyncio.to_thread(exchange.place)
    session = (await Client(exchange.binary).login()).session
    exchange.stop()
    for life in range(STARTS):
        copy = ServerProcess(tmp_path / f"copy{life}")
        shutil.copytree(tmp_path / "data", copy.data_dir)
        killed_start(copy, took * chance.uniform(0.4, 1.1))
        with copy:
            new = await asyncio.to_thread(copy.place)
            assert int(new["order_id"]) > int(order["order_id"]) + 10**11
            assert (await Client(copy.binary).login()).session != session
        copy.verified()


@pytest.mark.timeout(600)
async def test_an_end_that_is_killed_is_taken_for_a_crash_and_loses_nothing(
    tmp_path: Path, seed: int
) -> None:
    chance = random.Random(seed)
    exchange, known = ServerProcess(tmp_path / "data"), set[str]()
    for life in range(STARTS):
        exchange.start()
        for number in range(20):
            status, order = await asyncio.to_thread(exchange.try_place, user_id=f"u{life}{number}")
            assert status == 201
            known.add(order["order_id"])
        process = exchange.process
        assert process is not None
        process.send_signal(signal.SIGTERM)
        await asyncio.sleep(chance.uniform(0, 0.1))
        exchange.kill()
    with exchange:
        for order_id in known:
            await asyncio.to_thread(exchange.get, f"/orders/{order_id}")
    exchange.verified()
    assert "lost" not in exchange.said()
