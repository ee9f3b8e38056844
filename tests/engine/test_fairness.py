"""How the sources of commands share what goes to the disk at once."""

import asyncio
import json
from contextlib import suppress

import pytest

from core import Commands, describe_events
from engine.recovery import Recovered, recover
from engine.service import Journals, Service
from engine.setup import InstrumentSetup, Setup
from settings import JournalSettings, ServerSettings
from testing.parts import engine_limits, memory_log, system_clock

BTC = InstrumentSetup("BTCUSD", 1, 1, 0, 0, 0, 0, 0, 0, True)
SETUP = Setup(engine_limits(), (BTC,), ())


class Scripted:
    """Has so many batches to send, and notes whose turn it was, its own or another's."""

    def __init__(self, gateway: int, batches: int) -> None:
        self.gateway = gateway
        self.commands, self.reader = Commands(), None
        self.turns: list[int] = []
        self.told = 0
        for _ in range(batches):
            self.commands.tick()

    def on_ready(self) -> None:
        """Nothing to do."""

    def on_output(self, batches: bytes) -> None:
        self.told += 1
        self.turns += [batch["gateway"] for batch in json.loads(describe_events(batches))]

    def on_outage(self) -> None:
        """Nothing to do."""


def opened() -> tuple[Journals, Recovered]:
    journals = Journals(memory_log(), memory_log())
    return journals, recover(iter(()), journals.commands, journals.events, system_clock())


def journal(group_batches_max: int) -> JournalSettings:
    return JournalSettings(
        batch_commands_max=1,
        group_batches_max=group_batches_max,
        queue_bytes_max=1 << 20,
        # The service's own ticks would count among the batches of a group.
        tick_interval_s=60,
        retry_interval_s=1,
    )


@pytest.mark.parametrize("group_batches_max", [1, 2, 3, 16])
async def test_who_floods_the_exchange_holds_no_other_source_back(group_batches_max: int) -> None:
    service = Service(opened, SETUP, journal(group_batches_max), ServerSettings(), system_clock())
    service.start()
    flood = Scripted(1, 40)
    service.attach(flood, Scripted(2, 3))
    running = asyncio.create_task(service.run())
    async with asyncio.timeout(10):
        while not service.ready:
            await asyncio.sleep(0.005)
        service.wake()
        while len(flood.turns) < 43:
            await asyncio.sleep(0.005)
    running.cancel()
    with suppress(asyncio.CancelledError):
        await running
    service.close()
    assert flood.turns == [1, 2] * 3 + [1] * 37


async def test_one_group_is_told_in_a_turn_of_the_loop_however_soon_the_next_is_durable() -> None:
    service = Service(opened, SETUP, journal(2), ServerSettings(), system_clock())
    service.start()
    flood = Scripted(1, 40)
    service.attach(flood)
    running = asyncio.create_task(service.run())
    async with asyncio.timeout(10):
        while not service.ready:
            await asyncio.sleep(0)
        turns = 0
        while len(flood.turns) < 40:
            await asyncio.sleep(0)
            turns += 1
    running.cancel()
    with suppress(asyncio.CancelledError):
        await running
    service.close()
    # A log in memory has the next group at once; others have their turn all the same.
    assert flood.told == 20
    assert turns >= 19
