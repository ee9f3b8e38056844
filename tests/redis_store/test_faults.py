"""Whatever happens to Redis or to the recorder, what is recorded ends as SQLite has it."""

import asyncio
import contextlib
import itertools
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from core import Commands, Engine, RedisPlace, StoreDamaged, StoreFailed, split_batches
from journal.kafka import Displaced
from settings import RedisSettings
from store.redis import RedisStore
from store.redis_link import client
from store.redis_recorder import RedisRecorder
from store.redis_writing import Claim
from testing.batches import BUY, GTC, LIMIT, SELL, START_NS, UNIT, ordinary
from testing.redis import RedisServer
from testing.redis_store import QUICK, PlainLog, compared, in_sqlite, reached, record, recording

SMALL = {"redis_transaction_bytes_max": 3_000}


async def test_recorders_that_die_in_the_middle_are_gone_on_from(
    redis: RedisServer, tmp_path: Path, seed: int
) -> None:
    chance, batches = random.Random(seed), list(ordinary(seed % 1_000, 40))
    log, settings = PlainLog(batches[:5]), redis.settings(**SMALL)
    rest = iter(batches[5:])
    for _ in range(25):
        log.append(itertools.islice(rest, chance.randrange(4)))
        recorder = RedisRecorder(log, settings, QUICK)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(recorder.run(), chance.random() / 30)
    log.append(rest)
    await record(log, settings)
    await compared(settings, tmp_path / "store.db", batches)


