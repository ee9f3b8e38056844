"""The engine's owner: seals what the sources have, commits it, applies it, and tells what follows.

One group of command batches is under way at a time.  While its commit runs, the engine applies it
and the events are held; commands that come in meanwhile gather, and make the next group.  Nothing
that follows from a command leaves before its commit has returned.
"""

import asyncio
import contextlib
import logging
import secrets
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass

from core import (
    FAULTS,
    Clock,
    Commands,
    Engine,
    Faults,
    JournalError,
    Pipeline,
    split_batches,
)
from engine.clock_watch import ClockWatch
from engine.recovery import Recovered, stored_after
from engine.setup import Setup, batches_of
from journal import Log
from journal.sequencer import CommandSource
from protocol.terms import Gateway
from settings import JournalSettings, ServerSettings

log = logging.getLogger("quantscope.engine")

BACKLOG_PAUSE_S = 0.002
"""How long sealing pauses when the events log's writer has too much to write, in seconds."""


@dataclass
class Journals:
    """The two logs, as they are opened: again after each failure."""

    commands: Log
    events: Log


class EngineFault(Exception):
    """The engine itself failed: the process must end, and recover from the journal."""


class Service:
    """Owner of the engine; fulfils ``journal.sequencer.Sequencer``."""

    def __init__(
        self,
        recover: Callable[[], tuple[Journals, Recovered]],
        setup: Setup,
        journal: JournalSettings,
        server: ServerSettings,
        clock: Clock,
        *,
        apply_delay_ns: int = 0,
        faults: Faults | None = None,
    ) -> None:
        """``recover`` opens the journals and brings an engine to their end; it may block.

        ``apply_delay_ns`` slows the engine on purpose, a batch: the benchmarks' own test.
        """
        self.faults = faults or Faults()
        self._recover = recover
        self._setup = setup
        self._settings = journal
        self.clock = clock
        self.clock_watch = ClockWatch(self.clock, server)
        self._sources: list[CommandSource] = []
        self._system = Commands()
        self._pipeline = Pipeline(
            self._system,
            self.clock,
            journal,
            on_fault=self._on_fault,
            on_undelivered=self._on_undelivered,
            on_congested=self._on_congested,
            on_more=self._again,
            apply_delay_ns=apply_delay_ns,
        )
        self._scheduled = False
        self._resting = 0
        """How many wait for it to be at rest, or have it so."""
        self._at_rest = asyncio.Event()
        self._ending = False
        self._watched: int | None = None
        self._loop: asyncio.AbstractEventLoop
        self._broken: asyncio.Future[str] | None = None
        self.busy = False
        self.engine: Engine
        self.journals: Journals
        self.recovered: Recovered
        self.outages = 0

    # -- the contract with the sources -------------------------------------------------------

    @property
    def ready(self) -> bool:
        """Whether commands are taken."""
        return self._pipeline.ready

    @property
    def delivered(self) -> int:
        """Offset of the last command batch whose events the sources know."""
        return self._pipeline.delivered

    def wake(self) -> None:
        """A source has commands: they are sealed at the end of the loop's turn."""
        # While a commit is under way, its end asks the sources.
        if self.ready and not self._pipeline.under_way:
            self._again()

    def _again(self) -> None:
        if not self._scheduled:
            self._scheduled = True
            self._loop.call_soon(self._turn)

    @contextlib.asynccontextmanager
    async def at_rest(self) -> AsyncIterator[Engine]:
        """See ``Sequencer``."""
        self._resting += 1
        self._pipeline.resting = True
        try:
            # It may have gone on, or failed, before whoever waits for it has its turn.
            while not self.ready or self._pipeline.under_way:
                self._at_rest.clear()
                await self._at_rest.wait()
            yield self.engine
        finally:
            self._resting -= 1
            self._pipeline.resting = self._ending or self._resting > 0
            self.wake()

    def _rest(self) -> None:
        """Let those go on who wait until nothing is under way."""
        if self._resting and self.ready and not self._pipeline.under_way:
            self._at_rest.set()

    # -- what passes -------------------------------------------------------------------------

    def _turn(self) -> None:
        self._scheduled = False
        self._pipeline.advance()
        self._rest()

    def _on_commit(self) -> None:
        """The commands log committed, or failed."""
        commands = self.journals.commands
        commands.clear_notify()
        failure = commands.failure
        if failure is not None:
            self._outage(failure)
        else:
            self._pipeline.advance()
            self._rest()

    def _on_congested(self) -> None:
        self._loop.call_later(BACKLOG_PAUSE_S, self.wake)

    def _on_fault(self, error: BaseException) -> None:
        if isinstance(error, JournalError):
            self._outage(str(error))
        else:
            self._break(error)

    # -- faults ------------------------------------------------------------------------------

    def _on_undelivered(self, error: BaseException) -> None:
        """A source failed over what it was told: the others have been told all the same."""
        self.faults.caught("callback", "a source of commands failed over what it was told", error)

    def _break(self, error: BaseException) -> None:
        """Whatever it is, the state is not to be trusted: the process is to end."""
        log.critical("the engine stops: %s", error, exc_info=error)
        self._pipeline.ready = False
        if self._broken is not None and not self._broken.done():
            self._broken.set_exception(EngineFault(str(error)))

    def _outage(self, reason: str) -> None:
        if not self.ready:
            return
        self._pipeline.forget()
        self.outages += 1
        log.error("the journal failed, nothing is acknowledged until it is back: %s", reason)
        self._unwatch()
        for source in self._sources:
            self.faults.call(source.on_outage, "telling a source of the outage")
        if self._broken is not None and not self._broken.done():
            self._broken.set_result(reason)

    # -- life --------------------------------------------------------------------------------

    def start(self) -> None:
        """Recover, and journal what the configuration changes.  Blocks; before the loop serves."""
        self._adopt(self._bring_back(told=0))
        self._pipeline.delivered = self.journals.commands.next_offset - 1

    def _bring_back(self, told: int) -> Recovered:
        """Open the journals, bring an engine to their end.  In a thread while the loop serves."""
        self.journals, recovered = self._recover()
        self.clock_watch.begin(recovered.engine.position().time_ns)
        last = self.journals.commands.next_offset - 1
        if last < told:
            raise EngineFault(
                "the disk has lost what it had synced: the commands log goes to command batch "
                f"{last}, and {told} was acknowledged; the next start says what can be done"
            )
        self._configure(recovered)
        return recovered

    def _adopt(self, recovered: Recovered) -> None:
        """Go on with this engine.  By the loop's thread alone: the pipeline is never another's."""
        # Only now: whoever asks for figures meanwhile asks the engine of before, which is at rest.
        self.recovered, self.engine = recovered, recovered.engine
        self._pipeline.begin(self.engine, self.journals.commands, self.journals.events)

    def _configure(self, recovered: Recovered) -> None:
        """Settings, instruments, entries and the gateways' incarnations, as durable commands."""
        engine, stamp = recovered.engine, self.clock.now_ns()
        batches = batches_of(engine, self._setup, stamp, self._settings.batch_commands_max)
        recovered.begin()
        for gateway in (Gateway.BINARY, Gateway.FACADE, Gateway.FIX):
            opening = Commands()
            opening.gateway_open(gateway, secrets.randbits(64))
            sealed = opening.seal(gateway, 0, 0, stamp, 1)
            if sealed is not None:
                batches.append(sealed)
        commands, events = self.journals.commands, self.journals.events
        first = commands.append(stamp, batches)
        produced = engine.apply(first, stamp, batches)
        commands.sync()
        events.append(stamp, split_batches(produced))
        # The sources are told from the log, and it is written behind.
        events.sync()

    def attach(self, *sources: CommandSource) -> None:
        """From now on these sources are asked for commands and told of events."""
        for source in sources:
            self._pipeline.attach(source.gateway, source.commands, source.reader, source.on_output)
            self._sources.append(source)

    async def run(self) -> None:
        """Take commands until canceled; raise ``EngineFault`` when the engine itself fails."""
        self._loop = asyncio.get_running_loop()
        while True:
            self._broken = self._loop.create_future()
            self._watch()
            self._pipeline.ready = True
            for source in self._sources:
                self.faults.call(source.on_ready, "telling a source that commands are taken")
            self._rest()
            self.wake()
            try:
                await self._tick_until(self._broken)
            finally:
                self._pipeline.ready = False
                self._unwatch()
            await self._reopen()

    async def _tick_until(self, broken: "asyncio.Future[str]") -> None:
        while not broken.done():
            await asyncio.wait([broken], timeout=self._settings.tick_interval_s)
            failure = self.journals.events.failure
            if failure is not None:
                self._outage(failure)
            elif self.ready:
                self._look_at_clock()
                self._system.tick()
                self._pipeline.tick()
                self.wake()
        broken.result()

    def _look_at_clock(self) -> None:
        try:
            self.clock_watch.look(self.engine.position().time_ns)
        except FAULTS as error:
            self.faults.caught("clock", "the clock could not be looked at", error)

    async def _reopen(self) -> None:
        """Throw the engine's memory away and build it again from what is read back from disk."""
        delivered = self.delivered
        while True:
            # Also what an attempt has opened before it failed: a file is opened once at a time.
            self.journals.commands.close()
            self.journals.events.close()
            try:
                self._adopt(await asyncio.to_thread(self._bring_back, delivered))
            except (OSError, RuntimeError, JournalError) as error:
                log.error("the journal is not back yet: %s", error)
                await asyncio.sleep(self._settings.retry_interval_s)
            else:
                break
        for events in stored_after(self.journals.events, delivered):
            self._pipeline.publish(events)
        # Should the journal fail again before a commit, nobody is to hear the same twice.
        self._pipeline.delivered = self.journals.commands.next_offset - 1
        log.warning(
            "the journal is back, at command batch %d", self.journals.commands.next_offset - 1
        )

    def session_reset(self, entry: int, epoch: int) -> None:
        """Let the numbers of a session begin anew, unless they have since ``epoch``."""
        self._system.session_reset(entry, epoch)
        self.wake()

    def take_clock(self) -> None:
        """An operator says that the system's clock is right, however it got there."""
        log.warning("the system's clock is to be taken as it is")
        self.clock.take()
        self.clock_watch.look(self.engine.position().time_ns)

    async def end(self) -> None:
        """Take no more commands, for good, and wait until all that was taken has been told."""
        self._ending = self._pipeline.resting = True
        while self.ready and self._pipeline.under_way:
            await asyncio.sleep(0.001)

    async def drain(self) -> None:
        """Wait until nothing is under way: before a clean stop."""
        while self.ready and (self._pipeline.under_way or self._scheduled):
            await asyncio.sleep(0.001)

    @property
    def whole(self) -> bool:
        """Whether both logs have taken all that was given to them."""
        return self.journals.commands.failure is None and self.journals.events.failure is None

    def close(self) -> None:
        """Commit what is queued, and close the logs."""
        self._pipeline.ready = False
        self._unwatch()
        self.journals.commands.close()
        self.journals.events.close()
        self._pipeline.close()

    def _watch(self) -> None:
        self._watched = self.journals.commands.notify_fd()
        self._loop.add_reader(self._watched, self._on_commit)

    def _unwatch(self) -> None:
        if self._watched is not None:
            self._loop.remove_reader(self._watched)
            self._watched = None
