"""Roles as processes: they are set up, begin, say how they are, and end as they are told."""

import asyncio
import re
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from core import StoreReader
from store.redis import RedisStore
from testing.client import Client
from testing.cluster_process import ClusterProcess, config_of, set_up
from testing.command import ROOT, quantscope
from testing.kafka import Brokers, free_ports
from testing.log_lines import lines_of
from testing.redis import RedisServer
from testing.waiting import until

Config = Callable[..., Path]


async def test_an_order_goes_through_processes_and_outlives_them(config: Config) -> None:
    path = config()
    made = set_up(path)
    assert made.count("made the topic") == 5
    assert "a new exchange" in made
    with ClusterProcess(path, "engine") as engine:
        with ClusterProcess(path, "gateway") as gateway:
            client = await Client(gateway.binary).login()
            client.place(1, price=10)
            await client.expect_new(1)
            for role in (engine, gateway):
                assert role.get("/health") == {"status": "ok"}
                assert role.get("/ready") == {"status": "ready", "faults": []}
            assert engine.metrics()["quantscope_orders_total"] == 1
            assert engine.metrics()["quantscope_open_orders"] == 1
            assert gateway.metrics()['quantscope_order_entry_reports_total{protocol="binary"}'] == 1
            shown = gateway.metrics()
            assert shown["quantscope_lane_append_seconds_count"] >= 2
            # The opening is waited for by itself.
            assert shown["quantscope_lane_told_seconds_count"] >= 1
            assert shown["quantscope_lane_silence_seconds"] < 3
            assert shown["quantscope_standing_faults"] == 0
            assert shown['quantscope_setting{setting="kafka.partition_silence_s"}'] == 3
            assert shown["quantscope_memory_limit_bytes"] > 2**20
        await client.expect_closed()
    assert set_up(path) == "the exchange is as it is configured\n"
    with ClusterProcess(path, "engine"), ClusterProcess(path, "gateway", "--number", "7") as other:
        again = await Client(other.binary).login(sequence=1)
        await again.expect_new(1)
        again.cancel(2, 1)
        assert type(await again.report()).__name__ == "ExecutionReportCancel"


async def test_of_two_gateways_of_a_number_the_later_goes_on(config: Config) -> None:
    path = config()
    set_up(path)
    first, second = (ClusterProcess(path, "gateway") for _ in range(2))
    second.log = path.with_name("second.log")
    with ClusterProcess(path, "engine"), first:
        client = await Client(first.binary).login()
        with second:
            assert first.ends() == 0
            assert "another gateway 1 has begun" in first.said()
            await client.expect_closed()
            await Client(second.binary).login()
        first.start()


async def test_of_two_engines_of_a_name_the_later_goes_on(config: Config) -> None:
    path = config("[server]", 'log_format = "json"')
    set_up(path)
    first, second = (ClusterProcess(path, "engine") for _ in range(2))
    second.log = path.with_name("second.log")
    with first, ClusterProcess(path, "gateway") as gateway:
        client = await Client(gateway.binary).login()
        client.place(1, price=10)
        await client.expect_new(1)
        with second:
            assert first.ends() == 0
            assert "another engine a has begun: this one ends" in first.said()
            client.place(2, price=10)
            await client.expect_new(2)
        first.start()
    for role, name in ((first, "engine a"), (second, "engine a"), (gateway, "gateway 1")):
        rows = lines_of(role.said())
        assert {row["process"] for row in rows} == {name}
        assert rows[-1]["message"] == "stopped"


async def test_what_is_killed_goes_on_where_it_was(config: Config) -> None:
    path = config("[journal]", "snapshot_interval_s = 0.5", "snapshot_commands_min = 1")
    set_up(path)
    with ClusterProcess(path, "engine") as engine, ClusterProcess(path, "gateway") as gateway:
        client = await Client(gateway.binary).login()
        for number in range(1, 21):
            client.place(number, price=10 + number)
            await client.expect_new(number)
            if number % 7 == 0:
                engine.kill()
                engine.start()
        gateway.kill()
        gateway.start()
        again = await Client(gateway.binary).login(sequence=1)
        assert again.last_cl_ord_id == 20
        for number in range(1, 21):
            await again.expect_new(number)
        assert engine.metrics()["quantscope_open_orders"] == 20


async def test_who_waits_for_an_engine_says_so_and_stops_when_told_to(config: Config) -> None:
    path = config()
    set_up(path)
    gateway = ClusterProcess(path, "gateway")
    (gateway.http,) = free_ports(1)
    gateway.launch()
    await until(lambda: answers(gateway))
    assert gateway.get("/health") == {"status": "ok"}
    (fault,) = gateway.get("/ready", 503)["faults"]
    assert fault == "it has not begun yet: it waits for brokers, or for an engine"
    shown = gateway.metrics()
    assert "quantscope_outages_total" not in shown
    assert shown["quantscope_standing_faults"] == 1
    gateway.stop()
    assert "stopping, before it has begun" in gateway.said()


