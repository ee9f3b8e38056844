"""Facades as processes: what is placed, killed, displaced and started again."""

import asyncio
import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from websockets.asyncio.client import ClientConnection, connect

from protocol.terms import Side
from testing.client import Client
from testing.cluster_process import ClusterProcess, set_up
from testing.command import quantscope
from testing.kafka import free_ports
from testing.waiting import until

Config = Callable[..., Path]


def facade(path: Path, *arguments: str) -> ClusterProcess:
    return ClusterProcess(path, "facade", "--data-dir", str(path.parent / "store"), *arguments)


async def heard(socket: ClientConnection, count: int) -> list[str]:
    async with asyncio.timeout(20):
        return [json.loads(await socket.recv()).get("event", "") for _ in range(count)]


async def test_rest_and_sessions_trade_with_each_other(config: Config) -> None:
    path = config()
    set_up(path)
    with (
        ClusterProcess(path, "engine"),
        ClusterProcess(path, "gateway") as gateway,
        facade(path) as rest,
    ):
        client = await Client(gateway.binary).login()
        url = f"ws://127.0.0.1:{rest.http}/ws/notifications?user_id=rest"
        async with connect(url) as socket:
            order = rest.place(price="10", quantity="3")
            assert rest.get(f"/orders/{order['order_id']}") == order
            assert rest.amend(order["order_id"], quantity="2")["quantity"] == "2"
            client.place(1, price=10, side=Side.SELL)
            await client.expect_new(1)
            assert type(await client.report()).__name__ == "ExecutionReportTrade"
            assert rest.cancel(order["order_id"])["status"] == "CANCELED"
            events = await heard(socket, 5)
        assert events == ["", "NEW", "REPLACED", "TRADE", "CANCELED"]
        client.place(2, price=20)
        await client.expect_new(2)
        # The gateway told the client; the facade hears of it by itself.
        await until(lambda: rest.get("/orderbook/BTCUSD")["bids"])
        (bid,) = rest.get("/orderbook/BTCUSD")["bids"]
        assert bid["price"] == "20"
        assert rest.get("/trades/BTCUSD")["count"] == 1
        assert rest.get("/ready") == {"status": "ready", "faults": []}
        metrics = rest.metrics()
        assert metrics["quantscope_lane_batches_total"] >= 3
        assert metrics['quantscope_faults_total{part="view"}'] == 0
        assert metrics["quantscope_view_orders"] == 3


def test_two_facades_know_each_others_orders_at_once(config: Config) -> None:
    path = config()
    set_up(path)
    with ClusterProcess(path, "engine"), facade(path) as one, facade(path, "--number", "3") as two:
        for number in range(40):
            at, elsewhere = (one, two) if number % 2 else (two, one)
            order = at.place(price=str(10 + number))
            assert elsewhere.get(f"/orders/{order['order_id']}") == order
            elsewhere.cancel(order["order_id"])


def test_a_facade_that_was_killed_knows_what_is_open(config: Config) -> None:
    path = config("[journal]", "snapshot_interval_s = 0.5", "snapshot_commands_min = 1")
    set_up(path)
    with ClusterProcess(path, "engine"), facade(path) as rest:
        orders = [rest.place(price=str(10 + n), client_order_id=f"o{n}") for n in range(5)]
        rest.kill()
        rest.start()
        bids = rest.get("/orderbook/BTCUSD")["bids"]
        assert [level["price"] for level in bids] == ["14", "13", "12", "11", "10"]
        again = rest.place(409, price="99", client_order_id="o0")
        assert (again["code"], again["order_id"]) == (
            "DUPLICATE_CLIENT_ORDER_ID",
            orders[0]["order_id"],
        )
        for order in orders:
            assert rest.cancel(order["order_id"])["status"] == "CANCELED"


def test_of_two_facades_of_a_number_the_later_goes_on(config: Config) -> None:
    path = config()
    set_up(path)
    first, second = facade(path), facade(path)
    second.log = path.with_name("second.log")
    with ClusterProcess(path, "engine"), first:
        order = first.place()
        with second:
            assert first.ends() == 0
            assert "another gateway 2 has begun" in first.said()
            second.cancel(order["order_id"])
        first.start()


async def test_an_engine_that_is_killed_costs_no_order_and_doubles_none(config: Config) -> None:
    path = config()
    set_up(path)
    placed: dict[str, tuple[int, dict[str, str]]] = {}

    def place(number: int) -> None:
        name = f"o{number}"
        placed[name] = rest.try_place(price=str(1_000 + number), client_order_id=name)

    with ClusterProcess(path, "engine") as engine, facade(path) as rest:
        with ThreadPoolExecutor(4) as clients:
            sending = [clients.submit(place, number) for number in range(200)]
            await until(lambda: len(placed) > 50)
            engine.kill()
            await asyncio.to_thread(engine.start)
            for done in sending:
                await asyncio.to_thread(done.result)
        for name, (status, body) in placed.items():
            assert status == 201 or (status, body["code"]) == (503, "OUTCOME_UNKNOWN"), body
            if status == 503:
                price = str(1_000 + int(name[1:]))
                assert rest.try_place(price=price, client_order_id=name)[0] in (200, 201)
        assert engine.metrics()["quantscope_open_orders"] == 200
        bids = rest.get("/orderbook/BTCUSD?depth=1000")["bids"]
        assert len(bids) == 200
        assert {level["quantity"] for level in bids} == {"1"}


def test_errors_at_a_start_are_one_line(config: Config, tmp_path: Path) -> None:
    def refused(*arguments: str) -> str:
        code, out, errors = quantscope("facade", *arguments)
        assert (code, out) == (1, ""), errors
        assert "Traceback" not in errors
        (line,) = [line for line in errors.splitlines() if line.startswith("Error: ")]
        return line

    path = config()
    assert "quantscope setup makes those of a new exchange" in refused("--config", str(path))
    set_up(path)
    (port,) = free_ports(1)
    with ClusterProcess(path, "engine"):
        rest = facade(path)
        rest.http = port
        with rest:
            number = ("--number", "3", "--http-port", str(port))
            assert f"{port}" in refused("--config", str(path), *number)
    code, _, errors = quantscope("facade", "--number", "0")
    assert code == 2
    assert "0 is not in the range" in errors
    nowhere = tmp_path / "nowhere.toml"
    nowhere.write_text('[kafka]\nbootstrap_servers = ["127.0.0.1:9"]\nstart_deadline_s = 0.5\n')
    assert "no broker of 127.0.0.1:9" in refused("--config", str(nowhere))


async def test_before_it_has_begun_it_says_so_on_its_own_port(config: Config) -> None:
    path = config()
    set_up(path)
    rest = facade(path)
    (rest.http,) = free_ports(1)
    rest.launch()

    def answers() -> bool:
        try:
            return rest.ask("/ready")[0] == 503
        except OSError:
            return False

    await until(answers)
    assert rest.get("/health") == {"status": "ok"}
    assert "it waits for brokers, or for an engine" in rest.get("/ready", 503)["faults"][0]
    # Never that there is none: it may know of it soon.
    for status, answer in (rest.ask("/orders/1"), rest.try_place()):
        assert (status, answer["code"]) == (503, "UNAVAILABLE")
    with ClusterProcess(path, "engine"):
        await asyncio.to_thread(rest.until_ready)
        order = rest.place()
        assert rest.get(f"/orders/{order['order_id']}") == order
        rest.stop()
