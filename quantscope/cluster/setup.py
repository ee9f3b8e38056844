"""``quantscope setup``: topics, which journal they hold, and the configuration as commands."""

import asyncio
import json
import secrets
from collections.abc import Callable

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import UnknownTopicOrPartitionError

from core import Clock, Engine, describe_events
from engine.followed import FollowedEngine
from engine.setup import batches_of
from journal.kafka import (
    FIRST_OFFSET,
    NEW,
    Appender,
    Bases,
    Clients,
    Control,
    ControlLost,
    Eras,
    Forgotten,
    Journal,
    KafkaSnapshots,
    Logs,
    Mistake,
    NothingToTrust,
    Referee,
    Topics,
    Trust,
    make_topics,
    mend,
    mistakes,
    surplus,
)
from quantscope import translate
from quantscope.cluster.accepting import Accepting
from quantscope.cluster.process import Misconfigured
from quantscope.examine import NothingThere
from settings import Config

Say = Callable[[str], object]
READ_BYTES = 2**20
VOID_SHOWN_MAX = 1_000
"""So many events that are void are listed; of more their number is said."""
APPEAR_S = 10.0
"""How long brokers may take to hear of a topic that was made, in seconds."""
RETRY_S = 0.05
UNCHANGED = "the exchange is as it is configured"


def run_setup(
    config: Config, say: Say, *, dry_run: bool = False, accept_loss: bool = False
) -> None:
    """Make what is missing, mend what can be, and journal what the configuration changes.

    ``say`` is told each thing that was done, in a line.  With ``dry_run`` only what would be
    journaled is told, of an exchange that is there.  Commands that have lost their end are gone on
    from with ``accept_loss`` alone; else ``LostCommands`` is raised.
    """
    work = _Setup(config, say)
    asyncio.run(work.look() if dry_run else work.run(accept_loss=accept_loss))


def run_forget(config: Config, name: str, say: Say) -> None:
    """Keep nothing for a recorder any more; raises ``NothingThere`` where none has the name."""
    asyncio.run(_Setup(config, say).forget(name))


def run_trust(config: Config, engine: str, say: Say) -> None:
    """Go on with one engine where two differ; raises ``NothingThere`` where nothing is halted."""
    asyncio.run(_Setup(config, say).trust(engine))


