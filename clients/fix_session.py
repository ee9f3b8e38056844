"""A FIX session as its initiator sees it: a state machine without I/O.

Bytes and times go in; happenings and bytes to send come out.  The rules are those of FIX 4.4
volume 2, "FIX Session Protocol", and of the FIX session layer test cases, whose numbers stand
beside them.

# Contract
* What comes is delivered once and in the order of its numbers: what is ahead of a gap waits, and
  the gap is asked for once.  A number counts as received when its happening has been taken.
* After a Logon a TestRequest is sent.  Its answer means that both sides have all that the other
  sent before, since that is made up for first: then ``Ready`` happens (16).
* A connection that cannot go on ends with a Logout that says why, and a ``ProtocolError``;
  where another connection would end in the same way, it is a ``SessionBrokenError``.
"""

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Generic, Never

from clients.errors import LoginRejectedError, ProtocolError, SessionBrokenError, SessionEndedError
from clients.fix_message import FaultError, Message, decode
from clients.fix_outbound import Outbound
from clients.fix_reports import Reason
from clients.fix_rules import MSG_TYPES, MisplacedError, check, check_place
from clients.fix_store import Store
from clients.fix_terms import (
    Delivered,
    FixHappening,
    Ready,
    Renewed,
    Report,
    Settings,
    State,
    Withheld,
)
from clients.session import Lost

NOT_AUTHORIZED = "not authorized"


