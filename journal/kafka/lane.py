"""A gateway's way to a partition and back, in a process without an engine."""

import asyncio
import contextlib
import itertools
import logging
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from core import (
    AckTimes,
    Clock,
    Commands,
    Differs,
    Engine,
    EventsEnd,
    EventsFollower,
    Faults,
    GatewayChange,
    Lane,
    event_head,
)
from journal.kafka.appender import Appender, AppendFailed
from journal.kafka.bases import NEW, Bases
from journal.kafka.clients import Clients
from journal.kafka.control import StartAgain, Tenure
from journal.kafka.halts import At, base_in
from journal.kafka.logs import Logs
from journal.kafka.measured import Measured
from journal.kafka.reader import Damaged, KafkaError, Record
from journal.kafka.security import Unavailable
from journal.kafka.topics import Topics
from journal.kafka.trailing import Trailing
from journal.kafka.words import in_words
from journal.sequencer import CommandSource
from settings import JournalSettings

log = logging.getLogger("quantscope.kafka")

SILENCE_LOOK_S = 0.1
"""How often it is looked whether the engine is silent, in seconds."""
REST_S = 0.01
"""Before it is looked again whether all events of a command are there, in seconds."""
POLL_S = 1.0
"""How long a look for events takes that brings nothing, in seconds."""


@dataclass(frozen=True)
class Beginning:
    """Where a lane begins to read."""

    offsets: Mapping[str, int]
    """Kafka's, in the log of each engine."""
    end: EventsEnd
    """Where the events stand before that."""
    command_offset: int = 0
    """The command whose events are the last before that."""
    void: Mapping[str, int] = field(default_factory=dict)
    """Engines of which nothing counts until their log begins anew, and in which era it does."""


async def _nobody_sees(_name: str, _differs: Differs) -> None:
    """Nobody is told of it."""


