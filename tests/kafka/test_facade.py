"""A facade of a cluster, from socket to socket over Kafka."""

import asyncio
import json
from pathlib import Path

import pytest
from websockets.asyncio.client import connect

from journal.kafka import Displaced
from settings import Config, FacadeSettings, ServerSettings
from testing.client import Client
from testing.cluster import Cluster
from testing.kafka import Brokers
from testing.requests import PLAIN
from testing.waiting import until

OTHER = 3
"""The number of a second facade."""
UNKNOWN = 2**40
"""An order id far above all that are given."""


def remove(store: Path) -> None:
    """As an operator would."""
    for file in store.parent.glob(f"{store.name}*"):
        file.unlink()


def config(tmp_path: Path, **facade: object) -> Config:
    return Config(
        server=ServerSettings(data_dir=str(tmp_path)),
        facade=FacadeSettings(**{"store_poll_interval_s": 0.02, **facade}),  # type: ignore[arg-type]
    )


async def test_an_order_is_placed_shown_amended_and_canceled(
    kafka: Brokers, tmp_path: Path
) -> None:
    cluster = await Cluster(kafka, config(tmp_path)).make()
    async with cluster.following(), cluster.facade() as rest:
        async with connect(f"{rest.url}/ws/notifications?user_id=rest") as socket:
            order = await rest.place()
            path = f"/orders/{order['order_id']}"
            assert await rest.get(path) == order
            await rest.amend(order["order_id"], price="99")
            assert (await rest.cancel(order["order_id"]))["status"] == "CANCELED"
            assert (await rest.get(path))["status"] == "CANCELED"
            await rest.cancel(order["order_id"], 409)
            async with asyncio.timeout(10):
                told = [json.loads(await socket.recv()) for _ in range(4)]
        assert [x["type"] for x in told[:1]] == ["subscribed"]
        assert [x["event"] for x in told[1:]] == ["NEW", "REPLACED", "CANCELED"]
        assert await rest.get("/ready") == {"status": "ready", "faults": []}
        metrics = await rest.metrics()
        assert metrics['quantscope_rest_answers_total{status="201"}'] == 1
        assert metrics["quantscope_ready"] == 1
        assert metrics["quantscope_lane_batches_total"] >= 3
        assert metrics['quantscope_faults_total{part="store"}'] == 0


async def test_sessions_and_rest_see_each_others_orders(kafka: Brokers, tmp_path: Path) -> None:
    cluster = await Cluster(kafka, config(tmp_path)).make()
    async with cluster.following(), cluster.gateway() as served, cluster.facade() as rest:
        client = await Client(served.binary).login()
        client.place(1, price=10)
        await client.expect_new(1)
        book = await rest.get("/orderbook/BTCUSD")
        assert [level["price"] for level in book["bids"]] == ["10"]
        await rest.place(side="SELL", price="10")
        assert type(await client.report()).__name__ == "ExecutionReportTrade"
        client.place(2, price=10)
        await client.expect_new(2)
        await rest.cancel(3)
        assert type(await client.report()).__name__ == "ExecutionReportCancel"


async def test_what_is_placed_at_one_facade_is_read_at_once_at_another(
    kafka: Brokers, tmp_path: Path
) -> None:
    cluster = await Cluster(kafka, config(tmp_path)).make()
    async with cluster.following(), cluster.facade() as one, cluster.facade(OTHER) as other:
        for number in range(60):
            at, elsewhere = (one, other) if number % 2 else (other, one)
            order = await at.place(price=str(10 + number))
            order_id = order["order_id"]
            match number % 5:
                case 0:
                    assert await elsewhere.get(f"/orders/{order_id}") == order
                case 1:
                    assert (await elsewhere.cancel(order_id))["status"] == "CANCELED"
                case 2:
                    assert (await elsewhere.amend(order_id, price="9"))["price"] == "9"
                case _:
                    # What happened to it the store has, and there is none: that it exists is known.
                    page = "fills" if number % 2 else "history"
                    refused = await elsewhere.get(f"/orders/{order_id}/{page}", 503)
                    assert refused["error"].startswith("the store can't be read: there is no ")
        nobody = [rest.client.delete("/orders", params={"user_id": "new"}) for rest in (one, other)]
        assert [answer.json()["canceled"] for answer in await asyncio.gather(*nobody)] == [0, 0]
        for rest in (one, other):
            assert (await rest.get(f"/orders/{UNKNOWN}", 404))["code"] == "UNKNOWN_ORDER"
            assert (await rest.cancel(UNKNOWN, 404))["code"] == "UNKNOWN_ORDER"


