"""What every number of a session stood for, and whether it ever stood for anything else."""

from collections.abc import Iterable

from testing.foreign_fix.text import ForeignMessage

AGAIN = frozenset((9, 10, 43, 52, 122))
"""What may differ where a message is told again: length, sum, PossDupFlag and times."""
RESET, REJECT, BUSINESS_REJECT = "4", "3", "j"
_TOLD_ONCE = frozenset("0125A")
"""Administrative messages: where they are asked for, a gap is told in their place."""

Content = tuple[tuple[int, str], ...]


def content(message: ForeignMessage) -> Content:
    """All that a message says, whenever it says it."""
    return tuple(field for field in message.fields if field[0] not in AGAIN)


class Numbers:
    """The numbers of one side of a session, without a reset: all that was heard of them."""

    def __init__(self, messages: Iterable[ForeignMessage] = ()) -> None:
        """Hear these messages, in their order."""
        self.contents: dict[int, Content] = {}
        """What each number stood for first; a number that was only filled is not there."""
        self.types: dict[int, str] = {}
        self.filled: set[int] = set()
        for message in messages:
            self.hear(message)

    def hear(self, message: ForeignMessage) -> None:
        """Take a message; ``AssertionError`` where its number stands for something else."""
        number = int(message[34])
        if message[35] == RESET and message.get(123) == "Y":
            self._fill(message, range(number, int(message[36])))
            return
        before = self.contents.setdefault(number, content(message))
        assert before == content(message), f"{number} stood for {before}, and is {message}"
        again = message.get(43) == "Y"
        assert again == (message.get(122) is not None), message
        assert not (again and message[35] in _TOLD_ONCE), message
        assert number not in self.filled, f"{number} was filled, and is {message}"
        self.types[number] = message[35]

    def _fill(self, message: ForeignMessage, numbers: Iterable[int]) -> None:
        for number in numbers:
            kind = self.types.get(number, "0")
            assert kind not in ("8", "9", REJECT, BUSINESS_REJECT, "r", "D", "F", "G", "q"), (
                f"{message} fills over {number}, which was a {kind}"
            )
            self.filled.add(number)

    def whole_to(self, last: int) -> bool:
        """Whether each number up to this one was heard, or filled."""
        return all(
            number in self.contents or number in self.filled for number in range(1, last + 1)
        )
