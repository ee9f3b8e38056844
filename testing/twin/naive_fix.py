"""What is special about the sessions of FIX in the naive engine."""

from typing import Any

from testing.twin.naive_state import Closed, Command, Entry, Order, State

FIRST, AGAIN, LATE = "FIRST", "AGAIN", "LATE"
IN_SEQ = 2**40
"""A message's number stands below its session's epoch."""
RENEWED_MAX = 4
EPOCH_MAX = 2**24 - 1


def came(entry: Entry, num: int, text: str) -> str:
    """Whether a message came before, by its number and by its ClOrdID."""
    if num // IN_SEQ != entry.last_num // IN_SEQ or num <= entry.last_num:
        return LATE
    entry.last_num = num
    return AGAIN if text in entry.remembered else FIRST


def pass_by(state: State, num: int) -> None:
    """A message that is not executed again; nobody is told."""
    state.say("REFUSED", entry=0, entry_seq=0, ref_id=num, template=0, reason=0)


def remember_of_session(state: State, entry: Entry, text: str, what: tuple[int, Any, str]) -> None:
    """Keep a ClOrdID; the oldest ones make room, but the names of open orders become the newest."""
    most = state.settings["client_ids_per_session_max"]
    renewed = 0
    while entry.remembered and len(entry.remembered) >= most and renewed < RENEWED_MAX:
        oldest = next(iter(entry.remembered))
        kept = entry.remembered.pop(oldest)
        order = state.open.get(kept[0])
        if order is not None and order.text == oldest:
            entry.remembered[oldest] = kept
            renewed += 1
    if most:
        entry.remembered[text] = what


def confirm(state: State, entry: Entry, num: int, text: str) -> None:
    """A request came before, as its client thought it may: how its order stands."""
    order_id = entry.remembered[text][0]
    order = state.open.get(order_id) or closed_by_id(state, entry, order_id)
    say_status(state, entry, order, {"req_id": 0, "num": num, "instrument": None}, (text, ""))


def is_refused(entry: Entry, text: str | None) -> bool:
    """Whether a name is of a request or an order that was refused."""
    known = entry.remembered.get(text) if text else None
    return known is not None and known[2] != "NONE"


def closed_by_id(state: State, entry: Entry, order_id: int) -> Closed | None:
    """The closed order of this id, if it is remembered and of the session's account."""
    for order in state.closed:
        if order.order_id == order_id and order.account == entry.account:
            return order
    return None


def look_among_closed(
    state: State, entry: Entry, command: Command, reason: str
) -> tuple[Closed | None, str]:
    """The closed order that a session means where no open one is; and why it can't be changed."""
    found: list[Closed | None] = []
    if command.get("text"):
        known = entry.remembered.get(command["text"])
        found.append(closed_by_id(state, entry, known[0]) if known else None)
    if command["order_id"]:
        found.append(closed_by_id(state, entry, command["order_id"]))
    if len(found) == 2 and found[0] is not found[1]:
        return None, "ORDER_ID_MISMATCH"
    if not found or found[0] is None:
        return None, "UNKNOWN_ORDER" if reason == "ORDER_CLOSED" else reason
    same = command["instrument"] in (None, found[0].instrument)
    same = same and not is_refused(entry, command.get("text"))
    return found[0], "ORDER_CLOSED" if same else "ORDER_ID_MISMATCH"


def say_status(
    state: State,
    asker: Entry | None,
    order: Order | Closed | None,
    asked: Command,
    texts: tuple[str, str],
) -> None:
    """How an order stands or has ended, or that there is none."""
    told = asker.entry if asker else 0
    text, request = texts
    fields: dict[str, Any] = {
        "entry": told,
        "entry_seq": state.tell(told),
        "req_id": asked["req_id"],
    }
    if order is None:
        empty = dict.fromkeys(
            ("order_id", "qty", "leaves", "cum", "avg_px", "side", "ord_type", "tif"), 0
        )
        fields |= empty | {"num": asked["num"], "price": None, "status": "REJECTED"}
        fields["instrument"] = asked["instrument"]
    elif isinstance(order, Closed):
        fields |= {
            "order_id": order.order_id,
            "num": asked["num"],
            "price": order.price,
            "qty": order.qty,
            "leaves": 0,
            "cum": order.cum,
            "avg_px": order.avg_px,
            "instrument": order.instrument,
            "side": 1 if order.side == "BUY" else 2,
            "ord_type": 1 if order.price is None else 2,
            "tif": {"DAY": 0, "GTC": 1, "IOC": 3, "FOK": 4}[order.tif],
            "status": order.status,
        }
        if asker and order.entry == asker.entry:
            text = order.text
    else:
        fields |= {
            "order_id": order.order_id,
            "num": order.num,
            "price": order.price,
            "qty": order.total,
            "leaves": order.leaves,
            "cum": order.cum,
            "avg_px": order.avg_px,
            "instrument": order.instrument,
            "side": 1 if order.side == "BUY" else 2,
            "ord_type": 2,
            "tif": {"DAY": 0, "GTC": 1}[order.tif],
            "status": order.status_for(asker.kind if asker else ""),
        }
        if asker and asker.kind == "FIX" and order.entry == asker.entry:
            text = order.text
    state.say("STATUS_REPORT", **fields, text=text, request=request)


def session_message(state: State, command: Command) -> None:
    """A SESSION_MESSAGE command."""
    entry: Entry | None = state.entries.get(command["entry"])
    if entry is None:
        return
    num = command["num"]
    if num // IN_SEQ != entry.last_num // IN_SEQ:
        pass_by(state, num)
        return
    entry.last_num = max(entry.last_num, num)
    said = ("msg_type", "number", "end", "ref_tag", "reason", "flag", "ref_msg_type", "text")
    state.say(
        "SESSION_MESSAGE",
        entry=entry.entry,
        entry_seq=state.tell(entry.entry),
        **{name: command[name] for name in said},
    )


def reset_session(state: State, command: Command) -> None:
    """A SESSION_RESET command."""
    entry: Entry | None = state.entries.get(command["entry"])
    if entry is None or entry.epoch != command["epoch"] or entry.epoch >= EPOCH_MAX:
        return
    entry.epoch += 1
    entry.base = state.tell(entry.entry)
    if entry.kind == "FIX":
        entry.last_num = max(entry.last_num, entry.epoch * IN_SEQ)
    state.say("SESSION_RESET", entry=entry.entry, entry_seq=entry.base, epoch=entry.epoch)
