"""Two engines: all compare their logs, and nobody goes on over a difference."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec
import pytest

from core import RULES, Commands, Engine, LogRecord, StoreReader, event_head
from engine import follower as engine_room
from engine.follower import Follower
from engine.recovery import NewerRules, produced
from journal.kafka import StartAgain
from protocol.terms import Gateway
from quantscope.cluster.process import found_in
from quantscope.cluster.setup import run_trust
from settings import Config, JournalSettings, StoreSettings
from testing.client import Client
from testing.cluster import Cluster, Served, records
from testing.fold import Fold
from testing.kafka import Brokers
from testing.stored import check
from testing.waiting import until
from tests.kafka.flowing import flow, grown
from tests.kafka.recording import recording

PAIR = ("a", "b")
QUICK = Config(
    journal=JournalSettings(snapshot_interval_s=0.5, snapshot_commands_min=1, tick_interval_s=0.2),
    store=StoreSettings(recorder_interval_s=0.01, recorder_retry_interval_s_max=0.2),
)
RARELY = msgspec.structs.replace(
    QUICK, journal=msgspec.structs.replace(QUICK.journal, snapshot_interval_s=3600.0)
)
"""No snapshot is made."""


async def pair(kafka: Brokers, config: Config = QUICK, **changed: Any) -> Cluster:
    return await Cluster(kafka, config, engines=PAIR, **changed).make()


async def trade(client: Client, *numbers: int) -> None:
    for number in numbers:
        client.place(number, price=10 + number)
        await client.expect_new(number)


async def alike(cluster: Cluster, *, since: int = 0) -> None:
    """Both logs hold the same events, from a command on."""

    def heads(name: str) -> dict[tuple[int, int], int]:
        with cluster.engines(cluster.standing().eras).one(name).events() as log:
            found = [event_head(batch) for batch in records(log)]
        return {(x.command_offset, x.part): x.hash for x in found if x.command_offset > since}

    async with asyncio.timeout(20):
        while True:
            a, b = [await asyncio.to_thread(heads, name) for name in PAIR]
            least = min(max(a, default=(0, 0)), max(b, default=(0, 0)))
            if least > (since, 0):
                break
            await asyncio.sleep(0.1)
    upto = {place: hash_ for place, hash_ in a.items() if place <= least}
    assert upto == {place: hash_ for place, hash_ in b.items() if place <= least}


async def is_recorded(cluster: Cluster, path: Path, name: str) -> None:
    """A store holds what an engine has told, up to where it is."""
    recorded = StoreReader(path).position().sequence
    fold = Fold()
    for batch in await asyncio.to_thread(cluster.events, name):
        if event_head(batch).last_seq <= recorded:
            fold.add(batch)
    assert recorded > 0
    check(path, fold)


async def test_when_one_dies_the_other_is_heard_and_no_line_closes(kafka: Brokers) -> None:
    cluster = await pair(kafka)
    first = cluster.following("a")
    await first.__aenter__()
    async with cluster.following("b"), cluster.gateway() as served:
        client = await Client(served.binary).login()
        await trade(client, 1, 2)
        await first.__aexit__(None, None, None)
        await trade(client, 3, 4)
        async with cluster.following("a") as again:
            await trade(client, 5, 6)
            assert served.lane.outages == 0
            # What was told while one engine was away is read back from the other's log.
            late = await Client(served.binary, "demo2").login()
            await trade(late, 1)
            client.cut()
            await until(lambda: served.role.binary.connections == 1)
            back = await Client(served.binary).login(sequence=1)
            for number in range(1, 7):
                await back.expect_new(number)
            await until(lambda: again.twins.compared > 0)
            await alike(cluster)


async def test_the_last_of_those_that_live_publishes_snapshots(kafka: Brokers, seed: int) -> None:
    cluster = await pair(kafka)
    async with cluster.following("a") as a:
        async with cluster.following("b") as b, flow(cluster, seed) as sent:
            while b.keeper.written < 2:
                await grown(sent, 20)
            alone = a.keeper.written
            assert a.keeper.agreed + b.keeper.agreed > 0
        # The other's last place may have been near: it lives until it has lacked something.
        async with flow(cluster, seed + 1) as sent:
            while a.keeper.written == alone:
                await grown(sent, 20)
    makers = {mark.good.maker for mark in await asyncio.to_thread(cluster.snapshots().newest, 99)}
    assert makers == set(PAIR)


async def test_one_that_was_away_too_long_begins_anew_and_is_compared(
    kafka: Brokers, seed: int
) -> None:
    cluster = await pair(kafka)
    async with cluster.following("b") as b, flow(cluster, seed) as sent:
        await until(lambda: b.keeper.written >= 2)
        async with cluster.following("a") as a:
            await grown(sent, 50)
            await until(lambda: a.twins.compared > 10 and b.twins.compared > 10)
    await alike(cluster, since=a.recovered.engine.position().command_offset - 1)


class Wrong:
    """Lets one engine take a command batch for none, once."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.engine: Engine | None = None
        self.at = 0
        monkeypatch.setattr(engine_room, "produced", self._produced)

    def begin(self, follower: Follower) -> None:
        self.engine = follower.engine

    def _produced(self, engine: Engine, records: list[LogRecord]) -> bytes:
        if engine is self.engine:
            self.engine, self.at = None, records[0].offset
            first = records[0]
            other = LogRecord(
                offset=first.offset,
                append_ns=first.append_ns,
                chain=first.chain,
                batch=b"no batch",
            )
            records = [other, *records[1:]]
        return produced(engine, records)


