"""From where a cluster goes on whose commands have lost their end, and what it does not keep.

It goes on from whatever reaches farthest: the last command that something proves to be the one it
was, or the newest good state of an engine, which needs no command before it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from core import Engine, JournalError, event_head, published_in
from engine.followed import FollowedEngine
from engine.loss import MESSAGES_MARGIN, beyond
from engine.recovery import stored_after
from journal.kafka import Good, KafkaKept, KafkaSnapshots, Proof
from journal.mark import Numbers

PLACES_MARGIN = 10**9
"""So far above all that is known places go on: more may have been told than is known."""


class NothingLeft(Exception):
    """There is neither a command nor a state to go on from."""


@dataclass(frozen=True)
class GoingOn:
    """From where."""

    engine: Engine
    """As it was right behind the last command that is kept."""
    place: int
    """The last command that is kept."""
    kafka_end: int
    """Behind the last record of the commands that counts, as Kafka counts."""
    from_state: bool
    """Whether the commands do not lead there, and a state does."""


@dataclass(frozen=True)
class Lost:
    """What is known and is not kept."""

    place: int
    """The highest that is known."""
    orders: int
    """Orders that were given an id."""
    from_ns: int
    """Engine time at the last command that is kept."""
    to_ns: int
    """Engine time of the last event that is known."""
    numbers: Numbers
    """What follows is numbered above these."""
    entries: tuple[tuple[int, int], ...] = field(default=())
    """The same for the messages of each entry."""

    @property
    def first_place(self) -> int:
        """Where what follows stands."""
        return self.place + 1 + PLACES_MARGIN


def proven_until(commands: KafkaKept, events: KafkaKept) -> int:
    """The last command that is the one of which a log of events tells; 0 where none is.

    An end is lost once: behind the first command that is another, or none, all are.
    """
    low, high = events.first_offset, events.next_offset
    proven = 0
    while low < high:
        middle = (low + high) // 2
        record = events.read(middle, 1)[0]
        head = event_head(record.batch)
        if _is_there(commands, head.command_offset, head.command_hash):
            # Offsets without a record count as the next one that has one.
            proven, low = head.command_offset, record.offset + 1
        else:
            high = middle
    return proven


def _is_there(commands: KafkaKept, place: int, command_hash: int) -> bool:
    if place < commands.first_offset:
        # Nobody needed it any more.
        return True
    return commands.chain_at(place) == command_hash


def going_on(
    commands: KafkaKept,
    logs: Sequence[KafkaKept],
    states: Iterable[Good],
    snapshots: KafkaSnapshots,
    followed: FollowedEngine,
) -> GoingOn:
    """From where; ``logs`` are those of all engines, ``states`` what else has a hash of a command.

    Raises ``NothingLeft``.
    """
    proven = max((proven_until(commands, log) for log in logs), default=0)
    for good in states:
        if good.command_hash and commands.chain_at(good.command_offset) == good.command_hash:
            proven = max(proven, good.command_offset)
    kafka_end = commands.kafka_offset(proven) + 1 if proven else 0
    newest = next(snapshots.engines(), None)
    stands = 0 if newest is None else newest.position().command_offset
    if newest is not None and stands >= proven:
        return GoingOn(newest, stands, kafka_end, from_state=stands > proven)
    try:
        return GoingOn(followed.behind(proven), proven, kafka_end, from_state=False)
    except JournalError as error:
        if newest is None:
            raise NothingLeft(
                f"{commands.topic} has lost its end, and there is neither a command nor a state "
                f"to go on from: {error}"
            ) from error
        return GoingOn(newest, stands, kafka_end, from_state=True)


def assess(going: GoingOn, logs: Iterable[KafkaKept], proofs: Iterable[Proof]) -> Lost:
    """What is not kept; nobody knows whether more was told than that."""
    at, counts = going.engine.position(), going.engine.counts()
    numbers = Numbers(counts["orders"], counts["trades"], at.event_seq, at.time_ns)
    place, given = at.command_offset, 0
    entries = {row.entry: row.entry_seq for row in going.engine.entries()}
    for proof in proofs:
        place = max(place, proof.command_offset)
        numbers = numbers.above(Numbers(events=proof.event_seq))
    for log in logs:
        told = 0
        for batches in stored_after(log, at.command_offset):
            heard = published_in(batches)
            told += heard.given
            numbers = numbers.above(Numbers(heard.orders, heard.trades))
            for entry, seq in heard.entries.items():
                entries[entry] = max(seq, entries.get(entry, 0))
        given = max(given, told)
        if log.written_offset >= log.first_offset:
            head = event_head(log.read(log.written_offset, 1)[0].batch)
            numbers = numbers.above(Numbers(events=head.last_seq, time_ns=head.time_ns))
    return Lost(
        place,
        max(given, numbers.orders - counts["orders"]),
        at.time_ns,
        numbers.time_ns,
        beyond(numbers),
        tuple(sorted((entry, seq + MESSAGES_MARGIN) for entry, seq in entries.items())),
    )
