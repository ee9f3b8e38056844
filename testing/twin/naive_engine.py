"""The matching engine once more, as plain as it can be: the twin that the real one is held to.

Commands in, events out, as dictionaries with the names that ``describe_commands`` and
``describe_events`` give.  Lists are searched from end to end; nothing is fast.  It does not cut
event batches and keeps no hashes: what it says is which events there are, field by field.
"""

from typing import Any

from testing.twin.naive_change import amend, cancel, mass_cancel, status
from testing.twin.naive_enter import enter
from testing.twin.naive_fix import reset_session, session_message
from testing.twin.naive_state import (
    SECOND_NS,
    Command,
    Entry,
    Event,
    GatewayRow,
    Listing,
    State,
    session_end_after,
)

SPEC = (
    "tick",
    "lot",
    "qty_min",
    "qty_max",
    "notional_min",
    "price_band_bps",
    "orders_per_side_max",
    "session_end_s",
    "open",
)


class NaiveEngine:
    """One partition's engine."""

    def __init__(self) -> None:
        self.state = State()
        self.dropped = "NO"
        """Why the last batch was dropped."""

    def apply(self, header: dict[str, int], append_ns: int, commands: list[Command]) -> list[Event]:
        """One command batch: the events that follow from it."""
        state = self.state
        state.events = []
        late = append_ns - header["stamp_ns"] > state.settings["stamp_behind_ns_max"]
        self.dropped = self.turn(header, commands, late=late)
        if self.dropped != "NO":
            return state.events
        pass_time(state, header, append_ns)
        expire(state)
        end_leases(state)
        if header["gateway"] and header["number"] == 0:
            open_gateway(state, header["gateway"], commands[0]["nonce"])
        close_unclaimed(state)
        row = state.gateways.get(header["gateway"])
        state.sender = None if row is None else (header["gateway"], row.incarnation)
        if [command["type"] for command in commands] == ["RULES"]:
            set_rules(state, commands[0])
        for command in commands:
            if heeds(state, command):
                DO[command["type"]](state, command)
        return state.events

    def turn(self, header: dict[str, int], commands: list[Command], *, late: bool) -> str:
        """Whether it is this batch's turn: NO where it is not dropped, or why it is."""
        gateway, incarnation, number = (
            header[name] for name in ("gateway", "incarnation", "number")
        )
        if gateway == 0:
            return "NO"
        table = self.state.gateways
        if (incarnation, number) == (0, 0):
            return self.open(gateway, commands[0], late=late)
        row = table.get(gateway)
        if row is None or row.ended or incarnation != row.incarnation:
            return "FENCED"
        if number <= row.number:
            return "REPEAT"
        return self.following(row, number, late=late)

    def following(self, row: GatewayRow, number: int, *, late: bool) -> str:
        """A batch of this incarnation that did not come before."""
        if late:
            end(self.state, row)
            return "LATE"
        if number > row.number + 1:
            row.gaps += 1
            return "GAP"
        row.number = number
        return "NO"

    def open(self, gateway: int, first: Command, *, late: bool) -> str:
        """A batch that opens a gateway."""
        if first["type"] != "GATEWAY_OPEN" or first["gateway"] != gateway:
            return "FENCED"
        row = self.state.gateways.get(gateway, GatewayRow(gateway))
        if first["nonce"] in row.nonces:
            return "REPEAT"
        if late:
            return "LATE"
        self.state.gateways[gateway] = row
        row.nonces = [*row.nonces, first["nonce"]][-16:]
        row.incarnation, row.number = row.incarnation + 1, 0
        return "NO"


def pass_time(state: State, header: dict[str, int], append_ns: int) -> None:
    """Engine time goes on, and whose batch it is has been heard."""
    now_ns = min(header["stamp_ns"], append_ns + state.settings["stamp_ahead_ns_max"])
    step_ns = max(0, now_ns - state.time_ns)
    state.time_ns += step_ns
    state.lease_ns += min(step_ns, SECOND_NS)
    if header["gateway"]:
        state.gateways[header["gateway"]].heard_ns = state.lease_ns


def end(state: State, row: GatewayRow) -> None:
    """An incarnation ends: what it owns waits for a claim."""
    if not row.ended:
        row.ended = True
        release(state, row.gateway, row.incarnation)


