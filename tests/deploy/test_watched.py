"""A cluster under load as a real Prometheus sees it: figures, and alarms at their cause."""

import asyncio
import re
from collections.abc import Iterator

import pytest

from protocol import messages as m
from protocol.terms import Side
from testing.client import Client, hang_up
from testing.cluster_process import end_cluster
from testing.kafka import Brokers
from testing.prometheus import PrometheusServer
from testing.redis import RedisServer
from testing.waiting import until
from tests.deploy.rules import alerts
from tests.deploy.shown import queries
from tests.deploy.watched import Watched

ORDERS = 300
LOOKED_BACK = "5s"
"""What Grafana would take for its own name of it; some scrapes."""


@pytest.fixture(scope="module")
def brokers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Brokers]:
    """One that may be stopped."""
    with Brokers(tmp_path_factory.mktemp("kafka")) as brokers:
        yield brokers


@pytest.fixture(scope="module")
def watched(tmp_path_factory: pytest.TempPathFactory, brokers: Brokers) -> Iterator[Watched]:
    """One for the tests of this file: each leaves it whole."""
    directory = tmp_path_factory.mktemp("watched")
    with RedisServer(directory / "redis") as redis:
        try:
            with Watched(directory, brokers, redis) as watched:
                yield watched
        finally:
            end_cluster()


def exprs() -> dict[str, str]:
    """What is asked for: each query of a panel, each rule without its comparison."""
    asked = {
        f"{title}: {expr}": expr.replace("$__rate_interval", LOOKED_BACK)
        for title, expr in queries()
    }
    for name, rule in alerts().items():
        # With ``bool`` it filters nothing; what is absent would be nothing in any case.
        expr = re.sub(r" ([<>]=?|[!=]=) ", r" \1 bool ", rule["expr"])
        asked[name] = re.sub(r"absent\(([^()]*)\)", r"\1", expr)
    return asked


def without_data(prometheus: PrometheusServer, asked: dict[str, str]) -> set[str]:
    """Which of these give nothing, or no number."""
    return {
        name
        for name, expr in asked.items()
        if not any(sample.value == sample.value for sample in prometheus.query(expr))
    }


async def trades(watched: Watched, client: Client, first: int) -> int:
    """Some hundred orders, some of which trade, and a few that are refused; the next number."""
    for number in range(first, first + ORDERS):
        side = Side.SELL if number % 3 == 0 else Side.BUY
        client.place(number, price=100 + number % 7, side=side)
    client.place(first + ORDERS, price=-1)
    client.cancel(first + ORDERS + 1, first + ORDERS)
    while not isinstance(await client.report(), m.OrderCancelReject):
        pass
    for number in range(5):
        await asyncio.to_thread(watched.facade.place, price=str(50 + number))
    return first + ORDERS + 2


async def test_every_panel_and_every_alert_has_data_under_load(watched: Watched) -> None:
    await watched.is_up()
    shown = watched.prometheus.ask("targets", state="active")["activeTargets"]
    assert {(x["labels"]["role"], x["labels"]["name"]) for x in shown} == {
        ("engine", "engine-a"),
        ("engine", "engine-b"),
        ("gateway", "gateway-1"),
        ("facade", "facade"),
        ("recorder", "recorder"),
        ("recorder", "archive"),
    }
    client, missing, number = await Client(watched.gateway.binary).login(), exprs(), 1
    async with asyncio.timeout(30):
        while missing:
            number = await trades(watched, client, number)
            left = await asyncio.to_thread(without_data, watched.prometheus, missing)
            missing = {name: missing[name] for name in left}
    await hang_up()


async def test_who_is_killed_is_missed_and_who_lacks_brokers_says_so(
    watched: Watched, brokers: Brokers
) -> None:
    await watched.is_quiet()
    watched.archive.kill()
    await watched.fires(("ProcessDown", "archive"))
    watched.archive.start()
    await watched.is_quiet()
    await asyncio.to_thread(brokers.stop)
    await watched.fires(
        ("NotReady", "engine-a"),
        ("NotReady", "gateway-1"),
        ("NotReady", "facade"),
        ("PartitionSilent", "gateway-1"),
        ("PartitionSilent", "facade"),
        ("CommandsNotAcknowledged", "gateway-1"),
        ("CommandsNotAcknowledged", "facade"),
    )
    await asyncio.to_thread(brokers.start)
    await watched.is_quiet()


async def test_prometheus_has_taken_every_rule(watched: Watched) -> None:
    def rules() -> list[dict[str, str]]:
        groups = watched.prometheus.ask("rules")["groups"]
        return [rule for group in groups for rule in group["rules"]]

    assert {rule["name"] for rule in rules()} == alerts().keys()
    # None was looked at yet when it starts.
    await until(lambda: {rule["health"] for rule in rules()} == {"ok"})