def answers(role: ClusterProcess) -> bool:
    try:
        role.get("/health")
    except OSError:
        return False
    return True


def refused(config: Path, role: str, *arguments: str) -> str:
    """The one line that it says instead of starting."""
    code, out, errors = quantscope(role, "--config", str(config), "--http-port", "0", *arguments)
    assert (code, out) == (1, "")
    lines = [line for line in errors.splitlines() if line.startswith("Error: ")]
    assert len(lines) == 1, errors
    assert "Traceback" not in errors
    return lines[0].removeprefix("Error: ")


def test_a_start_without_topics_names_them(config: Config) -> None:
    said = refused(config(), "engine")
    assert said.count("is missing: quantscope setup makes those of a new exchange") == 5


def test_an_engine_that_nobody_configured_is_refused(config: Config) -> None:
    code, _, errors = quantscope("engine", "--config", str(config()), "--name", "z")
    assert code == 1
    assert errors == "Error: --name z is none of kafka.engines, which are: a\n"


def test_a_user_whom_no_setup_made_known_is_named(config: Config) -> None:
    path = config()
    set_up(path)
    with ClusterProcess(path, "engine"):
        more = path.with_name("more.toml")
        more.write_text(path.read_text() + '[[users]]\nname = "new"\npassword = "x"\n')
        said = refused(more, "gateway", "--binary-port", "0")
        assert said == (
            "user new of the configuration is not known to the exchange: quantscope setup makes it "
            "known"
        )
        assert set_up(more).startswith("user new: new; gateways know it after SIGHUP, or a start")
        with ClusterProcess(more, "gateway"):
            pass


def test_setup_mends_what_is_set_otherwise(config: Config) -> None:
    path = config()
    set_up(path)
    wider = path.with_name("wider.toml")
    wider.write_text(path.read_text() + "segment_bytes = 1048576\n")
    said = refused(wider, "engine")
    assert said.count("has segment.bytes = 67108864, and must have 1048576") == 5
    assert set_up(wider).count(": segment.bytes = 1048576") == 5
    with ClusterProcess(wider, "engine"):
        pass


async def test_at_sighup_a_gateway_takes_the_users_as_they_are_now(config: Config) -> None:
    path = config()
    set_up(path)
    before = path.read_text()
    with ClusterProcess(path, "engine"), ClusterProcess(path, "gateway") as gateway:
        await Client(gateway.binary, "new", "x").expect_rejected_login("A")
        path.write_text(before + '[[users]]\nname = "new"\npassword = "x"\n')
        set_up(path)
        gateway.tell_to_reread()
        await until(lambda: "the users were read again: 1 may log in" in gateway.said())
        await Client(gateway.binary, "new", "x").login()
        path.write_text("[gateway\n")
        gateway.tell_to_reread()
        await until(lambda: "SIGHUP: nothing is changed: " in gateway.said())
        await Client(gateway.binary, "new", "x").expect_rejected_login("S")


def test_an_engine_that_was_renamed_needs_a_topic_and_leaves_one(config: Config) -> None:
    path = config()
    set_up(path)
    renamed = path.with_name("renamed.toml")
    renamed.write_text(path.read_text() + 'engines = ["b"]\n')
    assert refused(renamed, "engine") == (
        f"the topic {path.stem}.events.b of engine b (kafka.engines) is missing: run quantscope "
        "setup, which makes it"
    )
    left = f"the topic {path.stem}.events.a is of engine a, which kafka.engines does not list: "
    said = set_up(renamed)
    assert f"made the topic {path.stem}.events.b\n{left}" in said
    with ClusterProcess(renamed, "engine") as engine:
        assert engine.get("/ready") == {"status": "ready", "faults": []}
    assert engine.said().count(f"WARNING quantscope: {left}") == 1


def test_brokers_that_are_nowhere_are_named(tmp_path: Path) -> None:
    path = tmp_path / "nowhere.toml"
    path.write_text('[kafka]\nbootstrap_servers = ["127.0.0.1:9"]\nstart_deadline_s = 0.5\n')
    for role in ("engine", "gateway"):
        said = refused(path, role)
        assert said.startswith("no broker of 127.0.0.1:9 (kafka.bootstrap_servers) answered")


async def test_a_recorder_has_what_was_told_and_goes_on_where_it_was(
    config: Config, tmp_path: Path
) -> None:
    path = config("[store]", "recorder_interval_s = 0.01")
    set_up(path)
    store = str(tmp_path / "archive")
    with ClusterProcess(path, "engine"), ClusterProcess(path, "gateway") as gateway:
        recorder = ClusterProcess(path, "recorder", "--data-dir", store)
        client = await Client(gateway.binary).login()
        for life in range(3):
            recorder.start()
            for number in range(10 * life + 1, 10 * life + 11):
                client.place(number, price=10)
                await client.expect_new(number)
            await until(partial(has_recorded, recorder, 10 * life + 10))
            assert recorder.get("/ready") == {"status": "ready", "faults": []}
            if life == 0:
                recorder.kill()
            elif life == 1:
                recorder.stop()
        later = ClusterProcess(path, "recorder", "--data-dir", str(tmp_path / "other"))
        with later:
            assert recorder.ends() == 0
            assert "another recorder archive has begun: this one ends" in recorder.said()
            await until(partial(has_recorded, later, 30))
    reader = StoreReader(tmp_path / "other" / "store.db")
    assert reader.account("demo1") is not None


