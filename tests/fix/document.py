"""What dictionaries and terms say of ``docs/fix.md``.

``python -m tests.fix.document`` writes it there.
"""

import pathlib
from collections.abc import Iterator

from protocol import terms
from protocol.fix import Dictionary, FieldType, Member, dictionary
from tests.fix.notes import NOTES, Noted, Notes

PAGE = pathlib.Path(__file__).parents[2] / "docs" / "fix.md"
VERSIONS = tuple(map(dictionary, ("FIX.4.4", "FIX.4.2")))
STANDARD_MAX = {"FIX.4.4": 15, "FIX.4.2": 8}
"""The highest OrdRejReason of a version but for "other"."""
VALUES_MAX = 8
"""A field that may have more values has them listed where not all of them mean something."""
_WAYS = {"in": "From the client.", "out": "From the exchange.", "both": "Either way."}


def members_of(version: Dictionary, name: str) -> tuple[Member, ...]:
    """The members of a message, of the header or the trailer; none where the version lacks it."""
    if name in ("StandardHeader", "StandardTrailer"):
        return version.header if name == "StandardHeader" else version.trailer
    found = (x.members for x in version.messages.values() if x.name == name)
    return next(found, ())


def every(members: tuple[Member, ...]) -> Iterator[Member]:
    """These and those of their groups."""
    for member in members:
        yield member
        yield from every(member.members)


def placed(version: Dictionary, name: str) -> dict[int, Member]:
    """All members of a message by their tag; the first of each."""
    found: dict[int, Member] = {}
    for member in every(members_of(version, name)):
        found.setdefault(member.field.tag, member)
    return found


def _values(known: FieldType, noted: Noted) -> str:
    if not noted.values and len(known.values) > VALUES_MAX:
        return ""
    names = (noted.values or tuple(known.values)) if known.values else ()
    return ", ".join(f"`{value}` {_of_two(known, value)}".strip() for value in names)


def _of_two(known: FieldType, value: str) -> str:
    described = (x.fields[known.tag] for x in VERSIONS if known.tag in x.fields)
    return next((x.values[value] for x in described if value in x.values), "")


def _row(tag: int, noted: Noted, places: list[dict[int, Member]]) -> str:
    found = [place.get(tag) for place in places]
    known = next(member.field for member in found if member is not None)
    marks = ["-" if x is None else "Y" if x.required else "" for x in found]
    cells = [str(tag), known.name, *marks, _values(known, noted), noted.meaning]
    return "| " + " | ".join(cells) + " |"


def _message(name: str, notes: Notes) -> list[str]:
    places = [placed(version, name) for version in VERSIONS]
    types = {x.msg_type for v in VERSIONS for x in v.messages.values() if x.name == name}
    lines = [f"### {name}", ""]
    title = f"35={types.pop()}. " if types else ""
    only = "" if all(places) else " FIX.4.4 alone."
    lines += [f"{title}{_WAYS[notes.way]}{only} {notes.about}", ""]
    lines += ["| tag | name | 4.4 | 4.2 | values | meaning |", "|---|---|---|---|---|---|"]
    lines += [_row(tag, noted, places) for tag, noted in notes.fields.items()]
    return [*lines, ""]


def messages() -> str:
    """A table for each message."""
    lines = ["## Messages, field by field", ""]
    for name, notes in NOTES.items():
        lines += _message(name, notes)
    return "\n".join(lines)


def reasons() -> str:
    """Why an order, a cancellation or an amendment is refused, and how each version says it."""
    lines = ["| 58 | 103 in 4.4 | in 4.2 | 102 in 4.4 | in 4.2 |", "|---|---|---|---|---|"]
    cancels = {"ORDER_CLOSED": (0, 0), "UNKNOWN_ORDER": (1, 1), "DUPLICATE_CLIENT_ORDER_ID": (6, 2)}
    for reason in terms.OrdRejReason:
        newer = reason if reason <= STANDARD_MAX["FIX.4.4"] else 99
        older = reason if reason <= STANDARD_MAX["FIX.4.2"] else 0
        cells = [f"`{reason.name}`", newer, older, *cancels.get(reason.name, (99, 2))]
        lines.append("| " + " | ".join(map(str, cells)) + " |")
    return "\n".join([*lines, ""])


def written(page: str) -> str:
    """The page with these parts as they are now."""
    for name, part in (("the dictionaries", messages()), ("the terms", reasons())):
        begin, end = (f"<!-- from {name}: {x} -->\n" for x in ("begin", "end"))
        head, rest = page.split(begin)
        _, tail = rest.split(end)
        page = head + begin + "\n" + part + "\n" + end + tail
    return page


if __name__ == "__main__":
    PAGE.write_text(written(PAGE.read_text()))
