"""What every protocol of order entry needs of TCP: connections, their sessions, and their ends.

A protocol adds what it decides (``binary``): how a login is answered, and what else it is asked.
"""

import abc
import asyncio
import logging
import socket
from collections import Counter
from collections.abc import Callable, Iterable
from functools import partial
from typing import Generic, TypeVar

from core import (
    FAULTS,
    Claimed,
    Clock,
    ConnectionOver,
    Engine,
    Failed,
    Faults,
    HeartbeatDue,
    OrderEntry,
    ReadOutcome,
    Routed,
    Session,
    Turns,
)
from gateway.connection import Connection
from gateway.refusals import Refusals
from gateway.replay import Replayer
from gateway.restart import Fresh, Restart
from gateway.users import User
from journal.port import ReplayedLog
from journal.sequencer import Sequencer
from settings import GatewaySettings

log = logging.getLogger("quantscope.gateway")

NO_SOCKET = -1
"""Instead of a descriptor: all is written to the transport, for nothing may go past its TLS."""
TICK_S = 0.25
"""How often heartbeats and deadlines are looked at, in seconds."""


UNACKNOWLEDGED_S = 10.0
"""Without a sign of the other side's system, after which a line that has written is over."""
NOT_AUTHORIZED = "not authorized"
NOT_AVAILABLE = "session not available"
"""Why a login is refused."""

LOGIN = TypeVar("LOGIN")
"""What a client asks for a session with."""


