"""Cancels, amendments, mass cancels and questions in the naive engine."""

from dataclasses import replace as copy_of

from testing.twin.naive_enter import (
    check_notional,
    check_post_only,
    check_price,
    check_qty,
    cross,
    crosses,
)
from testing.twin.naive_fix import (
    AGAIN,
    FIRST,
    LATE,
    came,
    confirm,
    is_refused,
    look_among_closed,
    pass_by,
    remember_of_session,
    say_status,
)
from testing.twin.naive_state import INT64_MAX, Closed, Command, Entry, Order, State

FILLED_SINCE = 2
"""The rules by which an order is filled that is amended to what was executed of it."""

ANY = "ANY"
NOBODY = "NOBODY"
Asker = Entry | str


def find_asker(state: State, command: Command) -> Asker:
    """Who asks: an entry, anyone for the order's account, or nobody that is known."""
    if command["entry"] is not None:
        return state.entries.get(command["entry"], NOBODY)
    if not command["user"]:
        return ANY
    user = command["user"]
    entry = state.find_entry("REST", user)
    if entry is None and user in state.accounts:
        entry = state.new_entry("REST", user, user, False, "NONE")
    return entry or NOBODY


def came_before(asker: Asker, command: Command) -> str:
    """Whether a request came before; a ClOrdID of the binary protocol is remembered."""
    if not isinstance(asker, Entry) or asker.kind == "REST":
        return FIRST
    if asker.kind == "FIX":
        return came(asker, command["num"], command["request"])
    if command["num"] <= asker.last_num:
        return AGAIN
    asker.last_num = command["num"]
    return FIRST


def keep_request(
    state: State, asker: Asker, command: Command, order: Order | Closed | None, reason: str
) -> None:
    """Keep the ClOrdID of a request of FIX, which order it means, and why it is refused."""
    if isinstance(asker, Entry) and command["request"]:
        order_id = order.order_id if order else 0
        remember_of_session(state, asker, command["request"], (order_id, None, reason))


def number(asker: Asker) -> int:
    """The entry that is answered, or 0."""
    return asker.entry if isinstance(asker, Entry) else 0


def find_order(
    state: State, asker: Asker, command: Command, orig_num: int
) -> tuple[Order | Closed | None, str]:
    """The order that is meant, and the reason why it may not be changed, or NONE."""
    order, reason = find_open(state, asker, command, orig_num)
    if order is None and isinstance(asker, Entry) and asker.kind == "FIX":
        return look_among_closed(state, asker, command, reason)
    return order, reason


def find_open(
    state: State, asker: Asker, command: Command, orig_num: int
) -> tuple[Order | None, str]:
    """The open order that is meant, and the reason why it may not be, or NONE."""
    found: list[Order | str] = []
    if isinstance(asker, Entry) and asker.kind == "BINARY" and orig_num:
        found.append(by_num(state, asker, orig_num))
    elif isinstance(asker, Entry) and asker.kind != "BINARY" and command.get("text"):
        found.append(by_text(state, asker, command["text"]))
    if command["order_id"]:
        found.append(by_id(state, asker, command["order_id"]))
    if not found:
        return None, "UNKNOWN_ORDER"
    first, last = found[0], found[-1]
    if isinstance(first, str) and isinstance(last, str):
        return None, "ORDER_CLOSED" if last == "ORDER_CLOSED" else first
    if first is not last or isinstance(first, str):
        return None, "ORDER_ID_MISMATCH"
    # A request that was refused has never given the order its name.
    by_refused = isinstance(asker, Entry) and is_refused(asker, command.get("text"))
    if by_refused or command["instrument"] not in (None, first.instrument):
        return first, "ORDER_ID_MISMATCH"
    return first, "NONE"


def by_num(state: State, entry: Entry, num: int) -> Order | str:
    """The open order of a binary entry that has this ClOrdID."""
    for order in state.open.values():
        if order.entry == entry.entry and order.num == num:
            return order
    return "UNKNOWN_ORDER"


def by_text(state: State, entry: Entry, text: str) -> Order | str:
    """The open order that a client order id in text stands for."""
    if text not in entry.remembered:
        return "UNKNOWN_ORDER"
    order_id = entry.remembered[text][0]
    return state.open.get(order_id, "ORDER_CLOSED") if order_id else "UNKNOWN_ORDER"


def by_id(state: State, asker: Asker, order_id: int) -> Order | str:
    """The open order of this id, if it is the asker's account's."""
    order = state.open.get(order_id)
    if asker == NOBODY:
        return "UNKNOWN_ORDER"
    if order is None:
        passed_over = any(order_id in ids for ids in state.passed_over)
        was_given = 0 < order_id <= state.orders and not passed_over
        return "ORDER_CLOSED" if was_given else "UNKNOWN_ORDER"
    if isinstance(asker, Entry) and asker.account != order.account:
        return "UNKNOWN_ORDER"
    return order


