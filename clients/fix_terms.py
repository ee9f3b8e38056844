"""Who logs on to a FIX session and how, where it stands, and what happens in it."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum, auto
from typing import Generic, TypeVar

from clients.fix_message import Field, Message
from clients.session import Lost

Report = TypeVar("Report")
Outgoing = tuple[str, Sequence[Field]]
"""An application message: its MsgType, and its fields."""


@dataclass(frozen=True)
class Settings:
    """Who logs on, and how; times in seconds."""

    sender: str
    password: str
    target: str = "QUANTSCOPE"
    begin_string: str = "FIX.4.4"
    heartbeat_s: int = 30
    reset: bool = False
    """Whether the first Logon lets numbers begin anew (141=Y)."""
    next_expected: bool = False
    """Whether Logons say what is expected (789), of 4.4, in place of a ResendRequest."""
    resend: bool = True
    """Whether application messages of an older connection are sent again, or filled over."""
    sending_time_s_max: float = 120.0
    """How far SendingTime may be from the time here."""
    gap_messages_max: int = 10_000
    """Messages that wait behind a gap."""
    resend_s_max: float = 10.0
    """How long nothing of a gap may come."""
    logout_s_max: float = 10.0
    """How long the answer to a Logout may take."""


@dataclass(frozen=True, slots=True)
class Ready:
    """Both sides have all that was sent: requests may go out."""


@dataclass(frozen=True, slots=True)
class Delivered(Generic[Report]):
    """A message and its number; ``None`` for a kind that this client does not know."""

    sequence: int
    report: Report | None
    possible_duplicate: bool = False


@dataclass(frozen=True, slots=True)
class Withheld:
    """A message that did not arrive, and is not sent again."""

    message: Message


@dataclass(frozen=True, slots=True)
class Renewed:
    """The exchange let numbers begin anew: what was not delivered never will be."""


class State(Enum):
    """Where a session stands."""

    CLOSED = auto()
    LOGGING_ON = auto()
    RECOVERING = auto()
    LIVE = auto()
    LOGGING_OUT = auto()


FixHappening = Ready | Delivered[Report] | Withheld | Renewed | Lost
