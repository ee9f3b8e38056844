"""Kinds of values that settings take, and what a section is."""

import functools
from typing import Annotated, Any, get_args, get_type_hints

import msgspec
from msgspec import Meta

Port = Annotated[int, Meta(ge=0, le=65535)]
Count = Annotated[int, Meta(ge=1, le=2**31)]
Bytes = Annotated[int, Meta(ge=1, le=2**50)]
Seconds = Annotated[float, Meta(ge=0.001, le=1e9)]
"""At least a millisecond: what is done in an interval of nothing is done without end."""
HostName = Annotated[str, Meta(pattern=r"^\.?[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*$")]
ZoneName = Annotated[str, Meta(pattern=r"^[A-Za-z0-9_+-]+(/[A-Za-z0-9_+-]+)*$")]
Decimal = Annotated[str, Meta(pattern=r"^\d{1,10}(\.\d{1,8})?$")]
SECRET = Meta(extra={"secret": True})
"""Of a setting that is never shown unless it is asked for."""
Secret = Annotated[str, SECRET]

MASK = "***"
"""Stands for a password that is not shown."""


class ConfigError(Exception):
    """A setting that can't be taken, in one sentence."""


def about(text: str) -> Meta:
    """What a setting is for, with its unit: it is shown by ``quantscope config``."""
    return Meta(description=text)


class Section(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A table of the configuration file."""

    def __repr__(self) -> str:
        """What it holds, without secrets: it may come into a traceback or a log."""
        shown = ", ".join(f"{name}={value!r}" for name, value in self.__rich_repr__())
        return f"{type(self).__name__}({shown})"

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        """The same for ``rich``."""
        hidden = secrets_of(type(self))
        shown = []
        for name in self.__struct_fields__:
            value = getattr(self, name)
            shown.append((name, MASK if name in hidden and value else value))
        return shown


@functools.cache
def secrets_of(section: type[Section]) -> frozenset[str]:
    """Which settings of a section are never shown unless they are asked for."""
    hints = get_type_hints(section, include_extras=True)
    return frozenset(name for name, hint in hints.items() if SECRET in get_args(hint)[1:])
