"""``quantscope journal`` and ``verify`` of a cluster, while it runs."""

import asyncio
import json
import re
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
from aiokafka import TopicPartition
from aiokafka.admin import RecordsToDelete

import settings
from core import Commands, Engine, describe_commands, describe_events, split_batches
from engine.verify import Verified, verify
from journal.kafka import FIRST_OFFSET, PLAIN, FencedLog, Good, Journal, KafkaKept, Portion
from journal.kafka.clients import stop
from quantscope import examine_kafka
from settings import Config, JournalSettings
from testing.cluster import Cluster, records
from testing.command import quantscope
from testing.kafka import Brokers, free_ports
from tests.kafka.flowing import flow, grown

QUICK = JournalSettings(tick_interval_s=0.05, snapshot_interval_s=0.5, snapshot_commands_min=5)
VERIFIED = re.compile(
    r"engine (\w+): verified from the first command: (\d+) command batches, (\d+) bytes of events "
    r"compared \((\d+) not stored yet\), (\d+) snapshots, last event \d+, state hash [0-9a-f]{16}"
)
Said = tuple[int, str, str]
Run = Callable[..., Any]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """A command on a cluster, in a process of its own."""

    async def run(cluster: Cluster, *arguments: str) -> Said:
        file = tmp_path / "cluster.toml"
        file.write_text(settings.show(cluster.config, secrets=True))
        return await asyncio.to_thread(quantscope, *arguments, "--config", str(file))

    return run


async def failed(said: Said) -> str:
    """The one line that a command which failed has said."""
    code, _, errors = said
    (line,) = errors.splitlines()
    assert (code, line[:7]) == (1, "Error: ")
    return line


def tick(now: int) -> bytes:
    commands = Commands()
    commands.tick()
    sealed = commands.seal(0, 0, 0, now, 1)
    assert sealed is not None
    return sealed


def stored(cluster: Cluster, topic: str) -> list[bytes]:
    with KafkaKept(cluster.clients, topic) as log:
        return records(log)


def last_offset(cluster: Cluster, topic: str) -> int:
    with KafkaKept(cluster.clients, topic) as log:
        return log.written_offset


async def left(cluster: Cluster) -> tuple[set[str], list[Any]]:
    """The topics, and who has a place on the brokers."""
    admin = await cluster.clients.admin()
    try:
        return set(await admin.list_topics()), await admin.list_consumer_groups()
    finally:
        await stop(admin)


async def test_the_journal_is_printed_up_to_its_end_while_the_cluster_runs(
    kafka: Brokers, run: Run
) -> None:
    cluster = await Cluster(kafka).make()
    async with cluster.following(), flow(cluster, 1) as sent:
        before = await left(cluster)
        await grown(sent, 20)
        printed = await asyncio.gather(
            run(cluster, "journal", "commands"),
            run(cluster, "journal", "events"),
            run(cluster, "journal", "events", "--engine", "a", "--from", "9", "--limit", "3"),
        )
        assert [(code, errors) for code, _, errors in printed] == [(0, "")] * 3
        assert await left(cluster) == before
        await grown(sent, 5)
    commands, events, some = ([json.loads(x) for x in out.splitlines()] for _, out, _ in printed)
    batches = await asyncio.to_thread(stored, cluster, cluster.topics.commands)
    assert 20 < commands[-1]["offset"] < len(batches)
    told = [x for batch in batches for x in json.loads(describe_commands(batch))["commands"]]
    assert [line["type"] for line in commands] == [x["type"] for x in told][: len(commands)]
    assert {line["offset"] for line in commands} <= set(range(1, len(batches) + 1))
    times = [line["append_ns"] for line in commands]
    assert times == sorted(times)
    assert abs(times[-1] - cluster.clock.now_ns()) < 600e9
    batches = await asyncio.to_thread(cluster.events)
    told = [x for b in batches for one in json.loads(describe_events(b)) for x in one["events"]]
    shown = [{key: line[key] for key in x} for line, x in zip(events, told, strict=False)]
    assert shown == told[: len(events)]
    assert some == [line for line in events if line["offset"] >= 9][:3]


async def test_each_engine_is_verified_while_all_go_on(kafka: Brokers, run: Run) -> None:
    cluster = await Cluster(kafka, Config(journal=QUICK), engines=("a", "b")).make()
    async with cluster.following("a") as a, cluster.following("b") as b, flow(cluster, 2) as sent:
        async with asyncio.timeout(30):
            # The last of them that lives publishes.
            while a.keeper.written + b.keeper.written < 2:
                await asyncio.sleep(0.05)
        await grown(sent, 5)
        code, out, errors = await run(cluster, "verify")
        assert (code, errors) == (0, "")
        found = [VERIFIED.fullmatch(line) for line in out.splitlines()]
        first, second = (match.groups() for match in found if match)
        assert (first[0], second[0]) == ("a", "b")
        assert first[1] == second[1]
        assert int(first[1]) > 20
        assert int(first[2]) > int(first[3])
        assert first[4] == second[4]
        assert int(first[4]) >= 2


