"""The data directory of one process: its logs and snapshots, from a start to a clean end."""

import contextlib
import logging
import pathlib
import secrets
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

import msgspec

from core import Clock, Commands, Engine, JournalDamaged, split_batches
from engine.loss import NUMBERS_MARGIN, NUMBERS_SPREAD, RAISED_MAX, reset_margin
from engine.lost_events import begin_behind, whole_until
from engine.plan import MOVE_EVENTS, PUT_BACK, Refusal, Start, decide
from engine.recovery import JournalGap, Recovered, ReplayDiffers, nothing, recover
from engine.service import Journals
from engine.snapshots import SUFFIX, Snapshots
from journal.at_rest import end_of
from journal.datadir import DataDir
from journal.mark import End, Mark, Numbers
from journal.memory import open_memory
from journal.sqlite import open_commands, open_events
from protocol.terms import Gateway
from quantscope.facts import Facts, gather
from quantscope.refusals import refused
from settings import Config

log = logging.getLogger("quantscope")
engine_log = logging.getLogger("quantscope.engine")

HELD = ("commands.db", "commands.db-wal", "events.db", "events.db-wal")
"""Files that are looked at while the logs are open: what is written must be found again."""


class StartRefused(Exception):
    """What the directory holds is not to be started on: what is wrong, and what to do."""


@dataclass(frozen=True)
class Identities:
    """The names of the two logs."""

    commands: int
    events: int


def in_directory(config: Config, what: str) -> None:
    """Raise ``StartRefused`` where the configuration's journal is in no data directory."""
    if config.journal.adapter == "kafka":
        raise StartRefused(
            f"{what} is of a data directory, and the configuration's journal is on Kafka "
            "(journal.adapter)"
        )


def snapshots_of(directory: DataDir, config: Config) -> Snapshots:
    """The snapshots of a data directory."""
    return Snapshots(directory.snapshot_folder, config.journal.snapshots_kept)