def release(state: State, gateway: int, incarnation: int) -> None:
    """What it owned waits for a claim."""
    for entry in state.entries.values():
        if entry.owner == (gateway, incarnation):
            entry.waits_since_ns = state.lease_ns


def end_leases(state: State) -> None:
    """Gateways that were silent for longer than they may."""
    for gateway, row in sorted(state.gateways.items()):
        if not row.ended and state.lease_ns - row.heard_ns > state.settings["gateway_lease_ns"]:
            state.say("GATEWAY_CLOSED", gateway=gateway, incarnation=row.incarnation)
            end(state, row)


def open_gateway(state: State, gateway: int, nonce: int) -> None:
    """A batch has opened a gateway: the incarnation before it ends, where it has not yet."""
    row = state.gateways[gateway]
    incarnation = row.incarnation
    if not row.ended:
        release(state, gateway, incarnation - 1)
    row.ended = False
    state.say("GATEWAY_OPENED", gateway=gateway, incarnation=incarnation, nonce=nonce)


def close_unclaimed(state: State) -> None:
    """Entries that nobody has claimed in time are closed: who has waited longest goes first."""
    waiting = [
        (entry.waits_since_ns, entry.entry)
        for entry in state.entries.values()
        if entry.waits_since_ns is not None
    ]
    for since_ns, number in sorted(waiting):
        if state.lease_ns - since_ns >= state.settings["handover_grace_ns"]:
            state.entries[number].waits_since_ns = None
            close_entry(state, {"entry": number})


SPEAK = (
    "NEW",
    "CANCEL",
    "REPLACE",
    "MASS_CANCEL",
    "STATUS",
    "REFUSE",
    "ENTRY_CLOSED",
    "SESSION_MESSAGE",
    "SESSION_RESET",
)


def heeds(state: State, command: Command) -> bool:
    """Whether a command of an entry comes from its owner, or it has none."""
    if command["type"] not in SPEAK or state.sender is None:
        return True
    entry = state.entries.get(command["entry"])
    return entry is None or entry.owner in (None, state.sender)


def claim_entry(state: State, command: Command) -> None:
    """An ENTRY_CLAIM command."""
    if state.sender is None:
        return
    entry = state.entries.get(command["entry"])
    granted = entry is not None and grants(state, entry, state.sender)
    if entry is not None and granted:
        entry.owner, entry.claimed_ns, entry.waits_since_ns = state.sender, state.lease_ns, None
    state.say(
        "ENTRY_CLAIMED",
        entry=command["entry"],
        gateway=state.sender[0],
        incarnation=state.sender[1],
        granted=granted,
        entry_seq=entry.seq if entry else 0,
        last_num=entry.last_num if entry else 0,
        base=entry.base if entry else 0,
    )


def grants(state: State, entry: Entry, sender: tuple[int, int]) -> bool:
    """Whether an entry may be claimed: not from a living gateway right after its own claim."""
    if entry.owner is None or entry.owner[0] == sender[0]:
        return True
    owner = state.gateways[entry.owner[0]]
    if owner.ended or owner.incarnation != entry.owner[1]:
        return True
    return state.lease_ns - entry.claimed_ns >= state.settings["claim_interval_ns"]


def expire(state: State) -> None:
    """DAY orders go when their session has ended: by instrument, bids first, in book order."""
    for listing in state.listings.values():
        if listing.session_end_ns > state.time_ns:
            continue
        gone = [order for side in ("BUY", "SELL") for order in listing.book[side]]
        for order in gone:
            if order.tif == "DAY":
                qty, order.leaves = order.leaves, 0
                state.say_canceled(order, qty, "SESSION_END")
                state.close(order)
        listing.session_end_ns = session_end_after(listing.spec["session_end_s"], state.time_ns)


def nothing(state: State, command: Command) -> None:
    """Time passes, or a gateway opens or rules change where they can't."""


def open_entry(state: State, command: Command) -> None:
    """An ENTRY_OPEN command."""
    stp = "NONE" if command["stp"] == "DEFAULT" else command["stp"]
    disconnect = command["cancel_on_disconnect"]
    entry = state.find_entry(command["kind"], command["name"])
    if entry is None:
        opened = state.new_entry(
            command["kind"], command["name"], command["account"], disconnect, stp
        )
        if opened is None:
            say_no_account(state, command["name"])
        return
    if (entry.cancel_on_disconnect, entry.stp) != (disconnect, stp):
        entry.cancel_on_disconnect, entry.stp = disconnect, stp
        state.say_opened(entry)


