"""A cluster whose store is on Redis: what a facade answers while Redis comes, goes and forgets."""

from collections.abc import Callable
from pathlib import Path

from redis import Redis

from protocol.terms import Side
from testing.client import Client
from testing.cluster_process import ClusterProcess, set_up
from testing.redis import RedisServer
from testing.waiting import until

Config = Callable[..., Path]


def on(redis: RedisServer) -> tuple[str, ...]:
    store = ("[store]", 'adapter = "redis"', "recorder_interval_s = 0.02")
    return (*store, "[redis]", f"port = {redis.port}", "request_deadline_s = 3.0")


async def test_what_has_ended_is_found_on_redis_and_never_said_not_to_be(
    config: Config, redis: RedisServer
) -> None:
    path = config(*on(redis))
    set_up(path)
    rest = ClusterProcess(path, "facade")
    with (
        ClusterProcess(path, "engine"),
        ClusterProcess(path, "gateway") as gateway,
        ClusterProcess(path, "recorder") as recorder,
    ):
        rest.start()
        client = await Client(gateway.binary).login()
        orders = [rest.place(price="10", quantity="1")["order_id"] for _ in range(20)]
        client.place(1, price=10, quantity=20, side=Side.SELL)
        await client.expect_new(1)
        for _ in orders:
            await client.report()
        # The gateway has told it; the facade reads the events by itself.
        await until(lambda: rest.get(f"/orders/{orders[-1]}")["status"] == "FILLED")
        known = [rest.get(f"/orders/{order}") for order in orders]
        assert {order["status"] for order in known} == {"FILLED"}
        # A facade that is started again knows what is open; the rest is on Redis.
        rest.stop()
        rest.start()
        await until(lambda: rest.ask(f"/orders/{orders[0]}")[0] == 200)
        assert [rest.get(f"/orders/{order}") for order in orders] == known
        listed = rest.get("/orders?user_id=rest&limit=100")["orders"]
        assert sorted(order["order_id"] for order in listed) == sorted(orders)
        redis.kill()
        status, _ = rest.ask(f"/orders/{orders[0]}")
        assert status == 503
        assert rest.get("/ready")["status"] == "ready"
        rest.place(price="5")
        redis.start()
        await until(lambda: rest.ask(f"/orders/{orders[0]}")[0] == 200)
        with Redis(port=redis.port) as client_of_redis:
            client_of_redis.flushall()
        statuses = set()

        def found_again() -> bool:
            status, _ = rest.ask(f"/orders/{orders[0]}")
            statuses.add(status)
            return status == 200 and recorder.get("/ready")["status"] == "ready"

        await until(found_again)
        assert statuses <= {200, 503}
        assert [rest.get(f"/orders/{order}") for order in orders] == known
    rest.kill()
