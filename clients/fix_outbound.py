"""What a FIX session says, by itself or because it is asked to: without I/O."""

import time
from collections.abc import Callable

from clients.errors import ProtocolError
from clients.fix_gap import Gap
from clients.fix_message import FaultError, Field, Frames, Message
from clients.fix_reports import Reason
from clients.fix_rules import Names
from clients.fix_store import Store
from clients.fix_terms import Outgoing, Settings, State
from clients.fix_writer import Writer


class Outbound:
    """The sending side of ``FixSession``."""

    def __init__(
        self,
        settings: Settings,
        store: Store,
        wall_ns: Callable[[], int] = time.time_ns,
    ) -> None:
        """Nothing happens before ``connected``."""
        self.state = State.CLOSED
        self._settings, self._store = settings, store
        self._wall_ns = wall_ns
        self._names = Names(settings.begin_string, settings.target, settings.sender)
        self._writer = Writer(self._names, store, wall_ns)
        self._frames = Frames()
        self._gap = Gap(settings.gap_messages_max)
        self._reset_wanted = settings.reset
        self._heartbeat_s = float(settings.heartbeat_s)
        self._heard_at = self._sent_at = self._moved_at = 0.0
        self._logon_number = self._probe_number = self._probes = 0
        self._tested = False
        self._logout_at: float | None = None

    @property
    def logged_in(self) -> bool:
        """Whether the Logon was answered."""
        return self.state in (State.RECOVERING, State.LIVE, State.LOGGING_OUT)

    @property
    def sequence(self) -> int:
        """The number of the next message that is wanted."""
        return self._store.next_in

    @property
    def last_sent(self) -> int:
        """The number of what was sent last."""
        return self._store.next_out - 1

    # What is sent

    def connected(self, now: float) -> bytes:
        """It is connected: the Logon to send (1B)."""
        settings, store = self._settings, self._store
        self._frames = Frames()
        self._gap.close()
        self._writer.forget()
        self._heard_at = self._sent_at = self._moved_at = now
        self._tested, self._logout_at, self._probe_number = False, None, 0
        if self._reset_wanted:
            store.reset()
        fields: list[Field] = [(98, 0), (108, settings.heartbeat_s)]
        if self._reset_wanted:
            fields.append((141, "Y"))
        if settings.begin_string == "FIX.4.2":
            data = settings.password.encode()
            fields += [(95, len(data)), (96, data)] if data else []
        else:
            fields += [(789, store.next_in)] if settings.next_expected else []
            fields += [(553, settings.sender)]
            fields += [(554, settings.password)] if settings.password else []
        self._logon_number = self._writer.say("A", fields)
        self.state = State.LOGGING_ON
        return self._writer.take()

    def disconnected(self) -> None:
        """The connection is gone."""
        self.state = State.CLOSED
        self._writer.forget()

    def send(self, message: Outgoing, now: float) -> bytes:
        """An application message, numbered; ``ValueError`` where one cannot be made of it."""
        self._writer.send(*message)
        self._sent_at = now
        return self._writer.take()

    def logout(self) -> bytes:
        """The Logout to send (12)."""
        if self.logged_in and self.state is not State.LOGGING_OUT:
            self.state = State.LOGGING_OUT
            self._writer.say("5")
        return self._writer.take()

    def outgoing(self) -> bytes:
        """What the session itself has to say by now."""
        return self._writer.take()

    def _probe(self) -> None:
        """A TestRequest, whose answer says that all before it has come."""
        self._probes += 1
        self._probe_number = self._writer.say("1", [(112, f"{self._logon_number}-{self._probes}")])

    def _reject(self, message: Message, number: int, fault: FaultError) -> None:
        fields: list[Field] = [(45, number)]
        if fault.tag is not None:
            fields.append((371, fault.tag))
        reason = fault.reason
        if self._settings.begin_string != "FIX.4.2" or reason <= Reason.INVALID_MSG_TYPE:
            fields.append((373, reason.value))
        if message.msg_type:
            fields.append((372, message.msg_type))
        self._writer.say("3", [*fields, (58, str(fault))])

    def _leave(self, why: str) -> None:
        self._writer.say("5", [(58, why)])
        self.state = State.CLOSED

    # Time

    def heard(self, now: float) -> None:
        """The exchange is there, and all that it sent has not been read."""
        self._heard_at = self._moved_at = now

    def tick(self, now: float) -> bytes:
        """What to send as time passes (4a, 6); ``ProtocolError`` when that was in vain."""
        if self.state in (State.RECOVERING, State.LIVE):
            self._watch(now)
        elif self.state is State.LOGGING_OUT:
            self._logout_at = now if self._logout_at is None else self._logout_at
            if now - self._logout_at >= self._settings.logout_s_max:
                raise ProtocolError("no answer to the Logout")
        data = self._writer.take()
        self._sent_at = now if data else self._sent_at
        return data

    def _watch(self, now: float) -> None:
        silent = now - self._heard_at
        if silent >= self._heartbeat_s * 2.4:
            raise ProtocolError(f"nothing heard for {silent:g} s")
        if silent >= self._heartbeat_s * 1.2 and not self._tested:
            self._tested = True
            self._probe()
        elif now - self._sent_at >= self._heartbeat_s:
            self._writer.say("0")
        if self._gap.overdue(now, self._settings.resend_s_max):
            if not self._gap.ask_again(now):
                self._leave("a gap in MsgSeqNum was not filled")
                raise ProtocolError("a gap in MsgSeqNum was not filled")
            self._ask()
        stuck = now - self._moved_at >= 2 * self._settings.resend_s_max
        if self.state is State.RECOVERING and stuck:
            raise ProtocolError("the TestRequest after the Logon was not answered")

    def _ask(self) -> None:
        """Ask for all from the first number that is missing."""
        self._writer.say("2", [(7, self._store.next_in), (16, 0)])
