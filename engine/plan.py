"""What a start makes of what the files say: a table of cases, in which no file is touched.

``docs/recovery.md`` is the table; ``tests/engine/test_plan.py`` reads it and holds ``decide`` to
it.

A commands log says what happened.  Every other file proves that something was told: each snapshot,
the events, the index of the sessions, the store, and the mark of a clean stop know the log's id,
and most of them its chain at their offset.  Nothing that one of them proves is dropped by a start.
"""

from dataclasses import dataclass

from core import JOURNAL_VERSION
from engine.evidence import Found, SnapshotFound
from engine.lost_events import begin_behind


@dataclass(frozen=True)
class Aside:
    """A snapshot that is not to be taken for one: renamed, with an error."""

    offset: int
    ending: str
    why: str


@dataclass(frozen=True)
class Refusal:
    """A start that is refused; nothing has been touched by then."""

    case: str
    """Its row in the table."""
    what: str
    """What is wrong, with the name of the file."""
    instead: str
    """What to do."""
    lost: bool = False
    """Whether going on would drop what was told: then a recovery can accept it."""


@dataclass(frozen=True)
class Start:
    """A start that goes on."""

    cases: tuple[str, ...]
    """Its rows in the table: what was remarkable, or ``sound``."""
    snapshots: tuple[int, ...] = ()
    """Offsets of the good ones of this journal, the newest first."""
    begin: tuple[int, ...] = ()
    """Those to begin with, the best first; none: the first command."""
    aside: tuple[Aside, ...] = ()
    new_era: str = ""
    """Why sessions get new ids; empty where they keep theirs."""
    raised: bool = False
    """Whether numbers go on far above: nobody knows what the original has told."""
    warnings: tuple[str, ...] = ()


MOVE_EVENTS = (
    "move events.db and events.db-wal away: the engine makes the events again, as far back as the "
    "commands or the snapshots go"
)
MOVE_MISPLACED = "move it away, and put back what was there; a start then says what is missing"
IMPORT = "`quantscope import DATA_DIR NEW_DIR` makes a directory of this version of it"
NEWER = "start the version that wrote it, or a newer one"
MOVE_STORE = (
    "put a newer copy of it back, or move it away, store.db-wal and store.db-shm with it: a new "
    "one then begins with what the engine knows and the events log keeps, and what ended before is "
    "in the one that was moved alone"
)
HISTORY_LOST = "nobody knows any more of orders that ended before, nor of older fills and trades"
GOES_ON = "the exchange goes on without, and answers say since when they are complete"
PUT_BACK = "put the file back that was there, or a whole backup with `quantscope restore`"


def decide(found: Found) -> Start | Refusal:
    """The first row of the table that refuses, or all those that a start goes on with."""
    for check in (_misplaced, _version, _mark, _commands, _told, _events, _store, _snapshots):
        refusal = check(found)
        if refusal is not None:
            return refusal
    return _start(found)


def _misplaced(found: Found) -> Refusal | None:
    if not found.misplaced:
        return None
    return Refusal(
        "misplaced",
        found.misplaced,
        MOVE_MISPLACED,
    )


def _version(found: Found) -> Refusal | None:
    if found.other_version is None:
        return None
    name, version = found.other_version
    what = f"{name} is of version {version} of the journal, and this is version {JOURNAL_VERSION}"
    return Refusal("other-version", what, IMPORT if version < JOURNAL_VERSION else NEWER)


def _mark(found: Found) -> Refusal | None:
    if found.mark_damage:
        return Refusal(
            "mark-damaged",
            f"mark is damaged: {found.mark_damage}",
            "move it away: the logs are then taken as they are, and sessions get new ids",
        )
    if found.mark is not None and found.mark.state == "recovering":
        return Refusal(
            "recovery-begun",
            "a recovery with an accepted loss was begun and not finished",
            "finish it",
            lost=True,
        )
    return None


