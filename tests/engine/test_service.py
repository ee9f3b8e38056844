"""The engine's owner by itself: nothing is told before it is durable; a failure is an outage."""

import asyncio
import json
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest

from core import Commands, PanicException, describe_commands, describe_events
from engine.recovery import Recovered
from engine.service import EngineFault, Journals, Service
from engine.setup import InstrumentSetup, Setup
from journal import Log
from protocol.terms import Gateway
from settings import JournalSettings, ServerSettings
from testing.faulty import FaultyLog
from testing.logs import Logs
from testing.parts import engine_limits, system_clock
from testing.waiting import until

JOURNAL = JournalSettings(
    batch_commands_max=2,
    group_batches_max=3,
    queue_bytes_max=1 << 20,
    tick_interval_s=0.05,
    retry_interval_s=0.05,
)
BTC = InstrumentSetup("BTCUSD", 1, 1, 0, 0, 0, 0, 0, 0, True)
SETUP = Setup(engine_limits(), (BTC,), ())


class Source:
    """Sends orders when told to, and notes what it hears, and what was durable then."""

    gateway: int = Gateway.FACADE

    def __init__(self, service: Service) -> None:
        self.service = service
        self.commands, self.reader = Commands(), None
        self.accepted: list[str] = []
        self.early = 0
        self.outages = 0
        self.sealed: list[int] = []

    def place(self, name: str) -> None:
        self.commands.new_order(
            instrument=1, side=1, ord_type=2, tif=1, qty=10, price=5, user="u", text=name
        )
        self.service.wake()

    def on_ready(self) -> None:
        """Nothing to do."""

    def on_output(self, batches: bytes) -> None:
        durable = self.service.journals.commands.durable_offset
        self.early += durable < self.service.delivered
        for batch in json.loads(describe_events(batches)):
            accepted = [e["text"] for e in batch["events"] if e["type"] == "ACCEPTED"]
            self.accepted += accepted
            if accepted:
                self.sealed.append(batch["number"])

    def on_outage(self) -> None:
        self.outages += 1
        self.commands.clear()


@asynccontextmanager
async def serving(opener: Logs) -> AsyncIterator[tuple[Service, Source]]:
    service = Service(opener, SETUP, JOURNAL, ServerSettings(), system_clock())
    service.start()
    source = Source(service)
    service.attach(source)
    running = asyncio.create_task(service.run())
    await until(lambda: service.ready)
    yield service, source
    await service.drain()
    running.cancel()
    with suppress(asyncio.CancelledError):
        await running
    service.close()
    assert source.early == 0


async def test_commands_of_one_turn_travel_in_batches_and_are_told_once_durable(
    tmp_path: Path,
) -> None:
    async with serving(Logs(tmp_path)) as (_, source):
        names = [f"order-{number}" for number in range(7)]
        for name in names:
            source.place(name)
        await until(lambda: len(source.accepted) == 7)
        assert source.accepted == names
        # Where time has passed before, a tick has the first number.
        first = source.sealed[0]
        assert source.sealed == [first, first + 1, first + 2, first + 3]


async def test_what_a_failed_commit_held_is_not_told_and_service_comes_back(
    tmp_path: Path,
) -> None:
    opener = Logs(tmp_path)
    async with serving(opener) as (service, source):
        opener.commands.fail_next()
        source.place("lost")
        await until(lambda: source.outages == 1)
        assert source.accepted == []
        await until(lambda: service.ready)
        source.place("after")
        await until(lambda: bool(source.accepted))
        assert source.accepted == ["after"]
        assert service.outages == 1


async def test_what_a_failed_commit_left_on_the_disk_is_told_afterwards(tmp_path: Path) -> None:
    opener = Logs(tmp_path)
    opener.keep_failed = True
    async with serving(opener) as (service, source):
        opener.commands.fail_next()
        source.place("kept")
        await until(lambda: service.outages == 1 and service.ready)
        assert source.accepted == ["kept"]


