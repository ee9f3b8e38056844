"""Redis answers every question of the port as SQLite does, however the events came into it."""

import random
from pathlib import Path

import pytest

from core import Engine, recorder_seed
from testing.batches import ordinary, strange
from testing.redis import RedisServer
from testing.redis_store import PlainLog, compared, record


async def test_the_same_events_give_the_same_answers(
    redis: RedisServer, tmp_path: Path, seed: int
) -> None:
    chance = random.Random(seed)
    for _ in range(3):
        redis.ask("FLUSHALL")
        batches = strange(chance.randrange(2**60))
        size = chance.choice((1, 300, 5_000, 2**20))
        settings = redis.settings(
            redis_transaction_bytes_max=size, transaction_orders_max=chance.choice((1, 7, 2_000))
        )
        await record(PlainLog(batches), settings)
        await compared(settings, tmp_path / "store.db", batches)


@pytest.mark.parametrize("size", [400, 2**20])
async def test_a_longer_market(redis: RedisServer, tmp_path: Path, size: int) -> None:
    batches = list(ordinary(size, 20))
    settings = redis.settings(redis_transaction_bytes_max=size)
    await record(PlainLog(batches), settings)
    await compared(settings, tmp_path / "store.db", batches)


@pytest.mark.parametrize("cut", [5, 15])
async def test_a_log_without_its_beginning_and_a_seed(
    redis: RedisServer, tmp_path: Path, cut: int
) -> None:
    engine = Engine(0)
    batches = list(ordinary(3, 30, engine=engine))
    seed = recorder_seed(engine)
    log = PlainLog(batches)
    log.delete_before(cut + 1)
    settings = redis.settings(redis_transaction_bytes_max=5_000, transaction_orders_max=50)
    await record(log, settings, seed)
    await compared(settings, tmp_path / "store.db", batches[cut:], seed)
