"""The engine of a cluster: a recovery that does not end.

It reads the commands of all gateways from their topic, applies them, and publishes what follows in
a log of its own.  It decides nothing that another engine would not decide alike.
"""

import asyncio
import logging
import threading
from collections.abc import Callable
from contextlib import AsyncExitStack, ExitStack

from core import (
    Clock,
    Commands,
    Engine,
    Faults,
    JournalDamaged,
    JournalError,
    Position,
    split_batches,
)
from engine.beginning import beginnings
from engine.own_log import OwnLog, UntilEnded
from engine.recovery import Recovered, ReplayDiffers, recover, replayed
from engine.replica import replica
from journal.kafka import (
    FIRST_OFFSET,
    Appender,
    AppendFailed,
    Clients,
    Control,
    Fenced,
    FencedLog,
    Journal,
    KafkaKept,
    KafkaSnapshots,
    Tenure,
    TopicReader,
    Topics,
    Unavailable,
    log_record,
)
from journal.kafka.reader import KafkaError
from protocol.terms import Gateway
from settings import JournalSettings

log = logging.getLogger("quantscope.engine")

TROUBLE = (AppendFailed, JournalError, KafkaError, TimeoutError, Unavailable)
"""What passes by when brokers are back."""
RETRY_S = 0.3
"""Before it is tried again what brokers did not do, in seconds."""