@pytest.mark.parametrize("how", ["kill", "flush", "lose", "step back"])
async def test_a_redis_that_dies_forgets_or_steps_back_is_gone_on_from(
    how: str, redis: RedisServer, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    batches = list(ordinary(4, 40))
    log, settings = PlainLog(batches[:10]), redis.settings(**SMALL)
    saved = None
    async with recording(log, settings) as recorder:
        await reached(recorder, log.last_seq)
        if how == "step back":
            await asyncio.sleep(1.2)
            saved = await asyncio.to_thread(redis.saved)
        log.append(batches[10:30])
        await reached(recorder, log.last_seq)
        if how == "flush":
            redis.ask("FLUSHALL")
        else:
            await asyncio.to_thread(redis.kill)
            if how == "lose":
                await asyncio.to_thread(redis.lose_all)
            if saved is not None:
                await asyncio.to_thread(redis.step_back, saved)
            await asyncio.to_thread(redis.start)
        log.append(batches[30:])
        await reached(recorder, log.last_seq)
        counts = recorder.stats()
    assert counts["steps_back"] == (how != "kill")
    assert recorder.failure is None
    assert caplog.messages[-1] == "recorder: records again"
    await compared(settings, tmp_path / "store.db", batches)


@pytest.mark.parametrize("hangs", [True, False])
async def test_a_redis_that_is_away_is_waited_for_and_that_is_said_once(
    hangs: bool, redis: RedisServer, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    batches = list(ordinary(5, 30))
    log = PlainLog(batches[:10])
    settings = redis.settings(**SMALL, request_deadline_s=0.5, connect_deadline_s=0.5)
    store = RedisStore(settings)
    async with recording(log, settings) as recorder:
        await reached(recorder, log.last_seq)
        if hangs:
            redis.freeze()
        else:
            await asyncio.to_thread(redis.stop)
        log.append(batches[10:])
        async with asyncio.timeout(10):
            while recorder.failure is None:
                await asyncio.sleep(0.01)
        with pytest.raises(StoreFailed, match="Redis at "):
            await store.order(1)
        await asyncio.sleep(2)
        assert "is away" in recorder.failure
        if hangs:
            redis.thaw()
        else:
            await asyncio.to_thread(redis.start)
        await reached(recorder, log.last_seq)
    await store.close()
    assert store.in_use == 0
    said = [text for text in caplog.messages if text.endswith("will try again")]
    assert len(said) <= 2, said
    await compared(settings, tmp_path / "store.db", batches)


async def test_the_later_of_two_recorders_goes_on_and_the_older_ends(
    redis: RedisServer, tmp_path: Path
) -> None:
    batches = list(ordinary(6, 30))
    log, settings = PlainLog(batches[:10]), redis.settings(**SMALL)

    async def displaced() -> None:
        async with recording(log, settings) as older:
            await reached(older, log.last_seq)
            async with recording(log, settings) as later:
                await reached(later, log.last_seq)
                log.append(batches[10:20])
                await reached(later, log.last_seq)
            await asyncio.sleep(10)

    with pytest.raises(Displaced, match="another recorder"):
        await displaced()
    log.append(batches[20:])
    await record(log, settings)
    await compared(settings, tmp_path / "store.db", batches)


async def test_two_that_begin_at_once_leave_one(redis: RedisServer, tmp_path: Path) -> None:
    batches = list(ordinary(7, 40))
    log, settings = PlainLog(batches[:10]), redis.settings(**SMALL)

    async def run() -> bool:
        try:
            async with recording(log, settings) as recorder:
                await reached(recorder, log.last_seq)
                # Each looks once a second whose the store is.
                await asyncio.sleep(2.5)
        except Displaced:
            return False
        return True

    for begin in range(10, 40, 10):
        log.append(batches[begin : begin + 10])
        assert sorted(await asyncio.gather(run(), run())) == [False, True]
    await record(log, settings)
    await compared(settings, tmp_path / "store.db", batches)


@pytest.mark.parametrize("empty", [True, False])
async def test_of_two_that_wait_for_redis_one_goes_on_when_it_comes(
    redis: RedisServer, tmp_path: Path, empty: bool, caplog: pytest.LogCaptureFixture
) -> None:
    batches = list(ordinary(7, 20))
    log, settings = PlainLog(batches), redis.settings(**SMALL)
    if not empty:
        await record(PlainLog(batches[:10]), settings)
    await asyncio.to_thread(redis.kill)
    recorders = [RedisRecorder(log, settings, QUICK) for _ in range(2)]
    running = {asyncio.create_task(recorder.run()): recorder for recorder in recorders}
    while not all(recorder.failure for recorder in recorders):
        await asyncio.sleep(0.01)
    await asyncio.to_thread(redis.start)
    (ended,), (on,) = await asyncio.wait(running, timeout=20, return_when=asyncio.FIRST_COMPLETED)
    with pytest.raises(Displaced, match="another recorder has begun to write to this store"):
        await ended
    await reached(running[on], log.last_seq)
    await asyncio.sleep(0.3)
    assert running[on].failure is None
    running[on].stop()
    await on
    await compared(settings, tmp_path / "store.db", batches)


def test_who_has_never_written_comes_after_whoever_has() -> None:
    first, second = Claim(), Claim()
    first.take(None)
    second.take(None)
    assert (first.life, second.life) == (1, 1)
    first.written = True
    place = cast(RedisPlace, SimpleNamespace(life=first.life, nonce=first.nonce))
    first.take(place)
    second.take(place)
    assert (first.life, second.life) == (1, 2)
    second.written = True
    place = cast(RedisPlace, SimpleNamespace(life=second.life, nonce=second.nonce))
    with pytest.raises(Displaced):
        first.take(place)
    second.take(place)
    # A Redis that stepped back holds an earlier one's, or nothing.
    second.take(cast(RedisPlace, SimpleNamespace(life=1, nonce=first.nonce)))
    second.take(None)
    assert second.life == 2


async def test_a_log_that_does_not_go_on_from_redis_is_told(
    redis: RedisServer, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    batches = list(ordinary(8, 40))
    settings = redis.settings()
    await record(PlainLog(batches[:20]), settings)
    for log, said in (
        (PlainLog(batches[:20], journal_id=8), "another journal"),
        (PlainLog(batches[:10]), "the events log ends before it"),
        (PlainLog([*batches[:20], *batches[21:]]), "should come"),
        (PlainLog([*batches[:20], *list(ordinary(9, 40))[20:]]), ""),
    ):
        async with recording(log, settings) as recorder, asyncio.timeout(10):
            while recorder.failure is None:
                await asyncio.sleep(0.01)
            assert said in recorder.failure
    # Where the log has deleted what lies between, Redis is filled with what there is.
    log = PlainLog(batches)
    log.delete_before(31)
    await record(log, settings)
    assert "the log lacks what follows" in caplog.text
    await compared(settings, tmp_path / "store.db", batches[30:])


async def test_what_no_recorder_wrote_is_told(redis: RedisServer, tmp_path: Path) -> None:
    batches = list(ordinary(10, 20))
    settings = redis.settings()
    await record(PlainLog(batches[:10]), settings)
    store = RedisStore(settings)
    harm = client(settings, 1)
    for key, ask in (
        ("orders:1", lambda: store.order(17)),
        ("trades:1:0", lambda: store.trades(1)),
        ("blocks:1", lambda: store.trades(1)),
        ("account:1", lambda: store.orders(1)),
        ("position", store.position),
    ):
        kept = await harm.getdel(f"quantscope:{key}")
        assert kept is not None
        for wrong in (kept[:-3], kept[:-1] + b"?" if ":0" in key else kept + b"?"):
            await harm.set(f"quantscope:{key}", wrong)
            with pytest.raises(StoreDamaged, match=r"damaged|cannot be read"):
                await ask()
        await harm.set(f"quantscope:{key}", kept)
    await harm.aclose()
    # A key of another kind: part of a transaction counts for nothing, and all is written anew.
    redis.ask("DEL", "quantscope:blocks:1", "quantscope:bars")
    redis.ask("SADD", "quantscope:blocks:1", "x")
    redis.ask("SADD", "quantscope:instruments", "x")
    log = PlainLog(batches)
    async with recording(log, settings) as recorder:
        await reached(recorder, log.last_seq)
        assert recorder.restarts == 1
    await store.close()
    await compared(settings, tmp_path / "store.db", batches)


async def test_transactions_that_are_not_taken_become_smaller(
    redis: RedisServer, tmp_path: Path
) -> None:
    batches = list(ordinary(11, 12, commands=100))
    async with picky(redis.port, 30_000) as port:
        settings = redis.settings(
            port=port, redis_transaction_bytes_max=2**18, transaction_orders_max=10**4
        )
        log = PlainLog(batches)
        async with recording(log, settings) as recorder:
            await reached(recorder, log.last_seq)
        assert recorder.stats()["failures"] > 0
    await compared(redis.settings(), tmp_path / "store.db", batches)


@asynccontextmanager
async def picky(port: int, bytes_max: int) -> AsyncIterator[int]:
    """A port that leads to another, and hangs up on who sends longer transactions."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        answers, requests = await asyncio.open_connection("127.0.0.1", port)
        back = asyncio.create_task(pipe(answers, writer))
        size = 0
        while data := await reader.read(2**16):
            size += len(data)
            if size > bytes_max:
                break
            if b"EXEC" in data:
                size = 0
            requests.write(data)
        requests.close()
        writer.close()
        await asyncio.gather(back, return_exceptions=True)

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        yield server.sockets[0].getsockname()[1]


async def pipe(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Give on what comes."""
    while data := await reader.read(2**16):
        writer.write(data)


@pytest.mark.parametrize("size", [20_000, 2**20])
async def test_an_order_with_ten_thousand_fills(
    redis: RedisServer, tmp_path: Path, size: int
) -> None:
    batches = filled(10_000)
    settings = redis.settings(redis_transaction_bytes_max=size)
    await record(PlainLog(batches), settings)
    await one_order_is_the_same(settings, tmp_path / "store.db", batches)


def filled(count: int) -> list[bytes]:
    """An order that so many others fill, one by one."""
    engine, buffer = Engine(0), Commands()
    buffer.gateway_open(2, 5)
    buffer.instrument(1, "BTCUSD", tick=UNIT, lot=1)
    buffer.new_order(**order(BUY, count))
    batches: list[bytes] = []
    for number in range(count // 1_000 + 1):
        for _ in range(1_000 if number else 0):
            buffer.new_order(**order(SELL, 1))
        sealed = buffer.seal(2, min(number, 1), max(number - 1, 0), START_NS + number, 2_000)
        assert sealed is not None
        batches += split_batches(engine.apply(number + 1, START_NS + number, [sealed]))
    return batches


def order(side: int, qty: int) -> dict[str, Any]:
    """An order at the one price."""
    return {
        "instrument": 1,
        "side": side,
        "ord_type": LIMIT,
        "tif": GTC,
        "qty": qty,
        "price": 100 * UNIT,
        "user": "alice" if side == BUY else "bob",
        "text": "",
        "stp": 0,
    }


async def one_order_is_the_same(settings: RedisSettings, path: Path, batches: list[bytes]) -> None:
    """The first order and all its pages are as SQLite has them."""
    sqlite, redis = await asyncio.to_thread(in_sqlite, path, batches), RedisStore(settings)
    said: list[list[Any]] = []
    for store in (sqlite, redis):
        shown, after = await store.order(1), 0
        assert shown is not None
        pages: list[Any] = [shown.json]
        while True:
            page = await store.fills(1, after=after, limit=3_000, bytes_max=2**20)
            assert page is not None
            pages.append(page.json)
            if page.next is None:
                break
            after = page.next
        page = await store.history(1, after=7_777, limit=50, bytes_max=2**20)
        assert page is not None
        said.append([*pages, page.json, page.of])
        await store.close()
    assert said[0] == said[1]
