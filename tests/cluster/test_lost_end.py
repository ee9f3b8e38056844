"""Commands that have lost their end under load: each role says so, until that is accepted."""

import asyncio
import random
from pathlib import Path

import settings
from core import event_head
from journal.kafka import Bases, Clients, Control, KafkaKept, Logs, Topics
from protocol import messages as m
from testing.cluster import records
from testing.cluster_process import ClusterProcess, config_of, set_up
from testing.command import quantscope
from testing.cut_topic import cut_topic
from testing.fold import Fold
from testing.kafka import Brokers
from testing.redis import RedisServer
from testing.redis_store import compared
from testing.stored import check
from testing.trader import Trader
from testing.waiting import until

LOST = 30
"""Command batches, each of many orders."""


class WholeExchange:
    """An exchange whose roles are processes, with an archive and Redis beside it."""

    def __init__(self, tmp_path: Path, brokers: Brokers, redis: RedisServer) -> None:
        lines = (
            *("[journal]", "snapshot_interval_s = 1.0", "snapshot_commands_min = 1"),
            *("[redis]", f"port = {redis.port}", "[store]", "recorder_interval_s = 0.01"),
        )
        self.config = config_of(tmp_path, brokers, "own", *lines)
        self.store = tmp_path / "archive" / "store.db"
        where = ("--data-dir", str(self.store.parent))
        to_redis = ("--name", "redis", "--set", "store.adapter=redis")
        self.gateway = ClusterProcess(self.config, "gateway")
        self.archive = ClusterProcess(self.config, "recorder", *where)
        self.redis = ClusterProcess(self.config, "recorder", *to_redis)
        self.facade = ClusterProcess(self.config, "facade", *where)
        self.roles = (
            ClusterProcess(self.config, "engine"),
            *(self.gateway, self.facade, self.archive, self.redis),
        )

    @property
    def binary(self) -> int:
        return self.gateway.binary

    @property
    def http(self) -> int:
        return self.facade.http

    def start(self) -> None:
        for role in self.roles:
            role.launch()
        for role in self.roles:
            role.until_ready()

    def stop(self) -> None:
        """The recorders record what the log holds."""
        for role in reversed(self.roles[:3]):
            role.stop()
        for role in self.roles[3:]:
            role.stop()

    def end(self) -> list[str]:
        """Each ends by itself, with an error; what it says at last."""
        assert [role.ends() for role in self.roles] == [1] * len(self.roles)
        return [role.said().splitlines()[-1] for role in self.roles]

    def logs(self) -> tuple[list[bytes], list[bytes]]:
        """The events that count, and all that were ever published."""
        kafka = settings.load(self.config, {}, []).kafka
        clients, topics = Clients(kafka), Topics(kafka)

        async def bases() -> Bases:
            async with Control(clients, topics, deadline_s=5) as control:
                return Bases((await control.read()).known().bases)

        with Logs(clients, topics, asyncio.run(bases())).events("a") as log:
            counted = records(log)
        with KafkaKept(clients, topics.events("a")) as log:
            return counted, records(log)


async def test_nobody_goes_on_until_it_is_accepted_and_then_nothing_comes_twice(
    tmp_path: Path, redis: RedisServer, seed: int
) -> None:
    with Brokers(tmp_path / "kafka") as brokers:
        exchange = WholeExchange(tmp_path, brokers, redis)
        set_up(exchange.config)
        exchange.start()
        rng = random.Random(seed)
        before = [Trader(f"demo{number}", rng) for number in (1, 2, 3)]
        for trader in before:
            await trader.come_back(exchange)
        async with asyncio.TaskGroup() as load:
            for trader in before:
                load.create_task(trader.trade())
            await until(lambda: sum(len(trader.told) for trader in before) > 3_000)
            await asyncio.to_thread(brokers.stop)
            cut_topic(brokers, "own.commands", LOST)
            await asyncio.to_thread(brokers.start)
            for said in await asyncio.to_thread(exchange.end):
                assert "own.commands" in said
                assert "quantscope setup --accept-loss" in said
        for role in exchange.roles:
            role.launch()
        refused = await asyncio.to_thread(exchange.end)
        code, _, errors = quantscope("setup", "--config", str(exchange.config))
        assert code == 1
        # All look at the same.
        assert set(refused) == {errors.strip()}
        said = set_up(exchange.config, "--accept-loss")
        assert "sessions get new ids (era 2)" in said
        exchange.start()
        after = [Trader(f"demo{number}", rng) for number in (1, 2, 3)]
        for trader, older in zip(after, before, strict=True):
            await trader.begin(exchange)
            assert trader.client.session != older.client.session
            assert trader.client.following > older.client.following
        async with asyncio.TaskGroup() as load:
            for trader in after:
                load.create_task(trader.trade())
            await until(lambda: sum(len(trader.told) for trader in after) > 1_000)
            for trader in after:
                trader.client.cut()
        exchange.stop()
        counted, published = await asyncio.to_thread(exchange.logs)
    told, later = (ids_of(traders) for traders in (before, after))
    assert not told & later
    keys = [(x.command_offset, x.part, x.last_seq) for x in map(event_head, published)]
    assert keys == sorted(set(keys))
    assert len(counted) < len(published)
    fold = Fold()
    fold.add(b"".join(counted))
    check(exchange.store, fold)
    await compared(redis.settings(), tmp_path / "other.db", counted)


def ids_of(traders: list[Trader]) -> set[tuple[str, int]]:
    """Of new orders, of trades and executions that these were told of."""
    found: set[tuple[str, int]] = set()
    for report in (report for trader in traders for report in trader.told):
        match report:
            case m.ExecutionReportNew():
                found |= {("order", report.order_id), ("execution", report.exec_id)}
            case m.ExecutionReportTrade():
                found |= {("trade", report.trade_id), ("execution", report.exec_id)}
    return found
