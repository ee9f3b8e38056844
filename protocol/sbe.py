"""Messages to bytes and back: codecs made from the schema when this module is imported.

A longer block than known is accepted and its tail ignored, as is what follows the block; in a
shorter one of an older version what came later is null (SBE's extension rule).  An enumeration's
number that is not known becomes an ``UNKNOWN_<number>``.
"""

import re
import struct
from collections.abc import Callable
from typing import Any, get_args, get_type_hints

from protocol import messages, terms
from protocol.messages import Message
from protocol.schema import SCHEMA, Field, MessageSpec

HEADER = struct.Struct("<HHHH")
"""blockLength, templateId, schemaId, version."""


class EncodeError(ValueError):
    """A message holds what its fields can't carry."""


class DecodeError(ValueError):
    """Bytes that are no message of this schema."""


class UnknownTemplateError(DecodeError):
    """A message of a later version of this schema, whole but not known here."""


def python_name(name: str) -> str:
    """``clOrdID`` as ``cl_ord_id``."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name.replace("ID", "Id")).lower()


class _Codec:
    """The codec of one message."""

    def __init__(self, spec: MessageSpec, cls: type[Any]) -> None:
        names = tuple(python_name(field.name) for field in spec.fields)
        if names != cls._fields:
            raise TypeError(f"{spec.name} has other fields than the schema")
        self.spec = spec
        self._make: Callable[[list[Any]], Message] = cls._make
        self._block = struct.Struct(spec.format)
        self._whole = struct.Struct("<HHHH" + spec.format[1:])
        self._header = (spec.block_length, spec.template, SCHEMA.id, SCHEMA.version)
        hints = get_type_hints(cls)
        readers = (
            _reader(field, hints[name]) for field, name in zip(spec.fields, names, strict=True)
        )
        self._readers = [(at, reader) for at, reader in enumerate(readers) if reader is not None]
        self._nulls = [(at, x.type.null) for at, x in enumerate(spec.fields) if x.optional]
        later = [field for field in spec.fields if field.since]
        self._ends = (spec.block_length_min, *(x.offset + x.width for x in later))
        self._later = b"".join(struct.pack("<" + x.format, x.type.null) for x in later)
        self._texts = [(at, x.width) for at, x in enumerate(spec.fields) if x.format[-1] == "s"]

    def encode(self, message: Message) -> bytes:
        values: list[Any] = list(message)
        for at, null in self._nulls:
            if values[at] is None:
                values[at] = null
        for at, width in self._texts:
            values[at] = values[at].encode("ascii")
            if len(values[at]) > width:
                raise EncodeError(f"{message}: text of more than {width} characters")
        try:
            return self._whole.pack(*self._header, *values)
        except struct.error as error:
            raise EncodeError(f"{message}: {error}") from None

    def decode(self, block: bytes) -> Message:
        if len(block) < self.spec.block_length:
            # Of an older version: what it has not is null.
            whole = max(end for end in self._ends if end <= len(block))
            block = block[:whole] + self._later[whole - self._ends[0] :]
        values: list[Any] = list(self._block.unpack_from(block))
        for at, reader in self._readers:
            values[at] = reader(values[at])
        return self._make(values)


def _reader(field: Field, hint: Any) -> Callable[[Any], object] | None:
    """What makes a Python value of the number on the wire; ``None`` where it is that number."""
    if field.type.primitive == "char":
        return _read_text
    null = field.type.null if field.optional else None
    if field.type.kind == "type":
        return None if null is None else lambda code: None if code == null else code
    cls = next((x for x in get_args(hint) if x is not type(None)), hint)
    if field.type.kind == "set":
        return cls  # type: ignore[no-any-return]
    known = {value.code: cls(value.code) for value in field.type.values}

    def read(code: int) -> object:
        if code == null:
            return None
        member = known.get(code)
        return cls(code) if member is None else member

    return read


def _read_text(raw: bytes) -> str:
    return raw.partition(b"\0")[0].decode("ascii", "replace")


_BY_TEMPLATE = {x.template: _Codec(x, getattr(messages, x.name)) for x in SCHEMA.messages}
_BY_CLASS = {getattr(messages, x.spec.name): x for x in _BY_TEMPLATE.values()}

for _type in SCHEMA.types.values():
    if _type.kind == "enum" and {x.name: x.code for x in _type.values} != {
        x.name: x.value for x in getattr(terms, _type.name)
    }:
        raise TypeError(f"{_type.name} has other values than the schema")


def encode(message: Message) -> bytes:
    """Header and block of a message."""
    return _BY_CLASS[type(message)].encode(message)


def decode(data: bytes) -> Message:
    """The message whose header and block stand at the front of ``data``."""
    if len(data) < HEADER.size:
        raise DecodeError("not even a whole header")
    block_length, template, schema, _version = HEADER.unpack_from(data)
    if schema != SCHEMA.id:
        raise DecodeError(f"message of schema {schema}")
    codec = _BY_TEMPLATE.get(template)
    if codec is None:
        raise UnknownTemplateError(f"unknown template {template}")
    block = data[HEADER.size : HEADER.size + block_length]
    if not codec.spec.block_length_min <= block_length == len(block):
        raise DecodeError(f"block of {codec.spec.name} is too short")
    return codec.decode(block)
