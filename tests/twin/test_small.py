"""The same comparison on sequences that Hypothesis makes itself, and so can make smaller."""

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from testing.twin.naive_state import DAY_NS, Command
from testing.twin.pair import Step, run

INSTRUMENT: Command = {
    "type": "INSTRUMENT",
    "instrument": 1,
    "symbol": "BTCUSD",
    "tick": 1,
    "lot": 1,
    "qty_min": 0,
    "qty_max": 0,
    "notional_min": 0,
    "price_band_bps": 0,
    "orders_per_side_max": 6,
    "session_end_s": 0,
    "open": True,
}
ENTRIES: list[Command] = [
    {
        "type": "ENTRY_OPEN",
        "kind": "BINARY",
        "name": name,
        "account": account,
        "cancel_on_disconnect": name == "one",
        "stp": "NONE",
    }
    for name, account in (("one", "alice"), ("two", "alice"), ("three", "bob"))
]
STPS = ("DEFAULT", "CANCEL_NEWEST", "CANCEL_OLDEST", "CANCEL_BOTH", "DECREMENT")

who = st.one_of(
    st.integers(1, 3).map(lambda entry: {"entry": entry, "user": ""}),
    st.sampled_from(("alice", "carol")).map(lambda user: {"entry": None, "user": user}),
)
price = st.integers(95, 105)
qty = st.integers(1, 9)
named = st.fixed_dictionaries(
    {
        "orig_num": st.just(0),
        "order_id": st.integers(1, 12),
        "text": st.just(""),
        "instrument": st.sampled_from((None, 1)),
        "request": st.just(""),
        "poss_resend": st.just(False),
    }
)
new = st.fixed_dictionaries(
    {
        "type": st.just("NEW"),
        "text": st.sampled_from(("", "a", "b")),
        "instrument": st.just(1),
        "side": st.sampled_from(("BUY", "SELL")),
        "ord_type": st.just("LIMIT"),
        "tif": st.sampled_from(("GTC", "DAY", "IOC", "FOK")),
        "exec_inst": st.sampled_from((0, 0, 1, 0x80)),
        "stp": st.sampled_from(STPS),
        "price": price,
        "qty": qty,
    }
)
market = new.map(lambda fields: fields | {"ord_type": "MARKET", "price": None})
cancel = named.map(lambda fields: {"type": "CANCEL", **fields})
replace = st.tuples(named, st.none() | price, st.none() | qty).map(
    lambda drawn: {"type": "REPLACE", **drawn[0], "price": drawn[1], "qty": drawn[2]}
)
mass = st.sampled_from((0, 1, 2)).map(
    lambda side: {
        "type": "MASS_CANCEL",
        "kind": "ALL",
        "instrument": None,
        "side": side,
        "quiet": False,
        "prior": 0,
        "request": "",
    }
)
asked = st.tuples(who, st.one_of(new, new, new, market, cancel, replace, replace, mass)).map(
    lambda drawn: drawn[1] | drawn[0]
)
closed = st.integers(1, 3).map(lambda entry: {"type": "ENTRY_CLOSED", "entry": entry})
commands = st.lists(st.one_of(asked, asked, asked, asked, closed), min_size=1, max_size=4)
batches = st.lists(
    st.tuples(commands, st.sampled_from((0, 0, 0, 0, 1, DAY_NS)), st.booleans()), max_size=40
)


@settings(max_examples=250, deadline=None, suppress_health_check=list(HealthCheck))
@given(batches=batches)
@example(batches=[])
def test_small_sequences_are_alike(batches: list[tuple[list[Command], int, bool]]) -> None:
    header = {"gateway": 0, "incarnation": 0, "number": 0, "stamp_ns": 0}
    steps = [Step(header, 0, [INSTRUMENT, *ENTRIES])]
    now_ns, num = 0, 0
    for drawn, passed_ns, restore in batches:
        now_ns += passed_ns
        sent = []
        for command in drawn:
            num += 1
            sent.append(command if command["type"] == "ENTRY_CLOSED" else command | {"num": num})
        steps.append(Step(header | {"stamp_ns": now_ns}, now_ns, sent, restore))
    run(steps)
