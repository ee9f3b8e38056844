"""``make cluster`` for real: one cluster, from its start to Ctrl-C; the tests follow each other."""

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator

import httpx
import pytest
import websockets

from protocol.terms import Side
from supervisor.plan import PROMETHEUS_SETTINGS, in_use
from testing.client import Client, hang_up
from testing.command import ROOT
from testing.requests import Requests
from testing.waiting import until
from tests.supervisor.local import LocalCluster, composed

ROLES = ("engine-a", "engine-b", "gateway-1", "gateway-2", "recorder", "archive", "facade")
CHECKED = {*ROLES, "kafka", "redis"}
"""Whose health checks are run; those of Prometheus and Grafana ask programs of their images."""
SECONDS_MAX = 60


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalCluster]:
    with LocalCluster(tmp_path_factory.mktemp("local")) as cluster:
        yield cluster


def trades_recorded(cluster: LocalCluster, name: str) -> float:
    role = Requests()
    role.http = cluster.ports[f"{name}.metrics"]
    return role.metrics()["quantscope_recorder_trades_total"]


def test_it_says_what_is_served_where(cluster: LocalCluster) -> None:
    ports = cluster.ports
    wanted = {"http": f"127.0.0.1:{ports['facade']}"}
    for protocol, of in (("binary", ""), ("fix", ".fix")):
        doors = (ports[f"gateway-{number}{of}"] for number in (1, 2))
        wanted[protocol] = ",".join(f"127.0.0.1:{port}" for port in doors)
    wanted |= {name: f"127.0.0.1:{ports[name]}" for name in ("kafka", "redis")}
    if (PROMETHEUS_SETTINGS / "prometheus.yml").exists():
        wanted["prometheus"] = f"127.0.0.1:{ports['prometheus']}"
    assert cluster.said == wanted
    assert cluster.get("/ready") == {"status": "ready", "faults": []}


def test_the_health_checks_of_the_containers_say_so_too(cluster: LocalCluster) -> None:
    checks = {
        name: service["healthcheck"]["test"]
        for name, service in composed("docker-compose.yml").items()
        if name in CHECKED
    }
    assert set(checks) == CHECKED
    for name, check in checks.items():
        done = cluster.health(name, check)
        assert done.returncode == 0, (name, done.stdout, done.stderr)
    for name in ("engine-a", "kafka", "redis"):
        assert cluster.health("nobody", checks[name]).returncode != 0, name


def test_a_second_one_on_the_same_directory_is_refused(cluster: LocalCluster) -> None:
    command = [sys.executable, "-m", "supervisor", "--data-dir", str(cluster.directory)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "is in use by another cluster, whose supervisor is process" in done.stderr


async def test_an_order_over_rest_trades_with_one_over_tcp_and_is_told(
    cluster: LocalCluster,
) -> None:
    url = f"ws://127.0.0.1:{cluster.http}/ws/notifications?user_id=alice"
    async with asyncio.timeout(SECONDS_MAX), websockets.connect(url) as told:
        seller = await Client(cluster.ports["gateway-2"]).login()
        seller.place(1, side=Side.SELL, price=100)
        await seller.expect_new(1)
        bought = await asyncio.to_thread(cluster.place, user_id="alice", price="100")
        assert bought["status"] == "FILLED"
        trade = await seller.report()
        assert type(trade).__name__ == "ExecutionReportTrade"
        seen = [json.loads(await told.recv())]
        while seen[-1].get("status") != "FILLED":
            seen.append(json.loads(await told.recv()))
    await hang_up()


async def test_the_recorders_have_it(cluster: LocalCluster) -> None:
    await until(lambda: trades_recorded(cluster, "recorder") == 1)
    await until(lambda: trades_recorded(cluster, "archive") == 1)


async def test_prometheus_has_all_roles(cluster: LocalCluster) -> None:
    url = f"http://{cluster.said['prometheus']}/api/v1/query?query=up"
    async with asyncio.timeout(SECONDS_MAX), httpx.AsyncClient() as client:
        while True:
            rows = (await client.get(url)).json()["data"]["result"]
            if {row["metric"]["name"] for row in rows if row["value"][1] == "1"} == {*ROLES}:
                break
            await asyncio.sleep(0.2)


async def test_an_engine_and_a_gateway_that_are_killed_come_back(cluster: LocalCluster) -> None:
    for name in ("engine-a", "gateway-1"):
        os.kill(cluster.process_ids(name)[-1], signal.SIGKILL)
    for name in ("engine-a", "gateway-1"):
        await asyncio.to_thread(cluster.until, f"{name}: ready", 2)
        assert cluster.lines(f"{name}: died by SIGKILL; it is started again in 0.5 s")
        assert len(cluster.process_ids(name)) == 2
    await until(lambda: cluster.ask("/ready")[0] == 200)
    client = await Client(cluster.ports["gateway-1"], "demo2").login()
    client.place(1, price=90)
    await client.expect_new(1)
    assert cluster.place(user_id="bob")["status"] == "NEW"
    await hang_up()


def test_ctrl_c_leaves_nothing_running(cluster: LocalCluster) -> None:
    cluster.interrupt()
    assert cluster.lines("supervisor | stopping, by SIGINT")
    assert cluster.lines("supervisor | stopped")
    assert not cluster.lines("killed")
    assert cluster.still_running() == []
    assert [name for name, port in cluster.ports.items() if in_use(port)] == []