async def test_what_engines_delete_while_it_reads_is_begun_again_behind(
    kafka: Brokers, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    cluster = await Cluster(kafka, Config(journal=QUICK)).make()
    async with cluster.following() as a, flow(cluster, 4) as sent:
        while not a.keeper.written:
            await grown(sent, 5)
    (mark,) = await asyncio.to_thread(cluster.snapshots().newest, 1)
    first, tries = mark.good.command_offset + 1, []

    def deleting(*arguments: Any, **more: Any) -> Verified:
        tries.append(arguments)
        if len(tries) == 1:
            asyncio.run(delete(cluster, cluster.topics.commands, first - FIRST_OFFSET))
        return verify(*arguments, **more)

    monkeypatch.setattr(examine_kafka, "verify", deleting)
    await asyncio.to_thread(examine_kafka.run_verify, cluster.config)
    assert len(tries) == 2
    assert (
        f"engine a: verified from the snapshot at command batch {first - 1}: "
        in capsys.readouterr().out
    )


async def delete(cluster: Cluster, topic: str, before: int) -> None:
    """What stands before one of Kafka's offsets."""
    async with cluster.clients.administering() as admin:
        await admin.delete_records({TopicPartition(topic, 0): RecordsToDelete(before)})


@pytest.mark.parametrize("harm", ["other", "surplus", "bytes", "strange"])
async def test_a_wrong_batch_of_events_is_named_with_topic_and_offset(
    kafka: Brokers, run: Run, harm: str
) -> None:
    cluster = await Cluster(kafka).make()
    async with cluster.following(), flow(cluster, 3) as sent:
        await grown(sent, 10)
    topic, clock = cluster.topics.events("a"), cluster.clock
    async with cluster.following():
        pass
    engine = await asyncio.to_thread(cluster.compared)
    # What stands there follows from all commands; this follows from another one than will come.
    offset = engine.position().command_offset + 1
    wrong = split_batches(engine.apply(offset, clock.now_ns(), [tick(clock.now_ns())]))
    words = f"the events of the command batch at offset {offset} are not those that are stored"
    match harm:
        case "surplus":
            words = "holds more than the commands make, from offset"
        case "bytes":
            wrong[0] = wrong[0][:-1] + bytes([wrong[0][-1] ^ 1])
            words = "of command batch"
        case "strange":
            wrong = [b"what is this?"]
            words = "is cut short"
    async with FencedLog(cluster.clients, topic, 0, f"{topic}.writer", clock) as log:
        await log.append(wrong)
    if harm != "surplus":
        async with cluster.appender() as out:
            await out.append([tick(clock.now_ns() + 1)])
    line = await failed(await run(cluster, "verify"))
    at = await asyncio.to_thread(last_offset, cluster, topic)
    assert line.startswith(f"Error: engine a: {topic}")
    assert re.search(rf"offset {at}\b", line), line
    assert words in line
    code, printed, _ = await run(cluster, "journal", "events", "--from", str(at))
    shown = [json.loads(x) for x in printed.splitlines()]
    assert code == 0
    assert [x["type"] for x in shown] == (["UNREADABLE"] if harm == "strange" else [])


async def test_a_record_of_commands_that_is_no_batch_is_named(kafka: Brokers, run: Run) -> None:
    cluster = await Cluster(kafka).make()
    async with cluster.appender() as out:
        await out.append([b"no batch"])
    at = await asyncio.to_thread(last_offset, cluster, cluster.topics.commands)
    async with cluster.following():
        pass
    code, printed, errors = await run(cluster, "journal", "commands", "--from", str(at))
    assert (code, errors) == (0, "")
    first = json.loads(printed.splitlines()[0])
    assert (first["offset"], first["type"]) == (at, "UNREADABLE")
    assert first["bytes"] == b"no batch".hex()
    said = await run(cluster, "verify")
    assert "1 record(s) of the commands log are no command batches" in await failed(said)
    assert VERIFIED.match(said[1])


@pytest.mark.parametrize("harm", ["state", "portions", "mark", "strange"])
async def test_a_snapshot_that_is_none_is_named(kafka: Brokers, run: Run, harm: str) -> None:
    cluster = await Cluster(kafka).make()
    engine, kept = await asyncio.to_thread(cluster.replayed), cluster.snapshots()
    if harm == "state":
        # Another state, which stands where the commands have made this one.
        engine, at = Engine(), engine.position().command_offset
        engine.apply(at, 1, [tick(1)])
    await kept.publish("b", Journal(1), engine.position(), engine.snapshot())

    def mark() -> Good:
        with KafkaKept(cluster.clients, cluster.topics.snapshots, bases=PLAIN) as log:
            found = msgspec.msgpack.Decoder(Portion | Good).decode(records(log)[-1])
        assert isinstance(found, Good)
        return found

    good = await asyncio.to_thread(mark)
    offset = good.command_offset
    extra, words = {
        "state": (None, f"the state after command batch {offset} is not that of its snapshot"),
        "portions": (msgspec.structs.replace(good, maker="c"), "0 of 1 portions are there"),
        "mark": (msgspec.structs.replace(good, event_seq=7), "elsewhere than its mark says"),
        "strange": ("?", "neither a portion of one nor a mark"),
    }[harm]
    if extra is not None:
        async with FencedLog(
            cluster.clients, cluster.topics.snapshots, 0, cluster.topics.snapshots, cluster.clock
        ) as log:
            await log.append([msgspec.msgpack.encode(extra)])
    said = await run(cluster, "verify")
    line = await failed(said)
    assert words in line
    assert cluster.topics.snapshots in line
    assert bool(VERIFIED.match(said[1])) == (harm != "state")


async def test_it_begins_with_the_oldest_snapshot_that_the_commands_go_on_from(
    kafka: Brokers, run: Run
) -> None:
    cluster = await Cluster(kafka, Config(journal=QUICK)).make()
    async with cluster.following() as follower, asyncio.timeout(30):
        while follower.keeper.written < 2:
            await asyncio.sleep(0.05)

    def offsets() -> list[int]:
        with cluster.snapshots().judged() as kept:
            return [found.offset for found in kept.judge()]

    oldest = min(await asyncio.to_thread(offsets))
    admin = await cluster.clients.admin()
    commands = TopicPartition(cluster.topics.commands, 0)
    await admin.delete_records({commands: RecordsToDelete(before_offset=oldest)})
    await stop(admin)
    code, out, errors = await run(cluster, "verify")
    assert (code, errors) == (0, "")
    assert f"verified from the snapshot at command batch {oldest}: " in out
    other, kept = Engine(), cluster.snapshots()
    other.apply(oldest, 1, [tick(1)])
    await kept.publish("b", Journal(1), other.position(), other.snapshot())
    line = await failed(await run(cluster, "verify"))
    assert f"of engine a at command batch {oldest}" in line
    assert f"of engine b at command batch {oldest}" in line
    assert "their states differ" in line


async def test_what_cannot_be_read_is_told_in_one_line(kafka: Brokers, run: Run) -> None:
    cluster = Cluster(kafka)
    missing = f"the topic {cluster.topics.commands} is missing: `quantscope setup`"
    assert missing in await failed(await run(cluster, "journal", "commands"))
    assert missing in await failed(await run(cluster, "verify"))
    await cluster.make()
    line = await failed(await run(cluster, "journal", "events", "--engine", "z"))
    assert f"the topic {cluster.topics.events('z')} is missing" in line
    line = await failed(await run(cluster, "journal", "commands", "--from", "9999"))
    end = await asyncio.to_thread(last_offset, cluster, cluster.topics.commands)
    assert f"--from 9999: the log ends at offset {end}" in line
    away = f"127.0.0.1:{free_ports(1)[0]}"
    alone = Cluster(kafka, bootstrap_servers=(away,), start_deadline_s=1.0)
    for command in (("journal", "commands"), ("verify",)):
        line = await failed(await run(alone, *command))
        assert f"no broker of {away} (kafka.bootstrap_servers) answered within 1 s" in line


async def test_a_record_that_the_disk_has_changed_is_named(own_kafka: Brokers, run: Run) -> None:
    cluster = await Cluster(own_kafka).make()
    async with cluster.following(), flow(cluster, 4) as sent:
        await grown(sent, 10)
    topic = cluster.topics.events("a")
    await asyncio.to_thread(own_kafka.stop)
    (segment,) = (own_kafka.directory / "1").glob(f"**/{topic}-0/*.log")
    data = bytearray(segment.read_bytes())
    at = data.rindex(b"QSE2") + 100
    data[at] ^= 1
    segment.write_bytes(data)
    damaged = begins = 0
    while begins < at:
        # Of each of Kafka's batches its first offset, and how many bytes follow.
        damaged, length = struct.unpack_from(">qi", data, begins)
        begins += 12 + length
    await asyncio.to_thread(own_kafka.start)
    for command in (("journal", "events"), ("verify",)):
        line = await failed(await run(cluster, *command))
        found = re.search(rf"{topic}: what stands at Kafka's offset (\d+) does not match", line)
        assert found, line
        assert int(found[1]) == damaged