async def test_events_that_could_not_be_written_are_made_again(tmp_path: Path) -> None:
    opener = Logs(tmp_path)
    async with serving(opener) as (service, source):
        opener.events.fail_next()
        source.place("once")
        await until(lambda: service.outages == 1 and service.ready)
        assert source.accepted == ["once"]
    _, recovered = opener()
    assert recovered.events == 0
    assert recovered.engine.counts()["open_orders"] == 1
    opener.commands.close()
    opener.events.close()


async def test_after_two_failures_in_a_row_nothing_is_told_twice(tmp_path: Path) -> None:
    opener = Logs(tmp_path)
    opener.keep_failed = True
    async with serving(opener) as (service, source):
        opener.commands.fail_next()
        source.place("one")
        await until(lambda: service.outages == 1 and service.ready)
        opener.commands.fail_next()
        source.place("two")
        await until(lambda: service.outages == 2 and service.ready)
        assert source.accepted == ["one", "two"]


class Watched:
    """Stands for an object, and notes which threads use it."""

    def __init__(self, inner: object, threads: set[int]) -> None:
        object.__setattr__(self, "noted", (inner, threads))

    def __getattr__(self, name: str) -> object:
        inner, threads = object.__getattribute__(self, "noted")
        threads.add(threading.get_ident())
        return getattr(inner, name)

    def __setattr__(self, name: str, value: object) -> None:
        inner, threads = object.__getattribute__(self, "noted")
        threads.add(threading.get_ident())
        setattr(inner, name, value)


async def test_the_loop_s_thread_alone_uses_the_pipeline_in_an_outage_too(tmp_path: Path) -> None:
    """Who asked whether it is ready while another thread used it got an error."""
    opener = Logs(tmp_path)
    async with serving(opener) as (service, source):
        threads: set[int] = set()
        service._pipeline = Watched(service._pipeline, threads)  # type: ignore[assignment]
        opener.commands.fail_next()
        source.place("lost")
        await until(lambda: service.outages == 1 and service.ready)
        source.place("after")
        await until(lambda: source.accepted == ["after"])
        assert threads == {threading.get_ident()}


class SlowLog(FaultyLog):
    """A log whose sync takes as long as a test wants."""

    def __init__(self, log: Log) -> None:
        super().__init__(log)
        self.begun = threading.Event()
        self.go_on = threading.Event()

    def sync(self) -> None:
        self.begun.set()
        assert self.go_on.wait(10)
        super().sync()


async def test_until_the_journal_is_back_the_engine_of_before_gives_the_figures(
    tmp_path: Path,
) -> None:
    """The one that is being built belongs to another thread, and can't be asked."""
    slow: list[SlowLog] = []

    class SlowOpener(Logs):
        def __call__(self) -> tuple[Journals, Recovered]:
            journals, recovered = super().__call__()
            slow.append(SlowLog(journals.commands))
            journals.commands = slow[-1]
            if len(slow) == 1:
                slow[0].go_on.set()
            return journals, recovered

    opener = SlowOpener(tmp_path)
    async with serving(opener) as (service, source):
        source.place("one")
        await until(lambda: source.accepted == ["one"])
        before = service.engine
        opener.commands.fail_next()
        source.place("two")
        await until(lambda: len(slow) == 2 and slow[1].begun.is_set())
        assert service.engine is before
        assert before.counts()["open_orders"] == 2
        slow[1].go_on.set()
        await until(lambda: service.ready)
        assert service.engine is not before
        assert service.engine.counts()["open_orders"] == 1


class Failing(Source):
    """Whatever it is told, and whenever: it fails."""

    error: BaseException

    def _fail(self) -> None:
        raise self.error

    def on_ready(self) -> None:
        self._fail()

    def on_outage(self) -> None:
        self._fail()

    def on_output(self, batches: bytes) -> None:
        self._fail()


