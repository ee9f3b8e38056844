"""A new order in the naive engine, and how it trades."""

from protocol.terms import POSS_RESEND, REPEAT_ONLY, ExecInst
from testing.twin.naive_fix import AGAIN, FIRST, came, confirm, pass_by, remember_of_session
from testing.twin.naive_state import (
    INT64_MAX,
    Command,
    Entry,
    Listing,
    Order,
    State,
    opposite,
    reaches,
)

RESTS = ("DAY", "GTC")


def enter(state: State, new: Command) -> None:
    """A NEW command."""
    entry = sender(state, new)
    if isinstance(entry, str):
        reject(state, None, new, 0, entry, user=new["user"])
        return
    if entry.kind == "FIX":
        if came_before_by_fix(state, entry, new):
            return
    elif came_before(state, entry, new):
        return
    new = new | {"exec_inst": new["exec_inst"] & ~POSS_RESEND}
    state.orders += 1
    order_id = state.orders
    listing = state.listings.get(new["instrument"])
    reason = "UNKNOWN_SYMBOL" if listing is None else check(listing, new)
    if entry.kind != "BINARY" and new["text"]:
        remember(state, entry, new, order_id, reason)
    if reason != "NONE":
        reject(state, entry, new, order_id, reason)
        return
    accept(state, entry, new, order_id)


def sender(state: State, new: Command) -> Entry | str:
    """The entry that sends an order, opened at need; or the reason why there is none."""
    if new["entry"] is not None:
        return state.entries.get(new["entry"], "OUT_OF_RANGE")
    user = new["user"]
    if not user:
        return "OUT_OF_RANGE"
    known = state.find_entry("REST", user)
    return known or state.new_entry("REST", user, user, False, "NONE") or "ACCOUNT_LIMIT"


def content(new: Command) -> tuple[object, ...]:
    """What a user says of an order."""
    names = ("price", "qty", "instrument", "side", "ord_type", "tif", "stp")
    return (*(new[name] for name in names), new["exec_inst"] & ~(REPEAT_ONLY | POSS_RESEND))


def came_before_by_fix(state: State, entry: Entry, new: Command) -> bool:
    """Whether a FIX session used the client order id before, and what is said then."""
    before = came(entry, new["num"], new["text"])
    if before == FIRST:
        if not new["exec_inst"] & REPEAT_ONLY:
            return False
        reject(state, entry, new, 0, "BUSY")
    elif before != AGAIN:
        pass_by(state, new["num"])
    elif new["exec_inst"] & POSS_RESEND:
        _, said, reason = entry.remembered[new["text"]]
        if said is not None and reason != "NONE":
            # It was refused, and is once more.
            reject(state, entry, new, 0, reason)
        else:
            confirm(state, entry, new["num"], new["text"])
    else:
        reject(state, entry, new, 0, "DUPLICATE_CLIENT_ORDER_ID")
    return True


def came_before(state: State, entry: Entry, new: Command) -> bool:
    """Whether the client order id was used before or has to be, and what is said then."""
    if entry.kind == "BINARY":
        if new["num"] > entry.last_num:
            entry.last_num = new["num"]
            return False
        reject(state, entry, new, 0, "DUPLICATE_CLIENT_ORDER_ID")
        return True
    if new["text"] not in entry.remembered:
        if not new["text"] or not new["exec_inst"] & REPEAT_ONLY:
            return False
        reject(state, entry, new, 0, "BUSY")
        return True
    order_id, said, reason = entry.remembered[new["text"]]
    state.say(
        "REPEATED",
        entry=entry.entry,
        account=entry.account,
        entry_seq=state.tell(entry.entry),
        num=new["num"],
        order_id=order_id,
        same=said == content(new),
        reason=reason,
        text=new["text"],
    )
    return True


def remember(state: State, entry: Entry, new: Command, order_id: int, reason: str) -> None:
    """Keep a client order id; the oldest ones make room."""
    if entry.kind == "FIX":
        remember_of_session(state, entry, new["text"], (order_id, content(new), reason))
        return
    most = state.settings["client_ids_per_account_max"]
    while entry.remembered and len(entry.remembered) >= most:
        del entry.remembered[next(iter(entry.remembered))]
    if most:
        entry.remembered[new["text"]] = (order_id, content(new), reason)


def first(*rules: tuple[bool, str]) -> str:
    """The reason of the first rule that is broken, or NONE."""
    return next((reason for broken, reason in rules if broken), "NONE")


