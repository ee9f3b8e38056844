"""Half an hour of a real market through a cluster: the venue's trades, and the same on SQLite."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from core import Engine, split_batches
from engine.recovery import replay
from journal.kafka import Clients, KafkaKept, Topics
from settings import load
from testing.cluster import records
from testing.cluster_process import ClusterProcess, set_up
from testing.command import quantscope
from testing.parts import commands_log
from testing.real_flow import (
    assert_the_book_is_the_same_over_rest,
    assert_the_trades_are_the_venue_s_over_rest,
    send_the_flow,
)

Config = Callable[..., Path]


def copied(path: Path, into: Path) -> tuple[Engine, list[bytes], list[bytes]]:
    """The commands in SQLite: the engine that they make there, its events, and those on Kafka."""
    settings = load(path, {}).kafka
    clients, topics = Clients(settings), Topics(settings)
    engine, made = Engine(), list[bytes]()
    with KafkaKept(clients, topics.events("a")) as events:
        stored = records(events)
    log = commands_log(into)
    with KafkaKept(clients, topics.commands) as commands:
        at = commands.first_offset
        while found := commands.read(at, 1 << 20):
            for record in found:
                log.append(record.append_ns, [record.batch])
            at = found[-1].offset + 1
    log.sync()
    for _, produced in replay(engine, log):
        made += split_batches(produced)
    log.close()
    return engine, made, stored


@pytest.mark.timeout(600)
def test_it_gives_the_venue_s_trades_and_the_same_events_on_sqlite(
    config: Config, tmp_path: Path
) -> None:
    path = config()
    set_up(path)
    with (
        ClusterProcess(path, "engine"),
        ClusterProcess(path, "gateway") as gateway,
        ClusterProcess(path, "facade", "--data-dir", str(tmp_path)) as facade,
    ):
        send_the_flow(gateway.binary)
        assert_the_book_is_the_same_over_rest(facade)
        assert_the_trades_are_the_venue_s_over_rest(facade)
    code, said, errors = quantscope(
        "verify", "--config", str(path), "--set", "journal.adapter=kafka", seconds_max=300
    )
    assert code == 0, errors
    engine, made, stored = copied(path, tmp_path / "commands.db")
    # The engine's last tick may have come behind its last event.
    assert made[: len(stored)] == stored
    assert len(made) - len(stored) < 10
    (state,) = re.findall(r"state hash ([0-9a-f]{16})", said)
    assert f"{engine.state_hash():016x}" == state