def _commands(found: Found) -> Refusal | None:
    commands = found.commands
    if commands.damage:
        return Refusal("commands-damaged", commands.damage, PUT_BACK, lost=True)
    proofs = sorted(found.evidence(), key=lambda it: it.command)
    if not commands.there:
        if not proofs:
            return None
        return Refusal(
            "commands-missing",
            f"commands.db is missing or empty, and {proofs[-1].file} knows of command batch "
            f"{proofs[-1].command}",
            PUT_BACK,
            lost=True,
        )
    mark = found.mark
    if mark is not None and mark.commands.journal_id != commands.journal_id:
        return Refusal(
            "commands-foreign",
            "commands.db is of another journal than the one that mark names",
            PUT_BACK,
            lost=True,
        )
    return None


def _told(found: Found) -> Refusal | None:
    """Nothing that was told may be missing in the commands log, or be another thing there."""
    last = found.commands.last
    proofs = sorted(found.evidence(), key=lambda it: it.command, reverse=True)
    ahead = [proof for proof in proofs if proof.command > last]
    if ahead:
        names = ", ".join(dict.fromkeys(proof.file for proof in ahead))
        return Refusal(
            "commands-short",
            f"commands.db has lost its end: it goes to command batch {last}, and {names} "
            f"{'knows' if len(ahead) == 1 else 'know'} of {ahead[0].command}",
            PUT_BACK,
            lost=True,
        )
    for proof in proofs:
        if None not in (proof.chain, proof.here) and proof.chain != proof.here:
            return Refusal(
                "commands-other",
                f"commands.db is not what it was: at command batch {proof.command} it has another "
                f"checksum than {proof.file} says",
                PUT_BACK,
                lost=True,
            )
    return None


def _events(found: Found) -> Refusal | None:
    events, mark = found.events, found.mark
    if events.damage:
        return Refusal("events-damaged", events.damage, MOVE_EVENTS)
    if mark is None or not events.there or events.empty:
        return None
    if mark.events.journal_id != events.journal_id:
        return Refusal("events-foreign", "events.db is of another journal", MOVE_EVENTS)
    here = found.mark_here[1]
    if mark.state == "stopped" and here is not None and here != mark.events.chain:
        return Refusal(
            "events-other",
            f"events.db is not what it was: at offset {mark.events.last} it has another checksum "
            "than mark says",
            MOVE_EVENTS,
        )
    return None


def _store(found: Found) -> Refusal | None:
    store = found.store
    if store.damage:
        return Refusal("store-damaged", f"store.db can't be used: {store.damage}", MOVE_STORE)
    if store.evidence is None or found.store_is_foreign or store.in_events:
        return None
    begins = _events_begin(found)
    if begins > store.seq + 1:
        return Refusal(
            "store-behind",
            f"store.db is a copy of before: it ends with event {store.seq}, and the events log "
            f"begins with event {begins}",
            MOVE_STORE,
        )
    if store.in_events is None:
        return None
    return Refusal(
        "store-other",
        f"store.db is not of these events: its last event is {store.seq}, and the events log does "
        "not hold it as the store has it",
        MOVE_STORE,
    )


def _events_begin(found: Found) -> int:
    """The first event of the events log, once the engine has made again what it lacks."""
    if not found.events.empty:
        return found.events.first_seq
    own = [offset for offset in _own(found) if offset >= found.commands.first - 1]
    begin = begin_behind(own, found.events.whole, found.commands.first)
    before = [x.evidence.numbers.events for x in found.snapshots if begin and x.offset == begin[0]]
    return max(before, default=0) + 1


def _own(found: Found) -> tuple[int, ...]:
    """Offsets of the snapshots that are good and this journal's, the newest first."""
    return tuple(x.offset for x in found.snapshots if _fault(found, x) is None)


def _fault(found: Found, snapshot: SnapshotFound) -> tuple[str, str] | None:
    """Why a snapshot does not count, with its row in the table."""
    if snapshot.fault:
        return "snapshot-damaged", f"is damaged: {snapshot.fault}"
    if found.is_foreign(snapshot.evidence):
        return "snapshot-foreign", "is of another journal"
    if snapshot.events_agree is False:
        return "snapshot-foreign", "is not of these events"
    if not snapshot.has_header and snapshot.events_agree is None:
        return (
            "snapshot-unproven",
            "is of an older version, and no event proves that it is this one's",
        )
    return None


