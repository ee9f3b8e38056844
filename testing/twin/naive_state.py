"""What the naive engine knows, in lists and dictionaries, and how it says what happens."""

from dataclasses import dataclass, field
from typing import Any

Command = dict[str, Any]
Event = dict[str, Any]

DAY_NS = 86_400_000_000_000
SECOND_NS = 1_000_000_000
INT64_MAX = 2**63 - 1


@dataclass
class Order:
    """An order, open or on its way into the book."""

    order_id: int
    entry: int
    account: int
    num: int
    text: str
    instrument: int
    side: str
    price: int | None
    leaves: int
    tif: str
    exec_inst: int
    stp: str
    cum: int = 0
    quote: int = 0
    replaced: bool = False
    """It is of FIX, and was amended."""

    @property
    def total(self) -> int:
        """Executed plus open quantity."""
        return self.cum + self.leaves

    @property
    def status(self) -> str:
        """Its status while it is open."""
        return "PARTIALLY_FILLED" if self.cum else "NEW"

    def status_for(self, kind: str) -> str:
        """The same, as an entry of a kind is told."""
        return "REPLACED" if kind == "FIX" and self.replaced and not self.cum else self.status

    @property
    def avg_px(self) -> int:
        """Average price of its fills, rounded half to even; 0 without fills."""
        if not self.cum:
            return 0
        whole, rest = divmod(self.quote, self.cum)
        up = 2 * rest > self.cum or (2 * rest == self.cum and whole % 2 == 1)
        return whole + up


@dataclass
class Entry:
    """A way in: who speaks through it, and what it said before."""

    entry: int
    kind: str
    name: str
    account: int
    cancel_on_disconnect: bool
    stp: str
    seq: int = 0
    last_num: int = 0
    """Highest ClOrdID of the binary protocol; of FIX the last message that is done with."""
    epoch: int = 0
    base: int = 0
    owner: tuple[int, int] | None = None
    """Gateway and incarnation of the last claim that was granted."""
    claimed_ns: int = 0
    waits_since_ns: int | None = None
    """When its owner ended, until it is claimed or closed."""
    # Text -> (order id, content, reason), oldest first.
    remembered: dict[str, tuple[int, Any, str]] = field(default_factory=dict)


@dataclass
class Closed:
    """The last state of an order of FIX."""

    order_id: int
    entry: int
    account: int
    text: str
    instrument: int
    side: str
    price: int | None
    qty: int
    cum: int
    avg_px: int
    tif: str
    status: str


@dataclass
class Listing:
    """An instrument and its book: two lists, best order first."""

    symbol: str
    spec: dict[str, Any]
    session_end_ns: int = 0
    last_price: int = 0
    book: dict[str, list[Order]] = field(default_factory=lambda: {"BUY": [], "SELL": []})


@dataclass
class GatewayRow:
    """A gateway's newest incarnation."""

    gateway: int
    incarnation: int = 0
    number: int = 0
    """Of its last batch."""
    gaps: int = 0
    ended: bool = False
    heard_ns: int = 0
    """When it was last heard, of ``State.lease_ns``."""
    nonces: list[int] = field(default_factory=list)
    """Of its last 16 openings."""


