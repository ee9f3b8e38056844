"""``quantscope setup --accept-loss``: a cluster goes on without what its commands have lost.

What counts of the commands ends where nothing proves any more that a record is the one it was.
Behind all records that are there commands are journaled that say above which numbers all goes on;
they stand at places above all that are known.  They count once ``control`` says so, which comes
last: what is broken off is begun anew, and what it has journaled is nobody's.
"""

import asyncio
import secrets
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import msgspec

from core import Clock
from engine.followed import FollowedEngine
from engine.loss import raise_all
from engine.lost_end import GoingOn, Lost, assess, going_on
from journal.kafka import (
    Appender,
    AppendFailed,
    Base,
    Bases,
    Clients,
    Control,
    Eras,
    Journal,
    KafkaSnapshots,
    Logs,
    Place,
    Portions,
    Proofs,
    Record,
    TopicReader,
    Topics,
    log_record,
)
from quantscope.refusals import text_of
from settings import KafkaSettings

Say = Callable[[str], object]
NONCE_BYTES = 8
NOTHING = "nothing is lost: each command is there of which anything knows"
MAKER = "setup"
"""Who has made the first state of the new era."""


class Accepting:
    """One loss that is accepted."""

    def __init__(
        self, clients: Clients, topics: Topics, journal: Journal, clock: Clock, eras: Eras
    ) -> None:
        """``journal`` and ``eras`` are what ``control`` says now."""
        self._clients = clients
        self._topics = topics
        self._journal = journal
        self._clock = clock
        self._settings: KafkaSettings = clients.settings
        self._logs = Logs(clients, topics, Bases(journal.bases), eras)
        self._snapshots = self._states(journal)
        sessions = Portions(
            clients,
            topics.sessions,
            deadline_s=self._settings.append_deadline_s,
            bases=self._logs.bases,
        )
        self._proofs = Proofs(self._logs, self._settings.engines, (self._snapshots, sessions))

    async def run(self, control: Control, say: Say) -> Journal:
        """Do it, and say what was done; the journal as it is then.

        Raises ``NothingLeft`` where there is nothing to go on from.
        """
        places = (await control.read()).places.values()
        wrong = await asyncio.to_thread(self._proofs.wrong, places)
        if wrong is None:
            say(NOTHING)
            return self._journal
        say(wrong)
        going, lost = await asyncio.to_thread(self._weighed, list(places))
        opening = await self._opened(lost)
        begun = self._begun(going, lost, opening[0].offset)
        bases, engine = Bases(begun.bases), going.engine
        engine.replay([log_record(record, bases) for record in opening])
        # Whoever loses ``control`` as well finds in the state what was begun here.
        await self._states(begun).publish(MAKER, begun, engine.position(), engine.snapshot())
        await control.say(begun)
        for line in _said(going, lost, begun):
            say(line)
        return begun

    async def refuse(self, control: Control) -> None:
        """Raise ``LostCommands`` where anything is lost."""
        places = (await control.read()).places.values()
        await asyncio.to_thread(self._proofs.hold, places)

    def _states(self, journal: Journal) -> KafkaSnapshots:
        return KafkaSnapshots(
            self._clients,
            self._topics,
            deadline_s=self._settings.append_deadline_s,
            bases=Bases(journal.bases),
        )

    def _weighed(self, places: list[Place]) -> tuple[GoingOn, Lost]:
        """From where it goes on, and without what."""
        engines = self._settings.engines
        followed = FollowedEngine(self._logs, engines[0], self._snapshots)
        with ExitStack() as stack:
            logs = [stack.enter_context(self._logs.events(name)) for name in engines]
            commands = stack.enter_context(self._logs.commands())
            states = [mark.good for kept in self._proofs.states for mark in kept.newest(1)]
            going = going_on(commands, logs, states, self._snapshots, followed)
            return going, assess(going, logs, self._proofs.found(places))

    async def _opened(self, lost: Lost) -> list[Record]:
        """Journal above which numbers all goes on; the records of that, as they stand there."""
        batches = raise_all(lost.numbers, lost.entries, self._clock.now_ns())
        out = Appender(
            self._clients, self._topics.commands, deadline_s=self._settings.append_deadline_s
        )
        async with TopicReader(self._clients, self._topics.commands) as reader:
            at = (await reader.ends()).next
            async with out:
                await out.append(batches)
            found: list[Record] = []
            end = (await reader.ends()).next
            while some := await reader.read(at, end):
                found += some
                at = some[-1].offset + 1
        values = [record.value for record in found]
        # One that was sent again stands there more than once.
        for begin in range(len(found) - len(batches), -1, -1):
            if values[begin : begin + len(batches)] == batches:
                return found[begin : begin + len(batches)]
        raise AppendFailed(
            f"what was journaled does not stand together in {self._topics.commands}, for others "
            "append there meanwhile: try it again"
        )

    def _begun(self, going: GoingOn, lost: Lost, kafka_offset: int) -> Journal:
        """The journal that goes on with the record at this offset."""
        base = Base(
            kafka_offset, lost.first_place - kafka_offset, going.kafka_end, behind=going.place
        )
        return msgspec.structs.replace(
            self._journal,
            era=self._journal.era + 1,
            era_nonce=secrets.token_hex(NONCE_BYTES),
            bases=(*self._journal.bases, base),
        )


def _said(going: GoingOn, lost: Lost, begun: Journal) -> Iterator[str]:
    if lost.place > going.place:
        yield (
            f"up to {lost.place - going.place} command batches with {lost.orders} orders, told "
            f"from {text_of(lost.from_ns)} to {text_of(lost.to_ns)}, are lost"
        )
    held = "the state behind " if going.from_state else ""
    yield (
        f"the exchange goes on from {held}command batch {going.place}, at command batch "
        f"{lost.first_place}; all is numbered far above what was told"
    )
    yield f"sessions get new ids (era {begun.era}); processes that still run end by themselves"
