"""Why a start is refused: what is wrong, what is at stake, and what to do, in one sentence."""

from datetime import UTC, datetime
from pathlib import Path

from core import JournalError, LogReader
from engine.loss import Loss, assess, find_base
from engine.plan import Refusal
from engine.snapshots import Snapshots
from journal.at_rest import LogAtRest
from journal.datadir import DataDir
from quantscope.facts import Facts


def refused(directory: DataDir, snapshots: Snapshots, facts: Facts, plan: Refusal) -> str:
    """The sentence with which a start is refused: what is wrong, what is at stake, what to do."""
    if not plan.lost:
        return f"{directory.path}: {plan.what}; nothing was changed: {plan.instead}"
    found = weigh(facts, plan, directory, snapshots)
    if isinstance(found, str):
        return f"{directory.path}: {plan.what}; {found}; nothing was changed: {plan.instead}"
    return explain(directory, plan, found)


def weigh(facts: Facts, plan: Refusal, directory: DataDir, snapshots: Snapshots) -> Loss | str:
    """What would be lost, or why it can't be told."""
    base = find_base(facts.found, _log(facts, plan, directory))
    if base is None:
        return "there is neither a log nor a snapshot to go on from"
    try:
        return assess(facts.found, base, snapshots, facts.events)
    except (OSError, ValueError, JournalError) as error:
        return f"what stands at command batch {base.offset} can't be used: {error}"


def explain(directory: DataDir, plan: Refusal, loss: Loss) -> str:
    """The sentence for a loss that can be accepted."""
    base = loss.base
    kind = "command batch" if base.log is not None else "the snapshot at command batch"
    if loss.nothing:
        stake = "nothing that was told would be lost"
    elif not loss.commands:
        stake = f"what was told after {_time(loss.from_ns)}, if anything was, would be lost"
    else:
        stake = (
            f"{loss.commands} command batches with {loss.orders} orders, told from "
            f"{_time(loss.from_ns)} to {_time(loss.to_ns)}, would be lost"
        )
    return (
        f"{directory.path}: {plan.what}; {stake}, and nothing was changed: {plan.instead}; or "
        f"`quantscope recover {directory.path} --accept-loss` goes on from {kind} {base.offset}"
    )


def _time(ns: int) -> str:
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