def check(listing: Listing, new: Command) -> str:
    """The first reason to refuse an order, or NONE."""
    limit = new["ord_type"] == "LIMIT"
    reason = check_offered(listing.spec, new, limit)
    if reason == "NONE":
        reason = check_qty(listing.spec, new["qty"])
    if reason == "NONE" and limit:
        reason = check_price(listing, new["price"])
    if reason == "NONE" and limit:
        reason = check_notional(listing.spec, new["price"], new["qty"])
    if reason == "NONE" and limit and new["tif"] in RESTS:
        reason = check_room(listing, new)
    return reason


def check_offered(spec: Command, new: Command, limit: bool) -> str:
    """Types, times in force and instructions that are offered, and prices where they belong."""
    price, inst = new["price"], new["exec_inst"]
    rests = limit and new["tif"] in RESTS
    return first(
        (new["ord_type"] in ("STOP", "STOP_LIMIT"), "UNSUPPORTED_ORDER_TYPE"),
        (new["tif"] == "GTD", "UNSUPPORTED_TIME_IN_FORCE"),
        (not spec["open"], "EXCHANGE_CLOSED"),
        (inst not in (0, ExecInst.POST_ONLY) or (inst != 0 and not rests), "INVALID_EXEC_INST"),
        (not limit and price is not None, "PRICE_NOT_ALLOWED"),
        (limit and price is None, "PRICE_REQUIRED"),
        (limit and price is not None and price <= 0, "INVALID_PRICE"),
    )


def check_room(listing: Listing, new: Command) -> str:
    """Whether an order that trades with nobody finds room in the book."""
    reason = room(listing, new["side"], new["qty"])
    if reason != "NONE" and not crosses(listing, new["side"], new["price"]):
        return reason
    return check_post_only(listing, new["side"], new["exec_inst"], new["price"])


def room(listing: Listing, side: str, leaves: int) -> str:
    """Whether the side of the book can hold one more order of this open quantity."""
    orders, most = listing.book[side], listing.spec["orders_per_side_max"]
    standing = sum(order.leaves for order in orders)
    return first(
        (standing + leaves > INT64_MAX, "OUT_OF_RANGE"),
        (most > 0 and len(orders) >= most, "ORDER_LIMIT"),
    )


def crosses(listing: Listing, side: str, price: int) -> bool:
    """Whether an order at this price reaches the other side."""
    prices = [other.price for other in listing.book[opposite(side)] if other.price is not None]
    return any(price >= at if side == "BUY" else price <= at for at in prices)


def check_qty(spec: Command, qty: int) -> str:
    """Least and highest quantity, and lot."""
    return first(
        (qty <= 0, "INVALID_QUANTITY"),
        (qty < spec["qty_min"], "QUANTITY_TOO_SMALL"),
        (0 < spec["qty_max"] < qty, "QUANTITY_TOO_LARGE"),
        (qty % max(1, spec["lot"]) != 0, "QUANTITY_OFF_LOT"),
    )


def check_price(listing: Listing, price: int) -> str:
    """Tick, and the band around the last trade."""
    spec, last = listing.spec, listing.last_price
    away = abs(price - last) * 10_000 > last * spec["price_band_bps"]
    return first(
        (price % max(1, spec["tick"]) != 0, "PRICE_OFF_TICK"),
        (spec["price_band_bps"] > 0 and last > 0 and away, "PRICE_OUTSIDE_BAND"),
    )


def check_notional(spec: Command, price: int, qty: int) -> str:
    """Least notional."""
    least = spec["notional_min"]
    return "NOTIONAL_TOO_SMALL" if least > 0 and price * qty < least * 10**8 else "NONE"


def check_post_only(listing: Listing, side: str, exec_inst: int, price: int) -> str:
    """A post-only order may not reach the other side."""
    refused = exec_inst & ExecInst.POST_ONLY and crosses(listing, side, price)
    return "POST_ONLY_WOULD_TRADE" if refused else "NONE"


def reject(
    state: State, entry: Entry | None, new: Command, order_id: int, reason: str, user: str = ""
) -> None:
    """An order is refused."""
    state.say(
        "REJECTED",
        entry=entry.entry if entry else 0,
        account=entry.account if entry else 0,
        entry_seq=state.tell(entry.entry) if entry else 0,
        order_id=order_id,
        reason=reason,
        user=user,
        **{
            name: new[name]
            for name in ("num", "price", "qty", "instrument", "side", "ord_type", "tif", "text")
        },
    )


