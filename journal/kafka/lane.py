"""A gateway's way to a partition and back, in a process without an engine."""

import asyncio
import contextlib
import logging
import secrets
from collections.abc import Callable

from core import Clock, Commands, Faults, Lane, gateway_changes
from journal.kafka.appender import Appender, AppendFailed
from journal.kafka.clients import Clients, Unavailable
from journal.kafka.reader import TopicReader
from journal.kafka.topics import Topics
from journal.sequencer import CommandSource
from settings import JournalSettings

log = logging.getLogger("quantscope.kafka")

POLL_S = 1.0
"""How long a look for events takes that brings nothing, in seconds."""


class Displaced(Exception):
    """Another gateway of this number has opened: this one ends, and is not to be started again."""


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
        *,
        append_deadline_s: float,
        faults: Faults | None = None,
    ) -> None:
        """``replica`` is the engine whose events are read."""
        self.faults = faults or Faults()
        self._clients = clients
        self._topics = topics
        self._replica = replica
        self._gateway = gateway
        self._clock = clock
        self._tick_s = journal.tick_interval_s
        self._append_deadline_s = append_deadline_s
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
        self.outages = 0

    # -- the contract with the sources -------------------------------------------------------

    @property
    def ready(self) -> bool:
        """Whether commands are taken."""
        return self._lane.ready

    def wake(self) -> None:
        """A source has commands."""
        self._waiting.set()

    def at_rest(self, then: Callable[[], None]) -> None:
        """What the events say has all been told: between two of them nothing is under way."""
        asyncio.get_running_loop().call_soon(then)

    def attach(self, *sources: CommandSource) -> None:
        """From now on these are asked for commands and told of events."""
        for source in sources:
            self._lane.attach(source.commands, source.reader, source.on_output)
            self._sources.append(source)

    # -- life --------------------------------------------------------------------------------

    async def run(self, start: int) -> None:
        """Read events from this offset of Kafka's on, and send commands, until canceled.

        Raises ``Displaced`` when another gateway of this number has opened, and what else it can't
        go on over as an ``ExceptionGroup``.
        """
        topic = self._topics.events(self._replica)
        try:
            async with TopicReader(self._clients, topic) as events, asyncio.TaskGroup() as group:
                group.create_task(self._follow(events, start))
                group.create_task(self._live())
        except ExceptionGroup as errors:
            self._outage("it ends")
            if errors.subgroup(Displaced) is not None:
                raise Displaced(f"another gateway {self._gateway} has begun") from errors
            raise
        finally:
            self._lane.ready = False

    async def _live(self) -> None:
        """One incarnation after the other."""
        deadline_s = self._append_deadline_s
        while True:
            try:
                appender = Appender(self._clients, self._topics.commands, deadline_s=deadline_s)
                async with appender as out:
                    await self._open(out)
                    await self._send_until_ended(out)
            except (AppendFailed, TimeoutError, Unavailable) as error:
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

    async def _follow(self, events: TopicReader, at: int) -> None:
        """Tell what the engine publishes."""
        while True:
            records = await events.follow(at, POLL_S)
            if records:
                at = records[-1].offset + 1
                batches = b"".join(record.value for record in records)
                # Whose incarnation has ended is not to take its own dropped batches for a fault.
                self._learn(batches)
                self._lane.tell(batches)

    def _learn(self, batches: bytes) -> None:
        """What has become of incarnations of this gateway."""
        for change in gateway_changes(batches, self._gateway):
            if change.nonce is None:
                self._learn_end(change.incarnation)
            elif change.nonce == self._nonce:
                self._incarnation = change.incarnation
                self._lane.opened(change.incarnation)
                self._opened.set()
            elif self._incarnation:
                # It stands behind an opening of this one's: it is a later process's.
                raise Displaced(f"another gateway {self._gateway} has begun")

    def _learn_end(self, incarnation: int) -> None:
        if incarnation == 0 and not self.ready:
            log.error(
                "gateway %d: an opening was dropped as late: is the clock of this machine right?",
                self._gateway,
            )
        elif incarnation == self._incarnation and self.ready:
            self._outage(f"incarnation {incarnation} has ended")

    def _outage(self, reason: str) -> None:
        """Nobody can be told now what became of what is unanswered."""
        self._lane.ready = False
        self._ended.set()
        self._waiting.set()
        self.outages += 1
        log.error(
            "gateway %d: nothing is taken until it has opened anew: %s", self._gateway, reason
        )
        for source in self._sources:
            self.faults.call(source.on_outage, "telling a source of the outage")

    def _on_undelivered(self, error: BaseException) -> None:
        self.faults.caught("callback", "a source of commands failed over what it was told", error)

    def close(self) -> None:
        """It is over."""
        self._lane.close()