def refuse_change(
    state: State,
    asker: Asker,
    command: Command,
    reason: str,
    order: Order | Closed | None = None,
) -> None:
    """A cancel or an amendment is refused."""
    status = order.status if order else "REJECTED"
    if isinstance(order, Order):
        status = order.status_for(asker.kind if isinstance(asker, Entry) else "")
    text = command["text"] if command["request"] else ""
    if text and order and order.entry == number(asker):
        text = order.text
    state.say(
        "CANCEL_REJECTED",
        entry=number(asker),
        entry_seq=state.tell(number(asker)),
        order_id=order.order_id if order else 0,
        num=command["num"],
        orig_num=command["orig_num"],
        instrument=order.instrument if order else command["instrument"],
        reason=reason,
        response_to=1 if command["type"] == "CANCEL" else 2,
        status=status,
        text=text,
        request=command["request"],
    )


def speaks_for(state: State, asker: Asker, order: Order) -> bool:
    """Whether the order's own entry is told the number of the request."""
    if asker == ANY:
        return state.entries[order.entry].kind == "REST"
    return isinstance(asker, Entry) and asker.entry == order.entry


def take_out(state: State, order: Order, reason: str, asker: Asker, command: Command) -> None:
    """Cancel an open order at someone's request; both entries are told."""
    qty, order.leaves = order.leaves, 0
    asked = {"num": command["num"], "request": command["request"]}
    if speaks_for(state, asker, order):
        state.say_canceled(order, qty, reason, **asked)
    else:
        state.say_canceled(order, qty, reason)
        state.say_canceled(order, qty, reason, **asked, entry=number(asker))
    state.close(order)


def find(state: State, asker: Asker, command: Command) -> tuple[Order | Closed | None, str] | None:
    """The order that a request means, and why not; None where all has been said."""
    before = came_before(asker, command)
    if before == LATE:
        pass_by(state, command["num"])
        return None
    if before == AGAIN and command["poss_resend"] and isinstance(asker, Entry):
        if asker.kind == "FIX":
            confirm(state, asker, command["num"], command["request"])
        else:
            # Its names are numbers, of which none is remembered with an order.
            asked = {"req_id": 0, "num": command["num"], "instrument": None}
            say_status(state, asker, None, asked, (command["request"], ""))
        return None
    if before == AGAIN:
        refuse_change(state, asker, command, "DUPLICATE_CLIENT_ORDER_ID")
        return None
    return find_order(state, asker, command, command["orig_num"])


def cancel(state: State, command: Command) -> None:
    """A CANCEL command."""
    asker = find_asker(state, command)
    found = find(state, asker, command)
    if found is None:
        return
    order, reason = found
    keep_request(state, asker, command, order, reason)
    if not isinstance(order, Order) or reason != "NONE":
        refuse_change(state, asker, command, reason, order)
    else:
        take_out(state, order, "REQUESTED", asker, command)


def amend(state: State, command: Command) -> None:
    """A REPLACE command."""
    asker = find_asker(state, command)
    found = find(state, asker, command)
    if found is None:
        return
    order, reason = found
    if not isinstance(order, Order) or reason != "NONE":
        keep_request(state, asker, command, order, reason)
        refuse_change(state, asker, command, reason, order)
        return
    if order.price is None:
        raise AssertionError("an open order without a price")
    price = order.price if command["price"] is None else command["price"]
    qty = order.total if command["qty"] is None else command["qty"]
    reason = check_wish(state, order, price, qty)
    keep_request(state, asker, command, order, reason)
    if reason != "NONE":
        refuse_change(state, asker, command, reason, order)
    elif qty <= order.cum and state.rules < FILLED_SINCE:
        take_out(state, order, "AMENDED", asker, command)
    elif qty <= order.cum:
        end_filled(state, order, asker, command)
    else:
        change(state, order, price, qty, asker, command)


def check_wish(state: State, order: Order, price: int, qty: int) -> str:
    """The first reason to refuse an amendment, or NONE."""
    if price <= 0:
        return "INVALID_PRICE"
    if qty <= 0:
        return "INVALID_QUANTITY"
    if (price, qty) == (order.price, order.total):
        return "NOTHING_TO_AMEND"
    if qty <= order.cum:
        return "NONE"
    listing = state.listings[order.instrument]
    if not listing.spec["open"]:
        return "EXCHANGE_CLOSED"
    reasons = []
    if qty != order.total:
        reasons.append(check_qty(listing.spec, qty))
    if price != order.price:
        reasons.append(check_price(listing, price))
    reasons.append(check_notional(listing.spec, price, qty))
    others = sum(other.leaves for other in listing.book[order.side] if other is not order)
    if others + qty - order.cum > INT64_MAX and not crosses(listing, order.side, price):
        reasons.append("OUT_OF_RANGE")
    reasons.append(check_post_only(listing, order.side, order.exec_inst, price))
    return next((reason for reason in reasons if reason != "NONE"), "NONE")