def say_no_account(state: State, name: str) -> None:
    """An entry could not be opened."""
    state.say(
        "REJECTED",
        **dict.fromkeys(("entry", "account", "entry_seq", "order_id", "num", "qty"), 0),
        price=None,
        instrument=None,
        side="BUY",
        ord_type="LIMIT",
        tif="GTC",
        reason="ACCOUNT_LIMIT",
        user=name,
        text="",
    )


def close_entry(state: State, command: Command) -> None:
    """An ENTRY_CLOSED command."""
    entry: Entry | None = state.entries.get(command["entry"])
    if entry is None or not entry.cancel_on_disconnect:
        return
    for order in [order for order in state.open.values() if order.entry == entry.entry]:
        qty, order.leaves = order.leaves, 0
        state.say_canceled(order, qty, "DISCONNECT")
        state.close(order)


def set_instrument(state: State, command: Command) -> None:
    """An INSTRUMENT command."""
    spec: dict[str, Any] = {name: command[name] for name in SPEC}
    number, symbol = command["instrument"], command["symbol"]
    symbols = {listing.symbol: number for number, listing in state.listings.items()}
    if symbols.get(symbol, number) != number:
        return
    if number not in state.listings:
        if not 1 <= number <= min(state.settings["instruments_max"], 2**20) or not symbol:
            return
        state.listings[number] = Listing(symbol, {})
        state.listings = dict(sorted(state.listings.items()))
    if state.listings[number].symbol != symbol:
        return
    listing = state.listings[number]
    if listing.spec == spec:
        return
    listing.spec = spec
    listing.session_end_ns = session_end_after(spec["session_end_s"], state.time_ns)
    state.say("INSTRUMENT_SET", instrument=number, symbol=command["symbol"], **spec)


def set_settings(state: State, command: Command) -> None:
    """A SETTINGS command."""
    settings = {name: command[name] for name in state.settings}
    if settings != state.settings:
        state.settings = settings
        state.say("SETTINGS_SET", **settings)


def refuse(state: State, command: Command) -> None:
    """A REFUSE command."""
    entry = command["entry"] if command["entry"] in state.entries else 0
    said = {name: command[name] for name in ("ref_id", "template", "reason")}
    state.say("REFUSED", entry=entry, entry_seq=state.tell(entry), **said)


def set_rules(state: State, command: Command) -> None:
    """A RULES command."""
    if command["version"] > state.rules:
        state.rules = command["version"]
        state.say("RULES_SET", version=state.rules)


def raise_numbers(state: State, command: Command) -> None:
    """A RAISE command: what follows is numbered above what was told."""
    orders = max(state.orders, min(command["orders"], 2**55))
    trades = max(state.trades, min(command["trades"], 2**55))
    after, last = state.seq, max(state.seq, min(command["events"], 2**54))
    if (orders, trades, last) == (state.orders, state.trades, state.seq):
        return
    orders_after = state.orders
    state.passed_over.append(range(orders_after + 1, orders + 1))
    state.orders, state.trades, state.seq = orders, trades, last
    state.say("RAISED", orders=orders, orders_after=orders_after, trades=trades, after=after)


def raise_entry(state: State, command: Command) -> None:
    """A RAISE_ENTRY command."""
    entry: Entry | None = state.entries.get(command["entry"])
    seq = min(command["entry_seq"], 2**54)
    if entry is None or entry.seq >= seq:
        return
    entry.seq = seq
    state.say("ENTRY_RAISED", entry=entry.entry, entry_seq=seq)


DO = {
    "GATEWAY_OPEN": nothing,
    "TICK": nothing,
    "ENTRY_OPEN": open_entry,
    "ENTRY_CLAIM": claim_entry,
    "ENTRY_CLOSED": close_entry,
    "NEW": enter,
    "CANCEL": cancel,
    "REPLACE": amend,
    "MASS_CANCEL": mass_cancel,
    "STATUS": status,
    "REFUSE": refuse,
    "SESSION_MESSAGE": session_message,
    "SESSION_RESET": reset_session,
    "INSTRUMENT": set_instrument,
    "SETTINGS": set_settings,
    "RAISE": raise_numbers,
    "RAISE_ENTRY": raise_entry,
    "RULES": nothing,
}
