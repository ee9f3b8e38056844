"""The FIX dictionaries ``fix44.xml`` and ``fix42.xml`` as data: what messages may hold, and must.

Their elements are those of QuickFIX's data dictionaries, so that they can be extended as engineers
of the field know it. ``Dictionary.flat`` is what a decoder is made of.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache, cached_property
from importlib.resources import files
from typing import Literal, NoReturn, cast, get_args
from xml.parsers import expat

Category = Literal["admin", "app"]
TYPES = {
    *("INT", "LENGTH", "SEQNUM", "NUMINGROUP", "TAGNUM", "DAYOFMONTH"),
    *("FLOAT", "QTY", "PRICE", "PRICEOFFSET", "AMT", "PERCENTAGE"),
    *("CHAR", "BOOLEAN", "STRING", "MULTIPLEVALUESTRING", "CURRENCY", "EXCHANGE", "COUNTRY"),
    *("UTCTIMESTAMP", "UTCTIMEONLY", "UTCDATEONLY", "UTCDATE", "LOCALMKTDATE", "MONTHYEAR"),
    "DATA",
}
"""The types of fields that there are."""
VERSIONS = {"FIX.4.4": "fix44.xml", "FIX.4.2": "fix42.xml"}
"""The versions that are spoken, and their files here."""


@dataclass(frozen=True)
class FieldType:
    """A field: its tag, name, type, and the values that it may have, with their meaning.

    Without values it may have any of its type.
    """

    tag: int
    name: str
    type: str
    values: dict[str, str]


@dataclass(frozen=True)
class Member:
    """A field in its place; ``members`` are those of each entry where it counts a group's."""

    field: FieldType
    required: bool
    members: tuple["Member", ...] = ()


@dataclass(frozen=True)
class MessageType:
    """A message and the fields of its body.

    One without fields is known, and no more is said of it.
    """

    name: str
    msg_type: str
    category: Category
    members: tuple[Member, ...]


FlatMember = tuple[int, bool, int]
"""A tag, whether it is required, and in how many groups it stands."""


@dataclass(frozen=True)
class Flat:
    """A dictionary without names: the fields of a group follow the one that counts them."""

    tag_max: int
    fields: list[tuple[int, str, list[str]]]
    header: list[FlatMember]
    trailer: list[FlatMember]
    messages: list[tuple[str, list[FlatMember]]]
    other_types: list[str]


@dataclass(frozen=True)
class Dictionary:
    """A version: BeginString, the standard's highest tag, messages by MsgType, fields by tag."""

    begin_string: str
    tag_max: int
    header: tuple[Member, ...]
    trailer: tuple[Member, ...]
    messages: dict[str, MessageType]
    fields: dict[int, FieldType]

    @cached_property
    def flat(self) -> Flat:
        """What a decoder is made of."""
        defined = [message for message in self.messages.values() if message.members]
        return Flat(
            tag_max=self.tag_max,
            fields=[(x.tag, x.type, list(x.values)) for x in self.fields.values()],
            header=list(_flat(self.header)),
            trailer=list(_flat(self.trailer)),
            messages=[(message.msg_type, list(_flat(message.members))) for message in defined],
            other_types=[x.msg_type for x in self.messages.values() if not x.members],
        )


def _flat(members: tuple[Member, ...], depth: int = 0) -> Iterator[FlatMember]:
    for member in members:
        yield member.field.tag, member.required, depth
        yield from _flat(member.members, depth + 1)


class DictionaryError(ValueError):
    """A dictionary that can't be: the file, the line and what is wrong there."""


@dataclass(frozen=True)
class _Element:
    """An element of a file, and where it stands."""

    file: str
    line: int
    name: str
    attributes: dict[str, str]
    children: list["_Element"] = field(default_factory=list)

    def wrong(self, what: str) -> NoReturn:
        """It can't be so."""
        raise DictionaryError(f"{self.file}, line {self.line}, <{self.name}>: {what}")

    def get(self, attribute: str) -> str:
        """An attribute that must be there."""
        value = self.attributes.get(attribute)
        return value if value else self.wrong(f"it has no {attribute}")

    def number(self, attribute: str) -> int:
        """An attribute that is a number above 0."""
        text = self.get(attribute)
        if not text.isascii() or not text.isdigit() or int(text) == 0:
            self.wrong(f"{attribute} {text!r} is no number above 0")
        return int(text)

    def required(self) -> bool:
        """What it says in ``required``."""
        text = self.get("required")
        return (
            text == "Y" if text in ("Y", "N") else self.wrong(f"required is {text!r}, not Y or N")
        )

    def part(self, name: str) -> "_Element":
        """The only child of a name."""
        found = [child for child in self.children if child.name == name]
        return found[0] if len(found) == 1 else self.wrong(f"it has {len(found)} <{name}>, not one")

    def all(self, name: str) -> Iterator["_Element"]:
        """The children, all of which have this name."""
        for child in self.children:
            if child.name != name:
                child.wrong(f"only <{name}> stands in <{self.name}>")
            yield child