class _Setup:
    def __init__(self, config: Config, say: Say) -> None:
        self._config = config
        self._say = say
        self._clock = Clock(config.server)
        self._clients = Clients(config.kafka)
        self._clients.check()
        self._topics = Topics(config.kafka)
        self._deadline_s = config.kafka.append_deadline_s
        self._eras = Eras()
        """What of the engines' logs and states counts."""

    async def run(self, *, accept_loss: bool) -> None:
        async with self._clients.administering() as admin:
            await self._topics_made(admin, accept_loss=accept_loss)
        async with self._control() as control:
            journal = await self._journal_named(control)
            self._eras = (await control.read()).eras
            accepting = Accepting(self._clients, self._topics, journal, self._clock, self._eras)
            if accept_loss:
                journal = await accepting.run(control, self._say)
            else:
                await accepting.refuse(control)
        await self._configured(await asyncio.to_thread(self._engine, journal))

    async def look(self) -> None:
        """Say what ``run`` would journal."""
        async with self._control() as control:
            standing = await control.read()
        journal, self._eras = standing.known(), standing.eras
        engine = await asyncio.to_thread(self._engine, journal)
        for line in translate.setup(self._config).changes(engine) or [UNCHANGED]:
            self._say(line)

    def _control(self) -> Control:
        return Control(self._clients, self._topics, deadline_s=self._deadline_s)

    def _snapshots(self, bases: Bases) -> KafkaSnapshots:
        return KafkaSnapshots(
            self._clients,
            self._topics,
            deadline_s=self._deadline_s,
            bases=bases,
            eras=self._eras,
        )

    def _logs(self, journal: Journal) -> Logs:
        return Logs(self._clients, self._topics, Bases(journal.bases), self._eras)

    def _engine(self, journal: Journal) -> Engine:
        """The engine behind all commands that there are."""
        logs = self._logs(journal)
        followed = FollowedEngine(logs, self._config.kafka.engines[0], self._snapshots(logs.bases))
        return followed.behind(followed.commands_end())

    async def forget(self, name: str) -> None:
        async with self._control() as control:
            known = (await control.read()).places
            if f"recorder.{name}" not in known:
                there = ", ".join(reader.removeprefix("recorder.") for reader in known) or "none"
                raise NothingThere(
                    f"--forget {name}: no recorder has that name; there are: {there}"
                )
            await control.say(Forgotten(f"recorder.{name}"))
        self._say(f"nothing is kept for the recorder {name} any more")

    async def trust(self, engine: str) -> None:
        async with self._control() as control:
            referee = Referee(control, self._config.kafka, self._clock, "setup")
            try:
                trust = await referee.trust(engine)
            except NothingToTrust as error:
                raise NothingThere(f"--trust {engine}: {error}") from error
            standing = await control.read()
        self._eras = standing.eras
        self._say(
            f"engine {engine} is trusted: what others told from command batch "
            f"{trust.command_offset} on is void, and era {trust.era} begins"
        )
        logs = self._logs(standing.known())
        for name in self._config.kafka.engines:
            if name != engine:
                await asyncio.to_thread(self._say_void, name, logs, trust)

    def _say_void(self, name: str, logs: Logs, trust: Trust) -> None:
        """List what an engine told that is void: clients may have heard of it."""
        said = 0
        with logs.events(name) as events:
            at = events.batch_after(trust.command_offset - 1)
            while at < events.next_offset and (records := events.read(at, READ_BYTES)):
                at = records[-1].offset + 1
                for record in records:
                    for batch in json.loads(describe_events(record.batch)):
                        for event in batch["events"]:
                            said += 1
                            if said <= VOID_SHOWN_MAX:
                                self._say(f"void, of engine {name}: {json.dumps(event)}")
        if said > VOID_SHOWN_MAX:
            self._say(
                f"void, of engine {name}: {said - VOID_SHOWN_MAX} events more (quantscope journal "
                "events shows all)"
            )

    async def _topics_made(self, admin: AIOKafkaAdminClient, *, accept_loss: bool) -> None:
        for name in await make_topics(admin, self._topics, accept_loss=accept_loss):
            self._say(f"made the topic {name}")
        for text in await surplus(admin, self._topics):
            self._say(text)
        if left := await self._topics_set(admin):
            raise Misconfigured("; ".join(mistake.text for mistake in left))

    async def _topics_set(self, admin: AIOKafkaAdminClient) -> list[Mistake]:
        """Set topics as they must be; what is wrong all the same.

        Whichever broker is asked may hear of a topic that was made just now later than others.
        """
        async with asyncio.timeout(APPEAR_S):
            while True:
                try:
                    for text in await mend(admin, self._topics):
                        self._say(text)
                    return await mistakes(admin, self._topics, self._config.kafka)
                except UnknownTopicOrPartitionError:
                    await asyncio.sleep(RETRY_S)

    async def _journal_named(self, control: Control) -> Journal:
        """Say in ``control`` which journal this is; where that was lost, a snapshot knows it."""
        journal = (await control.read()).journal
        if journal is not None:
            return journal
        journal = await asyncio.to_thread(self._snapshots(NEW).newest_journal)
        if journal is not None:
            self._say(f"written anew, as a snapshot knows it: {self._topics.control}")
        elif await asyncio.to_thread(self._nothing_was_journaled):
            journal = Journal(secrets.randbits(63))
            self._say(f"a new exchange: its journal is {journal.journal_id:016x}")
        else:
            raise ControlLost(
                f"{self._topics.control} does not say which journal "
                f"{self._topics.commands} holds, and there is no snapshot that knows: put the "
                "topic back, or delete all of them, or take another kafka.topic_prefix"
            )
        await control.say(journal)
        # Of two that are run at once, what was said last is true.
        return (await control.read()).known()

    def _nothing_was_journaled(self) -> bool:
        with Logs(self._clients, self._topics, NEW).commands() as commands:
            return commands.next_offset == FIRST_OFFSET

    async def _configured(self, engine: Engine) -> None:
        """Journal what differs from the configuration; all engines read it there."""
        setup = translate.setup(self._config)
        most = self._config.journal.batch_commands_max
        batches = batches_of(engine, setup, self._clock.now_ns(), most)
        if not batches:
            self._say(UNCHANGED)
            return
        for line in setup.changes(engine):
            self._say(line)
        out = Appender(self._clients, self._topics.commands, deadline_s=self._deadline_s)
        async with out:
            await out.append(batches)
        self._say(f"journaled what the configuration changes: {len(batches)} command batch(es)")
