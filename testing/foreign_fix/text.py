"""Messages of FIX as text, put together and taken apart as simply as can be."""

from collections.abc import Iterable, Mapping

SOH = "\x01"
Field = tuple[int, object]


def encoded(begin_string: str, fields: Iterable[Field]) -> str:
    """A whole message of these fields, the first of which is 35: length and sum are right."""
    body = "".join(f"{tag}={value}{SOH}" for tag, value in fields)
    head = f"8={begin_string}{SOH}9={len(body)}{SOH}"
    total = sum((head + body).encode("latin-1")) % 256
    return f"{head}{body}10={total:03}{SOH}"


class ForeignMessage:
    """One message that went over the line, in one direction or the other."""

    def __init__(self, way: str, text: str) -> None:
        """``way`` is ``in`` or ``out``, as the foreign engine sees it."""
        self.way = way
        self.text = text
        """As it went over the line, each byte a character."""
        self.fields = _fields(text)
        """Tags and values, in their order."""

    def __repr__(self) -> str:
        """As people write messages down."""
        return f"{self.way} {self.text.replace(SOH, '|')}"

    def __getitem__(self, tag: int) -> str:
        """The first value of a tag; ``KeyError`` without one."""
        value = self.get(tag)
        if value is None:
            raise KeyError(f"{tag} is not in {self}")
        return value

    def get(self, tag: int) -> str | None:
        """The first value of a tag."""
        return next((value for name, value in self.fields if name == tag), None)

    def all(self, tag: int) -> list[str]:
        """All values of a tag: it may be one of a repeating group."""
        return [value for name, value in self.fields if name == tag]

    def has(self, wanted: Mapping[int, object]) -> bool:
        """Whether these tags have these values; None: the tag is not there."""
        return all(
            self.get(tag) == (None if value is None else str(value))
            for tag, value in wanted.items()
        )


def _fields(text: str) -> list[tuple[int, str]]:
    """A field of data, behind its length, may hold what ends others."""
    fields: list[tuple[int, str]] = []
    at = 0
    while at < len(text):
        name, _, rest = text[at:].partition("=")
        tag = int(name)
        if fields and fields[-1][0] == _LENGTHS.get(tag):
            value = rest[: int(fields[-1][1])]
        else:
            value = rest.partition(SOH)[0]
        fields.append((tag, value))
        at += len(name) + 1 + len(value) + 1
    return fields


_LENGTHS = {89: 93, 91: 90, 96: 95, 213: 212, 349: 348, 351: 350, 353: 352, 355: 354, 357: 356}
"""Fields of data, and those which tell their length."""
