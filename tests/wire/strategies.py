"""Random messages of every kind, and the same messages as PyPI ``sbe`` sees them."""

from typing import Any

from hypothesis import strategies as st

from protocol import messages, terms
from protocol.messages import Message
from protocol.sbe import python_name
from protocol.schema import SCHEMA, Field, MessageSpec

_RANGES = {
    "uint8": (0, 2**8 - 1),
    "uint16": (0, 2**16 - 1),
    "uint32": (0, 2**32 - 1),
    "uint64": (0, 2**64 - 1),
    "int64": (-(2**63), 2**63 - 1),
}
SPECS = {spec.name: spec for spec in SCHEMA.messages}


def _present(field: Field) -> st.SearchStrategy[Any]:
    kind = field.type
    if kind.kind == "enum":
        cls = getattr(terms, kind.name)
        return st.sampled_from([cls(value.code) for value in kind.values])
    if kind.kind == "set":
        return st.sampled_from(list(getattr(terms, kind.name)))
    if kind.primitive == "char":
        return st.text(st.characters(min_codepoint=33, max_codepoint=126), max_size=kind.length)
    low, high = _RANGES[kind.primitive]
    numbers = st.integers(low, high)
    return numbers.filter(lambda x: x != kind.null) if field.optional else numbers


def _field(field: Field) -> st.SearchStrategy[Any]:
    return st.none() | _present(field) if field.optional else _present(field)


def of_kind(spec: MessageSpec) -> st.SearchStrategy[Message]:
    """Messages of one kind."""
    cls = getattr(messages, spec.name)
    return st.tuples(*(_field(field) for field in spec.fields)).map(cls._make)


any_message: st.SearchStrategy[Message] = st.one_of([of_kind(spec) for spec in SCHEMA.messages])


def _plain(field: Field, value: Any) -> Any:
    """A value as PyPI ``sbe`` has it: names of enumerations, lists of bits of a set."""
    if value is None:
        return None
    if field.type.kind == "enum":
        return value.name
    if field.type.kind == "set":
        return [bit.name for bit in field.type.values if value & (1 << bit.code)]
    return value


def plain(message: Message) -> dict[str, Any]:
    """The fields of a message by their FIX names, as PyPI ``sbe`` has them."""
    fields = SPECS[type(message).__name__].fields
    return {x.name: _plain(x, value) for x, value in zip(fields, message, strict=True)}


def numbers(message: Message) -> dict[str, Any]:
    """The fields of a message by their names in Rust, as numbers and texts."""
    fields = SPECS[type(message).__name__].fields
    return {
        python_name(x.name): _number(x, value) for x, value in zip(fields, message, strict=True)
    }


def _number(field: Field, value: Any) -> Any:
    if value is None:
        return field.type.null
    return value if isinstance(value, str) else int(value)
