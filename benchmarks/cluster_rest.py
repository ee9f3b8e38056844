"""REST of a cluster: orders placed by wrk, and an order that is asked for at another facade."""

import asyncio
import time
from concurrent.futures import ThreadPoolExecutor

import httpx

from benchmarks.cluster import STEADY_CONNECTIONS
from benchmarks.cluster_roles import WARMUP_S, Bench, Roles, brokers_at, loads
from benchmarks.context import Context, measure
from benchmarks.processes import BenchError
from benchmarks.rest import wrk
from benchmarks.result import Row, figure

THREADS = 2
CONNECTIONS = 64
RATE = 5_000
PAUSE_S = 0.01
ORDER = {
    "symbol": "BTCUSD",
    "side": "BUY",
    "order_type": "LIMIT",
    "price": "1",
    "quantity": "1",
    "user_id": "somebody",
}

PLACED = figure(
    "cluster, REST POST /orders",
    f"REST of a cluster (one facade, one engine, one broker; wrk, {CONNECTIONS} connections): "
    "orders placed",
    "orders/s",
    bar=">= 5000",
    headline=True,
)
P99 = figure(
    "cluster, REST POST /orders, p99",
    "REST of a cluster: time to the answer, p99",
    "ms",
    bar="<= 60",
)
OTHERS = figure(
    "cluster, REST POST /orders, other answers than 201",
    "REST of a cluster: errors, and other answers than 201",
    "answers",
    bar="<= 0",
)
ELSEWHERE = figure(
    "cluster, an order at another facade, p99",
    f"REST of a cluster at {RATE:,} orders/s: an order that was just placed at one facade, asked "
    "for at another, p99",
    "ms",
    bar="<= 50",
)


@measure("cluster-rest")
def cluster_rest(ctx: Context) -> list[Row]:
    """Orders placed at a facade, by the script that the project shows."""
    command = f"wrk -t{THREADS} -c{CONNECTIONS} -d10s -s tests/post.lua (a cluster's facade)"
    placed, p99, others = (row.row(command) for row in (PLACED, P99, OTHERS))
    warm, seconds = round(ctx.seconds(WARMUP_S, 2)), round(ctx.seconds(10, 2))
    for _ in ctx.each_run("cluster-rest"):
        with brokers_at(ctx) as (brokers, path):
            bench = Bench(brokers, path, "rest")
            with bench.roles(facades=1) as roles:
                (facade,) = roles.facades
                wrk(facade.http, warm, threads=THREADS, connections=CONNECTIONS)
                done = wrk(facade.http, seconds, threads=THREADS, connections=CONNECTIONS)
        placed.samples.append(done["requests"] / done["seconds"])
        p99.samples.append(done["p99_us"] / 1e3)
        others.samples.append(float(done["not_2xx"] + done["socket_errors"]))
    return [placed, p99, others]


@measure("cluster-elsewhere")
def cluster_elsewhere(ctx: Context) -> list[Row]:
    """An order is placed at one facade and asked for at another, while others trade."""
    command = "httpx: POST /orders at one facade, GET /orders/ID at another"
    row = ELSEWHERE.row(command)
    warm, seconds = ctx.seconds(WARMUP_S, 2), ctx.seconds(10, 2)
    for _ in ctx.each_run("cluster-elsewhere"):
        with brokers_at(ctx) as (brokers, path):
            bench = Bench(brokers, path, "elsewhere")
            with (
                bench.roles(gateways=1, facades=2, recorded=True) as roles,
                ThreadPoolExecutor(1) as pool,
            ):
                how = ("--connections", STEADY_CONNECTIONS, "--rate", RATE)
                loads(roles.gateways, *how, "--seconds", warm)
                load = pool.submit(loads, roles.gateways, *how, "--seconds", seconds + 2)
                row.samples.append(1e3 * asyncio.run(asked_elsewhere(roles, seconds)))
                load.result()
    return [row]


async def asked_elsewhere(roles: Roles, seconds: float) -> float:
    """The p99 of what the second answer takes, in seconds."""
    here, there = (f"http://127.0.0.1:{facade.http}" for facade in roles.facades)
    took: list[float] = []
    end = time.monotonic() + seconds
    async with httpx.AsyncClient() as client:
        while time.monotonic() < end:
            answer = await client.post(f"{here}/orders", json=ORDER)
            if answer.status_code != 201:
                raise BenchError(f"POST /orders: {answer.status_code} {answer.text}")
            begun = time.monotonic()
            asked = await client.get(f"{there}/orders/{answer.json()['order_id']}")
            took.append(time.monotonic() - begun)
            if asked.status_code != 200:
                raise BenchError(f"GET /orders/ID elsewhere: {asked.status_code} {asked.text}")
            await asyncio.sleep(PAUSE_S)
    return sorted(took)[len(took) * 99 // 100]
