"""What proves that commands were there: states, events, and readers, each with its last place.

Commands that have lost their end look whole.  So whoever goes on by them holds them first to all
that knows of one: it must be there still, and be the one whose hash stands with what knows of it.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from core import event_head
from journal.kafka.control import Place
from journal.kafka.kept import KafkaKept
from journal.kafka.logs import Logs
from journal.kafka.portions import Portions
from journal.kafka.setup import LostCommands

INSTEAD = (
    "put back what was there, or let quantscope setup --accept-loss go on without it, in a new era"
)


@dataclass(frozen=True)
class Proof:
    """Something that knows of a command."""

    of: str
    """What it is, for who reads of it."""
    command_offset: int
    command_hash: int = 0
    """That of the command batch; 0 where it does not say."""
    event_seq: int = 0
    """The last event that it knows of."""


@dataclass(frozen=True)
class Proofs:
    """All that is known in the topics of one exchange; its calls block."""

    logs: Logs
    replicas: Sequence[str]
    """The engines, by name."""
    states: Sequence[Portions]
    """Of engines, and of sessions."""

    def found(self, places: Iterable[Place]) -> Iterator[Proof]:
        """The last places that are known, with those of readers; raises ``JournalError``."""
        for kept in self.states:
            for good, _ in kept.newest(1):
                yield Proof(
                    f"a state of {good.maker} in {kept.topic}",
                    good.command_offset,
                    good.command_hash,
                    good.event_seq,
                )
        for replica in self.replicas:
            with self.logs.events(replica) as events:
                if last := last_of(events):
                    yield last
        for place in places:
            if not self.logs.bases.lost(place.command_offset):
                yield Proof(place.reader, place.command_offset, event_seq=place.event_seq)

    def wrong(self, places: Iterable[Place], *own: Proof) -> str | None:
        """What is wrong with the commands, in a sentence; None where all is there that is known.

        ``own`` is what else is known.  Raises ``JournalError``.
        """
        # What comes later knows of more: the end of the commands is looked at last.
        proofs = [*self.found(places), *own]
        with self.logs.commands() as commands:
            return held_to(commands, proofs)

    def hold(self, places: Iterable[Place], *own: Proof) -> None:
        """Raise ``LostCommands`` where something is wrong; see ``wrong``."""
        if wrong := self.wrong(places, *own):
            raise lost_commands(wrong)


def last_of(events: KafkaKept) -> Proof | None:
    """What the last batch of a log of events knows of; None where there is none."""
    if events.written_offset < events.first_offset:
        return None
    last = events.read(events.written_offset, 1)
    if not last:
        # The log is just about to begin anew.
        return None
    head = event_head(last[0].batch)
    return Proof(events.topic, head.command_offset, head.command_hash, head.last_seq)


def held_to(commands: KafkaKept, proofs: Iterable[Proof]) -> str | None:
    """See ``Proofs.wrong``.  What was deleted because nobody needs it any more is not missing."""
    for proof in proofs:
        place = proof.command_offset
        where = f"command batch {place} (Kafka's offset {commands.kafka_offset(place)})"
        if place >= commands.next_offset:
            return (
                f"{commands.topic} ends before {where}, of which {proof.of} knows: what was "
                "acknowledged since is gone"
            )
        found = commands.chain_at(place)
        if proof.command_hash and found is not None and found != proof.command_hash:
            return (
                f"{commands.topic} holds another record as {where} than the one of which "
                f"{proof.of} knows: it has lost its end, and others were appended since"
            )
    return None


def lost_commands(what: str) -> LostCommands:
    """The error that says what is wrong, and what to do."""
    return LostCommands(f"{what}: {INSTEAD}")