class State:
    """Everything; entries, accounts and instruments by their number, from 1."""

    def __init__(self) -> None:
        self.settings = {
            "accounts_max": 1_000_000,
            "client_ids_per_account_max": 10_000,
            "instruments_max": 1_000,
            "event_batch_bytes_max": 1 << 20,
            "stamp_ahead_ns_max": SECOND_NS,
            "stamp_behind_ns_max": 10 * SECOND_NS,
            "gateway_lease_ns": 5 * SECOND_NS,
            "handover_grace_ns": 0,
            "claim_interval_ns": SECOND_NS,
            "client_ids_per_session_max": 100_000,
            "closed_orders_per_session_max": 10_000,
            "closed_orders_bytes_max": 64 << 20,
        }
        self.lease_ns = 0
        """Engine time, of which a step counts as a second at most."""
        self.rules = 0
        self.gateways: dict[int, GatewayRow] = {}
        self.sender: tuple[int, int] | None = None
        """Gateway and incarnation whose batch it is; None for the engine's own."""
        self.accounts: list[str] = []
        self.entries: dict[int, Entry] = {}
        self.listings: dict[int, Listing] = {}
        self.open: dict[int, Order] = {}
        self.closed: list[Closed] = []
        """Closed orders of FIX that are remembered, oldest first."""
        self.time_ns = 0
        self.orders = 0
        self.passed_over: list[range] = []
        self.trades = 0
        self.seq = 0
        self.events: list[Event] = []

    def say(self, kind: str, /, **fields: Any) -> None:
        """Something happens, and everyone may know."""
        self.seq += 1
        self.events.append({"type": kind, "seq": self.seq, **fields})

    def tell(self, entry: int) -> int:
        """The number of the next event told to an entry."""
        if entry == 0:
            return 0
        self.entries[entry].seq += 1
        return self.entries[entry].seq

    def find_entry(self, kind: str, name: str) -> Entry | None:
        """The entry of this protocol and name."""
        for entry in self.entries.values():
            if entry.kind == kind and entry.name == name:
                return entry
        return None

    def new_entry(
        self, kind: str, name: str, account: str, cancel_on_disconnect: bool, stp: str
    ) -> Entry | None:
        """Open an entry, and its account where that is new; None when there are too many."""
        if account not in self.accounts:
            if len(self.accounts) >= self.settings["accounts_max"]:
                return None
            self.accounts.append(account)
        number = self.accounts.index(account) + 1
        entry = Entry(len(self.entries) + 1, kind, name, number, cancel_on_disconnect, stp)
        self.entries[entry.entry] = entry
        self.say_opened(entry)
        return entry

    def say_opened(self, entry: Entry) -> None:
        """An entry as it is now."""
        self.say(
            "ENTRY_OPENED",
            entry=entry.entry,
            account=entry.account,
            kind=entry.kind,
            cancel_on_disconnect=entry.cancel_on_disconnect,
            stp=entry.stp,
            name=entry.name,
            account_name=self.accounts[entry.account - 1],
        )

    def say_canceled(
        self,
        order: Order,
        qty: int,
        reason: str,
        *,
        num: int | None = None,
        entry: int | None = None,
        request: str = "",
    ) -> None:
        """A quantity of an order has left; with `entry`, a copy for that one."""
        stays = order.status_for(self.entries[order.entry].kind)
        status = {"DECREMENTED": stays, "SESSION_END": "EXPIRED"}.get(reason, "CANCELED")
        told = order.entry if entry is None else entry
        self.say(
            "CANCELED",
            entry=told,
            account=order.account,
            entry_seq=self.tell(told),
            order_id=order.order_id,
            num=order.num if num is None else num,
            orig_num=order.num,
            price=order.price,
            qty=qty,
            leaves=order.leaves,
            cum=order.cum,
            avg_px=order.avg_px,
            instrument=order.instrument,
            side=order.side,
            reason=reason,
            status=status,
            copy=entry is not None,
            text=order.text,
            request=request,
        )
        if entry is None and not order.leaves:
            self.remember_closed(order, order.cum + qty, status)

    def remember_closed(self, order: Order, qty: int, status: str) -> None:
        """An order has ended: one of FIX is remembered, and the oldest make room."""
        most = self.settings["closed_orders_per_session_max"]
        bytes_max = self.settings["closed_orders_bytes_max"]
        own = size(order.text)
        if self.entries[order.entry].kind != "FIX" or not order.text:
            return
        if most == 0 or own > bytes_max:
            return
        while len(mine := [it for it in self.closed if it.entry == order.entry]) >= most:
            self.closed.remove(mine[0])
        while sum(size(it.text) for it in self.closed) + own > bytes_max:
            del self.closed[0]
        self.closed.append(
            Closed(
                order.order_id,
                order.entry,
                order.account,
                order.text,
                order.instrument,
                order.side,
                order.price,
                qty,
                order.cum,
                order.avg_px,
                order.tif,
                status,
            )
        )

    def queue_up(self, order: Order) -> None:
        """Into the book, behind all that are as good or better."""
        book = self.listings[order.instrument].book[order.side]
        index = len(book)
        while index and better(order, book[index - 1]):
            index -= 1
        book.insert(index, order)

    def leave(self, order: Order) -> None:
        """Out of the book, without being forgotten."""
        book = self.listings[order.instrument].book[order.side]
        index = next(i for i, other in enumerate(book) if other is order)
        del book[index]

    def close(self, order: Order) -> None:
        """Out of the book, and forgotten."""
        self.leave(order)
        del self.open[order.order_id]


def size(text: str) -> int:
    """Bytes that a closed order counts for."""
    return 128 + len(text.encode())


def better(one: Order, other: Order) -> bool:
    """Whether an order's price is better than another's on the same side."""
    if one.price is None or other.price is None:
        raise AssertionError("an order without a price in the book")
    return one.price > other.price if one.side == "BUY" else one.price < other.price


def opposite(side: str) -> str:
    """The other side."""
    return "SELL" if side == "BUY" else "BUY"


def reaches(order: Order, resting: Order) -> bool:
    """Whether an order's price reaches one of the other side."""
    if order.price is None or resting.price is None:
        return True
    if order.side == "BUY":
        return order.price >= resting.price
    return order.price <= resting.price


def session_end_after(end_s: int, now_ns: int) -> int:
    """The first session end after now: one a day, so many seconds after 00:00 UTC."""
    end = now_ns // DAY_NS * DAY_NS + end_s % 86_400 * SECOND_NS
    while end <= now_ns:
        end += DAY_NS
    return end