class Connections(abc.ABC, Generic[LOGIN]):
    """All connections of one protocol; a ``journal.sequencer.CommandSource``."""

    protocol: str
    """How the log calls it."""
    gateway: int
    """The gateway whose commands its requests are."""

    def __init__(
        self,
        order_entry: OrderEntry,
        users: list[User],
        sequencer: Sequencer,
        settings: GatewaySettings,
        clock: Clock,
        *,
        events: Callable[[], ReplayedLog],
        fresh: Callable[[Engine], Fresh],
        faults: Faults | None = None,
    ) -> None:
        """``events`` is the events log as it is open now; it is opened afresh after a failure.

        ``fresh`` gives what order entry begins again with after a fault, where an engine stands.
        """
        self.faults = faults or Faults()
        self.order_entry = self.commands = self.reader = order_entry
        self.sequencer = sequencer
        self.turns = Turns(settings.turn_us_max, clock.monotonic_ns, self.faults)
        self.throttled: set[int] = set()
        self.held: set[int] = set()
        """Sessions that are being ended: nobody is let in."""
        self.logins = 0
        self.rejected_logins = Counter(dict.fromkeys((NOT_AUTHORIZED, NOT_AVAILABLE), 0))
        """By what was wrong."""
        self.slow_readers = 0
        """Connections that were cut because their readers took nothing for too long."""
        self.fallen_behind = 0
        """How often a reader left so much unread that it is told the rest from the log."""
        self._behind: dict[int, Connection] = {}
        """Whose transports hold something back, by their numbers."""
        self._users: dict[str, User] = {}
        self.admit(users)
        self._claims: dict[int, tuple[Connection, LOGIN]] = {}
        """Who waits for a session, by the session's number."""
        self._asked: Counter[int] = Counter()
        """How many claims of a session are not answered yet; the last one's answer counts."""
        self._settings = settings
        self.refusals: Refusals[LOGIN] = Refusals(self, settings)
        self._connections: dict[int, Connection] = {}
        self._grace: dict[int, asyncio.TimerHandle] = {}
        self._replayer = Replayer(order_entry, events, self.faults)
        self._restart = Restart(order_entry, sequencer, events, fresh, self.faults)

    def admit(self, users: list[User]) -> None:
        """These may log in from now on, and no others; who is logged in stays."""
        self._users = {user.name.lower(): user for user in users}

    def user(self, name: str) -> User | None:
        """Who may log in by this name, without regard to case."""
        return self._users.get(name.lower())

    # -- what a protocol decides -------------------------------------------------------------

    @abc.abstractmethod
    def decide(self, connection: Connection, asked: ReadOutcome) -> None:
        """A connection asks what only this protocol asks."""

    @abc.abstractmethod
    def enter(self, connection: Connection, session: int, asked: LOGIN) -> int | None:
        """Log a connection in to a session that is this gateway's; what it is told first.

        By its number; None where what the login wants is not there.
        """

    @abc.abstractmethod
    def accept(self, connection: Connection, user: User, session: Session, first: int) -> None:
        """A login was accepted, and is told what comes from message ``first`` on."""

    @abc.abstractmethod
    def refuse(self, connection: Connection, asked: LOGIN, *, authorized: bool) -> None:
        """A login is refused: it is not authorized, or else its session is not available."""

    @abc.abstractmethod
    def asks_for(self, asked: LOGIN) -> str:
        """Who a login says it is, for the log."""

    @abc.abstractmethod
    def sessions(self) -> Iterable[tuple[str, User]]:
        """All sessions that there are, by their names."""

    @abc.abstractmethod
    def next_in(self, session: Session) -> int:
        """The number that a session's next request has at least."""

    # -- CommandSource -----------------------------------------------------------------------

    def on_output(self, output: Routed | Failed) -> None:
        """Reports are written already; what else events say of connections and sessions."""
        if isinstance(output, Failed):
            self._failed(output.reason)
            return
        for claim in output.claimed:
            self._claimed(claim)
        for number in output.moved:
            self._moved(number)
        for number, why in output.ended:
            self._ended(number, why)
        for number in output.behind:
            self._tell_again(number)
        for number in output.resumed:
            connection = self._connections.get(number)
            if connection is not None and number in self.throttled:
                connection.wait()
            self.throttled.discard(number)
        self.turns.resume()

    def _failed(self, reason: str) -> None:
        """Order entry failed, and has forgotten all sessions: close connections, begin again.

        SoupBinTCP has a packet for the end of a session, but the session has not ended: whoever
        comes back gets what it has missed.  So the connections are cut, as in an outage.
        """
        what = f"{self.protocol} order entry failed, its connections are cut, and all else goes on"
        self.faults.caught("gateway", f"{what} without it: {reason}", None)
        self.throttled.clear()
        self._asked.clear()
        self.turns.resume()
        for connection in list(self._connections.values()):
            self._cut(connection, "order entry failed: log in again and get what was missed")
        self._restart.begin()

    def _cut(self, connection: Connection, why: str) -> None:
        try:
            connection.abort(why)
        except FAULTS as error:
            self.faults.caught("connection", f"{connection.peer} can't be cut", error)

    def on_ready(self) -> None:
        """Commands are taken: who logs in learns how far its session is."""

    def on_outage(self) -> None:
        """Nobody can be told what became of its requests: close every connection."""
        self.order_entry.outage()
        self._asked.clear()
        self.turns.resume()
        for connection in list(self._connections.values()):
            self._cut(
                connection, "the journal failed: the outcome of what is unanswered is unknown"
            )

    # -- connections -------------------------------------------------------------------------

    def opened(self, connection: Connection) -> None:
        """A TCP connection was accepted."""
        full = len(self._connections) >= self._settings.connections_max
        if full or not self.sequencer.ready or self.order_entry.fault is not None:
            connection.abort("no connection can be taken")
            return
        transport = connection.transport
        sock = transport.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, self._settings.unread_bytes_max)
        self._give_up_in_time(sock)
        connection.number = self.order_entry.connected(
            NO_SOCKET if connection.encrypted else sock.fileno(), partial(self.write, connection)
        )
        self._connections[connection.number] = connection
        # The event loop puts a write off to the end of its turn, unless it goes beyond this; so the
        # transport holds nothing back before it says that it is paused.  One of TLS would say so at
        # 0 although it holds nothing.
        transport.set_write_buffer_limits(high=1 if connection.encrypted else 0)

    def _give_up_in_time(self, sock: socket.socket) -> None:
        """Have the system end a line whose other side acknowledges nothing.

        A reader that takes nothing is the deadline's, which is told and counted: it comes first.
        """
        if sock.family != socket.AF_UNIX and hasattr(socket, "TCP_USER_TIMEOUT"):
            seconds = max(UNACKNOWLEDGED_S, self._settings.write_deadline_s + 1)
            milliseconds = min(int(seconds * 1000), 2**31 - 1)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, milliseconds)

    def lost(self, connection: Connection) -> None:
        """A TCP connection is gone; cancel on disconnect after its grace."""
        if not self._has(connection):
            return
        del self._connections[connection.number]
        self.throttled.discard(connection.number)
        self.refusals.lost(connection)
        self._behind.pop(connection.number, None)
        user, connection.user = connection.user, None
        if user is not None:
            self._claims.pop(user.session, None)
            # Also for one who has only asked for the session: it may be granted all the same.
            self._close_later(user)
        self.order_entry.disconnected(connection.number)

    def _has(self, connection: Connection) -> bool:
        """Whether it is one of these; the number of one that is not may be another's by now."""
        return self._connections.get(connection.number) is connection

    def _close_later(self, user: User) -> None:
        """Cancel on disconnect, unless the session is logged in to again within its grace."""
        if user.cancel_on_disconnect:
            later = asyncio.get_running_loop().call_later
            grace = later(self._settings.handover_grace_s, self._gone, user)
            self._grace[user.session] = grace

    def is_crowded(self, connection: Connection) -> bool:
        """Whether as many requests wait as may: then nobody goes on until some are sealed."""
        crowded = self.order_entry.is_crowded(connection.number)
        if crowded:
            self.turns.hold()
        return crowded

    def _gone(self, user: User) -> None:
        self._grace.pop(user.session, None)
        self.order_entry.entry_closed(user.entry)
        self.sequencer.wake()

    def write(self, connection: Connection, data: bytes) -> None:
        """Write to a connection; a reader that leaves too much unread is told the rest later."""
        try:
            connection.write(data)
            self._check_unread(connection)
        except FAULTS as error:
            # Events are being told: the others are to hear of them all the same.
            self.faults.caught("connection", f"nothing can be written to {connection.peer}", error)
            self._cut(connection, "nothing can be written to it")

    def _check_unread(self, connection: Connection) -> None:
        """Whoever leaves too much unread is told what comes from the log, at its own pace."""
        too_much = connection.unread_bytes > self._settings.queue_bytes_max
        if too_much and self.order_entry.fall_behind(connection.number):
            self.fallen_behind += 1
            log.info("%s reads slowly: it is told the rest from the log", connection.called)
            self._replayer.begin(connection)

    def paused(self, connection: Connection) -> None:
        """A reader is behind: nothing may overtake what the transport holds back."""
        if not self._has(connection):
            return
        self.order_entry.set_direct(connection.number, direct=False)
        self._behind[connection.number] = connection

    def resumed(self, connection: Connection) -> None:
        """A reader has caught up."""
        if not self._has(connection):
            return
        self._behind.pop(connection.number, None)
        if not connection.transport.is_closing():
            self.order_entry.set_direct(connection.number, direct=True)

    def _look_at_readers(self) -> None:
        """Cut those that have taken nothing for too long."""
        now = asyncio.get_running_loop().time()
        for connection in list(self._behind.values()):
            if connection.silent_since(now) > self._settings.write_deadline_s:
                self.slow_readers += 1
                connection.abort("slow reader: it took nothing for write_deadline_s")

    def claim(self, connection: Connection, user: User, asked: LOGIN) -> None:
        """Claim the session of a login that is authorized; the first live line of a session stays.

        The answer waits until the engine has said whose the session is: what came before is final,
        and only then it is known how many messages the session has.
        """
        holder = self._holder(user)
        if holder is not None:
            self.contend(holder)
        taken = holder is not None or user.session in self._claims
        if taken or user.session in self.held:
            self.reject(connection, asked, authorized=True)
            return
        connection.user = user
        self._claims[user.session] = (connection, asked)
        grace = self._grace.pop(user.session, None)
        if grace is not None:
            grace.cancel()
        # What it sends before its login is accepted waits.
        connection.transport.pause_reading()
        self._asked[user.session] += 1
        self.order_entry.claim(user.entry)

    def _holder(self, user: User) -> int | None:
        """Who has a session; a line that is closing lets go of it, whatever it has to write."""
        number = self.order_entry.session(user.session).connection
        connection = None if number is None else self._connections.get(number)
        if connection is not None and connection.transport.is_closing():
            self.lost(connection)
            return None
        return number

    def contend(self, number: int) -> None:
        """Somebody else wants the session of a connection, which stays; a protocol may test it."""

    def _claimed(self, claim: Claimed) -> None:
        """Accept a login, or reject it: the session has just been claimed at another gateway."""
        # One from before a fault is not counted any more.
        self._asked[claim.session] = left = max(0, self._asked[claim.session] - 1)
        if left:
            return  # Of one who has gone since.
        waiting = self._claims.pop(claim.session, None)
        if waiting is None:
            return
        connection, asked = waiting
        user, first = connection.user, None
        if claim.granted:
            first = self.enter(connection, claim.session, asked)
        if user is None or first is None:
            connection.user = None
            if user is not None and claim.granted:
                # It is this gateway's now, and nobody speaks by it.
                self._close_later(user)
            self.reject(connection, asked, authorized=True)
            return
        self.logins += 1
        self.accept(connection, user, self.order_entry.session(claim.session), first)
        whose = f"{self.session_id(user)} of {user.name} from {connection.peer}"
        connection.called = f"{self.protocol} session {whose}"
        log.info("%s is logged in, and is told what comes from %d on", connection.called, first)
        if self.order_entry.replay_command(connection.number) is not None:
            self._replayer.begin(connection)
        connection.wait()

    def _moved(self, number: int) -> None:
        """The client has logged in at another gateway."""
        connection = self._connections.get(number)
        if connection is not None:
            connection.user = None
            connection.end(connection.close, "its session was logged in to at another gateway")

    def _ended(self, number: int, why: str) -> None:
        """It was told the last message of its session."""
        connection = self._connections.get(number)
        if connection is not None:
            connection.end(connection.close, why)

    def _tell_again(self, number: int) -> None:
        connection = self._connections.get(number)
        if connection is not None:
            self._replayer.begin(connection)

    def reject(self, connection: Connection, asked: LOGIN, *, authorized: bool) -> None:
        """Refuse a login, and close its line."""
        why = NOT_AVAILABLE if authorized else NOT_AUTHORIZED
        self.rejected_logins[why] += 1
        if not authorized:
            self.refusals.add(connection, asked)
            return
        self.refuse(connection, asked, authorized=True)
        connection.end(connection.close, f"login of {self.asks_for(asked)} rejected: {why}")

    # -- sessions that are looked at -----------------------------------------------------------

    def session_id(self, user: User) -> str:
        """How the session of a user is called now."""
        return user.session_ids(self.order_entry.session(user.session).epoch)

    def line(self, user: User) -> Connection | None:
        """Who speaks by the session of a user, or waits to."""
        number = self.order_entry.session(user.session).connection
        if number is not None:
            return self._connections.get(number)
        waiting = self._claims.get(user.session)
        return None if waiting is None else waiting[0]

    def end_session(self, connection: Connection, why: str) -> bool:
        """End a session on its line; False while that has to wait, and is to be asked for again."""
        ended = self.order_entry.end_session(connection.number, why)
        self.sequencer.wake()
        return ended

    # -- life --------------------------------------------------------------------------------

    @property
    def connections(self) -> int:
        """Open TCP connections."""
        return len(self._connections)

    @property
    def largest_buffer(self) -> int:
        """Bytes that wait for the slowest reader."""
        connections = self._connections.values()
        return max((connection.unread_bytes for connection in connections), default=0)

    async def run(self) -> None:
        """Heartbeats, deadlines and replays, until canceled."""
        async with asyncio.TaskGroup() as group:
            keep = self.faults.keep
            group.create_task(keep("gateway", "replay to sessions", self._replayer.run))
            group.create_task(keep("gateway", "the deadlines of sessions", self._ticks))
            group.create_task(keep("gateway", "beginning order entry again", self._restart.run))

    async def _ticks(self) -> None:
        while True:
            await asyncio.sleep(TICK_S)
            fault = self.order_entry.take_fault()
            if fault is not None:
                # It failed over something else than events.
                self._failed(fault)
            self.order_entry.set_busy(self.sequencer.busy)
            self._look_at_readers()
            for due in self.order_entry.tick():
                connection = self._connections.get(due.connection)
                if connection is None:
                    continue
                match due:
                    case HeartbeatDue():
                        heartbeat = self.order_entry.take_out(due.connection)
                        # Whoever has something to read still knows that this side lives.
                        if not connection.unread_bytes:
                            self.write(connection, heartbeat)
                    case ConnectionOver(reason=reason):
                        connection.end(connection.abort, reason)

    def close(self) -> None:
        """Close every connection after its last whole packet."""
        for timer in self._grace.values():
            timer.cancel()
        self.refusals.close()
        for connection in list(self._connections.values()):
            try:
                connection.close("the server stops")
            except FAULTS as error:
                self.faults.caught("connection", f"{connection.peer} can't be closed", error)
