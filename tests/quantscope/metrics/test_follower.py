"""The engine of a cluster shows what the engine in one process shows, under the same names."""

import pathlib
from collections.abc import Iterable

import pytest
from prometheus_client.core import Metric

from core import Engine, Tally
from engine.follower import Follower
from quantscope.metrics.engine import EngineFigures
from quantscope.metrics.events import EventFigures
from quantscope.metrics.follower import FollowerFigures
from testing.cluster import Cluster
from testing.in_process import InProcess
from testing.kafka import Brokers
from testing.waiting import until

HALTED = "quantscope_engine_halted"
READY = "quantscope_ready"
OWN = {
    "quantscope_clock_skew_seconds",
    "quantscope_engine_apply_seconds",
    "quantscope_engine_publish_seconds",
    "quantscope_engine_behind_seconds",
    "quantscope_engine_compared_batches",
    HALTED,
    "quantscope_engine_restarts",
    "quantscope_engine_snapshots",
}
ONE_PROCESS_ALONE = {"quantscope_outages", "quantscope_engine_time_ahead_seconds"}
"""Of its journal on a disk, and of a service that looks at its clock."""


def shown(families: Iterable[Metric]) -> dict[str, tuple[str, list[tuple[str, str, float]]]]:
    """Each family by name: its sentence, and its samples."""
    return {
        family.name: (
            family.documentation,
            [(x.name, str(x.labels), x.value) for x in family.samples],
        )
        for family in families
    }


@pytest.fixture
def follower(tmp_path: pathlib.Path) -> Follower:
    """One that nobody runs: it has asked no broker for anything."""
    cluster = Cluster(Brokers(tmp_path))
    return cluster.follower(cluster.control())


def test_before_there_is_an_engine_it_is_not_ready_and_says_little_more(
    follower: Follower,
) -> None:
    families = shown(FollowerFigures(follower, Tally()).collect())
    assert families.keys() == {READY, HALTED}
    assert families[READY] == ("1 while commands are taken.", [(READY, "{}", 0.0)])
    assert families[HALTED][1] == [(HALTED, "{}", 0.0)]
    follower.halted = "engines a and b tell otherwise"
    assert shown(FollowerFigures(follower, Tally()).collect())[HALTED][1] == [(HALTED, "{}", 1.0)]


async def test_the_same_engine_shows_the_same_under_the_same_names(follower: Follower) -> None:
    async with InProcess() as exchange:
        order = await exchange.place(quantity=2, side="SELL", user_id="bob")
        await exchange.place()
        await exchange.cancel(order["order_id"])
        await exchange.session_places(price=-1)
        service, tally = exchange.service, Tally()
        tally.take(b"".join(record.batch for record in exchange.logs.events.read(1, 1 << 20)))
        follower.engine, follower.ready = service.engine, True
        in_cluster = shown(FollowerFigures(follower, tally).collect())
        alone = shown(EngineFigures(service).collect())
        alone |= shown(EventFigures(exchange.gateway.order_entry.tally).collect())
    assert in_cluster.keys() - alone.keys() == OWN
    assert alone.keys() - in_cluster.keys() == ONE_PROCESS_ALONE
    assert {name: in_cluster[name] for name in alone.keys() - ONE_PROCESS_ALONE} == {
        name: family for name, family in alone.items() if name not in ONE_PROCESS_ALONE
    }
    assert in_cluster[READY][1] == [(READY, "{}", 1.0)]
    assert in_cluster["quantscope_trades"][1] == [("quantscope_trades_total", "{}", 1.0)]


def test_its_restarts_and_snapshots_are_counters(follower: Follower) -> None:
    follower.engine = Engine()
    follower.restarts, follower.keeper.written = 2, 3
    families = shown(FollowerFigures(follower, Tally()).collect())
    names = ("quantscope_engine_restarts", "quantscope_engine_snapshots")
    samples = [sample for name in names for sample in families[name][1]]
    assert samples == [
        ("quantscope_engine_restarts_total", "{}", 2),
        ("quantscope_engine_snapshots_total", "{}", 3),
    ]
    assert families[READY][1] == [(READY, "{}", 0.0)]


def timed(follower: Follower) -> dict[str, float]:
    """How often each step was timed, by its name."""
    families = shown(FollowerFigures(follower, Tally()).collect())
    return {
        name: value
        for step in ("apply", "publish")
        for name, _, value in families[f"quantscope_engine_{step}_seconds"][1]
        if name.endswith("_count")
    }


async def test_an_engine_at_work_is_ready_until_it_ends(kafka: Brokers) -> None:
    cluster = await Cluster(kafka).make()
    async with cluster.following() as follower:
        families = shown(FollowerFigures(follower, Tally()).collect())
        assert families[READY][1] == [(READY, "{}", 1.0)]
        ((_, _, commands),) = families["quantscope_commands"][1]
        assert commands == follower.engine.position().commands > 0
        # It ticks, and each tick is applied and published.
        await until(lambda: min(timed(follower).values()) > 0)
    families = shown(FollowerFigures(follower, Tally()).collect())
    assert families[READY][1] == [(READY, "{}", 0.0)]