@asynccontextmanager
async def until_it_starts_again(cluster: Cluster) -> AsyncIterator[Served]:
    """A gateway at work until the era rises."""
    try:
        async with cluster.gateway() as served:
            yield served
            await asyncio.sleep(20)
    except BaseExceptionGroup as ended:
        if found_in(ended, StartAgain) is None:
            raise
    else:
        pytest.fail("it went on")


@pytest.mark.parametrize("right", PAIR)
async def test_over_a_wrong_event_all_halt_until_one_is_trusted(
    kafka: Brokers, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, right: str
) -> None:
    # A log that begins anew behind a snapshot would make a new store begin there, too.
    cluster = await pair(kafka, RARELY)
    wrong = Wrong(monkeypatch)
    other = PAIR[1 - PAIR.index(right)]
    async with cluster.following(right) as good, cluster.following(other) as bad:
        async with until_it_starts_again(cluster) as served:
            client = await Client(served.binary).login()
            await trade(client, 1, 2, 3)
            before = client.session
            wrong.begin(bad)
            await until(lambda: served.lane.fault is not None)
            await client.expect_closed()
            await until(lambda: good.halted is not None and bad.halted is not None)
            assert any("otherwise of command batch" in line for line in served.role.standing())
            async with cluster.control() as control, asyncio.timeout(20):
                # They stop at once, and say so then.
                while (halt := (await control.read()).halt) is None:
                    await asyncio.sleep(0.02)
            assert halt.command_offset == wrong.at
            said: list[str] = []
            await asyncio.to_thread(run_trust, cluster.config, right, said.append)
            assert said[0].startswith(f"engine {right} is trusted")
            assert all(line.startswith(f"void, of engine {other}: ") for line in said[1:])
        async with cluster.gateway() as served:
            again = await Client(served.binary).login()
            assert again.session != before
            await trade(again, 4, 5)
            await until(lambda: bad.twins.compared > 0)
            await alike(cluster, since=wrong.at)
            began = (await asyncio.to_thread(cluster.standing)).eras.began
            assert set(began) == {other}
            async with recording(cluster, tmp_path / "archive") as role:
                await until(lambda: role.position().command_offset > wrong.at)
    await is_recorded(cluster, tmp_path / "archive" / "store.db", right)