def _snapshots(found: Found) -> Refusal | None:
    """There must be something to go on from."""
    commands = found.commands
    own = [offset for offset in _own(found) if offset >= commands.first - 1]
    if not commands.there or commands.first == 1:
        return None
    if not own:
        faults = "".join(
            f"; {x.evidence.file} {fault[1]}"
            for x in found.snapshots
            if (fault := _fault(found, x)) is not None
        )
        return Refusal(
            "no-snapshot",
            f"commands.db begins at command batch {commands.first}, and there is no good snapshot "
            f"to go on from{faults}",
            "put a snapshot back, or a whole backup with `quantscope restore`",
        )
    whole = found.events.whole
    if begin_behind(own, whole, commands.first) is None:
        return Refusal(
            "events-gap",
            f"events.db ends with command batch {whole}, and the commands to go on from there are "
            "deleted",
            MOVE_EVENTS,
        )
    return None


def _start(found: Found) -> Start:
    cases: list[str] = []
    warnings: list[str] = []
    aside: list[Aside] = []
    for snapshot in found.snapshots:
        fault = _fault(found, snapshot)
        if fault is None:
            continue
        cases.append(fault[0])
        endings = {"snapshot-damaged": ".damaged", "snapshot-foreign": ".foreign"}
        if fault[0] in endings and not snapshot.unreadable:
            aside.append(Aside(snapshot.offset, endings[fault[0]], fault[1]))
        else:
            warnings.append(f"{snapshot.evidence.file} {fault[1]}; it is passed over")
    own = [offset for offset in _own(found) if offset >= found.commands.first - 1]
    new_era = _new_era(found, cases)
    begin = begin_behind(own, found.events.whole, found.commands.first) or ()
    _lost_events(found, own, cases, warnings)
    if found.index is not None and found.is_foreign(found.index):
        cases.append("index-foreign")
    if found.store_is_foreign:
        cases.append("store-foreign")
    _missing_store(found, cases, warnings)
    return Start(
        tuple(dict.fromkeys(cases)) or ("new" if found.commands.empty else "sound",),
        snapshots=_own(found),
        begin=tuple(begin),
        aside=tuple(aside),
        new_era=new_era,
        raised="copied" in cases or "mark-gone" in cases,
        warnings=tuple(warnings),
    )


def _new_era(found: Found, cases: list[str]) -> str:
    mark = found.mark
    eras = [x.era for x in found.snapshots if not x.fault and not found.is_foreign(x.evidence)]
    newest = max([*eras, mark.era if mark is not None else 0])
    if mark is not None and found.may_be_a_copy:
        cases.append("copied")
        return "the directory is a copy of another, or it or its commands.db was put back from one"
    if found.may_be_a_copy:
        cases.append("mark-gone")
        return "the file mark is gone, so that it may be a copy of another"
    if newest > found.era:
        cases.append("era-gone")
        return f"the file era is gone or an older one: there was an era {newest}"
    return ""


def _missing_store(found: Found, cases: list[str], warnings: list[str]) -> None:
    """A new store is made of the events that are kept: of before, only the old one knew."""
    begins = _events_begin(found)
    if begins == 1 or not (found.store.evidence is None or found.store_is_foreign):
        return
    cases.append("store-missing")
    of_others = "is another journal's" if found.store_is_foreign else "holds nothing"
    lacks = of_others if found.store.there else "is missing"
    warnings.append(
        f"store.db {lacks}, and the events log begins with event {begins}: a new store begins "
        f"there, and {HISTORY_LOST}; to have them, stop and put back a copy of store.db from a "
        f"backup that reaches event {begins - 1}; {GOES_ON}"
    )


def _lost_events(found: Found, own: list[int], cases: list[str], warnings: list[str]) -> None:
    mark, events = found.mark, found.events
    marked = mark.events.last if mark is not None and mark.state == "stopped" else 0
    newest = max(own, default=0)
    if not found.commands.there or (newest <= events.whole and marked <= events.last):
        return
    cases.append("events-short" if events.there and not events.empty else "events-missing")
    warnings.append(
        f"the events log has lost its end: it goes to command batch {events.whole}, and the "
        f"commands to {found.commands.last}; the engine makes the events again"
    )
    if found.commands.first > 1 and not events.whole:
        warnings.append(
            f"the commands before {found.commands.first} are deleted: sessions can't be told again "
            "what came before, and of orders that ended before, only the store knows"
        )
