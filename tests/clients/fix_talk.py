"""The exchange's side of a conversation with a FIX session, for tests of the session alone."""

from typing import Any

from simplefix.message import FixMessage

from clients.fix_message import Frames, Message, decode, write_time
from clients.fix_session import FixSession
from clients.fix_store import MemoryStore, Store
from clients.fix_terms import Delivered, Settings, State

WALL_NS = 1_735_689_599 * 10**9
NOW = "20241231-23:59:59.000"
EARLIER = "20241231-23:59:50.000"

Fields = dict[int, str | int]


def message(
    kind: str,
    number: int,
    fields: Fields | None = None,
    *,
    begin_string: str = "FIX.4.4",
    duplicate: bool = False,
    header: Fields | None = None,
) -> bytes:
    """A message of the exchange; ``header`` changes a field of it, or with "" leaves it out."""
    head: Fields = {49: "QUANTSCOPE", 56: "demo1", 34: number, 52: NOW}
    if duplicate:
        head |= {43: "Y", 122: EARLIER}
    head |= header or {}
    built = FixMessage()
    built.append_pair(8, begin_string)
    built.append_pair(35, kind)
    for tag, value in {**head, **(fields or {})}.items():
        if value != "":
            built.append_pair(tag, value)
    encoded: bytes = built.encode()
    return encoded


def read_8(report: Message) -> str:
    """A report, as its ExecID."""
    return report.text(17)


class Talk:
    """A session, and what it says and tells."""

    def __init__(self, *, store: Store | None = None, **settings: Any) -> None:
        self.store = MemoryStore() if store is None else store
        self.settings = Settings("demo1", "secret", **settings)
        self.wall_ns = WALL_NS
        self.now = 0.0
        self.session: FixSession[str] = FixSession(
            self.settings,
            self.store,
            {"8": read_8, "3": lambda m: m.text(58)},
            lambda: self.wall_ns,
        )

    def connect(self) -> Message:
        """Connected: the Logon."""
        (logon,) = read_all(self.session.connected(self.now))
        return logon

    def log_on(self, number: int = 1, **fields: str) -> list[Message]:
        """Logged on, but for the answer to the TestRequest; what was said after the Logon."""
        self.connect()
        self.hear(self.logon(number))
        return self.said()

    def live(self) -> "Talk":
        """Logged on, and both sides have all: 3 is next on either side."""
        (probe,) = self.log_on()
        self.hear(self.message("0", 2, {112: probe.text(112)}))
        assert self.session.state is State.LIVE
        return self

    def logon(self, number: int, fields: Fields | None = None) -> bytes:
        return self.message("A", number, {98: 0, 108: 30, **(fields or {})})

    def message(self, kind: str, number: int, fields: Fields | None = None, **how: Any) -> bytes:
        return message(kind, number, fields, begin_string=self.settings.begin_string, **how)

    def hear(self, *messages: bytes) -> list[Any]:
        """Give it bytes: what happens."""
        return list(self.session.received(b"".join(messages), self.now))

    def delivered(self, *messages: bytes) -> list[int]:
        """Give it bytes: the numbers of what is delivered."""
        return [x.sequence for x in self.hear(*messages) if isinstance(x, Delivered)]

    def report(self, number: int, **how: Any) -> bytes:
        return self.message("8", number, {17: f"e{number}"}, **how)

    def send(self, text: str) -> Message:
        """An application message of the client."""
        (sent,) = read_all(self.session.send(("D", [(11, text)]), self.now))
        return sent

    def said(self) -> list[Message]:
        """What it has to say by itself."""
        return read_all(self.session.outgoing())

    def kinds(self) -> list[str]:
        """The same, only MsgTypes."""
        return [said.msg_type for said in self.said()]

    def wait(self, seconds: float) -> list[Message]:
        """Time passes: what is said."""
        self.now += seconds
        self.wall_ns += int(seconds * 10**9)
        return read_all(self.session.tick(self.now))


def read_all(data: bytes) -> list[Message]:
    """The messages of bytes, each of which is whole."""
    frames = Frames()
    messages = [decode(frame) for frame in frames.feed(data)]
    assert frames.garbled == 0
    assert all(each.fault is None for each in messages)
    return messages


def rejected(said: list[Message], number: int, reason: int, tag: int | None = None) -> None:
    """That just this was said: a Reject of a message, and why."""
    (reject,) = said
    assert reject.msg_type == "3"
    assert (reject.number(45), reject.number(373)) == (number, reason)
    assert reject.get(371) == (None if tag is None else str(tag))
    assert reject.text(58)


def ns_later(seconds: float) -> str:
    """A time that is so much later than the one that messages have."""
    return write_time(WALL_NS + int(seconds * 10**9))
