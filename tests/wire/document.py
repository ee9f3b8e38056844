"""What the schema says of docs/binary-protocol.md; `python -m tests.wire.document` writes it."""

import pathlib

from protocol.schema import SCHEMA, Field, MessageSpec, Type

PAGE = pathlib.Path(__file__).parents[2] / "docs" / "binary-protocol.md"
BEGIN = "<!-- from the schema: begin -->\n"
END = "<!-- from the schema: end -->\n"
_SHORT = {"uint8": "u8", "uint16": "u16", "uint32": "u32", "uint64": "u64", "int64": "i64"}


def _wire(kind: Type) -> str:
    return f"char[{kind.length}]" if kind.primitive == "char" else _SHORT[kind.primitive]


def _type(field: Field) -> str:
    link = field.type.name.lower()
    named = field.type.kind in ("enum", "set")
    return f"[{field.type.name}](#{link}) {_wire(field.type)}" if named else _wire(field.type)


def _row(field: Field) -> str:
    null = "optional" if field.optional else ""
    if field.since:
        null += f", since version {field.since}"
    cells = (field.offset, field.name, field.tag, _type(field), null, field.description)
    return "| " + " | ".join(map(str, cells)) + " |"


def _message(spec: MessageSpec) -> list[str]:
    sequenced = 200 <= spec.template <= 208
    packet = "S" if sequenced else "U"
    wire = 3 + 8 + spec.block_length
    return [
        f"### {spec.name}",
        "",
        f"{spec.description} Template {spec.template}, 35={spec.msg_type}, packet {packet}, "
        f"block `{spec.format}` of {spec.block_length} bytes, {wire} on the wire.",
        "",
        "| at | field | tag | type | | meaning |",
        "|---|---|---|---|---|---|",
        *map(_row, spec.fields),
        "",
    ]


def _values(kind: Type) -> list[str]:
    what = "bit" if kind.kind == "set" else "value"
    rows = (f"| {x.code} | {x.name} | {x.description} |" for x in kind.values)
    return [
        f"### {kind.name}",
        "",
        kind.description,
        "",
        f"| {what} | name | meaning |",
        "|---|---|---|",
        *rows,
        "",
    ]


def render() -> str:
    """Tables of all messages, then of all enumerations."""
    lines = ["## Messages, field by field", ""]
    for spec in SCHEMA.messages:
        lines += _message(spec)
    lines += ["## Enumerations", ""]
    for kind in SCHEMA.types.values():
        if kind.values:
            lines += _values(kind)
    return "\n".join(lines)


def written(page: str) -> str:
    """The page with that part as the schema has it now."""
    head, rest = page.split(BEGIN)
    _, tail = rest.split(END)
    return head + BEGIN + "\n" + render() + "\n" + END + tail


if __name__ == "__main__":
    PAGE.write_text(written(PAGE.read_text()))
