"""Random sequences at and around every bound: of types, of filters, of what stands in the book."""

from testing.twin.naive_state import SECOND_NS, Command
from testing.twin.sequences import INT64_MAX, Sequence

# The root of 2^63 is among them: it squared is the highest product that 63 bits hold.
BOUNDS = (
    *(1, 2, 10, 10**8, 2**31, 2**32, 3_037_000_499, 2**52, 2**53, 2**62),
    *(INT64_MAX // 2, INT64_MAX),
)


class EdgeSequence(Sequence):
    """As the others, with other numbers."""

    def beside(self, number: int) -> int:
        """A number or one right beside it, within what a field holds and is not null."""
        number += self.random.choice((-1, 0, 0, 1))
        return max(-INT64_MAX, min(INT64_MAX, number))

    def edge(self) -> int:
        """A number at a bound."""
        return self.beside(self.random.choice(BOUNDS))

    def bound(self, share: float) -> int:
        """The same for a filter; 0 where there is none."""
        return max(0, self.edge()) if self.random.random() < share else 0

    def instrument(self, index: int) -> Command:
        """None of the filters, all of them, or some."""
        rng = self.random
        share = rng.choice((0.0, 0.3, 0.6))
        value = self.edge() * self.edge() // 10**8
        return {
            "type": "INSTRUMENT",
            "instrument": self.number_of(index),
            "symbol": f"SYM{index}",
            "tick": self.bound(share),
            "lot": self.bound(share),
            "qty_min": self.bound(share),
            "qty_max": self.bound(share),
            "notional_min": max(0, self.beside(value)) if rng.random() < share else 0,
            "price_band_bps": rng.choice((0, 1, 9_999, 10_000, 10_001, 2**31, 2**32 - 2)),
            "orders_per_side_max": rng.choice((0, 0, 1, 2, 2**32 - 2)),
            "session_end_s": rng.choice((0, 1, 86_399, 86_400, 2**32 - 2)),
            "open": rng.random() > self.rare,
        }

    def pass_time(self) -> None:
        """As the others, and to the ends of sessions."""
        super().pass_time()
        ends = [listing.session_end_ns for listing in self.state.listings.values()]
        if ends and self.random.random() < self.rare:
            self.stamp_ns = max(self.stamp_ns, min(ends) - self.random.choice((0, 1, SECOND_NS)))

    def price_qty(self, instrument: int | None, side: str) -> tuple[int, int]:
        """A price and a quantity at a bound, at a filter, or by what stands in the book."""
        rng = self.random
        listing = None if instrument is None else self.state.listings.get(instrument)
        if listing is None:
            return self.edge(), self.edge()
        spec, last, book = listing.spec, listing.last_price, listing.book
        band = last * spec["price_band_bps"] // 10_000
        room = INT64_MAX - sum(order.leaves for order in book[side])
        prices, qtys = [self.edge()], [self.edge(), self.beside(room), self.beside(room // 2)]
        if last:
            prices += [self.beside(last + band), self.beside(last - band)]
        qtys += [self.beside(spec[name]) for name in ("qty_min", "qty_max") if spec[name]]
        for orders in book.values():
            prices += [order.price for order in orders[:3] if order.price is not None] * 2
            qtys += [self.beside(order.leaves) for order in orders[:2]]
            if orders:
                qtys.append(self.beside(sum(order.leaves for order in orders)))
        price = self.aligned(rng.choice(prices), spec["tick"])
        return price, self.aligned(rng.choice(qtys), spec["lot"])

    def aligned(self, number: int, step: int) -> int:
        """A multiple, but for rare ones."""
        if step < 1 or self.random.random() < self.rare:
            return number
        return max(step, number - number % step)