class KafkaLane:
    """Commands of one gateway to their topic, and the events of the engines back.

    It fulfils ``journal.sequencer.Sequencer``.  What becomes of a command is known from the events
    alone.  A batch that is not known to be there in time ends the incarnation: what of it stands
    before the next opening has happened, and nothing behind it will.

    Of several engines the first copy of each event batch is told, and the others are compared with
    it.  Where one differs nothing is told any more.
    """

    busy = False

    def __init__(
        self,
        clients: Clients,
        topics: Topics,
        replicas: Sequence[str],
        gateway: int,
        journal: JournalSettings,
        clock: Clock,
        tenure: Tenure,
        *,
        engine_behind: Callable[[int], Engine],
        on_differs: Callable[[str, Differs], Awaitable[None]] = _nobody_sees,
        bases: Bases = NEW,
        faults: Faults | None = None,
    ) -> None:
        """``replicas`` are the engines that are read; ``tenure`` is of the gateway's number.

        ``engine_behind`` makes an engine as it is right behind a command; it blocks.
        ``on_differs`` is awaited with the engine that tells otherwise than those heard before.
        """
        self.faults = faults or Faults()
        self._clients = clients
        self._logs = Logs(clients, topics, bases)
        self.replicas = replicas
        """The engines."""
        self._compare_batches = clients.settings.compare_batches if len(replicas) > 1 else 0
        self._on_differs = on_differs
        self.trailing = Trailing(replicas, clock.monotonic_ns)
        """Which of the engines is behind."""
        self._void: dict[str, int] = {}
        self._blocked: dict[str, float] = {}
        """Engines whose log lacks what comes next, and since when."""
        self._halted = False
        self._gateway = gateway
        self._clock = clock
        self._tick_s = journal.tick_interval_s
        self._append_deadline_s = clients.settings.append_deadline_s
        self._silence_s = clients.settings.partition_silence_s
        self._tenure = tenure
        self._engine_behind = engine_behind
        self._waiting = asyncio.Event()
        self._sources: list[CommandSource] = []
        self._lane = Lane(
            gateway,
            clock,
            journal,
            on_waiting=self._waiting.set,
            on_undelivered=self._on_undelivered,
        )
        self._nonce = secrets.randbits(64)
        self._incarnation = 0
        """Of the last opening that was answered; 0 before the first."""
        self._opened = asyncio.Event()
        self._ended = asyncio.Event()
        self._silent = False
        self.fault: str | None = "it has not opened yet"
        """Why nothing is taken now."""
        self._contested = False
        """Whether another gateway of this number has opened since this one did."""
        self._told_at = 0.0
        """When something was told last, by the loop's clock."""
        self._seen: EventsFollower
        self._telling = asyncio.Lock()
        """Whoever has it holds the events up."""
        self.outages = 0
        self.heard = 0
        """The last command of which events were told here."""
        self.requests = Measured(clock)
        self.told_times = AckTimes(clock)
        """From when batches are sealed until all that follows from them is told."""
        self._out = Appender(
            clients,
            topics.commands,
            deadline_s=clients.settings.append_deadline_s,
            measured=self.requests,
        )
        self.batches = 0
        """Batches that were sent."""

    @property
    def retries(self) -> int:
        """Requests that were sent again."""
        return self._out.retries

    @property
    def silence_s(self) -> float:
        """For how long the engine has told nothing, in seconds; it ticks, so that is not long."""
        return asyncio.get_running_loop().time() - self._told_at if self._told_at else 0.0

    # -- the contract with the sources -------------------------------------------------------

    @property
    def ready(self) -> bool:
        """Whether commands are taken."""
        return self._lane.ready

    @property
    def told(self) -> tuple[int, EventsEnd] | None:
        """The last command all of whose events were told, and where they end; None within one."""
        end = self._seen.end
        return None if end is None or not self._seen.whole else (self._seen.command_offset, end)

    def wake(self) -> None:
        """A source has commands."""
        self._waiting.set()

    @contextlib.asynccontextmanager
    async def at_rest(self) -> AsyncIterator[Engine]:
        """See ``Sequencer``: the engine as it is behind the last event that was told."""
        while True:
            async with self._telling:
                if self._seen.whole:
                    command = self._seen.command_offset
                    yield await asyncio.to_thread(self._engine_behind, command)
                    return
            # The other events of a command are to come.
            await asyncio.sleep(REST_S)

    def attach(self, *sources: CommandSource) -> None:
        """From now on these are asked for commands and told of events."""
        for source in sources:
            self._lane.attach(source.commands, source.reader, source.on_output)
            self._sources.append(source)

    # -- life --------------------------------------------------------------------------------

    async def run(self, beginning: Beginning) -> None:
        """Read events from there on, and send commands, until canceled.

        Raises as an ``ExceptionGroup`` what it can't go on over: ``Displaced`` when another
        gateway has this number now, ``Damaged`` where the events do not go on from each other,
        ``StartAgain`` where no engine's log holds what comes next.
        """
        command_offset = beginning.command_offset
        self._seen = EventsFollower(
            self._gateway, beginning.end, command_offset, self._compare_batches
        )
        self._told_at = asyncio.get_running_loop().time()
        self._void = dict(beginning.void)
        try:
            async with asyncio.TaskGroup() as group:
                for name in self.replicas:
                    group.create_task(self._follow(name, beginning.offsets[name]))
                group.create_task(self._live())
                group.create_task(self._watch_silence())
        except ExceptionGroup:
            self._outage("the process ends")
            raise
        finally:
            self._lane.ready = False

    async def _live(self) -> None:
        """One incarnation after the other."""
        while not self._halted:
            try:
                await self._tenure.take()
                if self._contested:
                    await self._tenure.check()
                    self._contested = False
                async with self._out as out:
                    await self._open(out)
                    await self._send_until_ended(out)
            except (AppendFailed, KafkaError, TimeoutError, Unavailable) as error:
                said = in_words(error) if str(error) else "the engine does not answer an opening"
                self._outage(said)
                await asyncio.sleep(self._clients.settings.retry_interval_s)

    async def _open(self, out: Appender) -> None:
        """Begin an incarnation, and wait until the engine says so.

        An opening that was not answered is sent again with its nonce, for it may still come.
        """
        if self._opened.is_set():
            self._opened.clear()
            self._nonce = secrets.randbits(64)
        self._ended.clear()
        opening = Commands()
        opening.gateway_open(self._gateway, self._nonce)
        batch = opening.seal(self._gateway, 0, 0, self._clock.now_ns(), 1)
        await out.append([] if batch is None else [batch])
        async with asyncio.timeout(self._append_deadline_s):
            await self._opened.wait()
        if self._ended.is_set():
            return
        log.info("gateway %d: incarnation %d has begun", self._gateway, self._incarnation)
        for source in self._sources:
            self.faults.call(source.on_ready, "telling a source that commands are taken")

    async def _send_until_ended(self, out: Appender) -> None:
        """Send what waits, one request at a time; where nothing is sent for long, a tick."""
        loop = asyncio.get_running_loop()
        tick_at = loop.time() + self._tick_s
        while not self._ended.is_set():
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout_at(tick_at):
                    await self._waiting.wait()
            self._waiting.clear()
            if loop.time() >= tick_at:
                # Whoever is woken again and again with nothing to send has a lease, too.
                self._lane.tick()
            while self.ready and (batches := self._lane.seal()):
                tick_at = loop.time() + self._tick_s
                self.told_times.sent(self._lane.sealed)
                self._lane.under_way = True
                try:
                    await out.append(batches)
                finally:
                    self._lane.under_way = False
                self.batches += len(batches)

    async def _follow(self, name: str, at: int) -> None:
        """Tell what an engine publishes, where no other has published it before."""
        async with self._logs.follow_events(name) as events:
            while True:
                records = await events.follow(at, POLL_S)
                if not records:
                    continue
                async with self._telling:
                    taken, differs = self._tell(name, events.topic, records)
                if differs is not None:
                    await self._differ(name, differs)
                at = records[taken - 1].offset + 1 if taken else at
                if taken < len(records):
                    self._wait_for_others(name)
                    await asyncio.sleep(REST_S)

    def _tell(self, name: str, topic: str, records: list[Record]) -> tuple[int, Differs | None]:
        """Tell what is new of them; how many need not be read again, and where one differs."""
        void = self._void.get(name)
        batches = []
        for record in records:
            base = base_in(record.value)
            if base is not None and void is not None and base.era >= void:
                void = None
                del self._void[name]
            # What is no batch, or void, has the length 0: all that is told stands in one piece.
            batches.append(b"" if base is not None or void is not None else record.value)
        if self._halted or not any(batches):
            return len(records), None
        joined = b"".join(batches)
        try:
            taken = self._seen.take(joined)
        except ValueError as error:
            first, last = records[0].offset, records[-1].offset
            raise Damaged(f"{topic}, offsets {first} to {last}: {error}") from error
        if taken.fresh:
            self._told_at = asyncio.get_running_loop().time()
            self.heard = self._seen.command_offset
            # Whose incarnation has ended is not to take its own dropped batches for a fault.
            self._learn(taken.changes)
            self._lane.tell(taken.fresh)
            self.told_times.acknowledged(self._seen.answered)
        count = _within(batches, taken.end)
        self._place(name, itertools.islice(batches, count))
        return count, taken.differs

    def _place(self, name: str, batches: Iterable[bytes]) -> None:
        """Note up to where an engine has told."""
        newest = next((batch for batch in reversed(list(batches)) if batch), None)
        if newest is not None:
            head = event_head(newest)
            self._blocked.pop(name, None)
            self.trailing.told(name, At(head.command_offset, head.part))

    def _wait_for_others(self, name: str) -> None:
        """What comes next stands in another engine's log; StartAgain where it is in none."""
        now = asyncio.get_running_loop().time()
        since = self._blocked.setdefault(name, now)
        alone = all(other in self._blocked for other in self.trailing.living)
        if alone and now - since > self._silence_s and not self._halted:
            command = self._seen.command_offset
            raise StartAgain(f"no engine's log holds what comes behind command batch {command}")

    async def _differ(self, name: str, differs: Differs) -> None:
        """An engine tells otherwise than another: nothing is told any more."""
        self.halt(f"engine {name} tells otherwise of command batch {differs.command_offset}")
        await self._on_differs(name, differs)

    def halt(self, reason: str) -> None:
        """Take and tell nothing any more; who goes on begins anew."""
        if not self._halted:
            self._halted = True
            self._outage(reason)

    def _learn(self, changes: list[GatewayChange]) -> None:
        """What has become of incarnations of this gateway."""
        for change in changes:
            if change.nonce is None:
                self._learn_end(change.incarnation)
            elif change.nonce == self._nonce:
                self._incarnation = change.incarnation
                self.fault = None
                self.told_times.forget()
                self._lane.opened(change.incarnation)
                self._opened.set()
            elif self._incarnation:
                # It stands behind an opening of this one's: a later process's, or that of an older
                # one which does not know of this one yet.  Whose the number is ``control`` says.
                self._contested = True
                if self._is_open:
                    self._outage("another gateway of this number has opened")

    def _learn_end(self, incarnation: int) -> None:
        if incarnation == 0 and not self._is_open:
            log.error(
                "gateway %d: an opening was dropped as late: is the clock of this machine right?",
                self._gateway,
            )
        elif incarnation == self._incarnation and self._is_open:
            self._outage(f"incarnation {incarnation} has ended")

    @property
    def _is_open(self) -> bool:
        """Whether an incarnation has begun and not ended, though nothing may be taken now."""
        return self.ready or self._silent

    async def _watch_silence(self) -> None:
        """Take nothing while the engine says nothing; after too long, nobody waits for it."""
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(SILENCE_LOOK_S)
            if self._telling.locked():
                # It is held up here.
                self._told_at = loop.time()
            silent_s = loop.time() - self._told_at
            if not self._incarnation or self._ended.is_set():
                continue
            if silent_s > max(self._append_deadline_s, self._silence_s):
                self._outage(f"the engine has told nothing for {silent_s:.1f} s")
            elif silent_s > self._silence_s and self.ready:
                self._lane.ready = False
                self._silent = True
                self.fault = "the engine is silent"
                log.warning("gateway %d: the engine is silent: nothing is taken", self._gateway)
            elif silent_s <= self._silence_s and self._silent:
                self._silent = False
                self.fault = None
                self._lane.ready = True
                self._waiting.set()
                log.warning("gateway %d: the engine is heard again", self._gateway)

    async def drain(self) -> None:
        """Wait until all that was sent is answered, or will not be."""
        while self.ready and not self._answered:
            await asyncio.sleep(REST_S)

    @property
    def _answered(self) -> bool:
        under_way = self._waiting.is_set() or self._lane.under_way
        return not under_way and self._seen.answered >= self._lane.sealed

    def _outage(self, reason: str) -> None:
        """Nobody can be told now what became of what is unanswered."""
        again = not self._is_open and self.fault is not None and self.outages > 0
        self._lane.ready = False
        self._silent = False
        self._ended.set()
        self._waiting.set()
        self.fault = reason
        if again:
            # Nothing has been taken since the last one.
            log.debug("gateway %d: it can't open anew yet: %s", self._gateway, reason)
            return
        self.outages += 1
        log.error("number %d: nothing is taken until it has opened anew: %s", self._gateway, reason)
        for source in self._sources:
            self.faults.call(source.on_outage, "telling a source of the outage")

    def _on_undelivered(self, error: BaseException) -> None:
        self.faults.caught("callback", "a source of commands failed over what it was told", error)

    def close(self) -> None:
        """It is over."""
        self._lane.close()


def _within(batches: list[bytes], end: int) -> int:
    """How many of them end before this byte of all of them."""
    size = 0
    for index, batch in enumerate(batches):
        size += len(batch)
        if size > end:
            return index
    return len(batches)
