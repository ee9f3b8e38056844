"""Numbers of order entry and what people write."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.terms import decimal, units


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
