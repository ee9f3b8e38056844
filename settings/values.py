"""Kinds of values that settings take, and what a section is."""

from typing import Annotated

import msgspec
from msgspec import Meta

Port = Annotated[int, Meta(ge=0, le=65535)]
Count = Annotated[int, Meta(ge=1, le=2**31)]
Bytes = Annotated[int, Meta(ge=1, le=2**50)]
Seconds = Annotated[float, Meta(ge=0.001, le=1e9)]
"""At least a millisecond: what is done in an interval of nothing is done without end."""
HostName = Annotated[str, Meta(pattern=r"^\.?[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*$")]
Decimal = Annotated[str, Meta(pattern=r"^\d{1,10}(\.\d{1,8})?$")]

MASK = "***"
"""Stands for a password that is not shown."""


def about(text: str) -> Meta:
    """What a setting is for, with its unit: it is shown by ``quantscope config``."""
    return Meta(description=text)


class Section(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A table of the configuration file."""
