"""``kill -9`` at random moments under load: what was acknowledged is there, once."""

import asyncio
import random
from pathlib import Path

import pytest

from testing.events import Events
from testing.poster import Poster
from testing.process import ServerProcess
from testing.trader import Trader

TRADERS = 4
KILLS_MIN = 3
LIVES_MORE_MAX = 10
"""Lives that may follow until retention has had something to delete."""
FAST = (
    "journal.snapshot_interval_s=0.05",
    "journal.snapshot_commands_min=10",
    "gateway.session_replay_messages_min=5000",
)
"""Snapshots, and deleting what they cover, at a pace that a kill can't miss."""


@pytest.mark.timeout(3600)
@pytest.mark.parametrize("settings", [(), FAST], ids=["all-kept", "snapshots-and-retention"])
async def test_nothing_acknowledged_is_lost_or_doubled_when_the_exchange_is_killed(
    tmp_path: Path, pytestconfig: pytest.Config, seed: int, settings: tuple[str, ...]
) -> None:
    chance = random.Random(seed)
    # The option's default is for tests of the journal, whose lives are shorter.
    asked = pytestconfig.getoption("kills")
    kills = asked if asked > KILLS_MIN + 1 else KILLS_MIN
    exchange = ServerProcess(tmp_path / "data", *settings)
    events = Events(exchange.data_dir)
    traders = [Trader(f"demo{n}", random.Random(chance.random())) for n in range(1, TRADERS + 1)]
    rest = Poster()
    life, deleted = 0, not settings
    while life < kills or not deleted:
        assert life < kills + LIVES_MORE_MAX, "nothing was ever deleted"
        exchange.start()
        if life % 10 == 1:
            # Leaves a snapshot: from here on recovery begins there.
            exchange.stop()
            exchange.start()
        events.read()
        deleted = deleted or events.deleted()
        life += 1
        for trader in traders:
            await trader.come_back(exchange)
        ended = asyncio.Event()
        async with asyncio.TaskGroup() as group:
            for trader in traders:
                group.create_task(trader.trade())
            group.create_task(rest.trade(exchange))
            group.create_task(events.follow(ended))
            await asyncio.sleep(chance.uniform(0.05, 1.2))
            exchange.kill()
            ended.set()
    exchange.start()
    events.read()
    oldest = []
    for trader in traders:
        await trader.come_back(exchange)
        assert not trader.unanswered
        oldest.append(await trader.check(exchange))
    assert settings or set(oldest) == {1}
    await rest.check(exchange)
    exchange.stop()
    assert exchange.verified().startswith("verified from")
    rest.check_recorded(events.check_store())
