"""The schema ``order-entry.xml`` as data: the one source of what messages look like on the wire."""

from dataclasses import dataclass
from functools import cached_property
from importlib.resources import files
from typing import Literal
from xml.etree.ElementTree import Element, fromstring

PRIMITIVES = {"char": "s", "uint8": "B", "uint16": "H", "uint32": "I", "uint64": "Q", "int64": "q"}
"""SBE's primitive types and their letters in ``struct``."""

_WIDTHS = {"char": 1, "uint8": 1, "uint16": 2, "uint32": 4, "uint64": 8, "int64": 8}


@dataclass(frozen=True)
class Value:
    """A value of an enumeration, or a bit of a set with its number from 0."""

    name: str
    code: int
    description: str


@dataclass(frozen=True)
class Type:
    """What a field holds; ``values`` are an enumeration's or a set's."""

    name: str
    kind: Literal["type", "enum", "set"]
    primitive: str
    length: int
    null: int | None
    description: str
    values: tuple[Value, ...] = ()


@dataclass(frozen=True)
class Field:
    """A field of a message: its FIX name and tag, its type and its place in the block.

    ``since`` is the version of the schema that brought it.
    """

    name: str
    tag: int
    type: Type
    optional: bool
    offset: int
    description: str
    since: int = 0

    @property
    def width(self) -> int:
        """Bytes on the wire."""
        return _WIDTHS[self.type.primitive] * self.type.length

    @property
    def format(self) -> str:
        """The field in the language of ``struct``."""
        letter = PRIMITIVES[self.type.primitive]
        return f"{self.type.length}{letter}" if letter == "s" else letter


@dataclass(frozen=True)
class MessageSpec:
    """A message: its template id, FIX MsgType, bytes of its block and fields in order."""

    name: str
    template: int
    msg_type: str
    block_length: int
    fields: tuple[Field, ...]
    description: str

    @cached_property
    def format(self) -> str:
        """The block in the language of ``struct``."""
        return "<" + "".join(field.format for field in self.fields)

    @property
    def block_length_min(self) -> int:
        """Bytes of its block in version 0, which a later one only makes longer."""
        return sum(field.width for field in self.fields if not field.since)


@dataclass(frozen=True)
class Schema:
    """Everything the schema says."""

    id: int
    version: int
    types: dict[str, Type]
    messages: tuple[MessageSpec, ...]


def read_schema(xml: str) -> Schema:
    """The schema that an XML text describes."""
    root = fromstring(xml)  # noqa: S314 - our own file
    types: dict[str, Type] = {}
    for element in root.iterfind("types/*"):
        if element.tag != "composite":
            kind = _read_type(element, types)
            types[kind.name] = kind
    messages = tuple(_read_message(x, types) for x in root if x.tag.endswith("message"))
    return Schema(int(root.attrib["id"]), int(root.attrib["version"]), types, messages)


def _read_type(element: Element, types: dict[str, Type]) -> Type:
    name, text = element.attrib["name"], element.attrib["description"]
    if element.tag == "type":
        null = element.get("nullValue")
        return Type(
            name=name,
            kind="type",
            primitive=element.attrib["primitiveType"],
            length=int(element.get("length", "1")),
            null=None if null is None else int(null),
            description=text,
        )
    encoding = element.attrib["encodingType"]
    base = types.get(encoding)
    values = (Value(x.attrib["name"], int(x.text or ""), x.attrib["description"]) for x in element)
    return Type(
        name=name,
        kind="enum" if element.tag == "enum" else "set",
        primitive=base.primitive if base else encoding,
        length=1,
        null=base.null if base else None,
        description=text,
        values=tuple(values),
    )


def _read_message(element: Element, types: dict[str, Type]) -> MessageSpec:
    fields: list[Field] = []
    offset = 0
    for x in element:
        field = Field(
            name=x.attrib["name"],
            tag=int(x.attrib["id"]),
            type=types[x.attrib["type"]],
            optional=x.get("presence") == "optional",
            offset=offset,
            description=x.attrib["description"],
            since=int(x.get("sinceVersion", "0")),
        )
        fields.append(field)
        offset += field.width
    block_length = int(element.attrib["blockLength"])
    if block_length != offset:
        raise ValueError(f"{element.attrib['name']}: blockLength is not the sum of the fields")
    return MessageSpec(
        name=element.attrib["name"],
        template=int(element.attrib["id"]),
        msg_type=element.attrib["semanticType"],
        block_length=block_length,
        fields=tuple(fields),
        description=element.attrib["description"],
    )


XML: str = files("protocol").joinpath("order-entry.xml").read_text(encoding="utf-8")
"""The text of the schema."""

SCHEMA: Schema = read_schema(XML)
"""The schema."""
