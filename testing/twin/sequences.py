"""Random sequences of commands from a seed: cheap to make, mostly about open orders."""

import random
from collections.abc import Iterator

from testing.twin.naive_fix import IN_SEQ
from testing.twin.naive_state import DAY_NS, SECOND_NS, Command, Entry, Order, State
from testing.twin.pair import Pair, Step

COMMANDS_MAX = 500
# (share in a hundred, least and most commands): most are short, some as long as it gets.
LENGTHS = ((60, 5, 40), (90, 40, 150), (100, 150, COMMANDS_MAX))
NAMES = ("demo1", "demo2", "demo3")
USERS = ("demo1", "alice", "bob")
TEXTS = ("", "a", "b", "c", "déjà", "x" * 36)
STPS = ("NONE", "CANCEL_NEWEST", "CANCEL_OLDEST", "CANCEL_BOTH", "DECREMENT", "DEFAULT")
INT64_MAX = 2**63 - 1


class Sequence:
    """Makes one sequence of steps, and runs it on a pair as it goes."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.pair = Pair()
        self.nums: dict[int, int] = {}
        self.requests = 0
        # Of each gateway's last batch; none before it is open.
        self.numbers: dict[int, int] = {}
        self.alone = self.random.choice((0.3, 0.9, 1.0))
        self.stamp_ns = self.random.choice((0, DAY_NS, DAY_NS * 20_000 + 5))
        self.stp_share = self.random.choice((0.0, 0.2, 1.0))
        self.rare = self.random.choice((0.01, 0.05))
        self.batched = self.random.choice((0.0, 0.1, 0.5))
        self.holes = self.random.choice((1, 1, 3))
        # How far apart the two sides stand, and how widely each is spread, in ticks.
        self.apart, self.spread = self.random.choice(((0, 3), (4, 3), (7, 6), (60, 25)))

    @property
    def state(self) -> State:
        """What the twin knows."""
        return self.pair.naive.state

    def steps(self) -> Iterator[Step]:
        """The steps, each made when the one before has been applied."""
        if rules := self.random.choice((0, 1, 2, 2)):
            header = dict.fromkeys(("gateway", "incarnation", "number", "stamp_ns"), 0)
            yield Step(header, 0, [{"type": "RULES", "version": rules}])
        yield self.step(self.opening())
        share = self.random.randrange(100)
        low, high = next(row[1:] for row in LENGTHS if share < row[0])
        left = self.random.randint(low, high)
        while left:
            many = 1
            if self.random.random() < self.batched:
                many = min(left, self.random.randint(2, 12))
            left -= many
            step = self.step([self.command() for _ in range(many)])
            step.restore = self.random.random() < 0.02
            yield step

    def step(self, commands: list[Command]) -> Step:
        """A batch: mostly the next of a gateway or the engine's own, at times out of turn."""
        rng = self.random
        header = {"gateway": 0, "incarnation": 0, "number": 0, "stamp_ns": self.stamp_ns}
        gateway = 1 if rng.random() < self.alone else 2
        row = self.state.gateways.get(gateway)
        new = gateway not in self.numbers
        ended = row is not None and row.ended and rng.random() < 0.5
        if new or ended or rng.random() < self.rare / 4:
            header["gateway"] = gateway
            if new or rng.random() < 0.8:
                commands = [self.opens(gateway), *commands]
                self.numbers[gateway] = 0
        elif rng.random() < 0.7:
            self.numbers[gateway] += 1
            header |= {"gateway": gateway, "number": self.numbers[gateway]}
            header["incarnation"] = 1 if row is None else row.incarnation
            self.out_of_turn(header)
        step = Step(header, self.stamp_ns, commands)
        if rng.random() < self.rare:
            header["stamp_ns"] += rng.choice((10**9, 10**12, -(10**9), -(10**11)))
            header["stamp_ns"] = max(0, header["stamp_ns"])
        self.pass_time()
        return step

    def opens(self, gateway: int = 1) -> Command:
        """An opening of a gateway, at times one that was sent before."""
        row = self.state.gateways.get(gateway)
        known = row.nonces if row else []
        again = known and self.random.random() < self.rare
        nonce = self.random.choice(known) if again else self.random.getrandbits(64)
        return {"type": "GATEWAY_OPEN", "gateway": gateway, "nonce": nonce}

    def out_of_turn(self, header: dict[str, int]) -> None:
        """At times a batch comes again, leaves a gap, or is of an old incarnation."""
        if self.random.random() >= self.rare:
            return
        wrong = self.random.choice(({"number": -1}, {"number": 1}, {"incarnation": -1}))
        self.numbers[header["gateway"]] -= 1
        for name, by in wrong.items():
            header[name] = max(0, header[name] + by)

    def pass_time(self) -> None:
        """Time goes on a little, at times by hours, at times back."""
        rng = self.random
        self.stamp_ns += rng.randrange(1_000_000)
        if rng.random() < self.rare:
            self.stamp_ns += rng.randrange(2 * SECOND_NS)
        if rng.random() < self.rare / 2:
            self.stamp_ns += rng.choice((DAY_NS // 3, DAY_NS, 3 * DAY_NS))
        elif rng.random() < self.rare:
            self.stamp_ns = max(0, self.stamp_ns - rng.randrange(10**10))

    def opening(self) -> list[Command]:
        """Instruments, entries and settings to begin with."""
        rng = self.random
        commands: list[Command] = [{"type": "TICK"}]
        if rng.random() < 0.3:
            commands.append(self.settings())
        commands += [self.instrument(i) for i in range(rng.randint(1, 3))]
        for name in NAMES[: rng.randint(1, 3)]:
            commands.append(self.entry("BINARY", name))
        commands.append(self.entry("FIX", "FIX1"))
        if rng.random() < 0.5:
            commands += [{"type": "ENTRY_CLAIM", "entry": 1}, {"type": "ENTRY_CLAIM", "entry": 2}]
        return commands

    def settings(self) -> Command:
        rng = self.random
        return {
            "type": "SETTINGS",
            "accounts_max": rng.choice((2, 4, 1_000)),
            "client_ids_per_account_max": rng.choice((0, 1, 3, 1_000)),
            "instruments_max": rng.choice((1, 2, 100, 100)),
            "event_batch_bytes_max": rng.choice((0, 1_500, 1 << 20)),
            "stamp_ahead_ns_max": rng.choice((0, 10**9, 2**64 - 1)),
            "stamp_behind_ns_max": rng.choice((0, 10**10, 2**64 - 1)),
            "gateway_lease_ns": rng.choice((0, 10**9, 5 * 10**9, 5 * 10**9, 2**64 - 1)),
            "handover_grace_ns": rng.choice((0, 10**9, 5 * 10**9, 2**64 - 1)),
            "claim_interval_ns": rng.choice((0, 10**9, 2**64 - 1)),
            "client_ids_per_session_max": rng.choice((0, 2, 1_000)),
            "closed_orders_per_session_max": rng.choice((0, 2, 5, 1_000)),
            "closed_orders_bytes_max": rng.choice((0, 130, 400, 1_000, 1 << 20)),
        }

    def number_of(self, index: int) -> int:
        """The number of an instrument, at times a wrong one; there may be holes between them."""
        if self.random.random() < self.rare:
            return self.random.choice((0, 1, 2, 5, 2**32 - 2))
        return index * self.holes + 1

    def instrument(self, index: int) -> Command:
        """An instrument; its ticks and lots give the scale of what is sent for it."""
        rng = self.random
        number = self.number_of(index)
        tick, lot = rng.choice((0, 1, 5, 10**6)), rng.choice((0, 1, 10, 10**5))
        notional = max(1, tick) * 100 * max(1, lot) * 5 // 10**8
        return {
            "type": "INSTRUMENT",
            "instrument": number,
            "symbol": f"SYM{index}",
            "tick": tick,
            "lot": lot,
            "qty_min": rng.choice((0, 0, 3)) * max(1, lot),
            "qty_max": rng.choice((0, 0, 15)) * max(1, lot),
            "notional_min": rng.choice((0, notional)),
            "price_band_bps": rng.choice((0, 0, 0, 400)),
            "orders_per_side_max": rng.choice((0, 0, 5)),
            "session_end_s": rng.choice((0, 3_600, 86_399, 90_000)),
            "open": rng.random() > self.rare,
        }

    def entry(self, kind: str, name: str) -> Command:
        rng = self.random
        return {
            "type": "ENTRY_OPEN",
            "kind": kind,
            "name": name,
            "account": rng.choice(NAMES),
            "cancel_on_disconnect": rng.random() < 0.5,
            "stp": rng.choice(STPS),
        }

    def command(self) -> Command:
        """One command of the mix."""
        rng = self.random
        draw = rng.random()
        if draw < 0.6:
            return self.new()
        if draw < 0.75:
            return self.cancel()
        if draw < 0.92:
            return self.replace()
        if rng.random() < 0.5:
            return {"type": "STATUS", "req_id": rng.randrange(100)} | self.status_names()
        return self.other()

    def other(self) -> Command:
        """What comes seldom."""
        rng = self.random
        entry = rng.randint(0, len(self.state.entries) + 1)
        kinds: tuple[Command, ...] = (
            {"type": "ENTRY_CLOSED", "entry": entry},
            {"type": "ENTRY_CLAIM", "entry": entry},
            {"type": "ENTRY_CLAIM", "entry": entry},
            {"type": "REFUSE", "entry": entry, "ref_id": 7, "template": 100, "reason": 3},
            {"type": "TICK"},
            self.opens(),
            self.entry(rng.choice(("BINARY", "FIX", "REST")), rng.choice((*NAMES, "FIX1"))),
            self.instrument(rng.randrange(4)),
            self.settings(),
            self.raised(),
            {"type": "RAISE_ENTRY", "entry": entry, "entry_seq": self.above(20)},
            {"type": "RULES", "version": rng.choice((1, 2))},
            self.mass_cancel(),
            self.mass_cancel(),
            self.mass_cancel(),
            self.session_message(entry),
            self.session_message(entry),
            self.session_reset(entry),
        )
        return rng.choice(kinds)

    def session_message(self, entry: int) -> Command:
        """What a session says, mostly one of FIX."""
        rng = self.random
        row = self.state.entries.get(entry)
        num = rng.randrange(9) if row is None else max(0, self.in_num(row) - 1)
        return {
            "type": "SESSION_MESSAGE",
            "entry": entry,
            "num": num,
            "msg_type": ord(rng.choice("0123A5j")),
            "number": rng.randrange(100),
            "end": rng.randrange(2),
            "ref_tag": rng.randrange(100),
            "reason": rng.randrange(18),
            "flag": rng.random() < 0.5,
            "ref_msg_type": rng.choice(("", "D")),
            "text": rng.choice(TEXTS),
        }

    def session_reset(self, entry: int) -> Command:
        """The numbers of a session begin anew, where its epoch is known."""
        row = self.state.entries.get(entry)
        epoch = 0 if row is None else row.epoch
        return {
            "type": "SESSION_RESET",
            "entry": entry,
            "epoch": max(0, epoch + self.random.choice((0, 0, 1, -1))),
        }

    def raised(self) -> Command:
        """Numbers above those so far, or below, or as high as they get."""
        state = self.state
        return {
            "type": "RAISE",
            "orders": self.above(state.orders),
            "trades": self.above(state.trades),
            "events": self.above(state.seq),
        }

    def above(self, number: int) -> int:
        """Mostly a little more than a number, at times far more."""
        rng = self.random
        far = (10**6, 10**12, 2**64) if rng.random() < self.rare else (0,)
        raised = max(0, number + rng.choice((0, 0, -5, 1, 300))) + rng.choice(far)
        return min(raised, 2**64 - 1)

    def who(self, order: Order | None = None) -> Command:
        """Who speaks: for an order mostly its own entry, else any."""
        rng = self.random
        if order is not None and rng.random() < 0.9:
            entry: int | None = order.entry
        elif rng.random() < 0.35:
            user = rng.choice((*USERS, "")) if rng.random() < 0.2 else rng.choice(USERS)
            return {"entry": None, "user": user, "num": rng.randrange(1, 1_000)}
        else:
            entry = rng.randint(1, max(1, len(self.state.entries)))
        if rng.random() < self.rare / 4:
            entry = rng.choice((0, 99, None))
        number = entry or 0
        row = self.state.entries.get(number)
        if row is not None and row.kind == "FIX":
            return {"entry": entry, "user": "", "num": self.in_num(row)}
        num = self.nums.get(number, 0) + rng.choice((1, 1, 1, 5))
        if rng.random() < self.rare:
            num -= rng.choice((1, 2, 5))
        self.nums[number] = max(num, self.nums.get(number, 0))
        return {"entry": entry, "user": "", "num": max(0, num)}

    def who_changes(self, order: Order | None, names: Command) -> Command:
        """Who asks for an order; for a closed one mostly its session."""
        named = (names["order_id"], names["text"])
        for closed in self.state.closed:
            if order is None and (closed.order_id == named[0] or closed.text == named[1]):
                if self.random.random() < 0.8:
                    row = self.state.entries[closed.entry]
                    return {"entry": row.entry, "user": "", "num": self.in_num(row)}
                break
        return self.who(order)

    def in_num(self, entry: Entry) -> int:
        """The number of a session's next message; at times of one before, or of another epoch."""
        rng = self.random
        num = entry.last_num + rng.choice((1, 1, 1, 3))
        if rng.random() < self.rare:
            num += rng.choice((-1, -2, -3, IN_SEQ, -IN_SEQ))
        return max(0, num)

    def request(self, who: Command) -> Command:
        """The own name of a request of FIX, at times one of before."""
        rng = self.random
        row = self.state.entries.get(who["entry"] or 0)
        if row is None or row.kind != "FIX":
            return {"request": "", "poss_resend": False}
        self.requests += 1
        name = f"r{self.requests}"
        if row.remembered and rng.random() < 5 * self.rare:
            name = rng.choice(list(row.remembered))
        return {"request": name, "poss_resend": rng.random() < 2 * self.rare}

    def price_qty(self, instrument: int | None, side: str) -> tuple[int, int]:
        """A price near the middle and a quantity, on tick and lot but for rare ones."""
        rng = self.random
        listing = None if instrument is None else self.state.listings.get(instrument)
        tick = max(1, listing.spec["tick"]) if listing else 1
        lot = max(1, listing.spec["lot"]) if listing else 1
        middle = 100 + (-self.apart if side == "BUY" else self.apart)
        price = tick * max(1, int(middle + rng.gauss(0, self.spread)))
        qty = lot * rng.randint(1, 16)
        if rng.random() < self.rare:
            price += rng.choice((1, -price, -2 * price, INT64_MAX - price))
        if rng.random() < self.rare:
            qty += rng.choice((1, -qty, -2 * qty))
        if rng.random() < self.rare / 10:
            qty += rng.choice((INT64_MAX // 2, INT64_MAX - qty))
        return price, qty

    def new(self) -> Command:
        rng = self.random
        instrument: int | None = rng.choice((*self.state.listings, 1))
        if rng.random() < self.rare / 4:
            instrument = rng.choice((None, 0, 99))
        side = rng.choice(("BUY", "SELL"))
        price, qty = self.price_qty(instrument, side)
        ord_type = "MARKET" if rng.random() < 0.08 else "LIMIT"
        tif = rng.choice(("GTC", "GTC", "GTC", "GTC", "DAY", "DAY", "IOC", "FOK"))
        if rng.random() < self.rare:
            ord_type = rng.choice(("STOP", "STOP_LIMIT", "MARKET", "LIMIT"))
            tif = rng.choice(("GTD", tif))
        priced = (ord_type == "LIMIT") != (rng.random() < self.rare)
        return {
            "type": "NEW",
            **self.who(),
            "text": rng.choice(TEXTS) if rng.random() < 0.3 else f"t{rng.randrange(1_000)}",
            "instrument": instrument,
            "side": side,
            "ord_type": ord_type,
            "tif": tif,
            "exec_inst": self.exec_inst(),
            "stp": rng.choice(STPS) if rng.random() < self.stp_share else "DEFAULT",
            "price": price if priced else None,
            "qty": qty,
        }

    def exec_inst(self) -> int:
        """Post-only now and then, for a gateway that takes repeats alone, and what is not there."""
        rng = self.random
        if rng.random() < self.rare:
            return rng.choice((3, 0x80, 0x81, 0x40, 0x40))
        return rng.choice((0,) * 9 + (1,))

    def names(self) -> tuple[Order | None, Command]:
        """An order, open or not, and the names by which a request may mean it."""
        rng = self.random
        opened = list(self.state.open.values())
        order = rng.choice(opened) if opened and rng.random() < 0.9 else None
        closed = rng.choice(self.state.closed) if self.state.closed else None
        if order is None and closed is not None and rng.random() < 0.7:
            order_id, num, text = closed.order_id, 0, closed.text
        else:
            order_id = order.order_id if order else rng.randint(0, self.state.orders + 1)
            num = order.num if order else rng.randrange(20)
            text = order.text if order else rng.choice(TEXTS)
        own = 4 if text else 1
        which = rng.choice((own, own, own, 2, 2, own | 2))
        if rng.random() < self.rare:
            which = rng.randrange(8)
        if rng.random() < self.rare:
            order_id += 1
        names = {
            "orig_num": num if which & 1 else 0,
            "order_id": order_id if which & 2 else 0,
            "text": text if which & 4 else "",
            "instrument": order.instrument if order and rng.random() < 0.5 else None,
        }
        if rng.random() < self.rare:
            names["instrument"] = rng.choice((0, 1, 2, 99))
        return order, names

    def cancel(self) -> Command:
        order, names = self.names()
        who = self.who_changes(order, names)
        return {"type": "CANCEL", **who, **names, **self.request(who)}

    def replace(self) -> Command:
        rng = self.random
        order, names = self.names()
        price, qty = self.price_qty(
            order.instrument if order else 1, order.side if order else "BUY"
        )
        what = rng.choice((1, 2, 3, 3, 0))
        if order and rng.random() < 0.4:
            qty = rng.randint(1, max(1, order.total))
        if order and rng.random() < 0.2:
            qty = rng.choice((order.cum, order.cum + 1, order.total))
        who = self.who_changes(order, names)
        return {
            "type": "REPLACE",
            **who,
            **names,
            **self.request(who),
            "price": price if what & 1 else None,
            "qty": qty if what & 2 else None,
        }

    def status_names(self) -> Command:
        order, names = self.names()
        who = self.who_changes(order, names)
        row = self.state.entries.get(who["entry"] or 0)
        is_fix = row is not None and row.kind == "FIX"
        return {
            "entry": who["entry"] or 0,
            "num": who["num"] if is_fix else names["orig_num"],
            "order_id": names["order_id"],
            "instrument": names["instrument"],
            "text": names["text"] if is_fix else "",
            "request": self.random.choice(("", "q")) if is_fix else "",
        }

    def mass_cancel(self) -> Command:
        rng = self.random
        who = self.who()
        return {
            "type": "MASS_CANCEL",
            **who,
            "request": self.request(who)["request"],
            "kind": rng.choice(("SECURITY", "ALL")),
            "instrument": rng.choice((None, 1, 1, 2, 99)),
            "side": rng.choice((0, 0, 1, 2, 3)),
            "quiet": rng.random() < 0.2,
            "prior": rng.choice((0, 0, 3, 2**31)),
        }
