"""What is lost where a commands log is gone or shorter than what was told, and from where to go on.

The journal goes on from whatever reaches farthest: the end of the commands log, or the newest good
snapshot of this journal, which needs no command before it.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from core import Commands, Engine, Entry, JournalDamaged, JournalError, LogRecord, published_in
from engine.evidence import Found, SnapshotFound
from engine.recovery import READ_BYTES, stored_after
from engine.snapshots import Snapshots
from journal.at_rest import LogAtRest
from journal.mark import Numbers
from protocol.terms import EntryKind, Gateway

NUMBERS_MARGIN = 10**12
"""So far above all that is known numbers go on at least, where more may have been told."""
NUMBERS_SPREAD = 10**13
"""And by chance up to so much further: a backup that is put back twice does not number alike."""
MESSAGES_MARGIN = 10**9
"""The same for the messages of each session."""
RAISED_MAX = 1_000
"""Commands in one batch of those that raise numbers."""


@dataclass(frozen=True)
class Base:
    """From where the journal can go on."""

    offset: int
    """The last command batch that is kept."""
    chain: int
    """Chain of the commands log there."""
    log: LogAtRest | None
    """The log that has it; None where a snapshot has it."""


@dataclass(frozen=True)
class Loss:
    """What is not kept."""

    base: Base
    told: int
    """The last command batch that was told of."""
    orders: int
    """Orders that were given an id after the base."""
    from_ns: int
    """Engine time at the base."""
    to_ns: int
    """Engine time of the last event that is known."""
    exact: bool
    """Nothing more was told than what is known."""
    base_seq: int
    """The last event before the base."""
    numbers: Numbers
    """What follows is numbered above these."""
    entries: tuple[tuple[int, int], ...]
    """The same for the messages of each entry."""

    @property
    def commands(self) -> int:
        """Command batches that were told of and are not kept."""
        return max(0, self.told - self.base.offset)

    @property
    def nothing(self) -> bool:
        """Whether all is kept that was ever told."""
        return self.exact and not self.commands


def find_base(found: Found, log: LogAtRest | None) -> Base | None:
    """The farthest point to go on from; None where there is none.

    ``log`` is the commands log, as far as it can be read, where it is the one that belongs here.
    """
    own = [x for x in found.snapshots if _usable(found, x)]
    newest = max(own, key=lambda x: x.offset, default=None)
    reach = None if log is None else _reach(log)
    if reach is not None and log is not None:
        offset, chain = reach
        begun = log.first_offset == 1 or any(
            log.first_offset - 1 <= x.offset <= offset for x in own
        )
        if begun and (newest is None or offset >= newest.offset):
            return Base(offset, chain, log)
    if newest is None or newest.evidence.chain is None:
        return None
    return Base(newest.offset, newest.evidence.chain, None)


def _usable(found: Found, snapshot: SnapshotFound) -> bool:
    return (
        not snapshot.fault
        and snapshot.has_header
        and not found.is_foreign(snapshot.evidence)
        and snapshot.events_agree is not False
    )


def _reach(log: LogAtRest) -> tuple[int, int] | None:
    """The last record up to which a log is whole, and its chain."""
    try:
        offset, chain = log.first_offset - 1, log.chain_at(log.first_offset - 1)
        for record in whole_records(log, log.first_offset, log.next_offset - 1):
            offset, chain = record.offset, record.chain
    except JournalError:
        return None
    return offset, chain


def whole_records(log: LogAtRest, offset: int, last: int) -> Iterator[LogRecord]:
    """The records of a log from ``offset`` up to ``last``, or to where it is damaged."""
    bytes_max = READ_BYTES
    while offset <= last:
        try:
            records = log.read(offset, bytes_max)
        except JournalDamaged:
            if bytes_max == 1:
                return
            # What stands before the damage is read one by one.
            bytes_max = 1
            continue
        if not records:
            return
        yield from (record for record in records if record.offset <= last)
        offset = records[-1].offset + 1


def engine_at(base: Base, snapshots: Snapshots, own: Iterable[int]) -> Engine:
    """The engine as it was at the base.

    Raises ``ValueError``, ``OSError`` and ``JournalError`` where it can't be had.
    """
    if base.log is None:
        return snapshots.restore(base.offset)
    first = base.log.first_offset
    behind = [offset for offset in own if first - 1 <= offset <= base.offset]
    engine = snapshots.restore(max(behind)) if behind else Engine()
    offset = engine.position().command_offset + 1
    for record in whole_records(base.log, offset, base.offset):
        engine.replay([record])
    return engine


def assess(found: Found, base: Base, snapshots: Snapshots, events: LogAtRest | None) -> Loss:
    """What a recovery from the base does not keep."""
    own = [x.offset for x in found.snapshots if _usable(found, x)]
    engine = engine_at(base, snapshots, own)
    position, counts = engine.position(), engine.counts()
    told, numbers, entries = base.offset, Numbers(), dict[int, int]()
    for proof in found.evidence():
        told, numbers = max(told, proof.command), numbers.above(proof.numbers)
    given = 0
    for batches in [] if events is None else stored_after(events, base.offset):
        heard = published_in(batches)
        given += heard.given
        numbers = numbers.above(Numbers(heard.orders, heard.trades))
        for entry, seq in heard.entries.items():
            entries[entry] = max(seq, entries.get(entry, 0))
    exact = found.mark is not None and found.mark.state == "stopped"
    unheard = max(0, numbers.events - max(position.event_seq, _last_seq(found, base)))
    # An event tells two messages at most.
    margin = 2 * unheard if exact else MESSAGES_MARGIN
    for row in engine.entries():
        told_to = max(row.entry_seq, entries.get(row.entry, 0))
        entries[row.entry] = told_to + max(margin, reset_margin(row, told_to))
    lost = Numbers(counts["orders"], counts["trades"], position.event_seq, position.time_ns)
    numbers = numbers.above(lost)
    return Loss(
        base,
        told,
        orders=max(given, numbers.orders - counts["orders"]),
        from_ns=position.time_ns,
        to_ns=numbers.time_ns,
        exact=exact,
        base_seq=position.event_seq,
        numbers=numbers if exact else beyond(numbers),
        entries=tuple(sorted(entries.items())),
    )


def reset_margin(row: Entry, told: int) -> int:
    """So far above what it was told the numbers of an entry go on in a new era: of FIX, too far.

    FIX has no ids of sessions that could change.  A session whose numbers are beyond
    ``MESSAGES_MARGIN`` is gone on with by a client's reset alone: see ``crates/gateway/src/fix``.
    """
    beyond_it = told - row.base >= MESSAGES_MARGIN
    return 0 if row.kind != EntryKind.FIX or beyond_it else MESSAGES_MARGIN


def _last_seq(found: Found, base: Base) -> int:
    """The last event that the events log has, if it has any behind the base."""
    return found.events.numbers.events if found.events.command > base.offset else 0


def beyond(numbers: Numbers) -> Numbers:
    """Numbers above all that may have been told, where more may have been than is known."""
    return Numbers(
        numbers.orders + NUMBERS_MARGIN,
        numbers.trades + NUMBERS_MARGIN,
        numbers.events + NUMBERS_MARGIN,
        numbers.time_ns,
    )


def raise_all(numbers: Numbers, entries: Iterable[tuple[int, int]], stamp_ns: int) -> list[bytes]:
    """Batches of the commands above whose numbers, and messages of entries, an engine goes on."""
    commands = Commands()
    commands.raise_numbers(orders=numbers.orders, trades=numbers.trades, events=numbers.events)
    for entry, seq in entries:
        commands.raise_entry(entry, seq)
    batches = []
    while sealed := commands.seal(Gateway.ENGINE, 0, 0, stamp_ns, RAISED_MAX):
        batches.append(sealed)
    return batches