@pytest.mark.parametrize("error", [RuntimeError("deliberate"), PanicException("deliberate")])
async def test_a_source_that_fails_over_what_it_is_told_harms_no_other(
    tmp_path: Path, error: BaseException, caplog: pytest.LogCaptureFixture
) -> None:
    opener = Logs(tmp_path)
    service = Service(opener, SETUP, JOURNAL, ServerSettings(), system_clock())
    service.start()
    failing, source = Failing(service), Source(service)
    failing.error = error
    failing.gateway = 1
    service.attach(failing, source)
    running = asyncio.create_task(service.run())
    await until(lambda: service.ready)

    async with service.at_rest() as engine:
        source.place("one")
        await asyncio.sleep(0.05)
        assert (source.accepted, engine) == ([], service.engine)
    await until(lambda: source.accepted == ["one"])
    assert "deliberate" in caplog.text
    opener.commands.fail_next()
    source.place("lost")
    await until(lambda: service.outages == 1 and service.ready)
    source.place("two")
    await until(lambda: source.accepted == ["one", "two"])
    assert source.outages == 1
    # Ready twice, told of some batches, and of the outage.
    assert service.faults.counts["callback"] >= 5
    running.cancel()
    with suppress(asyncio.CancelledError):
        await running
    service.close()


async def test_a_clock_that_cannot_be_looked_at_harms_nobody(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with serving(Logs(tmp_path)) as (service, source):

        def refuse(time_ns: int) -> None:
            raise RuntimeError("deliberate")

        monkeypatch.setattr(service.clock_watch, "look", refuse)
        await until(lambda: service.faults.counts["clock"] >= 2)
        source.place("one")
        await until(lambda: source.accepted == ["one"])


async def test_a_fault_of_the_engine_ends_the_service_and_nothing_more_is_taken(
    tmp_path: Path,
) -> None:
    class Senseless(FaultyLog):
        def append(self, append_ns: int, batches: list[bytes]) -> int:
            if self.next_offset > 3:
                raise ArithmeticError("deliberate")
            return super().append(append_ns, batches)

    class SenselessOpener(Logs):
        def __call__(self) -> tuple[Journals, Recovered]:
            journals, recovered = super().__call__()
            journals.commands = Senseless(journals.commands)
            return journals, recovered

    service = Service(SenselessOpener(tmp_path), SETUP, JOURNAL, ServerSettings(), system_clock())
    service.start()
    source = Source(service)
    service.attach(source)
    running = asyncio.create_task(service.run())
    with pytest.raises(EngineFault, match="deliberate"):
        async with asyncio.timeout(10):
            await running
    assert not service.ready
    service.close()


async def test_a_disk_that_lost_what_was_acknowledged_ends_the_service(tmp_path: Path) -> None:
    """It is opened afresh after a failure, and ends before what was told: nobody may go on."""

    class Forgetful(Logs):
        """The second time both logs are those of an earlier day."""

        def __call__(self) -> tuple[Journals, Recovered]:
            if (tmp_path / "commands.db").exists():
                self.directory = tmp_path / "early"
                self.directory.mkdir()
            return super().__call__()

    opener = Forgetful(tmp_path)
    service = Service(opener, SETUP, JOURNAL, ServerSettings(), system_clock())
    service.start()
    source = Source(service)
    service.attach(source)
    running = asyncio.create_task(service.run())
    await until(lambda: service.ready)
    for number in range(5):
        source.place(f"order-{number}")
        await until(lambda number=number: len(source.accepted) == number + 1)  # type: ignore[misc]
    opener.commands.fail_next()
    source.place("unknown")
    with pytest.raises(EngineFault, match="the disk has lost what it had synced"):
        async with asyncio.timeout(10):
            await running
    service.close()


async def test_a_gateway_that_has_nothing_to_say_ticks_and_keeps_its_lease(tmp_path: Path) -> None:
    opener = Logs(tmp_path)
    async with serving(opener) as (service, source):
        await until(lambda: service.engine.position().command_offset > 20)
        source.place("after")
        await until(lambda: bool(source.accepted))
        records = service.journals.commands.read(1, 1 << 20)
    batches = [json.loads(describe_commands(record.batch)) for record in records]
    own = [batch for batch in batches if batch["gateway"] == Gateway.FACADE][1:]
    kinds = [[command["type"] for command in batch["commands"]] for batch in own]
    assert kinds[:3] == [["TICK"]] * 3
    assert ["NEW"] in kinds
    assert [batch["number"] for batch in own] == list(range(1, len(own) + 1))
