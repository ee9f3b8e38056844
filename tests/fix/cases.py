"""What tests of FIX sessions say of what they hear."""

import itertools

from testing.fix_client import Field, FixClient, Message

UNUSED = itertools.count(1)
"""Numbers of clients that nobody was before."""
AGAIN: list[Field] = [(43, "Y"), (122, "20240102-03:04:05")]
"""What the header of a message has that was said before."""


def rejected(message: Message, number: int, reason: int, tag: int | None) -> None:
    """This is a Reject of that message; FIX.4.2 has no reasons above 11."""
    named = None if message[8] == "FIX.4.2" and reason > 11 else str(reason)
    found = [message.get(x) for x in (35, 45, 373, 371)]
    assert found == ["3", str(number), named, None if tag is None else str(tag)], message
    assert message[58]


async def logged_out(client: FixClient, said: str) -> Message:
    """It is told so by a Logout, and the line is closed; what was said before that, if anything."""
    *before, logout = await client.closed()
    assert (logout[35], logout.get(58)) == ("5", said)
    return before[0] if before else {}


def summed(message: bytes) -> bytes:
    """The message with another CheckSum: that of its bytes."""
    body = message[: message.rindex(b"10=")]
    return body + b"10=%03d\x01" % (sum(body) % 256)