def accept(state: State, entry: Entry, new: Command, order_id: int) -> None:
    """An order is new; it takes what it may, and rests or goes."""
    tif = "IOC" if new["ord_type"] == "MARKET" and new["tif"] in RESTS else new["tif"]
    stp = entry.stp if new["stp"] == "DEFAULT" else new["stp"]
    order = Order(
        order_id,
        entry.entry,
        entry.account,
        new["num"],
        new["text"],
        new["instrument"],
        new["side"],
        new["price"],
        new["qty"],
        tif,
        new["exec_inst"],
        stp,
    )
    state.say(
        "ACCEPTED",
        entry=order.entry,
        account=order.account,
        entry_seq=state.tell(order.entry),
        order_id=order_id,
        num=order.num,
        price=order.price,
        qty=order.leaves,
        instrument=order.instrument,
        side=order.side,
        ord_type=new["ord_type"],
        tif=tif,
        exec_inst=order.exec_inst,
        stp=stp,
        text=order.text,
    )
    if tif != "FOK" or can_fill(state, order):
        cross(state, order)
    if not order.leaves:
        return
    listing = state.listings[order.instrument]
    reason = room(listing, order.side, order.leaves) if tif in RESTS else "UNFILLED"
    if reason == "NONE":
        state.queue_up(order)
        state.open[order_id] = order
    else:
        qty, order.leaves = order.leaves, 0
        state.say_canceled(order, qty, reason)


def can_fill(state: State, order: Order) -> bool:
    """Whether all of an order can be filled now, by what its mode lets it trade with."""
    found = 0
    for other in state.listings[order.instrument].book[opposite(order.side)]:
        if not reaches(order, other):
            break
        if order.stp != "NONE" and other.account == order.account:
            if order.stp == "CANCEL_OLDEST":
                continue
            break
        found += other.leaves
    return found >= order.leaves


def cross(state: State, taker: Order) -> None:
    """Take from the other side, best first, oldest first."""
    book = state.listings[taker.instrument].book[opposite(taker.side)]
    while taker.leaves and book and reaches(taker, book[0]):
        maker = book[0]
        if taker.stp != "NONE" and taker.account == maker.account:
            prevent(state, taker, maker)
        else:
            trade(state, taker, maker)


def trade(state: State, taker: Order, maker: Order) -> None:
    """Two orders trade at the maker's price."""
    if maker.price is None:
        raise AssertionError("a maker without a price")
    qty, price = min(taker.leaves, maker.leaves), maker.price
    for order in (taker, maker):
        order.leaves -= qty
        order.cum += qty
        order.quote += price * qty
    state.listings[taker.instrument].last_price = price
    state.trades += 1
    fields: dict[str, object] = {}
    for role, order in (("taker", taker), ("maker", maker)):
        fields |= {
            f"{role}_entry": order.entry,
            f"{role}_account": order.account,
            f"{role}_entry_seq": state.tell(order.entry),
            f"{role}_order_id": order.order_id,
            f"{role}_num": order.num,
            f"{role}_leaves": order.leaves,
            f"{role}_cum": order.cum,
            f"{role}_avg_px": order.avg_px,
            f"{role}_text": order.text,
        }
    state.say(
        "TRADE",
        trade_id=state.trades,
        price=price,
        qty=qty,
        instrument=taker.instrument,
        taker_side=taker.side,
        taker_price=taker.price,
        **fields,
    )
    for order in (taker, maker):
        if not order.leaves:
            state.remember_closed(order, order.cum, "FILLED")
    if not maker.leaves:
        state.close(maker)


def prevent(state: State, taker: Order, maker: Order) -> None:
    """Two orders of one account would trade: the incoming order's mode decides."""
    least = min(taker.leaves, maker.leaves)
    of_maker = {"CANCEL_NEWEST": 0, "DECREMENT": least}.get(taker.stp, maker.leaves)
    of_taker = {"CANCEL_OLDEST": 0, "DECREMENT": least}.get(taker.stp, taker.leaves)
    for order, qty in ((maker, of_maker), (taker, of_taker)):
        if qty:
            order.leaves -= qty
            state.say_canceled(order, qty, "DECREMENTED" if order.leaves else "SELF_TRADE")
    if not maker.leaves:
        state.close(maker)
