"""What every message of a FIX session is held to, whatever came before it.

The numbers in brackets are those of the FIX session layer test cases.
"""

from collections.abc import Callable
from dataclasses import dataclass

from clients.fix_message import FaultError, Message, read_time
from clients.fix_reports import Reason

_HOPS = frozenset((627, 628, 629, 630))
HEADER = _HOPS | {8, 9, 34, 35, 43, 49, 50, 52, 56, 57, 90, 91, 97, 115, 116, 122, 128, 129}
HEADER |= {142, 143, 144, 145, 212, 213, 347, 369, 370}
TRAILER = frozenset((10, 89, 93))

# What administrative messages need, as the reader of each field.
_TEXT, _NUMBER = Message.text, Message.number
_NEEDED: dict[str, tuple[tuple[int, Callable[[Message, int], object]], ...]] = {
    "1": ((112, _TEXT),),
    "2": ((7, _NUMBER), (16, _NUMBER)),
    "3": ((45, _NUMBER),),
    "4": ((36, _NUMBER),),
    "A": ((98, _TEXT), (108, _NUMBER)),
}

FIX_42 = frozenset("0123456789ABCDEFGHJKLMNPQRSTVWXYZabcdefghijklm")
FIX_44 = FIX_42 | set("nopqrstuvwxyz")
FIX_44 |= {f"A{letter}" for letter in "ABCDEFGHIJKLMNOPQRSTUVWXYZ"}
FIX_44 |= {f"B{letter}" for letter in "ABCDEFGH"}
MSG_TYPES = {"FIX.4.2": FIX_42, "FIX.4.4": FIX_44}
"""The MsgTypes that a version has."""


@dataclass(frozen=True)
class Names:
    """What stands in the header of each message of the other side."""

    begin_string: str
    sender: str
    target: str


class MisplacedError(Exception):
    """A message that is not of this session, or whose time is not to be believed."""

    def __init__(self, fault: FaultError, *, final: bool) -> None:
        """``final``: another connection would not help."""
        super().__init__(str(fault))
        self.fault, self.final = fault, final


def check_place(message: Message, names: Names, wall_ns: int, sending_time_s_max: float) -> None:
    """BeginString (2i), CompIDs (2k) and SendingTime (2f, 2o); raises ``MisplacedError``."""
    for tag, found, expected in (
        (8, message.begin_string, names.begin_string),
        (49, message.get(49), names.sender),
        (56, message.get(56), names.target),
    ):
        if found is not None and found != expected:
            reason = Reason.VALUE_INCORRECT if tag == 8 else Reason.COMP_ID_PROBLEM
            raise MisplacedError(FaultError(reason, tag), final=True)
    sent_ns = read_time(message.get(52) or "")
    if sent_ns is None:
        return  # that is a fault of the message alone
    inaccurate = FaultError(Reason.SENDING_TIME_ACCURACY_PROBLEM, 52)
    if abs(sent_ns - wall_ns) > sending_time_s_max * 1e9:
        raise MisplacedError(inaccurate, final=False)
    original_ns = read_time(message.get(122) or "")
    if message.get(43) == "Y" and original_ns is not None and original_ns > sent_ns:
        fault = FaultError(Reason.SENDING_TIME_ACCURACY_PROBLEM, 122)
        raise MisplacedError(fault, final=False)


def check(message: Message) -> None:
    """The header's fields, their order, and what an administrative message needs (2g, 14).

    Raises ``FaultError``.
    """
    if message.fault is not None:
        raise message.fault
    _check_order(message)
    message.time_ns(52)
    message.text(49)
    message.text(56)
    message.flag(97)
    if message.flag(43) and message.msg_type != "4":
        message.time_ns(122)
    for tag, needed in _NEEDED.get(message.msg_type, ()):
        needed(message, tag)
    if message.msg_type == "4":
        message.flag(123)


def _check_order(message: Message) -> None:
    """Header first, trailer last, and no field of them twice."""
    seen: set[int] = set()
    in_body = False
    for tag, _ in message.fields:
        if tag in HEADER:
            if in_body:
                raise FaultError(Reason.TAG_OUT_OF_ORDER, tag)
            if tag in seen and tag not in _HOPS:
                raise FaultError(Reason.TAG_APPEARS_TWICE, tag)
            seen.add(tag)
        elif tag not in TRAILER:
            in_body = True