async def test_an_id_that_is_never_given_is_unknown_after_the_deadline(
    kafka: Brokers, tmp_path: Path
) -> None:
    cluster = await Cluster(kafka, config(tmp_path)).make()
    async with cluster.following(), cluster.facade() as rest:
        order_id = int((await rest.place())["order_id"])
        begun = asyncio.get_running_loop().time()
        waiting = [rest.client.get(f"/orders/{order_id + n}") for n in range(1, 20)]
        answers = await asyncio.gather(*waiting)
        assert asyncio.get_running_loop().time() - begun >= 1.4
        assert {answer.status_code for answer in answers} <= {404, 503}
        assert {answer.json()["code"] for answer in answers} <= {"UNKNOWN_ORDER", "NOT_KNOWN_YET"}


async def test_without_its_store_trading_goes_on_and_it_is_found_when_it_comes(
    kafka: Brokers, tmp_path: Path
) -> None:
    cluster = await Cluster(kafka, config(tmp_path)).make()
    store = tmp_path / "store.db"
    async with cluster.following(), cluster.facade() as rest:
        order = await rest.place()
        page = f"/orders/{order['order_id']}/history"
        refused = await rest.get(page, 503)
        assert (refused["code"], refused["error"]) == (
            "UNAVAILABLE",
            "the store can't be read: there is no store.db",
        )
        assert await rest.get("/ready") == {"status": "ready", "faults": []}
        assert await rest.get(f"/orders/{order['order_id']}") == order
        assert (await rest.metrics())["quantscope_store_readable"] == 0
        with await cluster.recorded(store):
            await until(lambda: rest.role.follower.away is None)
            metrics = await rest.metrics()
            assert metrics["quantscope_store_readable"] == 1
            assert metrics["quantscope_store_sequence"] > 0
            assert (await rest.get(page))["count"] == 1
            await rest.cancel(order["order_id"])
            assert (await rest.get(page))["count"] == 2
            listed = await rest.get("/orders", user_id="rest")
            assert [x["order_id"] for x in listed["orders"]] == [order["order_id"]]
        remove(store)
        await until(lambda: rest.role.follower.away is not None)
        assert (await rest.get(page, 503))["error"].endswith("there is no store.db")
        await rest.place()
        with await cluster.recorded(store, journal_id=7):
            wrong = f"store.db is of journal {7:016x}, and this is "
            await until(lambda: (rest.role.follower.away or "").startswith(wrong))
            assert wrong in (await rest.get(page, 503))["error"]
            await rest.place()
        assert (await rest.faults()) == {}


async def test_what_a_store_that_was_put_back_lacks_is_not_known_yet(
    kafka: Brokers, tmp_path: Path
) -> None:
    settings = {"recent_orders_max": 1, "overlay_orders_max": 1, "store_deadline_s": 0.3}
    cluster = await Cluster(kafka, config(tmp_path, **settings)).make()
    store, copy = tmp_path / "store.db", tmp_path / "copy.db"
    async with cluster.following(), cluster.facade() as rest:
        first = await rest.place(time_in_force="IOC")
        with await cluster.recorded(store) as recorder:
            await until(lambda: recorder.position().sequence >= rest.role.rest.view.sequence)
        store.rename(copy)
        with await cluster.recorded(store) as recorder:
            later = await rest.place(time_in_force="IOC")
            for _ in range(5):
                await rest.place(time_in_force="IOC")
            await until(lambda: recorder.position().sequence >= rest.role.rest.view.sequence)
            assert not rest.role.rest.view.keeps(int(later["order_id"]))
            assert await rest.get(f"/orders/{later['order_id']}") == later
            newest = rest.role.follower.recorded
        remove(store)
        copy.rename(store)
        await until(
            lambda: rest.role.follower.away is None and (0 < rest.role.follower.recorded < newest)
        )
        assert (await rest.get(f"/orders/{later['order_id']}", 503))["code"] == "NOT_KNOWN_YET"
        assert await rest.get(f"/orders/{first['order_id']}") == first
        assert (await rest.get("/orders", 503, user_id="rest"))["code"] == "NOT_KNOWN_YET"
        assert (await rest.get("/ready"))["faults"] == []
        remove(store)
        with await cluster.recorded(store):
            await until(lambda: rest.role.follower.recorded >= newest)
            assert await rest.get(f"/orders/{later['order_id']}") == later
            assert len((await rest.get("/orders", user_id="rest"))["orders"]) == 7


