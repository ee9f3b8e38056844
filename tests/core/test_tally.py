"""What events say, counted: by whom does not matter, nor how batches come."""

from collections import Counter

import msgspec
import pytest

from core import Tally, describe_events
from testing.batches import strange
from testing.fold import SHOWN
from testing.in_process import InProcess

PLAIN = {"ACCEPTED": "accepted", "TRADE": "trade"}
BY_REASON = {"CANCELED": "canceled", "REJECTED": "rejected", "CANCEL_REJECTED": "cancel_rejected"}


def counted(tally: Tally) -> dict[tuple[str, str], int]:
    return {(row.name, row.reason): row.count for row in tally.rows() if row.count}


def taken(*batches: bytes) -> Tally:
    tally = Tally()
    for some in batches:
        tally.take(some)
    return tally


def described(batches: bytes) -> Counter[tuple[str, str]]:
    """What events say of orders, trades and reasons, as they are described for people."""
    found = Counter[tuple[str, str]]()
    for batch in msgspec.json.decode(describe_events(batches)):
        for event in batch["events"]:
            kind = event["type"]
            if kind in PLAIN:
                found[PLAIN[kind], ""] += 1
            elif kind == "REPLACED" and not event["copy"]:
                found["replaced", ""] += 1
            elif kind in BY_REASON and not event.get("copy"):
                why = event["reason"]
                found[BY_REASON[kind], SHOWN.get(why, why)] += 1
    return found


def test_it_counts_what_the_events_are_described_to_say() -> None:
    whole = b"".join(batch for seed in range(40) for batch in strange(seed))
    found = {key: n for key, n in counted(taken(whole)).items() if key[0] != "refused"}
    assert found == described(whole)
    assert {name for name, _ in found} == {*PLAIN.values(), *BY_REASON.values(), "replaced"}


def test_batches_may_come_together_or_one_by_one() -> None:
    batches = strange(1)
    assert taken(*batches).rows() == taken(b"".join(batches)).rows()
    assert counted(taken(b"")) == {}


def test_bytes_that_are_no_batches_count_for_nothing() -> None:
    batches = strange(2)
    tally = taken(*batches[:3])
    before = tally.rows()
    for bad in (b"x", batches[3][:-1], batches[3] + batches[4][:10]):
        with pytest.raises(ValueError, match="batch"):
            tally.take(bad)
        assert tally.rows() == before
    tally.take(b"".join(batches[3:]))
    assert tally.rows() == taken(*batches).rows()


async def test_order_entry_counts_alike() -> None:
    async with InProcess() as exchange:
        rests = await exchange.place(quantity=2, side="SELL", user_id="bob")
        await exchange.place()
        await exchange.amend(rests["order_id"], quantity=3)
        await exchange.cancel(rests["order_id"])
        await exchange.cancel(rests["order_id"], 409)
        await exchange.session_places(price=-1)
        log = exchange.logs.events
        tally = taken(b"".join(record.batch for record in log.read(1, 1 << 20)))
        assert tally.rows() == exchange.gateway.order_entry.tally()
        names = {name for name, _ in counted(tally)}
    assert names == {"accepted", "trade", "replaced", "canceled", "rejected", "cancel_rejected"}
