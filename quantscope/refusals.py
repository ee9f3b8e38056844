"""Why a start is refused: what is wrong, what is at stake, and what to do, in one sentence."""

from datetime import UTC, datetime
from pathlib import Path

from core import JournalError, LogReader
from engine.evidence import Found
from engine.loss import Loss, assess, find_base
from engine.plan import Refusal
from engine.snapshots import Snapshots
from journal.at_rest import LogAtRest
from journal.datadir import DataDir
from quantscope.facts import Facts

NEW_IDS = (
    "mark is gone, or of another directory: the next start gives sessions new ids, and numbers "
    "orders and trades far above"
)


def refused(directory: DataDir, snapshots: Snapshots, facts: Facts, plan: Refusal) -> str:
    """The sentence with which a start is refused: what is wrong, what is at stake, what to do."""
    if not plan.lost:
        return f"{directory.path}: {plan.what}; nothing was changed: {plan.instead}"
    found = weigh(facts, plan, directory, snapshots)
    if isinstance(found, str):
        return f"{directory.path}: {plan.what}; {found}; nothing was changed: {plan.instead}"
    return explain(directory, plan, facts, found)


def weigh(facts: Facts, plan: Refusal, directory: DataDir, snapshots: Snapshots) -> Loss | str:
    """What would be lost, or why it can't be told."""
    base = find_base(facts.found, _log(facts, plan, directory))
    if base is None:
        return "there is neither a log nor a snapshot to go on from"
    try:
        return assess(facts.found, base, snapshots, facts.events)
    except (OSError, ValueError, JournalError) as error:
        return f"what stands at command batch {base.offset} can't be used: {error}"


def explain(directory: DataDir, plan: Refusal, facts: Facts, loss: Loss) -> str:
    """The sentence for a loss that can be accepted."""
    base = loss.base
    kind = "command batch" if base.log is not None else "the snapshot at command batch"
    if loss.nothing:
        stake = "nothing that was told would be lost"
    elif not loss.commands:
        stake = f"what was told after {text_of(loss.from_ns)}, if anything was, would be lost"
    else:
        stake = (
            f"{loss.commands} command batches with {loss.orders} orders, told from "
            f"{text_of(loss.from_ns)} to {text_of(loss.to_ns)}, would be lost"
        )
    history = lost_history(facts.found, loss)
    return (
        f"{directory.path}: {plan.what}; {stake}, and nothing was changed: {plan.instead}; or "
        f"`quantscope recover {directory.path} --accept-loss` goes on from {kind} {base.offset}"
        + (f", and puts store.db aside: {history}" if history else "")
        + (f"; {NEW_IDS}" if facts.found.may_be_a_copy else "")
    )


def kept_until(found: Found, loss: Loss) -> int:
    """The last command batch that a recovery keeps; one that was begun has written it down."""
    begun = None if found.mark is None else found.mark.recovery
    return loss.base.offset if begun is None else begun.base


def events_begin_anew(found: Found, loss: Loss) -> bool:
    """Whether the events of before the base are not all there, and can't be made again."""
    usable = found.events.there and not found.events.damage
    whole = found.events.whole if usable else 0
    return loss.base.log is None and whole < kept_until(found, loss)


def puts_store_aside(found: Found, loss: Loss) -> bool:
    """Whether a recovery can't keep the store: it has what is dropped, or lacks what is nowhere."""
    proof = found.store.evidence
    if proof is None or found.store_is_foreign:
        return False
    ahead = proof.command > kept_until(found, loss)
    return ahead or (events_begin_anew(found, loss) and found.store.seq < loss.base_seq)


def lost_history(found: Found, loss: Loss) -> str:
    """What nobody knows any more behind a recovery that puts the store aside; empty for nothing."""
    if events_begin_anew(found, loss) or found.events.damage or found.events.empty:
        # The engine makes them again, from the first command or from a snapshot.
        whole = loss.base.log is not None and loss.base.log.first_offset == 1
    else:
        whole = found.events.first_seq == 1
    if whole or not puts_store_aside(found, loss):
        return ""
    return (
        "orders that ended before the events that are kept, with older fills and trades, are in "
        "that one alone, and answers say since when they are complete"
    )


def text_of(ns: int) -> str:
    """A time in nanoseconds since the epoch, to the second, UTC."""
    if not ns:
        return "the beginning"
    seconds = datetime.fromtimestamp(ns // 10**9, UTC)
    return seconds.replace(tzinfo=None).isoformat() + "Z"


def _log(facts: Facts, plan: Refusal, directory: DataDir) -> LogAtRest | None:
    """The commands log to go on from, as far as it is whole, where it belongs here."""
    begun = None if facts.found.mark is None else facts.found.mark.recovery
    if begun is None:
        if plan.case in ("commands-foreign", "commands-other"):
            return None
        return facts.commands or _tail_dropped(directory.commands)
    # A recovery that was broken off may have left it under either name.
    for path in (directory.commands, lost_name(directory.commands, begun.aside)):
        found = _tail_dropped(path)
        if found is not None and found.written_offset >= begun.base:
            return found
    return None


def _tail_dropped(path: Path) -> LogAtRest | None:
    try:
        return LogAtRest(LogReader.at_rest(path, on_damage="drop_tail"))
    except (JournalError, OSError):
        return None


def lost_name(path: Path, number: int) -> Path:
    """What a file is called that a recovery has put aside."""
    return path.with_name(f"{path.name}.lost-{number}")