class FixSession(Outbound, Generic[Report]):
    """One session over any number of connections."""

    def __init__(
        self,
        settings: Settings,
        store: Store,
        readers: Mapping[str, Callable[[Message], Report | None]],
        wall_ns: Callable[[], int] = time.time_ns,
    ) -> None:
        """``readers`` take the application messages of each MsgType that is expected."""
        super().__init__(settings, store, wall_ns)
        self._readers = readers

    def received(self, data: bytes, now: float) -> Iterator[FixHappening[Report]]:
        """What bytes of the exchange mean; to be read to its end.

        Raises ``LoginRejectedError``, ``SessionEndedError``, ``SessionBrokenError`` or
        ``ProtocolError``; what is to be sent before the line is closed is ``outgoing``.
        """
        for frame in self._frames.feed(data):
            message = decode(frame)
            if self.state is State.LOGGING_ON:
                yield from self._first(message, now)
            elif self.state is not State.CLOSED:
                yield from self._message(message, now)

    # The Logon

    def _first(self, message: Message, now: float) -> Iterator[FixHappening[Report]]:
        """The answer to our Logon (1B c to e)."""
        if message.msg_type in ("3", "5"):
            # Where it belongs to the session its number is missed later, and filled over.
            self.state = State.CLOSED
            said = message.get(58) or "no reason given"
            raise LoginRejectedError("A" if said == NOT_AUTHORIZED else said)
        if message.msg_type != "A":
            self.state = State.CLOSED
            raise ProtocolError(f"the first message is no Logon, but {message.msg_type}")
        number = self._placed(message)
        try:
            check(message)
            self._heartbeat_s = float(message.number(108))
            renewed, expected = message.flag(141), self._expected(message)
            if message.text(98) != "0":
                raise FaultError(Reason.VALUE_INCORRECT, 98)
            if renewed and number != 1:
                raise FaultError(Reason.VALUE_INCORRECT, 34)
        except FaultError as fault:
            self._reject(message, number, fault)
            self._break(f"the Logon is not valid: {fault}", final=False)
        if renewed:
            yield from self._renewed()
        self._reset_wanted = False
        if number < self._store.next_in:
            self._too_low(number)
        self.state = State.RECOVERING
        self._heard_at = self._moved_at = now
        if number == self._store.next_in:
            self._store.received(number + 1)
        else:
            self._gap.keep(number, None, now)
            if not self._settings.next_expected:
                self._ask()
        yield from self._fill_in(expected)
        self._probe()

    def _expected(self, message: Message) -> int | None:
        """NextExpectedMsgSeqNum (789) of the answer, where we have said ours."""
        if not self._settings.next_expected or message.get(789) is None:
            return None
        return message.number(789)

    def _fill_in(self, expected: int | None) -> Iterator[Withheld]:
        """What 789 says that the exchange lacks, up to our Logon."""
        if expected is None:
            return
        sent = self._logon_number
        if expected > sent + 1:
            self._break(f"NextExpectedMsgSeqNum (789) too high, sent {sent}", final=True)
        if expected <= sent:
            yield from self._resent(expected, sent)

    def _renewed(self) -> Iterator[FixHappening[Report]]:
        """Numbers begin anew: with our Logon, as we said ourselves or are told now."""
        if not self._reset_wanted:
            self._store.reset()
            self._store.sent(None)
            self._logon_number = 1
            yield Renewed()
        self._store.received(1)

    # Whatever comes then

    def _message(self, message: Message, now: float) -> Iterator[FixHappening[Report]]:
        self._heard_at, self._tested = now, False
        number = self._placed(message)
        duplicate = message.get(43) == "Y"
        if message.msg_type == "A" and not duplicate:
            yield from self._second_logon(message, number)
        elif message.msg_type == "4" and message.get(123) != "Y":
            yield from self._reset(message, number, now)
        elif number == self._store.next_in:
            yield from self._handle(message, number, now)
            yield from self._catch_up(now)
        elif number > self._store.next_in:
            yield from self._ahead(message, number, now)
        elif duplicate:
            self._duplicate(message, number)
        else:
            self._too_low(number)

    def _placed(self, message: Message) -> int:
        """The number of a message that is of this session and of this time."""
        try:
            number = message.number(34)
        except FaultError:
            self._break("MsgSeqNum (34) missing", final=False)
        try:
            check_place(message, self._names, self._wall_ns(), self._settings.sending_time_s_max)
        except MisplacedError as misplaced:
            if number == self._store.next_in:
                self._store.received(number + 1)
            if misplaced.fault.tag != 8:
                self._reject(message, number, misplaced.fault)
            why = "incorrect BeginString" if misplaced.fault.tag == 8 else str(misplaced)
            self._break(why, final=misplaced.final)
        return number

    def _break(self, why: str, *, final: bool) -> Never:
        self._leave(why)
        raise SessionBrokenError(why) if final else ProtocolError(why)

    def _too_low(self, number: int) -> Never:
        """A number that has been before, and does not say so (2c, 10d)."""
        expected = self._store.next_in
        self._break(f"MsgSeqNum too low, expecting {expected} but received {number}", final=True)

    def _handle(self, message: Message, number: int, now: float) -> Iterator[FixHappening[Report]]:
        """A message whose turn it is."""
        following = number + 1
        happenings: Iterable[FixHappening[Report]] = ()
        try:
            check(message)
            if message.msg_type == "4":
                following = self._filled(message, number)
            elif message.msg_type == "5":
                self._store.received(following)
                self._logged_out(message)
            else:
                happenings = self._means(message, number)
        except FaultError as fault:
            self._reject(message, number, fault)
        yield from happenings
        self._store.received(following)
        self._moved_at = now
        self._gap.moved(following, now)

    def _means(self, message: Message, number: int) -> Iterable[FixHappening[Report]]:
        match message.msg_type:
            case "0":
                return self._heartbeat(message)
            case "1":
                self._writer.say("0", [(112, message.text(112))])
                return ()
            case "2":
                return self._asked(message)
            case "A":
                return ()
            case kind if (reader := self._readers.get(kind)) is not None:
                report: Report | None = reader(message)
            case kind if kind in MSG_TYPES[self._settings.begin_string]:
                report = None
                fields = ((45, number), (372, kind), (380, 3), (58, "unsupported message type"))
                self._writer.send("j", fields)
            case _:
                raise FaultError(Reason.INVALID_MSG_TYPE, 35)
        return (Delivered(number, report, message.flag(43)),)

    def _heartbeat(self, message: Message) -> Iterable[Ready]:
        """The answer to the TestRequest after the Logon opens the session up (16)."""
        answered = message.get(112) == f"{self._logon_number}-{self._probes}"
        if not answered or self.state is not State.RECOVERING:
            return ()
        self.state = State.LIVE
        return (Ready(),)

    def _logged_out(self, message: Message) -> Never:
        """A Logout (13): the answer to ours, or one that is answered."""
        said, before = message.get(58) or "", self.state
        self.state = State.CLOSED
        if before is State.LOGGING_OUT:
            raise SessionEndedError("logged out")
        self._writer.say("5")
        if before is State.RECOVERING and said:
            raise LoginRejectedError(said)
        raise ProtocolError(f"the exchange has logged out: {said or 'no reason given'}")

    # Numbers

    def _asked(self, message: Message) -> Iterable[Withheld]:
        """A ResendRequest (8): to the end where that is 0, and no further than what was sent."""
        begin, end = message.number(7), message.number(16)
        if begin == 0 or 0 < end < begin:
            raise FaultError(Reason.VALUE_INCORRECT, 16 if begin else 7)
        last = self.last_sent
        return self._resent(begin, min(end or last, last))

    def _resent(self, begin: int, end: int) -> Iterable[Withheld]:
        resent_from = 0 if self._settings.resend else self._logon_number
        withheld = self._writer.resend(begin, end, resent_from)
        if self.state is State.RECOVERING and begin <= self._probe_number <= end:
            # A TestRequest that waited behind the gap is filled over and never answered.
            self._probe()
        return [Withheld(message) for message in withheld]

    def _ahead(self, message: Message, number: int, now: float) -> Iterator[FixHappening[Report]]:
        """A message before which others are missing (2b, 10a, 20): it waits, or is answered now."""
        kept: Message | None = message
        try:
            if message.msg_type == "2":
                # Two sides that both ask would wait for each other.
                check(message)
                yield from self._asked(message)
                kept = None
            elif message.msg_type == "5":
                check(message)
                self._logged_out(message)
        except FaultError:
            kept = message  # it is rejected when its turn comes
        if self._gap.keep(number, kept, now):
            self._ask()

    def _catch_up(self, now: float) -> Iterator[FixHappening[Report]]:
        """What waited for what has come now."""
        while self._gap.holds(number := self._store.next_in):
            message = self._gap.take(number)
            if message is None:
                self._store.received(number + 1)
                self._gap.moved(number + 1, now)
            else:
                yield from self._handle(message, number, now)

    def _duplicate(self, message: Message, number: int) -> None:
        """One that came before, as it says itself: whatever it says is done with (2e, 2g, 10c)."""
        try:
            check(message)
        except FaultError as fault:
            if fault.tag == 122:
                self._reject(message, number, fault)

    def _filled(self, message: Message, number: int) -> int:
        """The number behind a SequenceReset-GapFill (10b, 10e)."""
        following = message.number(36)
        if following <= number:
            raise FaultError(Reason.VALUE_INCORRECT, 36)
        return following

    def _reset(self, message: Message, number: int, now: float) -> Iterator[FixHappening[Report]]:
        """SequenceReset-Reset (11), whose own number means nothing."""
        expected = self._store.next_in
        try:
            check(message)
            following = message.number(36)
            if following < expected:
                raise FaultError(Reason.VALUE_INCORRECT, 36)
        except FaultError as fault:
            self._reject(message, number, fault)
            return
        if following > expected:
            yield Lost(expected, following - 1)
        self._store.received(following)
        self._gap.moved(following, now)
        yield from self._catch_up(now)

    def _second_logon(self, message: Message, number: int) -> Iterator[FixHappening[Report]]:
        """A Logon on a connection that is logged on: only to let numbers begin anew."""
        if message.get(141) != "Y" or number != 1:
            self._break("second Logon on one connection", final=False)
        self._store.reset()
        self._store.received(2)
        self._gap.close()
        fields = ((98, 0), (108, int(self._heartbeat_s)), (141, "Y"))
        self._logon_number = self._writer.say("A", fields)
        yield Renewed()
        if self.state is State.RECOVERING:
            self._probe()
