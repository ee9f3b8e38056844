"""A SoupBinTCP session as its client sees it: a state machine without I/O.

Bytes and times go in; happenings and bytes to send come out.  It knows the number of the next
sequenced packet, asks for that one whenever it logs in, and passes over what it has seen, so that
each report happens once, whatever happens to the connection.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import Enum, auto

from clients.errors import LoginRejectedError, ProtocolError, SessionEndedError
from protocol import sbe
from protocol.messages import Message, Report
from protocol.soup import FrameError, Kind, LoginAccepted, LoginRequest, Packet, Splitter, encode

_LAST_CL_ORD_ID = re.compile(rb"\blastClOrdID=(\d{1,20})\b")


@dataclass(frozen=True, slots=True)
class LoggedIn:
    """Reports flow from now on; ``last_cl_ord_id`` is the highest that the exchange has taken."""

    session: str
    sequence: int
    last_cl_ord_id: int


@dataclass(frozen=True, slots=True)
class Lost:
    """Reports ``first`` to ``last`` are no longer kept by the server."""

    first: int
    last: int


@dataclass(frozen=True, slots=True)
class Sequenced:
    """A report and its number; ``None`` for a kind of report that this client does not know."""

    sequence: int
    report: Report | None


@dataclass(frozen=True, slots=True)
class Unsequenced:
    """A message outside the sequence."""

    message: Message


Happening = LoggedIn | Lost | Sequenced | Unsequenced


class State(Enum):
    """Where a session stands."""

    CLOSED = auto()
    LOGGING_IN = auto()
    RECOVERING = auto()
    LIVE = auto()


class ClientSession:
    """One session over any number of connections.

    ``sequence`` is the next number wanted: 0 before the first login means what comes next.
    """

    def __init__(
        self,
        user: str,
        password: str,
        *,
        session: str = "",
        sequence: int = 0,
        heartbeat_s: float = 1.0,
        silence_s_max: float = 15.0,
    ) -> None:
        """Nothing happens before ``connected``."""
        self.session = session
        self.sequence = sequence
        self.state = State.CLOSED
        self._user, self._password = user, password
        self._heartbeat_s, self._silence_s_max = heartbeat_s, silence_s_max
        self._splitter = Splitter()
        self._coming = 0
        self._sent_at = self._heard_at = 0.0

    @property
    def logged_in(self) -> bool:
        """Whether reports flow."""
        return self.state is State.LIVE

    def connected(self, now: float) -> bytes:
        """It is connected: the login request to send."""
        self._splitter = Splitter()
        self._sent_at = self._heard_at = now
        self.state = State.LOGGING_IN
        return LoginRequest(self._user, self._password, self.session, self.sequence).encode()

    def disconnected(self) -> None:
        """The connection is gone."""
        self.state = State.CLOSED

    def send(self, message: bytes, now: float) -> bytes:
        """The packet that carries a request."""
        self._sent_at = now
        return encode(Kind.UNSEQUENCED, message)

    def tick(self, now: float) -> bytes:
        """What to send as time passes; ``ProtocolError`` when the server has fallen silent."""
        if now - self._heard_at >= self._silence_s_max:
            raise ProtocolError(f"nothing heard for {self._silence_s_max:g} s")
        if self.state is State.LOGGING_IN or now - self._sent_at < self._heartbeat_s:
            return b""
        self._sent_at = now
        return encode(Kind.CLIENT_HEARTBEAT)

    def heard(self, now: float) -> None:
        """The server is there."""
        self._heard_at = now

    def logout(self) -> bytes:
        """The goodbye to send."""
        return encode(Kind.LOGOUT)

    def outgoing(self) -> bytes:
        """What the session itself has to say because of what came: nothing."""
        return b""

    def received(self, data: bytes, now: float) -> Iterator[Happening]:
        """What bytes of the server mean; to be read to its end.

        Raises ``LoginRejectedError``, ``SessionEndedError`` or ``ProtocolError``.  A report counts
        as seen when it has been handed out: what an error keeps back comes again after the next
        login.
        """
        self._heard_at = now
        try:
            packets = self._splitter.feed(data)
        except FrameError as error:
            raise ProtocolError(str(error)) from None
        for packet in packets:
            yield from self._packet(packet)

    def _packet(self, packet: Packet) -> Iterable[Happening]:
        match packet.kind:
            case Kind.SEQUENCED:
                return self._sequenced(packet.payload)
            case Kind.UNSEQUENCED:
                return self._unsequenced(packet.payload)
            case Kind.DEBUG:
                return self._debug(packet.payload)
            case Kind.LOGIN_ACCEPTED:
                return self._accepted(packet.payload)
            case Kind.LOGIN_REJECTED:
                raise LoginRejectedError(packet.payload.decode("ascii", "replace"))
            case Kind.END_OF_SESSION:
                raise SessionEndedError("the session was ended by its operator")
            case Kind.SERVER_HEARTBEAT:
                return ()
            case _:
                raise ProtocolError(f"packet type {packet.kind.name} from a server")

    def _accepted(self, payload: bytes) -> Iterable[Happening]:
        if self.state is not State.LOGGING_IN:
            raise ProtocolError("login accepted twice")
        try:
            accepted = LoginAccepted.decode(payload)
        except FrameError as error:
            raise ProtocolError(str(error)) from None
        wanted, self.sequence = self.sequence, max(self.sequence, accepted.sequence)
        self.session = accepted.session
        self._coming = accepted.sequence
        self.state = State.RECOVERING
        if 0 < wanted < accepted.sequence:
            return (Lost(wanted, accepted.sequence - 1),)
        return ()

    def _debug(self, payload: bytes) -> Iterable[Happening]:
        found = _LAST_CL_ORD_ID.search(payload)
        if not found or self.state is not State.RECOVERING:
            return ()
        self.state = State.LIVE
        return (LoggedIn(self.session, self._coming, int(found[1])),)

    def _sequenced(self, payload: bytes) -> Iterable[Happening]:
        if self.state not in (State.RECOVERING, State.LIVE):
            raise ProtocolError("sequenced data before the login")
        report = _read_report(payload)
        number = self._coming
        self._coming += 1
        if number < self.sequence:
            return ()
        self.sequence = self._coming
        return (Sequenced(number, report),)

    def _unsequenced(self, payload: bytes) -> Iterable[Happening]:
        try:
            return (Unsequenced(sbe.decode(payload)),)
        except sbe.UnknownTemplateError:
            return ()
        except sbe.DecodeError as error:
            raise ProtocolError(str(error)) from None


def _read_report(payload: bytes) -> Report | None:
    try:
        message = sbe.decode(payload)
    except sbe.UnknownTemplateError:
        return None
    except sbe.DecodeError as error:
        raise ProtocolError(str(error)) from None
    if not isinstance(message, Report):
        raise ProtocolError(f"{type(message).__name__} in the sequence")
    return message