def _parse(text: str, file: str) -> _Element:
    parser = expat.ParserCreate()
    root = _Element(file, 1, "file", {})
    open_elements = [root]

    def start(name: str, attributes: dict[str, str]) -> None:
        element = _Element(file, parser.CurrentLineNumber, name, attributes)
        open_elements[-1].children.append(element)
        open_elements.append(element)

    parser.StartElementHandler = start
    parser.EndElementHandler = lambda _: open_elements.pop()
    try:
        parser.Parse(text, True)
    except expat.ExpatError as error:
        raise DictionaryError(
            f"{file}, line {error.lineno}: {expat.ErrorString(error.code)}"
        ) from None
    return root.part("fix")


class _Reader:
    """Reads the messages of a file, whose fields and components it knows."""

    def __init__(self, root: _Element) -> None:
        self.fields: dict[str, FieldType] = {}
        tags: dict[int, str] = {}
        for element in root.part("fields").all("field"):
            known = _field(element)
            if known.name in self.fields or known.tag in tags:
                element.wrong(f"{known.name} ({known.tag}) is defined twice")
            self.fields[known.name] = known
            tags[known.tag] = known.name
        self.components: dict[str, _Element] = {}
        for element in root.part("components").all("component"):
            if element.get("name") in self.components:
                element.wrong(f"{element.get('name')} is defined twice")
            self.components[element.get("name")] = element

    def place(self, element: _Element) -> tuple[Member, ...]:
        """The members of a message, the header or the trailer; each stands in one place."""
        members = tuple(self.members(element, True, ()))
        seen: set[int] = set()
        for tag, _, _ in _flat(members):
            if tag in seen:
                element.wrong(f"field {tag} stands in it twice")
            seen.add(tag)
        return members

    def members(
        self, element: _Element, within_required: bool, inside: tuple[str, ...]
    ) -> Iterator[Member]:
        """The members that an element lists, with those of its components in their place."""
        for child in element.children:
            name, required = child.get("name"), child.required() and within_required
            if child.name == "component":
                component = self.components.get(name)
                if component is None:
                    child.wrong(f"component {name} is not defined")
                if name in inside:
                    child.wrong(f"component {name} stands within itself")
                yield from self.members(component, required, (*inside, name))
                continue
            if child.name not in ("field", "group"):
                child.wrong("only <field>, <group> and <component> are messages' parts")
            known = self.fields.get(name)
            if known is None:
                child.wrong(f"field {name} is not defined")
            members = tuple(self.members(child, True, inside)) if child.name == "group" else ()
            if bool(members) != (known.type == "NUMINGROUP"):
                child.wrong(f"{name} is a {known.type}, and has {len(members)} fields in its group")
            yield Member(known, required, members)


def _field(element: _Element) -> FieldType:
    kind = element.get("type")
    if kind not in TYPES:
        element.wrong(f"there is no type {kind}")
    values: dict[str, str] = {}
    for value in element.all("value"):
        enum = value.get("enum")
        if enum in values:
            value.wrong(f"value {enum} stands twice")
        values[enum] = value.get("description")
    return FieldType(element.number("number"), element.get("name"), kind, values)


def _message(element: _Element, reader: _Reader) -> MessageType:
    category = element.get("msgcat")
    if category not in get_args(Category):
        element.wrong(f"msgcat is {category!r}, not one of {', '.join(get_args(Category))}")
    return MessageType(
        name=element.get("name"),
        msg_type=element.get("msgtype"),
        category=cast("Category", category),
        members=reader.place(element),
    )


def read_dictionary(text: str, file: str) -> Dictionary:
    """The dictionary of an XML text; ``file`` is what errors name."""
    root = _parse(text, file)
    reader = _Reader(root)
    messages: dict[str, MessageType] = {}
    for element in root.part("messages").all("message"):
        message = _message(element, reader)
        if message.msg_type in messages:
            element.wrong(f"MsgType {message.msg_type} is defined twice")
        messages[message.msg_type] = message
    return Dictionary(
        begin_string=f"{root.get('type')}.{root.number('major')}.{root.number('minor')}",
        tag_max=root.number("tags"),
        header=reader.place(root.part("header")),
        trailer=reader.place(root.part("trailer")),
        messages=messages,
        fields={x.tag: x for x in sorted(reader.fields.values(), key=lambda x: x.tag)},
    )


@cache
def dictionary(begin_string: str) -> Dictionary:
    """The dictionary of a version, one of ``VERSIONS``."""
    file = VERSIONS[begin_string]
    return read_dictionary(files("protocol").joinpath(file).read_text(encoding="utf-8"), file)