def has_recorded(recorder: ClusterProcess, orders: int) -> bool:
    """Whether its store has so many, this process's or those before it."""
    path = Path(recorder.arguments[1]) / "store.db"
    account = StoreReader(path).account("demo1") if path.exists() else None
    found = [] if account is None else StoreReader(path).orders(account, limit=1_000).orders
    return len(found) == orders


async def test_a_recorder_fills_redis_and_needs_no_directory(
    config: Config, redis: RedisServer
) -> None:
    path = config(*on_redis(redis))
    set_up(path)
    store = RedisStore(redis.settings())
    with ClusterProcess(path, "engine"), ClusterProcess(path, "gateway") as gateway:
        recorder = ClusterProcess(path, "recorder")
        client = await Client(gateway.binary).login()
        for life in range(3):
            recorder.start()
            for number in range(10 * life + 1, 10 * life + 11):
                client.place(number, price=10)
                await client.expect_new(number)
            async with asyncio.timeout(20):
                while len((await store.orders(1, limit=1_000)).orders) < 10 * life + 10:
                    await asyncio.sleep(0.05)
            assert recorder.get("/ready") == {"status": "ready", "faults": []}
            if life == 0:
                recorder.kill()
            elif life == 1:
                recorder.stop()
        with ClusterProcess(path, "recorder") as later:
            assert recorder.ends() == 0
            assert "this one ends" in recorder.said()
            await asyncio.to_thread(redis.kill)
            await until(lambda: later.ask("/ready")[0] == 503)
            client.place(31, price=10)
            await client.expect_new(31)
            # What it lacks is known while it can't record, too.
            await until(lambda: later.metrics()["quantscope_recorder_lag_events"] >= 1)
            await asyncio.to_thread(redis.start)
            await until(lambda: later.ask("/ready")[0] == 200)
            async with asyncio.timeout(20):
                while len((await store.orders(1, limit=1_000)).orders) < 31:
                    await asyncio.sleep(0.05)
    await store.close()


def on_redis(redis: RedisServer) -> tuple[str, ...]:
    """A store there."""
    store = ("[store]", 'adapter = "redis"', "recorder_interval_s = 0.01")
    return (*store, "[redis]", f"port = {redis.port}")


def test_the_manual_names_every_metric_and_no_other(
    config: Config, tmp_path: Path, redis: RedisServer
) -> None:
    path, other = config(), config(*on_redis(redis))
    set_up(path)
    set_up(other)
    alone, _, own = (ROOT / "docs/operations.md").read_text().partition("### In a cluster")
    named = re.findall(r"`((?:quantscope|process)_\w+)`", own)
    known = set(re.findall(r"`((?:quantscope|process)_\w+)`", alone))
    with (
        ClusterProcess(path, "engine") as engine,
        ClusterProcess(path, "gateway") as gateway,
        ClusterProcess(path, "recorder", "--data-dir", str(tmp_path / "archive")) as recorder,
        ClusterProcess(path, "facade", "--data-dir", str(tmp_path / "archive")) as facade,
        ClusterProcess(other, "engine"),
        ClusterProcess(other, "recorder") as on_redis_too,
        ClusterProcess(other, "facade", "--number", "3") as facade_on_redis,
    ):
        served = {
            name
            for role in (engine, gateway, recorder, facade, on_redis_too, facade_on_redis)
            for name, kind in re.findall(r"^# TYPE (\w+) (\w+)$", role.exposition(), re.MULTILINE)
            if not name.endswith("_created")
        }
    assert served - known == set(named)


def test_each_ends_in_seconds_while_brokers_hang(tmp_path: Path) -> None:
    with Brokers(tmp_path / "own") as brokers:
        path = config_of(tmp_path, brokers, "own", "[journal]", "snapshot_interval_s = 1.0")
        set_up(path)
        store = ("--data-dir", str(tmp_path / "archive"))
        roles = [
            ClusterProcess(path, role, *arguments).start()
            for role, arguments in (
                ("engine", ()),
                ("gateway", ()),
                ("recorder", store),
                ("facade", store),
            )
        ]
        brokers.freeze()
        # Each notices, and looks again at its own times.
        time.sleep(5)
        begun = time.monotonic()
        for role in roles:
            role.tell_to_stop()
        assert [role.ends() for role in roles] == [0, 0, 0, 0]
        assert time.monotonic() - begun < 25
