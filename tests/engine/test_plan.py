"""The table of docs/recovery.md, row by row: what a start makes of what the files say."""

import re
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest

from engine.evidence import EventsFound, Evidence, Found, LogFound, SnapshotFound, StoreFound
from engine.plan import Refusal, Start, decide
from journal.mark import End, Mark, Numbers, Recovery

TABLE = (Path(__file__).parents[2] / "docs" / "recovery.md").read_text()
OURS, OTHERS = 7, 8
LAST, CHAIN = 100, 4711
"""The commands log of a directory in which all agree, and its chain there."""


def snapshot(offset: int, **changes: object) -> SnapshotFound:
    proof = Evidence(f"snapshots/{offset:020d}.snapshot", offset, OURS, offset, offset)
    made = SnapshotFound(offset, proof, events_agree=True)
    return replace(made, **changes)  # type: ignore[arg-type]


def with_events(found: SnapshotFound, last: int) -> SnapshotFound:
    return replace(found, evidence=replace(found.evidence, numbers=Numbers(events=last)))


def foreign(found: SnapshotFound) -> SnapshotFound:
    return replace(found, evidence=replace(found.evidence, journal_id=OTHERS))


COMMANDS = LogFound(True, OURS, 1, LAST, CHAIN)
EVENTS = EventsFound(True, OURS, 1, 120, 5, whole=LAST, command=LAST, numbers=Numbers(events=300))
STOPPED = Mark("stopped", 2, End(OURS, LAST, CHAIN), End(OURS, 120, 5), Numbers(40, 9, 300))
RUNNING = Mark("running", 2, End(OURS, 0, 0), End(OURS, 0, 0))
STORE = StoreFound(True, "", Evidence("store.db", LAST, OURS), seq=300, in_events=True)
INDEX = Evidence("snapshots/sessions.index", 90, OURS, 90, 90)
SOUND = Found(
    commands=COMMANDS,
    events=EVENTS,
    mark=STOPPED,
    mark_here=(CHAIN, 5),
    era=2,
    snapshots=(snapshot(90), snapshot(60)),
    index=INDEX,
    store=STORE,
)
CRASHED = replace(SOUND, mark=RUNNING, mark_here=(None, None))
TRIMMED = replace(SOUND, commands=replace(COMMANDS, first=61))
LATE = replace(TRIMMED, events=replace(EVENTS, first_seq=200))
"""A directory that has deleted the beginning of both logs."""
LEGACY = replace(
    CRASHED,
    mark=None,
    era=0,
    events=replace(EVENTS, journal_id=OTHERS),
    snapshots=(snapshot(90, has_header=False), snapshot(60, has_header=False)),
    index=None,
    store=StoreFound(),
)
GONE = LogFound()

GOES_ON: dict[str, list[Found]] = {
    "new": [Found(), Found(store=StoreFound(there=True)), Found(commands=LogFound(True, OURS))],
    "sound": [
        SOUND,
        CRASHED,
        TRIMMED,
        # Of which the store was begun later than the exchange, or not.
        LATE,
        replace(LATE, store=replace(STORE, first_seq=200, late_ns=7)),
        LEGACY,
        # Written behind the mark by a version that knows none.
        replace(SOUND, commands=replace(COMMANDS, last=LAST + 3)),
        # Events are written behind the commands, and the store behind the events.
        replace(CRASHED, events=replace(EVENTS, whole=95, command=96)),
        replace(SOUND, store=replace(STORE, in_events=None)),
        replace(SOUND, store=StoreFound()),
        replace(SOUND, index=None, snapshots=()),
    ],
    "copied": [
        replace(SOUND, copied=True),
        replace(SOUND, mark=msgspec.structs.replace(STOPPED, raising=True)),
        replace(CRASHED, copied=True),
    ],
    "mark-gone": [
        replace(SOUND, mark=None),
        replace(SOUND, mark=None, snapshots=()),
        # Nothing but a commands log: a version that leaves no mark left an events log as well.
        Found(commands=COMMANDS),
    ],
    "era-gone": [replace(SOUND, era=1), replace(SOUND, snapshots=(snapshot(90, era=3),))],
    "snapshot-damaged": [replace(SOUND, snapshots=(snapshot(90, fault="x"), snapshot(60)))],
    "snapshot-foreign": [
        replace(SOUND, snapshots=(foreign(snapshot(90)), snapshot(60))),
        # At the very offset where the log ends, and beyond it.
        replace(SOUND, snapshots=(foreign(snapshot(LAST)), snapshot(60))),
        replace(SOUND, snapshots=(foreign(snapshot(LAST + 50)), snapshot(60))),
        replace(SOUND, snapshots=(snapshot(90, events_agree=False), snapshot(60))),
        replace(LEGACY, snapshots=(snapshot(90, has_header=False, events_agree=False),)),
    ],
    "snapshot-unproven": [
        replace(LEGACY, snapshots=(snapshot(90, has_header=False, events_agree=None),))
    ],
    "events-missing": [replace(SOUND, events=EventsFound())],
    "events-short": [
        replace(CRASHED, events=replace(EVENTS, whole=70, command=70)),
        replace(SOUND, events=replace(EVENTS, last=119), mark_here=(CHAIN, None)),
    ],
    "index-foreign": [replace(SOUND, index=replace(INDEX, journal_id=OTHERS))],
    "store-missing": [
        replace(LATE, store=StoreFound()),
        replace(LATE, store=StoreFound(there=True)),
    ],
    "store-foreign": [
        replace(SOUND, store=replace(STORE, evidence=Evidence("store.db", 999, OTHERS))),
    ],
}