class Journaling:
    """Opens the logs of a directory and brings an engine to their end; again after each failure.

    Only the first call looks whether the directory has lost something: later the sessions are under
    way, and what was told is known.
    """

    def __init__(
        self, config: Config, directory: DataDir, snapshots: Snapshots, clock: Clock
    ) -> None:
        """Nothing is opened yet."""
        in_directory(config, "an engine beside all other roles")
        self._config = config
        self._clock = clock
        self._directory = directory
        self._snapshots = snapshots
        self._durable = config.journal.adapter == "sqlite"
        self._ids: Identities | None = None

    def open_and_recover(self) -> tuple[Journals, Recovered]:
        """What ``engine.service.Service`` begins with; it may block."""
        if not self._durable:
            journals = self._open(Identities(secrets.randbits(63), 0))
            return journals, self._recover(iter(()), journals)
        if self._ids is None:
            return self._start()
        self._directory.check()
        journals = self._open(self._ids)
        return journals, self._recover(self._engines(journals), journals)

    def _recover(
        self,
        engines: Iterator[Engine],
        journals: Journals,
        before_append: Callable[[], None] = nothing,
    ) -> Recovered:
        return recover(engines, journals.commands, journals.events, self._clock, before_append)

    # -- the start ---------------------------------------------------------------------------

    def _start(self) -> tuple[Journals, Recovered]:
        facts = gather(
            self._directory,
            self._snapshots,
            self._config.journal.verify_bytes_max,
            settled=True,
        )
        plan = decide(facts.found)
        if isinstance(plan, Refusal):
            raise StartRefused(refused(self._directory, self._snapshots, facts, plan))
        try:
            return self._go_on(facts, plan)
        except (JournalDamaged, ReplayDiffers) as error:
            # What was not looked at before: older than what is checked first, or to be replayed.
            instead = PUT_BACK if "commands.db" in str(error) else MOVE_EVENTS
            raise StartRefused(f"{self._directory.path}: {error}: {instead}") from error

    def _go_on(self, facts: Facts, plan: Start) -> tuple[Journals, Recovered]:
        """What the plan says; nothing is written before all that is stored has been compared."""
        for warning in plan.warnings:
            engine_log.warning("%s", warning)
        ids = _identities(facts)
        journals = self._open(ids, looked_at=True)
        self._snapshots.accept(plan.snapshots)
        era = _newest_era(facts)
        begin = _Begin(self._directory, self._snapshots, plan, ids, era, self._clock)
        engines = self._snapshots.engines(plan.begin)
        recovered = self._recover(engines, journals, begin.once)
        self._ids = ids
        return journals, replace(recovered, begin=lambda: begin.whole(journals, recovered.engine))

    # -- later -------------------------------------------------------------------------------

    def _engines(self, journals: Journals) -> Iterator[Engine]:
        """Engines to begin with after a failure: of the snapshots that the start accepted."""
        first = journals.commands.first_offset
        own = [offset for offset in self._snapshots.offsets() if offset >= first - 1]
        whole = whole_until(journals.events)
        begin = begin_behind(own, whole, first)
        if begin is None:
            raise JournalGap(
                f"events.db ends with command batch {whole}, and the commands to go on from there "
                "are deleted"
            )
        return self._snapshots.engines(begin)

    def _open(self, ids: Identities, *, looked_at: bool = False) -> Journals:
        """Both logs; ``looked_at``: what is newest in each has just been read back and checked."""
        limits = self._config.journal
        if limits.adapter == "memory":
            return Journals(
                commands=open_memory(ids.commands, limits.memory_bytes_max),
                events=open_memory(ids.commands, limits.memory_bytes_max),
            )
        if looked_at:
            limits = msgspec.structs.replace(limits, verify_bytes_max=0)
        # Side by side, for each may take seconds.
        with ThreadPoolExecutor(1) as beside:
            opening = beside.submit(
                open_events, self._directory.events, limits, ids.events, settled=looked_at
            )
            try:
                commands = open_commands(
                    self._directory.commands, limits, ids.commands, settled=looked_at
                )
            except BaseException:
                if opening.exception() is None:
                    opening.result().close()
                raise
            try:
                return Journals(commands, opening.result())
            except BaseException:
                commands.close()
                raise

    # -- the end -----------------------------------------------------------------------------

    def stopped(self, engine: Engine) -> None:
        """Say that both logs are closed, and where: a later start misses what is cut from them."""
        if not self._durable or self._ids is None:
            return
        self._directory.check()
        position, counts = engine.position(), engine.counts()
        commands, events = end_of(self._directory.commands), end_of(self._directory.events)
        if commands is None or events is None:
            log.error("the next start has to take this for a crash: the logs can't be read")
            return
        if commands.last != position.command_offset:
            log.error(
                "the next start has to take this for a crash: commands.db ends at %d, not at %d",
                commands.last,
                position.command_offset,
            )
            return
        numbers = Numbers(counts["orders"], counts["trades"], position.event_seq, position.time_ns)
        era = self._directory.era.number
        try:
            self._directory.write_mark(Mark("stopped", era, commands, events, numbers))
        except OSError as error:
            log.error("the next start has to take this for a crash: %s", error)


class _Begin:
    """What is written before the first append of a run; it can be broken off and done again."""

    def __init__(
        self,
        directory: DataDir,
        snapshots: Snapshots,
        plan: Start,
        ids: Identities,
        newest_era: int,
        clock: Clock,
    ) -> None:
        self._directory = directory
        self._snapshots = snapshots
        self._plan = plan
        self._ids = ids
        self._newest_era = newest_era
        self._clock = clock
        self._begun = False

    def once(self) -> None:
        """Put aside what does not count, begin an era where one is due, and take the mark back."""
        if self._begun:
            return
        self._begun = True
        for aside in self._plan.aside:
            name = f"{aside.offset:020d}{SUFFIX}"
            put = self._snapshots.put_aside(name, aside.ending)
            engine_log.error("snapshot %s %s; it was put aside as %s", name, aside.why, put)
        self._snapshots.clean()
        if self._plan.new_era:
            era = self._directory.begin_era(self._newest_era)
            log.warning("sessions get new ids (era %d): %s", era.number, self._plan.new_era)
        # Should this end before that is done, the next start takes it for a copy.
        self._mark(raising=bool(self._plan.new_era))
        self._directory.hold(*HELD)

    def whole(self, journals: Journals, engine: Engine) -> None:
        """The same, and numbers go on far above where this is a copy."""
        self.once()
        if not self._plan.new_era:
            return
        if self._plan.raised:
            _raise_numbers(journals, engine, self._clock)
        else:
            _append(journals, engine, self._clock, _raise_sessions(engine))
        self._mark(raising=False)

    def _mark(self, *, raising: bool) -> None:
        nothing = End(self._ids.commands, 0, 0), End(self._ids.events, 0, 0)
        era = self._directory.era.number
        self._directory.write_mark(Mark("running", era, *nothing, raising=raising))


