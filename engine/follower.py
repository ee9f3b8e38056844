"""The engine of a cluster: a recovery that does not end.

It reads the commands of all gateways from their topic, applies them, and publishes what follows in
a log of its own.  It decides nothing that another engine would not decide alike.
"""

import asyncio
import logging
import threading
from collections.abc import Callable
from contextlib import AsyncExitStack, ExitStack
from functools import partial

from core import (
    Clock,
    Commands,
    Engine,
    Faults,
    JournalDamaged,
    Position,
    split_batches,
)
from engine.beginning import NeedsBase, beginnings, newest_state
from engine.chained import ChainedEvents
from engine.followed import FollowedEngine, told_in
from engine.own_log import OwnLog, UntilEnded
from engine.recovery import NewerRules, Recovered, ReplayDiffers, check_rules, produced, recover
from engine.snapshot_keeper import TROUBLE, SnapshotKeeper
from engine.snapshot_places import SnapshotPlaces
from engine.twins import Twins
from journal.kafka import (
    Appender,
    At,
    Bases,
    Began,
    Clients,
    Control,
    Fenced,
    FencedLog,
    KafkaSnapshots,
    LogBase,
    Logs,
    LostEnd,
    Measured,
    Referee,
    Standing,
    Tenure,
    Timed,
    TopicReader,
    Topics,
    base_record,
    in_words,
    log_record,
    lost_commands,
)
from protocol.terms import Gateway
from settings import JournalSettings

log = logging.getLogger("quantscope.engine")

RETRY_S = 0.3
"""Before it is tried again what brokers did not do, in seconds."""