def end_filled(state: State, order: Order, asker: Asker, command: Command) -> None:
    """What is open of an order is not wanted any more: it is filled by what was executed."""
    replace_as(state, order, (order.price, order.cum), asker, command, kept=True)
    state.remember_closed(order, order.cum, "FILLED")
    state.close(order)


def change(
    state: State, order: Order, price: int, qty: int, asker: Asker, command: Command
) -> None:
    """An order gets a new price or quantity, and may trade."""
    kept = price == order.price and qty < order.total
    replace_as(state, order, (price, qty), asker, command, kept=kept)
    if kept:
        return
    state.leave(order)
    cross(state, order)
    standing = sum(other.leaves for other in state.listings[order.instrument].book[order.side])
    if standing + order.leaves > INT64_MAX:
        qty, order.leaves = order.leaves, 0
        state.say_canceled(order, qty, "OUT_OF_RANGE")
    if order.leaves:
        state.queue_up(order)
    else:
        del state.open[order.order_id]


def replace_as(
    state: State,
    order: Order,
    wish: tuple[int | None, int],
    asker: Asker,
    command: Command,
    *,
    kept: bool,
) -> None:
    """An order gets its new price and quantity, and both entries are told."""
    num, request = command["num"], command["request"]
    old = copy_of(order)
    price, qty = wish
    order.price, order.leaves = price, qty - order.cum
    own = isinstance(asker, Entry) and asker.entry == order.entry
    if own and isinstance(asker, Entry) and asker.kind == "BINARY":
        order.num = num
    copied = not speaks_for(state, asker, order)
    own_asked = (old.num, "") if copied else (num, request)
    say_replaced(state, order, old, old.entry, own_asked, kept)
    if copied:
        say_replaced(state, order, old, number(asker), (num, request), kept)
    if own and request:
        order.text = request
    order.replaced = state.entries[order.entry].kind == "FIX"


def say_replaced(
    state: State, order: Order, old: Order, entry: int, asked: tuple[int, str], kept: bool
) -> None:
    """An order was amended; ``asked`` is number and name of the request."""
    num, request = asked
    state.say(
        "REPLACED",
        entry=entry,
        account=order.account,
        entry_seq=state.tell(entry),
        order_id=order.order_id,
        num=num,
        orig_num=old.num,
        old_price=old.price,
        old_leaves=old.leaves,
        price=order.price,
        qty=order.total,
        leaves=order.leaves,
        cum=order.cum,
        avg_px=order.avg_px,
        instrument=order.instrument,
        side=order.side,
        status=order.status if order.leaves else "FILLED",
        kept_priority=kept,
        copy=entry != order.entry,
        tif=order.tif,
        exec_inst=order.exec_inst,
        text=old.text,
        request=request,
    )


def mass_cancel(state: State, command: Command) -> None:
    """A MASS_CANCEL command."""
    asker = find_asker(state, command)
    reason, meant = "NONE", []
    before = came_before(asker, command)
    if before == LATE:
        pass_by(state, command["num"])
        return
    if before == AGAIN:
        reason = "DUPLICATE_CLIENT_ORDER_ID"
    elif not isinstance(asker, Entry):
        reason = "UNKNOWN_ORDER"
    elif command["kind"] == "SECURITY" and command["instrument"] not in state.listings:
        reason = "UNKNOWN_SYMBOL"
    elif command["side"] not in (0, 1, 2):
        reason = "OUT_OF_RANGE"
    else:
        meant = [order for order in state.open.values() if is_meant(asker, command, order)]
        meant.sort(key=lambda order: (order.entry, order.order_id))
    if before == FIRST:
        keep_request(state, asker, command, None, "NONE")
    for order in meant:
        take_out(state, order, "MASS", asker, command)
    told = 0 if command["quiet"] else number(asker)
    state.say(
        "MASS_CANCELED",
        entry=told,
        entry_seq=state.tell(told),
        num=command["num"],
        count=command["prior"] + len(meant),
        instrument=command["instrument"],
        kind=command["kind"],
        side=command["side"],
        reason=reason,
        quiet=command["quiet"],
        request=command["request"],
    )


def is_meant(entry: Entry, command: Command, order: Order) -> bool:
    """Whether an order is one that a mass cancel means."""
    own = order.account == entry.account if entry.kind == "REST" else order.entry == entry.entry
    here = command["kind"] == "ALL" or order.instrument == command["instrument"]
    side = {0: order.side, 1: "BUY", 2: "SELL"}[command["side"]]
    return own and here and order.side == side


def status(state: State, command: Command) -> None:
    """A STATUS command."""
    asker = state.entries.get(command["entry"], NOBODY)
    if isinstance(asker, Entry) and asker.kind == "FIX" and came(asker, command["num"], "") == LATE:
        pass_by(state, command["num"])
        return
    order, reason = find_order(state, asker, command, command["num"])
    found = order if reason in ("NONE", "ORDER_CLOSED") else None
    entry = asker if isinstance(asker, Entry) else None
    say_status(state, entry, found, command, (command["text"], command["request"]))
