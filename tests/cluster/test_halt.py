"""Engines that differ, as processes see it: all halt, and go on in place once one is trusted."""

import json
from collections.abc import Callable
from functools import partial
from pathlib import Path

import httpx

from core import Clock
from journal.kafka import At, Clients, Control, Referee, Topics
from settings import ServerSettings
from settings.file import load
from testing.client import Client
from testing.cluster_process import ClusterProcess, set_up
from testing.command import quantscope
from testing.waiting import until

PAIR = ("--set", "kafka.engines=a,b")


async def halt(path: Path) -> None:
    """Somebody has seen that the engines differ."""
    config = load(path, {}, ["kafka.engines=a,b"])
    clients, topics = Clients(config.kafka), Topics(config.kafka)
    async with Control(clients, topics, deadline_s=5) as control:
        era = (await control.read()).known().era
        referee = Referee(control, config.kafka, Clock(ServerSettings()), "a test")
        await referee.differ(era, At(3, 0), ("a", "b"))


def ready(role: ClusterProcess) -> list[str]:
    """What a role says of how it is."""
    faults: list[str] = httpx.get(f"http://127.0.0.1:{role.http}/ready").json()["faults"]
    return faults


def is_halted(role: ClusterProcess) -> bool:
    return any("otherwise of command batch 3" in line for line in ready(role))


def is_fine(role: ClusterProcess) -> bool:
    """A facade that begins again listens anew."""
    try:
        return not ready(role)
    except httpx.TransportError:
        return False


async def test_processes_halt_and_go_on_in_place_in_a_new_era(
    config: Callable[..., Path], tmp_path: Path
) -> None:
    path = config()
    set_up(path, *PAIR)
    store = ("--data-dir", str(tmp_path / "store"))
    roles = [
        a := ClusterProcess(path, "engine", "--name", "a", *PAIR),
        b := ClusterProcess(path, "engine", "--name", "b", *PAIR),
        gateway := ClusterProcess(path, "gateway", *PAIR),
        recorder := ClusterProcess(path, "recorder", *store, *PAIR),
        facade := ClusterProcess(path, "facade", *store, *PAIR),
    ]
    for role in roles:
        role.launch()
    for role in roles:
        role.until_ready()
    client = await Client(gateway.binary).login()
    client.place(1, price=10)
    await client.expect_new(1)
    ports = gateway.binary, facade.http
    await halt(path)
    await client.expect_closed()
    for role in roles:
        await until(partial(is_halted, role))
    code, out, errors = quantscope("setup", "--config", str(path), *PAIR, "--trust", "a")
    assert code == 0, errors
    assert "engine a is trusted: what others told from command batch 3 on is void" in out
    void = [line.removeprefix("void, of engine b: ") for line in out.splitlines()[1:]]
    assert all(json.loads(line) for line in void)
    for role in roles:
        await until(partial(is_fine, role))
    again = await Client(ports[0]).login()
    assert again.session != client.session
    again.place(2, price=11)
    await again.expect_new(2)
    assert facade.http == ports[1]
    await until(lambda: len(facade.get("/orderbook/BTCUSD")["bids"]) == 2)
    assert "era 2 has begun" in gateway.said() + recorder.said() + facade.said()
    assert "its log begins anew" in b.said()
    assert "its log begins anew" not in a.said()
    code, _, errors = quantscope("setup", "--config", str(path), *PAIR, "--trust", "b")
    assert (code, "nothing is halted" in errors) == (1, True)
