"""The configuration as text that says what each setting means."""

from collections.abc import Iterable
from typing import Any, get_args, get_origin, get_type_hints

import msgspec

from settings.config import Config
from settings.values import MASK, Section, secrets_of


def show(config: Config, *, secrets: bool = False) -> str:
    """The configuration in force as a TOML file that says what each setting means.

    Without ``secrets`` passwords are masked; such a file is not taken back.
    """
    lines: list[str] = []
    for name in Config.__struct_fields__:
        part = getattr(config, name)
        tables = part if isinstance(part, tuple) else (part,)
        for table in tables:
            lines.append(f"[[{name}]]" if isinstance(part, tuple) else f"[{name}]")
            lines.extend(_show_table(table, secrets=secrets))
            lines.append("")
    return "\n".join(lines)


def _show_table(table: Section, *, secrets: bool) -> Iterable[str]:
    hints = get_type_hints(type(table), include_extras=True)
    hidden = secrets_of(type(table))
    for field in msgspec.structs.fields(table):
        value = getattr(table, field.name)
        if value and field.name in hidden and not secrets:
            value = MASK
        default = "required" if field.required else f"default {_toml(field.default)}"
        setting = f"{field.name} = {_toml(value)}"
        yield f"{setting:<48}# {_description(hints[field.name])} ({default})"


def _toml(value: Any) -> str:
    return msgspec.json.encode(value).decode()


def _description(hint: Any) -> str:
    for meta in get_args(hint)[1:] if get_origin(hint) is not None else ():
        if isinstance(meta, msgspec.Meta) and meta.description:
            return meta.description
    inner = get_args(hint)[:1]
    return _description(inner[0]) if inner else ""
