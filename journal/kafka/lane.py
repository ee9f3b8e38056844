"""A gateway's way to a partition and back, in a process without an engine."""

import asyncio
import contextlib
import logging
import secrets
from collections.abc import AsyncIterator, Callable

from core import Clock, Commands, Engine, EventsEnd, EventsFollower, Faults, GatewayChange, Lane
from journal.kafka.appender import Appender, AppendFailed
from journal.kafka.clients import Clients, Unavailable
from journal.kafka.control import Tenure
from journal.kafka.reader import Damaged, KafkaError, Record, TopicReader
from journal.kafka.topics import Topics
from journal.sequencer import CommandSource
from settings import JournalSettings

log = logging.getLogger("quantscope.kafka")

SILENCE_LOOK_S = 0.1
"""How often it is looked whether the engine is silent, in seconds."""
REST_S = 0.01
"""Before it is looked again whether all events of a command are there, in seconds."""
POLL_S = 1.0
"""How long a look for events takes that brings nothing, in seconds."""


class KafkaLane:
    """Commands of one gateway to their topic, and the events of an engine back.

    It fulfils ``journal.sequencer.Sequencer``.  What becomes of a command is known from the events
    alone.  A batch that is not known to be there in time ends the incarnation: what of it stands
    before the next opening has happened, and nothing behind it will.
    """

    busy = False

    def __init__(
        self,
        clients: Clients,
        topics: Topics,
        replica: str,
        gateway: int,
        journal: JournalSettings,
        clock: Clock,
        tenure: Tenure,
        *,
        engine_behind: Callable[[int], Engine],
        faults: Faults | None = None,
    ) -> None:
        """``replica`` is the engine whose events are read; ``tenure`` is of the gateway's number.

        ``engine_behind`` makes that engine as it is right behind a command; it blocks.
        """
        self.faults = faults or Faults()
        self._clients = clients
        self._topics = topics
        self._replica = replica
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
        self._out = Appender(
            clients, topics.commands, deadline_s=clients.settings.append_deadline_s
        )
        self.batches = 0
        """Batches that were sent."""

    @property
    def retries(self) -> int:
        """Requests that were sent again."""
        return self._out.retries

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

    async def run(self, start: int, end: EventsEnd, command_offset: int = 0) -> None:
        """Read events from this offset of Kafka's on, and send commands, until canceled.

        ``end`` is where the events stand before it, which that command and those before it have
        made.  Raises as an ``ExceptionGroup`` what it can't go on over: ``Displaced`` when another
        gateway has this number now, ``Damaged`` where the events do not go on from each other.
        """
        self._seen = EventsFollower(self._gateway, end, command_offset)
        topic = self._topics.events(self._replica)
        try:
            async with TopicReader(self._clients, topic) as events, asyncio.TaskGroup() as group:
                group.create_task(self._follow(events, start))
                group.create_task(self._live())
                group.create_task(self._watch_silence())
        except ExceptionGroup:
            self._outage("the process ends")
            raise
        finally:
            self._lane.ready = False

    async def _live(self) -> None:
        """One incarnation after the other."""
        while True:
            try:
                await self._tenure.take()
                if self._contested:
                    await self._tenure.check()
                    self._contested = False
                async with self._out as out:
                    await self._open(out)
                    await self._send_until_ended(out)
            except (AppendFailed, KafkaError, TimeoutError, Unavailable) as error:
                self._outage(str(error) or "the engine does not answer an opening")
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
                self._lane.under_way = True
                try:
                    await out.append(batches)
                finally:
                    self._lane.under_way = False
                self.batches += len(batches)

    async def _follow(self, events: TopicReader, at: int) -> None:
        """Tell what the engine publishes."""
        while True:
            records = await events.follow(at, POLL_S)
            if records:
                at = records[-1].offset + 1
                async with self._telling:
                    self._tell(events.topic, records)

    def _tell(self, topic: str, records: list[Record]) -> None:
        batches = b"".join(record.value for record in records)
        try:
            changes = self._seen.take(batches)
        except ValueError as error:
            first, last = records[0].offset, records[-1].offset
            raise Damaged(f"{topic}, offsets {first} to {last}: {error}") from error
        self._told_at = asyncio.get_running_loop().time()
        # Whose incarnation has ended is not to take its own dropped batches for a fault.
        self._learn(changes)
        self._lane.tell(batches)

    def _learn(self, changes: list[GatewayChange]) -> None:
        """What has become of incarnations of this gateway."""
        for change in changes:
            if change.nonce is None:
                self._learn_end(change.incarnation)
            elif change.nonce == self._nonce:
                self._incarnation = change.incarnation
                self.fault = None
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
