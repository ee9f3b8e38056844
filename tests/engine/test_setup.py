"""The configuration is compared with the engine's state: each difference becomes a command."""

import json
import logging
from dataclasses import replace
from typing import Any

import pytest

from core import RULES, Commands, Engine, describe_commands
from engine.setup import (
    EntrySetup,
    InstrumentSetup,
    Setup,
    SetupRefused,
    batches_of,
    entries_by_name,
)
from protocol.terms import EntryKind
from testing.parts import engine_limits

BTC = InstrumentSetup("BTCUSD", 1, 1, 0, 0, 0, 0, 0, 0, True)
ETH = replace(BTC, symbol="ETHUSD")
ANN = EntrySetup(EntryKind.BINARY, "Ann", "ann", False, 0)
SETUP = Setup(engine_limits(accounts_max=10), (BTC, ETH), (ANN,))


class Market:
    """An engine that is configured again and again."""

    def __init__(self) -> None:
        self.engine = Engine()
        self.offset = 0

    def configure(self, setup: Setup) -> list[dict[str, Any]]:
        """What is journaled for a configuration."""
        batch = setup.commands(self.engine).seal(0, 0, 0, 1, 1_000)
        if batch is None:
            return []
        self.offset += 1
        self.engine.apply(self.offset, 1, [batch])
        commands: list[dict[str, Any]] = json.loads(describe_commands(batch))["commands"]
        return commands


@pytest.fixture
def market() -> Market:
    market = Market()
    assert [x["type"] for x in market.configure(SETUP)] == [
        "SETTINGS", "INSTRUMENT", "INSTRUMENT", "ENTRY_OPEN",
    ]  # fmt: skip
    return market


def test_nothing_is_journaled_where_nothing_differs(market: Market) -> None:
    assert market.configure(SETUP) == []


@pytest.mark.parametrize(
    ("change", "kind"),
    [
        ({"limits": engine_limits(accounts_max=11)}, "SETTINGS"),
        ({"limits": engine_limits(accounts_max=10, claim_interval_ns=5)}, "SETTINGS"),
        ({"instruments": (replace(BTC, tick=2), ETH)}, "INSTRUMENT"),
        ({"instruments": (BTC, ETH, replace(ETH, symbol="NEW"))}, "INSTRUMENT"),
        ({"entries": (replace(ANN, stp=2),)}, "ENTRY_OPEN"),
        ({"entries": (replace(ANN, cancel_on_disconnect=True),)}, "ENTRY_OPEN"),
        ({"entries": (ANN, replace(ANN, name="bob"))}, "ENTRY_OPEN"),
    ],
)
def test_what_differs_is_journaled_alone(market: Market, change: dict[str, Any], kind: str) -> None:
    changed = replace(SETUP, **change)
    assert [x["type"] for x in market.configure(changed)] == [kind]
    assert market.configure(changed) == []


def test_a_new_instrument_gets_the_number_above_all_others(market: Market) -> None:
    new = replace(ETH, symbol="NEW")
    (added,) = market.configure(replace(SETUP, instruments=(new, BTC, ETH)))
    assert (added["symbol"], added["instrument"]) == ("NEW", 3)
    # Whatever the order in the file, one that there is keeps its number.
    (changed,) = market.configure(replace(SETUP, instruments=(ETH, replace(BTC, tick=2), new)))
    assert (changed["symbol"], changed["instrument"]) == ("BTCUSD", 1)


def test_an_instrument_that_is_no_longer_named_is_closed_until_it_is_named_again(
    market: Market, caplog: pytest.LogCaptureFixture
) -> None:
    without = replace(SETUP, instruments=(ETH,))
    (closed,) = market.configure(without)
    assert (closed["symbol"], closed["open"]) == ("BTCUSD", False)
    assert "instrument BTCUSD is no longer configured" in caplog.text
    caplog.clear()
    assert market.configure(without) == []
    assert caplog.text == ""
    (opened,) = market.configure(SETUP)
    assert (opened["symbol"], opened["open"]) == ("BTCUSD", True)


def test_a_name_written_otherwise_is_the_same_entry(
    market: Market, caplog: pytest.LogCaptureFixture
) -> None:
    assert market.configure(replace(SETUP, entries=(replace(ANN, name="ANN"),))) == []
    assert [name for _, name in entries_by_name(market.engine)] == ["ann"]
    with caplog.at_level(logging.WARNING):
        assert market.configure(replace(SETUP, entries=(replace(ANN, account="b"),))) == []
    assert "user Ann trades for the account ann" in caplog.text


def test_an_account_is_told_without_case_but_one_from_before(market: Market) -> None:
    def opened(setup: Setup) -> list[Any]:
        return [x["account"] for x in market.configure(setup)]

    bob = EntrySetup(EntryKind.BINARY, "Bob", "ANN", False, 0)
    assert opened(replace(SETUP, entries=(ANN, bob))) == ["ann"]
    assert opened(replace(SETUP, entries=(replace(ANN, account="Ann"),))) == []
    # An older exchange opened accounts as they were written.
    commands = Commands()
    commands.entry_open(0, "Cid", "Cid")
    market.offset += 1
    batch = commands.seal(0, 0, 0, 1, 1)
    assert batch is not None
    market.engine.apply(market.offset, 1, [batch])
    dan = EntrySetup(EntryKind.BINARY, "dan", "Cid", False, 0)
    assert opened(replace(SETUP, entries=(ANN, dan))) == ["Cid"]
    eve = EntrySetup(EntryKind.BINARY, "eve", "CID", False, 0)
    assert opened(replace(SETUP, entries=(ANN, eve))) == ["cid"]


def test_a_number_above_the_limit_is_refused(market: Market) -> None:
    commands = Commands()
    commands.instrument(9, "FAR", tick=1, lot=1)
    market.offset += 1
    batch = commands.seal(0, 0, 0, 1, 1)
    assert batch is not None
    market.engine.apply(market.offset, 1, [batch])
    new = (BTC, ETH, replace(ETH, symbol="NEW"), replace(ETH, symbol="NEWER"))
    with pytest.raises(SetupRefused, match="instrument NEWER: its number would be 11"):
        market.configure(replace(SETUP, instruments=new))


def test_what_does_not_fit_is_refused_by_the_limits_name(market: Market) -> None:
    new = replace(BTC, symbol="NEW")
    few = replace(SETUP, limits=engine_limits(instruments_max=2), instruments=(new,))
    with pytest.raises(SetupRefused, match=r"engine\.instruments_max = 2 does not allow 3"):
        market.configure(few)
    users = tuple(replace(ANN, name=name, account=name) for name in ("ann", "bob", "cid"))
    with pytest.raises(SetupRefused, match=r"engine\.accounts_max = 2 does not allow 3"):
        market.configure(replace(SETUP, limits=engine_limits(accounts_max=2), entries=users))
    tight = replace(SETUP, limits=engine_limits(accounts_max=1, instruments_max=1))
    assert market.configure(tight)[1:] == []


def test_who_looks_first_is_told_of_newer_rules() -> None:
    engine = Engine()
    assert f"rules: version 0 -> {RULES}" in SETUP.changes(engine)
    for offset, batch in enumerate(batches_of(engine, SETUP, 1, 1_000), 1):
        engine.apply(offset, 1, [batch])
    assert SETUP.changes(engine) == []
