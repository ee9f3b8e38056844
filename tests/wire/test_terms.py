"""Numbers of order entry and what people write."""

from decimal import Decimal

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core import terms as terms_in_rust
from facade.models import STATUSES
from protocol import terms
from protocol.terms import decimal, units
from settings import UserSettings

BESIDE = {
    "SelfMatchPreventionInstruction": {"DEFAULT": terms.STP_OF_ENTRY},
    "OrdStatus": {"REPLACED": 5},
    "ExecInst": {"NONE": 0, "REPEAT_ONLY": terms.REPEAT_ONLY},
    "OrdRejReason": {"NONE": 0},
}
"""What stands in records only, and what Python does not list: a set of no bits."""


@pytest.mark.parametrize("name", sorted(terms_in_rust().keys() - {"CxlRejReason"}))
def test_numbers_are_those_of_the_records(name: str) -> None:
    ours = {x.name: x.value for x in getattr(terms, name)}
    assert ours | BESIDE.get(name, {}) == terms_in_rust()[name]


def test_numbers_of_a_refused_cancel_are_those_of_its_reason() -> None:
    names = {"ORDER_CLOSED": "TOO_LATE_TO_CANCEL", "EXCHANGE_CLOSED": "EXCHANGE_OPTION"}
    told = terms_in_rust()["CxlRejReason"].items()
    numbers = {names.get(name, name): number for name, number in told}
    ours = {x.name: x.value for x in terms.CxlRejReason}
    assert ours.items() <= numbers.items()


def test_settings_and_answers_have_no_other_names() -> None:
    modes = msgspec.json.schema(UserSettings)["$defs"]["UserSettings"]["properties"]
    assert set(modes["self_trade_prevention"]["enum"]) == {
        x.name for x in terms.SelfMatchPreventionInstruction
    }
    assert set(STATUSES) == {x.name for x in terms.OrdStatus}


@given(st.integers(-(2**63), 2**63 - 1))
def test_a_number_comes_back(number: int) -> None:
    assert units(decimal(number)) == number
    assert units(str(decimal(number))) == number


@pytest.mark.parametrize(
    ("text", "number"),
    [("1", 10**8), ("0.00000001", 1), ("-2.5", -250_000_000), ("1e2", 10**10), ("0", 0)],
)
def test_decimals_are_multiples_of_their_last_place(text: str, number: int) -> None:
    assert units(text) == units(Decimal(text)) == number


@pytest.mark.parametrize("text", ["0.000000001", "nan", "inf", "one", "", "1e-9"])
def test_what_is_no_multiple_is_an_error(text: str) -> None:
    with pytest.raises(ValueError, match=text or "''"):
        units(text)