async def test_a_view_that_failed_begins_again_where_the_engine_stands(
    kafka: Brokers, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("facade.app.RESTART_S", 0.05)
    cluster = await Cluster(kafka, config(tmp_path)).make()
    async with cluster.following(), cluster.facade() as rest, cluster.facade(OTHER) as other:
        order = await rest.place(price="11")
        facade = rest.role.rest
        facade.on_output(facade.view.apply(b"no batch at all"))
        assert (await rest.place(503))["code"] == "UNAVAILABLE"
        await other.place(price="12")
        await until(lambda: facade.view.fault is None)
        await rest.until_ready()
        await rest.place(price="13")
        book = await rest.get("/orderbook/BTCUSD")
        assert [level["price"] for level in book["bids"]] == ["13", "12", "11"]
        assert (await rest.cancel(order["order_id"]))["status"] == "CANCELED"
        assert await rest.faults() == {"view": 1}


async def test_of_two_facades_of_a_number_the_later_goes_on(kafka: Brokers, tmp_path: Path) -> None:
    cluster = await Cluster(kafka, config(tmp_path)).make()
    ready = asyncio.Event()
    async with cluster.following():
        first = asyncio.create_task(serve_until_displaced(cluster, ready))
        await ready.wait()
        async with cluster.facade() as rest:
            with pytest.raises(Displaced, match="another gateway 2 has begun"):
                await first
            await rest.place()


async def serve_until_displaced(cluster: Cluster, ready: asyncio.Event) -> None:
    async with cluster.facade():
        ready.set()
        await asyncio.sleep(30)


async def test_what_waits_while_the_engine_is_away_is_answered_when_it_is_back(
    kafka: Brokers, tmp_path: Path
) -> None:
    cluster = await Cluster(kafka, config(tmp_path)).make()
    async with cluster.following():
        facade = cluster.facade()
        rest = await facade.__aenter__()
        await rest.place(client_order_id="a")
    waiting = [asyncio.create_task(rest.place(client_order_id=f"b{n}")) for n in range(5)]
    await until(lambda: len(rest.role.rest.trading.waiting) == 5)
    async with cluster.following() as follower:
        placed = await asyncio.gather(*waiting)
        assert len({order["order_id"] for order in placed}) == 5
        await rest.place(200, client_order_id="b0")
        assert follower.engine.counts()["open_orders"] == 6
        await facade.__aexit__(None, None, None)


async def test_an_outcome_that_nobody_can_tell_is_said_to_be_open(
    kafka: Brokers, tmp_path: Path
) -> None:
    cluster = await Cluster(kafka, config(tmp_path, answer_deadline_s=0.5)).make()
    async with cluster.following():
        facade = cluster.facade()
        rest = await facade.__aenter__()
    assert (await rest.place(503, client_order_id="a"))["code"] == "OUTCOME_UNKNOWN"
    async with cluster.following() as follower:
        await until(lambda: follower.engine.counts()["open_orders"] == 1)
        await rest.place(200, client_order_id="a")
        assert follower.engine.counts()["open_orders"] == 1
        await facade.__aexit__(None, None, None)


async def test_brokers_that_are_away_longer_than_any_deadline_end_no_facade(
    own_kafka: Brokers, tmp_path: Path
) -> None:
    wanted = config(tmp_path, answer_deadline_s=8.0)
    cluster = Cluster(
        own_kafka, wanted, start_deadline_s=1.0, request_timeout_s=1.0, append_deadline_s=2.0
    )
    await cluster.make()
    async with cluster.following() as follower, cluster.facade() as rest:
        order = await rest.place(client_order_id="before")
        await asyncio.to_thread(own_kafka.kill)
        # It was taken while nobody knew better: whether it comes to be is open.
        assert (await rest.place(503, client_order_id="a"))["code"] == "OUTCOME_UNKNOWN"
        assert (await rest.place(503, client_order_id="b"))["code"] == "UNAVAILABLE"
        assert await rest.get(f"/orders/{order['order_id']}") == order
        above = await rest.get(f"/orders/{int(order['order_id']) + 1}", 503)
        assert above["code"] == "NOT_KNOWN_YET"
        assert "commands are not taken" in (await rest.get("/ready", 503))["faults"]
        await asyncio.to_thread(own_kafka.start)
        await rest.until_ready()
        answer = await rest.client.post("/orders", json={**PLAIN, "user_id": "rest"})
        assert answer.status_code == 201
        again = {**PLAIN, "user_id": "rest", "client_order_id": "a"}
        assert (await rest.client.post("/orders", json=again)).status_code in (200, 201)
        await until(lambda: follower.engine.counts()["open_orders"] == 3)