REFUSES: dict[str, list[Found]] = {
    "misplaced": [Found(misplaced="mark is a directory, where a file belongs")],
    "other-version": [
        Found(other_version=("commands.db", 1)),
        Found(other_version=("events.db", 3)),
    ],
    "mark-damaged": [replace(SOUND, mark=None, mark_damage="x")],
    "events-damaged": [
        replace(SOUND, events=EventsFound(there=True, damage="events.db is damaged"))
    ],
    "events-foreign": [
        replace(SOUND, events=replace(EVENTS, journal_id=OTHERS)),
        replace(SOUND, events=replace(EVENTS, journal_id=OTHERS, command=500, whole=500)),
    ],
    "events-other": [replace(SOUND, mark_here=(CHAIN, 6))],
    "events-gap": [replace(TRIMMED, events=replace(EVENTS, whole=50, command=50, last=60))],
    "store-damaged": [replace(SOUND, store=StoreFound(there=True, damage="no database"))],
    "store-behind": [
        replace(
            SOUND,
            events=replace(EVENTS, first_seq=200),
            store=StoreFound(True, "", Evidence("store.db", 50, OURS), 150, in_events=False),
        ),
        # The events begin anew at a snapshot, and the store does not reach it.
        replace(
            TRIMMED,
            events=EventsFound(),
            snapshots=(snapshot(90), with_events(snapshot(60), 200)),
            store=StoreFound(True, "", Evidence("store.db", 50, OURS), 150),
        ),
    ],
    "store-other": [replace(SOUND, store=replace(STORE, in_events=False))],
    "no-snapshot": [
        replace(TRIMMED, snapshots=()),
        replace(TRIMMED, snapshots=(snapshot(90, fault="x"), foreign(snapshot(61)))),
        replace(TRIMMED, snapshots=(snapshot(40),)),
    ],
}

LOSES: dict[str, list[Found]] = {
    "commands-missing": [
        replace(SOUND, commands=GONE),
        replace(CRASHED, commands=GONE, snapshots=(), index=None, store=StoreFound()),
        Found(snapshots=(snapshot(90),)),
        Found(store=STORE),
        Found(index=INDEX),
        Found(mark=STOPPED),
    ],
    "commands-damaged": [replace(SOUND, commands=LogFound(True, damage="commands.db is damaged"))],
    "commands-foreign": [replace(SOUND, commands=replace(COMMANDS, journal_id=OTHERS))],
    "commands-short": [
        # Of each that knows more, alone.
        replace(SOUND, commands=replace(COMMANDS, last=99), mark_here=(None, 5)),
        replace(CRASHED, commands=replace(COMMANDS, last=99)),
        replace(CRASHED, snapshots=(snapshot(101), snapshot(60))),
        replace(LEGACY, snapshots=(snapshot(101, has_header=False),)),
        replace(CRASHED, index=Evidence("snapshots/sessions.index", 101, OURS, 1)),
        replace(CRASHED, store=replace(STORE, evidence=Evidence("store.db", 101, OURS))),
    ],
    "commands-other": [
        replace(SOUND, mark_here=(CHAIN + 1, 5)),
        replace(
            CRASHED,
            snapshots=(replace(snapshot(90), evidence=Evidence("snapshots/x", 90, OURS, 90, 91)),),
        ),
        replace(CRASHED, index=replace(INDEX, here=91)),
    ],
    "recovery-begun": [
        replace(
            SOUND,
            mark=msgspec.structs.replace(
                STOPPED, state="recovering", recovery=Recovery(90, Numbers(), (), 1)
            ),
        ),
    ],
}