class EraRose(Exception):
    """Something else counts now: it begins again."""


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
        self._logs = Logs(clients, topics, Bases())
        self.snapshots = KafkaSnapshots(clients, topics, deadline_s=self._append_deadline_s)
        self.keeper = SnapshotKeeper(name, control)
        self._places = SnapshotPlaces(journal)
        self._referee = Referee(control, clients.settings, clock, f"engine {name}")
        self.twins = self._new_twins(name)
        self.name = name
        self._standing = Standing()
        """What was true of the exchange when it began."""
        self._go = asyncio.Event()
        """Whether it may go on."""
        self._era_rose = False
        self._needs_base = False
        self._works = False
        """Whether it has come to the end of the commands in this life."""
        self._told = 0
        """The command whose events were the last of its log when it began."""
        self.halted: str | None = None
        """Why nobody goes on; None where all do."""
        self.engine: Engine
        self.recovered: Recovered
        self.ready = False
        """Whether it is at the end of the commands, as far as brokers have answered."""
        self._heard_ns = 0
        self.restarts = 0
        """How often it has begun again, because brokers failed."""
        self.applied, self.published = Timed(clock), Timed(clock)
        """What the commands of one piece take, and their events until they are in the log."""
        self.ticks = Measured(clock)

    def _new_twins(self, name: str) -> Twins:
        others = [other for other in self._clients.settings.engines if other != name]
        return Twins(
            self._clients,
            name,
            others,
            self._clock,
            own=lambda: self._followed,
            on_differs=self._differ,
        )

    async def run(self) -> None:
        """Follow the commands until canceled, and begin again whenever brokers fail.

        Raises ``Displaced`` when a later one of its name has begun, and ``JournalDamaged``,
        ``LostCommands``, ``ReplayDiffers`` or ``NewerRules`` where it can't go on.
        """
        while True:
            try:
                await self._tenure.take()
                await self._let_go()
                self._works = False
                await self._live()
            except JournalDamaged:
                raise
            except NewerRules:
                await self._hand_over()
                raise
            except NeedsBase as error:
                self._needs_base = True
                log.error("engine %s: %s", self.name, error)
            except EraRose:
                log.error("engine %s begins again: the era has risen", self.name)
            except Fenced as error:
                await self._later_one(error)
            except TROUBLE as error:
                self.restarts += 1
                why = in_words(error)
                log.error("engine %s begins again at the end of its log: %s", self.name, why)
                await asyncio.sleep(RETRY_S)
            finally:
                self.ready = False

    async def _let_go(self) -> None:
        """Learn what is true of the exchange, and wait until nothing is halted."""
        while True:
            standing = await self._control.read()
            standing.known()
            if standing.halt is None:
                break
            self.halted = str(standing.halt)
            await asyncio.sleep(RETRY_S)
        self.halted = None
        self._era_rose = False
        self._read_by(standing)
        self._go.set()

    def _read_by(self, standing: Standing) -> None:
        """Read logs and states by what is true of the exchange."""
        self._standing = standing
        bases, eras = Bases(standing.known().bases), standing.eras
        self._logs = Logs(self._clients, self._topics, bases, eras)
        self.snapshots = KafkaSnapshots(
            self._clients,
            self._topics,
            deadline_s=self._append_deadline_s,
            bases=bases,
            eras=eras,
        )
        self.keeper.read_by(self._logs, self.snapshots)

    def on_standing(self, standing: Standing) -> None:
        """Stop while the exchange is halted; begin again with a new era."""
        if standing.halt is not None:
            self.halted = str(standing.halt)
            self._go.clear()
        elif self._began_in_era_before(standing):
            self._era_rose = True
            self._go.set()

    def _began_in_era_before(self, standing: Standing) -> bool:
        begun = self._standing.journal is not None
        return begun and self._standing.known().era < standing.known().era

    async def _may_go_on(self) -> None:
        """Wait while it is halted; raises ``EraRose`` where it has to begin anew."""
        await self._go.wait()
        if self._era_rose:
            raise EraRose

    async def _differ(self, other: str, at: At) -> None:
        """Another engine tells otherwise than this one."""
        self._go.clear()
        self.halted = f"engine {other} tells otherwise of command batch {at.command_offset}"
        era = self._standing.known().era
        await self._referee.differ(era, at, (self.name, other))

    async def _hand_over(self) -> None:
        """Leave a snapshot to the build that knows the rules by which it goes on."""
        if not self._works:
            return
        at, journal = self.engine.position(), self._standing.known()
        try:
            await self.keeper.publish(journal, at)
        except (*TROUBLE, ValueError, ReplayDiffers) as error:
            log.error("engine %s: no snapshot: %s", self.name, in_words(error))

    @property
    def _followed(self) -> FollowedEngine:
        """It, as its log tells."""
        return FollowedEngine(self._logs, self.name, self.snapshots)

    def _heard(self) -> None:
        self._heard_ns = self._clock.monotonic_ns()

    @property
    def heard(self) -> int:
        """The last command that it has applied; 0 while it does not follow."""
        return self.engine.position().command_offset if self.ready else 0

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
                log.error("engine %s: %s: %s", self.name, fence, in_words(error))
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
            commands = await stack.enter_async_context(self._logs.follow_commands())
            ticks = await stack.enter_async_context(
                Appender(
                    clients,
                    topics.commands,
                    deadline_s=self._append_deadline_s,
                    measured=self.ticks,
                )
            )
            ended, loop = threading.Event(), asyncio.get_running_loop()
            # A thread goes on when nobody waits for it any more.
            stack.callback(ended.set)
            await self._begin_anew(writer)
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
            self.ready = self._works = True
            await self._work(commands, writer, ticks)

    async def _work(self, commands: TopicReader, writer: FencedLog, ticks: Appender) -> None:
        """Follow, and beside it compare with the twins and keep snapshots."""
        self.twins = self._new_twins(self.name)
        journal, eras = self._standing.known(), self._standing.eras
        keep = partial(self.keeper.run, journal, self.twins, self._differ)
        compare = partial(self.twins.run, eras, self._told)
        beside = [
            asyncio.create_task(self.faults.keep("snapshots", "publishing snapshots", keep)),
            asyncio.create_task(self.faults.keep("twins", "comparing with engines", compare)),
        ]
        try:
            await self._follow(commands, writer, ticks)
        finally:
            for task in beside:
                task.cancel()
            await asyncio.wait(beside)

    async def _begin_anew(self, writer: FencedLog) -> None:
        """Let its log go on behind a snapshot, where what stands there is void or too old."""
        eras = self._standing.eras
        if eras.void_from(self.name) is None and not self._needs_base:
            return
        at = await asyncio.to_thread(self._newest_state)
        era = self._standing.known().era
        base = LogBase(era, at.command_offset, at.event_seq, at.event_hash)
        await writer.append([base_record(base)])
        offset = await asyncio.to_thread(self._followed.end)
        began = Began(self.name, offset - 1, era, at.command_offset)
        await self._control.say(began)
        self._read_by(await self._control.read())
        self._needs_base = False
        log.error(
            "engine %s: its log begins anew behind command batch %d: what stands before that is "
            "void, or too old",
            self.name,
            at.command_offset,
        )

    def _newest_state(self) -> Position:
        with self._logs.commands() as commands:
            return newest_state(self.snapshots, commands)

    @property
    def _writer_name(self) -> str:
        return f"{self._topics.events(self.name)}.writer"

    def _recover(
        self, writer: FencedLog, loop: asyncio.AbstractEventLoop, ended: threading.Event
    ) -> Recovered:
        with ExitStack() as stack:
            commands = stack.enter_context(self._logs.commands())
            own = stack.enter_context(self._followed.kept())
            self._told = told_in(own)
            events = OwnLog(own, ended, writer, loop)
            began = self._standing.eras.began.get(self.name)
            engines = beginnings(self.snapshots, commands, own, began)
            engine = next(engines, None) or Engine()
            begins = engine.position().command_offset
            places = SnapshotPlaces(self._journal, begins)
            read = UntilEnded(commands, ended, places.pass_over)
            recovered = recover(iter((engine,)), read, events, self._clock, stored_in=ChainedEvents)
        self._places = places
        return recovered

    async def _follow(self, commands: TopicReader, writer: FencedLog, ticks: Appender) -> None:
        """Apply what comes, publish what follows; where nothing comes, let time go on."""
        engine, bases = self.engine, self._logs.bases
        at = bases.kafka_offset(engine.position().command_offset + 1)
        while True:
            try:
                records = await commands.follow(at, self._journal.tick_interval_s)
            except LostEnd as error:
                raise lost_commands(str(error)) from error
            await self._may_go_on()
            if records:
                at = records[-1].offset + 1
                batches = [log_record(x, bases) for x in records]
                for piece, is_place in self._places.cut(batches):
                    self.applied.begin()
                    events = produced(engine, piece)
                    self.applied.end()
                    await self._publish(writer, events)
                    check_rules(engine)
                    if is_place:
                        self.keeper.ask(engine.position())
            else:
                # What it makes is appended, so that the writer's transaction never grows old.
                await ticks.append(self._tick())
            self._heard()

    async def _publish(self, writer: FencedLog, produced: bytes) -> None:
        batches = split_batches(produced)
        self.published.begin()
        await writer.append(batches)
        self.published.end()
        self.twins.published(batches)
        self._on_events(produced)

    def _tick(self) -> list[bytes]:
        tick = Commands()
        tick.tick()
        batch = tick.seal(Gateway.ENGINE, 0, 0, self._clock.now_ns(), 1)
        return [] if batch is None else [batch]