def _identities(facts: Facts) -> Identities:
    """The names of the two logs: those that they have, or that of the other for a new one."""
    found = facts.found
    commands = found.commands.journal_id if found.commands.there else None
    events = found.events.journal_id if found.events.there else found.events_id
    if commands is None:
        commands = events or secrets.randbits(63)
    return Identities(commands, commands if events is None else events)


def _newest_era(facts: Facts) -> int:
    """The highest era that any file of the directory knows of."""
    found = facts.found
    eras = [x.era for x in found.snapshots if not x.fault]
    return max([*eras, 0 if found.mark is None else found.mark.era])


def _raise_numbers(journals: Journals, engine: Engine, clock: Clock) -> None:
    """Go on far above: the original of this copy may have told much since."""
    counts = engine.counts()
    far = NUMBERS_MARGIN + secrets.randbelow(NUMBERS_SPREAD)
    commands = Commands()
    commands.raise_numbers(
        orders=counts["orders"] + far,
        trades=counts["trades"] + far,
        events=engine.position().event_seq + far,
    )
    _append(journals, engine, clock, _raise_sessions(engine, commands))


def _raise_sessions(engine: Engine, commands: Commands | None = None) -> Commands:
    """Let the messages of FIX sessions be numbered so far above that their clients reset them."""
    commands = Commands() if commands is None else commands
    for row in engine.entries():
        if margin := reset_margin(row, row.entry_seq):
            commands.raise_entry(row.entry, row.entry_seq + margin)
    return commands


def _append(journals: Journals, engine: Engine, clock: Clock, commands: Commands) -> None:
    """Journal commands of the engine's own, durably, and what follows from them."""
    stamp, batches = clock.now_ns(), []
    while sealed := commands.seal(Gateway.ENGINE, 0, 0, stamp, RAISED_MAX):
        batches.append(sealed)
    if batches:
        first = journals.commands.append(stamp, batches)
        journals.commands.sync()
        journals.events.append(stamp, split_batches(engine.apply(first, stamp, batches)))
        journals.events.sync()


@contextlib.contextmanager
def store_file(config: Config, directory: DataDir) -> Iterator[pathlib.Path]:
    """Where the recorder writes.

    A journal in memory has a store of its own, which is forgotten with it: what is durable in the
    directory belongs to another exchange, and is left alone.
    """
    if config.journal.adapter != "memory":
        yield directory.store
        return
    path = directory.memory_store
    log.warning(
        "the journal is in memory: this run begins empty and is forgotten at its end, with its "
        "store %s; whatever else %s holds is neither read nor changed",
        path.name,
        directory.path,
    )
    _forget(path)
    try:
        yield path
    finally:
        _forget(path)


def _forget(store: pathlib.Path) -> None:
    """Remove a store; also one that a process left behind which could not do it itself."""
    for ending in ("", "-wal", "-shm", "-journal"):
        file = store.with_name(store.name + ending)
        if file.is_dir() and not file.is_symlink():
            raise StartRefused(f"{file} is a directory, where a file belongs: move it away")
        file.unlink(missing_ok=True)


def data_dir(config: Config) -> pathlib.Path:
    """Where the data directory is."""
    return pathlib.Path(config.server.data_dir).expanduser()