def rows(heading: str) -> set[str]:
    """The cases of one table of the document."""
    part = TABLE.split(f"## {heading}\n")[1].split("\n## ")[0]
    return set(re.findall(r"^\| `([a-z-]+)` \|", part, re.MULTILINE))


def test_the_document_has_these_rows_and_no_others() -> None:
    assert rows("It goes on") == GOES_ON.keys()
    assert rows("It refuses, and nothing that was told is at stake") == REFUSES.keys()
    assert rows("It refuses, for what was told would be lost") == LOSES.keys()


@pytest.mark.parametrize(("case", "found"), [(c, f) for c, all_ in GOES_ON.items() for f in all_])
def test_it_goes_on(case: str, found: Found) -> None:
    plan = decide(found)
    assert isinstance(plan, Start), plan
    assert plan.cases == (case,)
    raised = case in ("copied", "mark-gone")
    assert (plan.raised, bool(plan.new_era)) == (raised, raised or case == "era-gone")


@pytest.mark.parametrize(("case", "found"), [(c, f) for c, all_ in REFUSES.items() for f in all_])
def test_it_refuses(case: str, found: Found) -> None:
    plan = decide(found)
    assert isinstance(plan, Refusal), plan
    assert (plan.case, plan.lost) == (case, False)
    assert any(name in plan.what for name in ("mark", "events.db", "store.db", "commands.db"))
    assert plan.instead


@pytest.mark.parametrize(("case", "found"), [(c, f) for c, all_ in LOSES.items() for f in all_])
def test_it_refuses_for_a_loss(case: str, found: Found) -> None:
    plan = decide(found)
    assert isinstance(plan, Refusal), plan
    assert (plan.case, plan.lost) == (case, True)


def test_it_begins_with_the_best_snapshot() -> None:
    begins = {
        (90, 60): SOUND,
        (60,): replace(CRASHED, events=replace(EVENTS, whole=70, command=70)),
        (): replace(CRASHED, events=replace(EVENTS, whole=50, command=50)),
        # Nothing is left of the events, and the first commands are deleted.
        (60, 90): replace(TRIMMED, events=EventsFound()),
    }
    for begin, found in begins.items():
        plan = decide(found)
        assert isinstance(plan, Start), plan
        assert plan.begin == begin


def test_a_foreign_snapshot_is_never_begun_with() -> None:
    for found in GOES_ON["snapshot-foreign"]:
        plan = decide(found)
        assert isinstance(plan, Start), plan
        (aside,) = plan.aside
        assert aside.ending == ".foreign"
        assert aside.offset not in (*plan.begin, *plan.snapshots)


def test_all_that_is_met_is_said() -> None:
    found = replace(SOUND, copied=True, snapshots=(snapshot(90, fault="x"), foreign(snapshot(80))))
    plan = decide(found)
    assert isinstance(plan, Start), plan
    assert set(plan.cases) == {"copied", "snapshot-damaged", "snapshot-foreign"}
    assert {aside.ending for aside in plan.aside} == {".damaged", ".foreign"}


def test_a_store_that_can_not_be_made_again_whole_is_missed() -> None:
    """Whatever the reason is for a new one, where the events begin later than the exchange."""
    anew = replace(
        TRIMMED,
        events=EventsFound(),
        snapshots=(snapshot(90), with_events(snapshot(60), 200)),
        store=StoreFound(),
    )
    others = replace(LATE, store=replace(STORE, evidence=Evidence("store.db", 999, OTHERS)))
    for found, case, words in (
        (anew, "events-missing", "store.db is missing, and the events log begins with event 201"),
        (others, "store-foreign", "store.db is another journal's, and the events log begins"),
    ):
        plan = decide(found)
        assert isinstance(plan, Start), plan
        assert set(plan.cases) == {case, "store-missing"}
        assert plan.warnings[-1].startswith(words)
        assert "put back a copy of store.db" in plan.warnings[-1]