class Follower:
    """One replica of the engine."""

    def __init__(
        self,
        clients: Clients,
        topics: Topics,
        name: str,
        journal: JournalSettings,
        clock: Clock,
        control: Control,
        *,
        on_events: Callable[[bytes], object] = lambda _: None,
        faults: Faults | None = None,
    ) -> None:
        """It has its name from the configuration, and no other engine has it.

        ``on_events`` is given what it has published.
        """
        self._clients = clients
        self._topics = topics
        self._journal = journal
        self._clock = clock
        self._on_events = on_events
        self.faults = faults or Faults()
        self._control = control
        self._tenure = Tenure(control, f"engine.{name}", clock)
        self._append_deadline_s = clients.settings.append_deadline_s
        self.snapshots = KafkaSnapshots(clients, topics, deadline_s=self._append_deadline_s)
        self._due: Position | None = None
        """Where the next snapshot is to stand, once it is time for one."""
        self._wake = asyncio.Event()
        self._passed = 0
        """How many intervals engine time has passed."""
        self._newest = 0
        """The command behind which the newest snapshot stands."""
        self.name = name
        self._kept_journal: Journal
        """Which journal the commands are."""
        self.engine: Engine
        self.recovered: Recovered
        self.ready = False
        """Whether it is at the end of the commands, as far as brokers have answered."""
        self._heard_ns = 0
        self.restarts = 0
        """How often it has begun again, because brokers failed."""
        self.snapshots_written = 0

    async def run(self) -> None:
        """Follow the commands until canceled, and begin again whenever brokers fail.

        Raises ``Displaced`` when a later one of its name has begun, and ``JournalDamaged``,
        ``LostCommands``, ``ReplayDiffers`` or ``NewerRules`` where it can't go on.
        """
        while True:
            try:
                await self._tenure.take()
                self._kept_journal = (await self._control.read()).known()
                await self._live()
            except JournalDamaged:
                raise
            except Fenced as error:
                await self._later_one(error)
            except TROUBLE as error:
                self.restarts += 1
                log.error("engine %s begins again at the end of its log: %r", self.name, error)
                await asyncio.sleep(RETRY_S)
            finally:
                self.ready = False

    def _heard(self) -> None:
        self._heard_ns = self._clock.monotonic_ns()

    @property
    def silent_s(self) -> float:
        """For how many seconds no broker has answered: it ticks, so it asks all the time."""
        return (self._clock.monotonic_ns() - self._heard_ns) / 1e9 if self.ready else 0.0

    async def _later_one(self, fence: Fenced) -> None:
        """End where a later engine of this name has begun; else the brokers only thought so."""
        self.ready = False
        while True:
            try:
                await self._tenure.check()
            except TROUBLE as error:
                log.error("engine %s: %s: %r", self.name, fence, error)
                await asyncio.sleep(RETRY_S)
            else:
                break
        self.restarts += 1
        log.error("engine %s begins again: its transaction was ended by the brokers", self.name)

    async def _live(self) -> None:
        """From the taking of its log to the next failure of the brokers."""
        clients, topics = self._clients, self._topics
        async with AsyncExitStack() as stack:
            writer = FencedLog(clients, topics.events(self.name), 0, self._writer_name, self._clock)
            await stack.enter_async_context(writer)
            commands = await stack.enter_async_context(TopicReader(clients, topics.commands))
            ticks = await stack.enter_async_context(
                Appender(clients, topics.commands, deadline_s=self._append_deadline_s)
            )
            ended, loop = threading.Event(), asyncio.get_running_loop()
            # A thread goes on when nobody waits for it any more.
            stack.callback(ended.set)
            self.recovered = await asyncio.to_thread(self._recover, writer, loop, ended)
            self.engine = self.recovered.engine
            log.info(
                "engine %s: %d command batches replayed in %.2f s, %d event batches published",
                self.name,
                self.recovered.commands,
                self.recovered.seconds,
                self.recovered.events,
            )
            self._heard()
            self.ready = True
            keep = self.faults.keep("snapshots", "publishing snapshots", self._keep_snapshots)
            keeping = asyncio.create_task(keep)
            try:
                await self._follow(commands, writer, ticks)
            finally:
                keeping.cancel()
                await asyncio.wait([keeping])

    @property
    def _writer_name(self) -> str:
        return f"{self._topics.events(self.name)}.writer"

    def _recover(
        self, writer: FencedLog, loop: asyncio.AbstractEventLoop, ended: threading.Event
    ) -> Recovered:
        with ExitStack() as stack:
            commands = stack.enter_context(KafkaKept(self._clients, self._topics.commands))
            own = KafkaKept(self._clients, self._topics.events(self.name))
            events = OwnLog(stack.enter_context(own), ended, writer, loop)
            engines = beginnings(self.snapshots, commands, own)
            read = UntilEnded(commands, ended)
            recovered = recover(engines, read, events, self._clock)
        self._newest = recovered.engine.position().command_offset - recovered.commands
        return recovered

    async def _follow(self, commands: TopicReader, writer: FencedLog, ticks: Appender) -> None:
        """Apply what comes, publish what follows; where nothing comes, let time go on."""
        engine = self.engine
        at = engine.position().command_offset + 1 - FIRST_OFFSET
        while True:
            records = await commands.follow(at, self._journal.tick_interval_s)
            if records:
                at = records[-1].offset + 1
                produced = replayed(engine, [log_record(x, FIRST_OFFSET) for x in records])
                await writer.append(split_batches(produced))
                self._heard()
                self._on_events(produced)
                self._look_at_time(engine.position())
            else:
                # What it makes is appended, so that the writer's transaction never grows old.
                await ticks.append(self._tick())
                self._heard()

    # -- snapshots ---------------------------------------------------------------------------

    def _look_at_time(self, at: Position) -> None:
        """Ask for a snapshot where engine time has passed a multiple of the interval."""
        interval_ns = int(self._journal.snapshot_interval_s * 1e9)
        enough = at.command_offset - self._newest >= self._journal.snapshot_commands_min
        passed, self._passed = self._passed, at.time_ns // interval_ns
        if enough and passed not in (0, self._passed):
            self._due = at
            self._wake.set()

    async def _keep_snapshots(self) -> None:
        """Publish snapshots when it is time, of an engine beside this one: it is not held up."""
        while True:
            await self._wake.wait()
            self._wake.clear()
            at, self._due = self._due, None
            if at is None:
                continue
            try:
                state = await asyncio.to_thread(self._state, at)
                await self.snapshots.publish(self.name, self._kept_journal, at, state)
            except (*TROUBLE, ValueError, ReplayDiffers) as error:
                log.error("engine %s: no snapshot: %s", self.name, error)
            else:
                self._newest = at.command_offset
                self.snapshots_written += 1
                log.info(
                    "engine %s: snapshot at command batch %d, %d bytes",
                    self.name,
                    at.command_offset,
                    len(state),
                )

    def _state(self, at: Position) -> bytes:
        with KafkaKept(self._clients, self._topics.commands) as commands:
            return replica(self.snapshots, commands, at).snapshot()

    def _tick(self) -> list[bytes]:
        tick = Commands()
        tick.tick()
        batch = tick.seal(Gateway.ENGINE, 0, 0, self._clock.now_ns(), 1)
        return [] if batch is None else [batch]
