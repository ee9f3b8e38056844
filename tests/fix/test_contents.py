"""What holds sessions to their numbers sees where they are not held."""

import pytest

from testing.foreign_fix.contents import Numbers
from testing.foreign_fix.text import Field, ForeignMessage, encoded

NEW = ("8", (11, "a"), (150, 0))
AGAIN: tuple[Field, ...] = ((43, "Y"), (122, "then"))


def message(number: int, kind: str, *fields: Field) -> ForeignMessage:
    return ForeignMessage("in", encoded("FIX.4.4", [(35, kind), (34, number), *fields]))


def fill(number: int, to: int) -> ForeignMessage:
    return message(number, "4", (123, "Y"), (36, to), *AGAIN)


def test_what_is_told_again_is_the_same() -> None:
    numbers = Numbers([message(1, "A"), message(2, *NEW), message(4, *NEW)])
    assert not numbers.whole_to(4)
    for again in (fill(1, 2), message(2, *NEW, *AGAIN), fill(3, 4)):
        numbers.hear(again)
    assert numbers.whole_to(4)
    assert not numbers.whole_to(5)


@pytest.mark.parametrize(
    "wrong",
    [
        message(2, "8", (11, "b"), (150, 0), *AGAIN),
        message(2, "8", (11, "a"), (150, 0), (58, "more"), *AGAIN),
        message(2, *NEW, (43, "Y")),
        message(3, *NEW, (122, "then")),
        message(1, "A", *AGAIN),
        fill(1, 3),
    ],
)
def test_a_number_that_stands_for_something_else_is_seen(wrong: ForeignMessage) -> None:
    numbers = Numbers([message(1, "A"), message(2, *NEW)])
    with pytest.raises(AssertionError):
        numbers.hear(wrong)


def test_what_was_filled_is_nothing_else() -> None:
    numbers = Numbers([fill(1, 3)])
    with pytest.raises(AssertionError, match="2 was filled"):
        numbers.hear(message(2, *NEW, *AGAIN))
