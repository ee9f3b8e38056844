"""Event batches as the engine makes them: small and strange ones, and many ordinary ones."""

import random
from collections.abc import Iterator

from core import Commands, Engine, split_batches
from testing.twin.encode import batch
from testing.twin.sequences import Sequence

START_NS = 1_700_000_000 * 10**9
BUY, SELL = 1, 2
LIMIT, MARKET = 2, 1
GTC, IOC = 1, 3
UNIT = 10**8


def strange(seed: int) -> list[bytes]:
    """Event batches of a sequence that tries everything, also what is refused."""
    sequence, engine = Sequence(seed), Engine(0)
    batches: list[bytes] = []
    for offset, step in enumerate(sequence.steps(), 1):
        sequence.pair.apply(step)
        sealed = batch(step.header, step.commands)
        batches += split_batches(engine.apply(offset, step.append_ns, [sealed]))
    return batches


def ordinary(
    seed: int, count: int, commands: int = 60, users: int = 5, engine: Engine | None = None
) -> Iterator[bytes]:
    """``count`` event batches of REST users who buy, sell, cancel and amend."""
    rng, engine, buffer = random.Random(seed), engine or Engine(0), Commands()
    buffer.gateway_open(2, rng.getrandbits(64))
    for number, symbol in enumerate(("BTCUSD", "ETHUSD"), 1):
        buffer.instrument(number, symbol, tick=UNIT, lot=1)
    incarnation = 0
    for offset in range(1, count + 1):
        now = START_NS + offset * 7_000_000_000
        for _ in range(commands if offset > 1 else 0):
            command(rng, buffer, f"user{rng.randrange(users)}", offset * commands)
        number = offset - 1
        sealed = buffer.seal(2, incarnation, number, now, commands + 3)
        assert sealed is not None
        yield from split_batches(engine.apply(offset, now, [sealed]))
        incarnation = 1


def ticks(count: int) -> Iterator[bytes]:
    """Command batches in which nothing but time goes on."""
    for stamp_ns in range(1, count + 1):
        tick = Commands()
        tick.tick()
        sealed = tick.seal(0, 0, 0, stamp_ns, 1)
        assert sealed is not None
        yield sealed


def command(rng: random.Random, buffer: Commands, user: str, about: int) -> None:
    """One command of the mix; cancels and amendments name a likely order, or none that is open."""
    order_id = max(1, about // 2 - rng.randrange(200))
    kind = rng.random()
    if kind < 0.2:
        buffer.cancel(num=rng.randrange(10**6), order_id=order_id)
        return
    qty, price = rng.randint(1, 9) * UNIT, rng.randint(95, 105) * UNIT
    if kind < 0.3:
        buffer.replace(num=1, order_id=order_id, qty=qty, price=price)
        return
    market = kind > 0.95
    buffer.new_order(
        instrument=rng.randint(1, 2),
        side=rng.choice((BUY, SELL)),
        ord_type=MARKET if market else LIMIT,
        tif=IOC if market or kind > 0.9 else GTC,
        qty=qty,
        price=None if market else price,
        user=user,
        text=f"id-{rng.randrange(10**12)}" if rng.random() < 0.5 else "",
        stp=0,
    )


def placed_and_canceled(
    orders: int, *, later: int, users: int, commands: int = 1_000
) -> Iterator[bytes]:
    """Event batches of so many orders, each of which is canceled when ``later`` more are placed."""
    engine, buffer = Engine(0), Commands()
    buffer.gateway_open(2, 1)
    buffer.instrument(1, "BTCUSD", tick=UNIT, lot=1)
    for number, first in enumerate(range(1, orders + later + 1, commands)):
        for order_id in range(first, first + commands):
            if order_id <= orders:
                buffer.new_order(
                    instrument=1,
                    side=BUY,
                    ord_type=LIMIT,
                    tif=GTC,
                    qty=UNIT,
                    price=(100 + order_id % 50) * UNIT,
                    user=f"user{order_id % users}",
                    text="",
                    stp=0,
                )
            if order_id > later:
                buffer.cancel(num=order_id, order_id=order_id - later)
        now = START_NS + number * 10**7
        sealed = buffer.seal(2, min(number, 1), max(number - 1, 0), now, 3 * commands)
        assert sealed is not None
        yield from split_batches(engine.apply(number + 1, now, [sealed]))
