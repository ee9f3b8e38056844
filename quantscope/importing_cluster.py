"""``quantscope import`` into a cluster: an exchange of one process goes on on Kafka.

The commands are not brought over: the cluster goes on from the snapshot of the clean stop, behind
the last of them.  Journal, era and places stay, and so do the ids of sessions and their numbers;
what sessions may still ask for is brought over, and the store with its history.
"""

import asyncio
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from core import Engine, LogReader, event_head, store_at_rest
from engine.plan import Start, decide
from engine.recovery import READ_BYTES
from journal.at_rest import LogAtRest
from journal.datadir import STORE_NAME, DataDir, Era
from journal.kafka import (
    Appender,
    Base,
    Clients,
    Control,
    Journal,
    KafkaSnapshots,
    Topics,
    make_topics,
    missing_topics,
)
from quantscope.cluster.setup import run_setup
from quantscope.facts import Facts, gather
from quantscope.importing import BEFORE, brought_over, copy_durably
from quantscope.journals import StartRefused, snapshots_of
from quantscope.refusals import refused
from quantscope.restoring import check_free
from settings import Config

Say = Callable[[str], object]
STOP_FIRST = "start it with `quantscope serve`, and stop it cleanly (SIGTERM)"
MAKER = "import"
"""Who has made the first state."""


@dataclass(frozen=True)
class _Stopped:
    """An exchange that stopped cleanly, as far as it is brought over."""

    journal: Journal
    engine: Engine
    """Behind the last command."""
    events: LogAtRest


def run_import_into_cluster(config: Config, source: Path, archive: Path | None, say: Say) -> None:
    """Bring what ``source`` holds into topics that are not there yet; it is not changed.

    The store becomes that of the directory ``archive``, if one is named, which is to be new.
    """
    with DataDir.at_rest(source) as old:
        version = LogReader.at_rest(old.commands).version() if old.commands.exists() else None
    if version != BEFORE:
        return _bring(config, source, archive, say)
    with tempfile.TemporaryDirectory() as scratch:
        # What is made of version 1 is a directory like any other.
        directory = Path(scratch) / "data"
        brought_over(config, source, directory)
        _bring(config, directory, archive, say)


def _bring(config: Config, source: Path, archive: Path | None, say: Say) -> None:
    with DataDir.at_rest(source) as old:
        stopped = _stopped(config, old)
        if archive is not None:
            check_free(archive, source)
            _check_store(old, stopped)
        asyncio.run(_topics_free(config))
        if archive is not None:
            _bring_store(old, archive, say)
        asyncio.run(_into_topics(config, stopped, say))
    run_setup(config, say)


# -- what is there ---------------------------------------------------------------------------


def _stopped(config: Config, old: DataDir) -> _Stopped:
    """What stands at the clean stop; raises ``StartRefused`` where that was none."""
    snapshots = snapshots_of(old, config)
    facts = gather(old, snapshots, config.journal.verify_bytes_max)
    plan = decide(facts.found)
    if not isinstance(plan, Start):
        raise StartRefused(refused(old, snapshots, facts, plan))
    if why := _not_clean(facts, plan):
        raise StartRefused(f"{old.path}: {why}: {STOP_FIRST}")
    found, events = facts.found, facts.events
    if events is None or found.commands.journal_id != found.events.journal_id:
        raise StartRefused(
            f"{old.path}: the events log is another journal's than the commands, as versions "
            "before this one had it: move events.db and store.db away with what lies beside them, "
            f"and then {STOP_FIRST}"
        )
    newest = facts.judged[0]
    snapshots.accept([newest.offset])
    engine, era, last = snapshots.restore(newest.offset), old.era, found.commands.last
    return _Stopped(_journal(found.commands.journal_id, era, last), engine, events)


def _not_clean(facts: Facts, plan: Start) -> str:
    found = facts.found
    last = found.commands.last
    if found.mark is None or found.mark.state != "stopped" or found.mark.raising:
        return "it was not stopped cleanly"
    if plan.new_era:
        return f"its next start gives sessions new ids ({plan.new_era})"
    if not plan.snapshots or plan.snapshots[0] != last or facts.judged[0].offset != last:
        return f"no good snapshot stands at the end of the commands, at command batch {last}"
    if found.events.whole != last:
        return f"the events do not go to the end of the commands, at command batch {last}"
    return ""


def _journal(journal_id: int, era: Era, last: int) -> Journal:
    """It goes on behind its last command."""
    return Journal(journal_id, era.number, era.nonce, (Base(0, last + 1, behind=last),))


# -- the store -------------------------------------------------------------------------------


def _check_store(old: DataDir, stopped: _Stopped) -> None:
    told = store_at_rest(old.store) if old.store.exists() else None
    last = stopped.events.read(stopped.events.written_offset, 1)
    if told is None or not last or told.hash != event_head(last[0].batch).hash:
        raise StartRefused(
            f"{old.store} does not end where the events do: {STOP_FIRST}, or leave --archive away: "
            "the archive then begins with what the engine knows"
        )


def _bring_store(old: DataDir, archive: Path, say: Say) -> None:
    """Its recorder finds in the events log where it stands."""
    archive.mkdir(parents=True, exist_ok=True)
    for ending in ("-wal", ""):
        file = old.store.with_name(old.store.name + ending)
        if file.exists():
            copy_durably(file, archive / (STORE_NAME + ending))
    say(f"the history is in {archive / STORE_NAME}: quantscope recorder --data-dir {archive}")


# -- the topics ------------------------------------------------------------------------------


async def _topics_free(config: Config) -> None:
    """Raise ``StartRefused`` unless none is there: a journal that goes on is not written over."""
    names = [topic.name for topic in Topics(config.kafka).all()]
    async with Clients(config.kafka).administering() as admin:
        there = sorted(set(names) - set(await missing_topics(admin, names)))
    if there:
        raise StartRefused(
            f"topics are there already: {', '.join(there)}: an import makes a new exchange; take "
            "another kafka.topic_prefix, or delete them where nobody needs what they hold"
        )


async def _into_topics(config: Config, stopped: _Stopped, say: Say) -> None:
    """Which journal it is, by which all begins, is said at last."""
    clients, topics = Clients(config.kafka), Topics(config.kafka)
    deadline_s = config.kafka.append_deadline_s
    async with clients.administering() as admin:
        for name in await make_topics(admin, topics):
            say(f"made the topic {name}")
    count = 0
    for replica in config.kafka.engines:
        out = Appender(clients, topics.events(replica), deadline_s=deadline_s)
        async with out:
            for batches in _portions(stopped.events):
                await out.append(batches)
                count += len(batches)
    snapshots = KafkaSnapshots(clients, topics, deadline_s=deadline_s)
    engine = stopped.engine
    await snapshots.publish(MAKER, stopped.journal, engine.position(), engine.snapshot())
    async with Control(clients, topics, deadline_s=deadline_s) as control:
        await control.say(stopped.journal)
    last = stopped.journal.bases[0].behind
    say(
        f"the cluster goes on from command batch {last}, with "
        f"{count // len(config.kafka.engines)} event batches"
    )


def _portions(events: LogAtRest) -> Iterator[list[bytes]]:
    offset = events.first_offset
    while records := events.read(offset, READ_BYTES):
        yield [record.batch for record in records]
        offset = records[-1].offset + 1
