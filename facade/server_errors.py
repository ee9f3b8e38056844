"""Requests that the server could not answer, in the log: one a second, and how many more."""

import logging
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from facade.message import Answer, Request

log = logging.getLogger("quantscope.facade")

SAY_INTERVAL_S = 1.0
"""Seconds between two lines: a flood of such answers makes no flood of lines."""
OF_CLIENTS = (501, 505)
"""Their numbers say that it is the server's part, and it is what the client has sent."""
TOLD_BY_ITSELF = b"/ready"
"""Asked for again and again, and 503 for as long as something is wrong, which is logged."""
LENGTH_MAX = 200
"""Characters of what a client has sent that are shown."""
REQUEST_ID = b"x-request-id"


class _Said(msgspec.Struct):
    error: str = ""
    code: str = ""


_decoder = msgspec.json.Decoder(_Said)


class ServerErrors:
    """Answers of 500 and above."""

    def __init__(self) -> None:
        """There were none yet."""
        self._said_at = -SAY_INTERVAL_S
        self._more = 0

    def answered(self, request: "Request", answer: "Answer", now: float) -> None:
        """Say that a request got such an answer, unless that was just said of another."""
        if answer.status in OF_CLIENTS or request.path == TOLD_BY_ITSELF:
            return
        self.look(now)
        if now - self._said_at < SAY_INTERVAL_S:
            self._more += 1
            return
        self._said_at = now
        log.warning("%s", _sentence(request, answer))

    def look(self, now: float) -> None:
        """Say how many more there were, once that is due."""
        if self._more and now - self._said_at >= SAY_INTERVAL_S:
            more, self._more = self._more, 0
            self._said_at = now
            log.warning("%d more request(s) were answered with 500 or above", more)


def _sentence(request: "Request", answer: "Answer") -> str:
    what = f"{shown(request.method)} {shown(request.path)}" if request.path else "a connection"
    named = request.headers.get(REQUEST_ID)
    of = f" (request id {shown(named)})" if named else ""
    return f"{what}{of} was answered {answer.status}{_why(answer.body)}"


def _why(body: bytes) -> str:
    try:
        said = _decoder.decode(body)
    except msgspec.MsgspecError:
        return ""
    return f" {said.code}: {said.error}" if said.code else ""


def shown(sent: bytes) -> str:
    """What a client has sent, as one piece of a line."""
    text = sent[: LENGTH_MAX + 1].decode("ascii", "backslashreplace")
    plain = "".join(letter if letter.isprintable() else "?" for letter in text)
    return plain if len(plain) <= LENGTH_MAX else f"{plain[:LENGTH_MAX]}..."