async def test_where_one_is_trusted_nobody_waits_for_an_operator(
    kafka: Brokers, monkeypatch: pytest.MonkeyPatch
) -> None:
    cluster = await pair(kafka, trusted_engine="a")
    wrong = Wrong(monkeypatch)
    async with cluster.following("a"), cluster.following("b") as bad:
        async with until_it_starts_again(cluster) as served:
            client = await Client(served.binary).login()
            await trade(client, 1)
            wrong.begin(bad)
            await until(lambda: served.lane.fault is not None)
        async with cluster.gateway() as served:
            await trade(await Client(served.binary).login(), 2, 3)
            await alike(cluster, since=wrong.at)


async def test_an_archive_that_took_what_is_void_goes_on_from_a_copy(
    kafka: Brokers, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, seed: int
) -> None:
    cluster = await pair(kafka)
    archive, wrong = tmp_path / "archive", Wrong(monkeypatch)
    journal_id = (await asyncio.to_thread(cluster.standing)).known().journal_id
    async with cluster.following("a") as a, flow(cluster, seed) as sent:
        # Alone, it is believed.
        async with recording(cluster, archive, journal_id) as role:
            await grown(sent, 10)
            await until(lambda: role.position().sequence > 0)
        (archive / "backup").mkdir()
        copy = archive / "backup" / "monday.db"
        copy.write_bytes((archive / "store.db").read_bytes())
        wrong.begin(a)
        async with recording(cluster, archive, journal_id) as role:
            await grown(sent, 10)
            await until(lambda: role.position().command_offset > wrong.at > 0)
        async with cluster.following("b") as b:
            await until(lambda: a.halted is not None and b.halted is not None)
            await asyncio.to_thread(run_trust, cluster.config, "b", lambda _: None)
            async with recording(cluster, archive, journal_id) as role:
                await until(lambda: role.position().command_offset > wrong.at)
    assert (archive / "store.db.aside-1").exists()
    await is_recorded(cluster, archive / "store.db", "b")


async def test_a_recorder_takes_what_both_hold_and_goes_over_to_the_one_that_lives(
    kafka: Brokers, tmp_path: Path, seed: int
) -> None:
    cluster = await pair(kafka)
    journal_id = (await asyncio.to_thread(cluster.standing)).known().journal_id
    first = cluster.following("a")
    await first.__aenter__()
    async with (
        cluster.following("b"),
        flow(cluster, seed) as sent,
        recording(cluster, tmp_path / "archive", journal_id) as role,
    ):
        await grown(sent, 20)
        await until(lambda: role.position().sequence > 0)
        await first.__aexit__(None, None, None)
        at = role.position().command_offset
        await grown(sent, 20)
        await until(lambda: role.position().command_offset > at + 10)
        async with cluster.following("a"):
            await grown(sent, 20)
            await until(lambda: role.position().command_offset > at + 30)
    await is_recorded(cluster, tmp_path / "archive" / "store.db", "b")


async def test_before_newer_rules_an_engine_leaves_a_snapshot_and_ends(kafka: Brokers) -> None:
    cluster = await pair(kafka)
    cut = Commands()
    cut.rules(RULES + 1)
    sealed = cut.seal(Gateway.ENGINE, 0, 0, cluster.clock.now_ns(), 1)
    assert sealed is not None
    async with cluster.control() as control:
        follower = cluster.follower(control)
        running = asyncio.create_task(follower.run())
        await until(lambda: follower.ready)
        async with cluster.appender() as out:
            await out.append([sealed])
            await out.append([sealed])
        with pytest.raises(NewerRules, match="start the version that knows them"):
            await running
        stands = follower.engine.position()
    (newest,) = await asyncio.to_thread(cluster.snapshots().newest, 1)
    assert newest.good.command_offset == stands.command_offset
    assert newest.good.event_hash == stands.event_hash
    # The cut itself is told: whoever goes on begins behind it.
    told = await asyncio.to_thread(cluster.events, "a")
    assert event_head(told[-1]).command_offset == stands.command_offset
    with pytest.raises(NewerRules):
        async with cluster.control() as control:
            await cluster.follower(control).run()


def test_a_trusted_engine_is_one_of_them() -> None:
    with pytest.raises(ValueError, match="trusted_engine is none of engines"):
        msgspec.structs.replace(Config().kafka, trusted_engine="z")
