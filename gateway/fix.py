"""FIX sessions: who may log on, and to which."""

import hmac
import logging
import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, NamedTuple

from core import (
    Entry,
    LogonRequested,
    OrderEntry,
    ReadOutcome,
    ResendRequested,
    Routed,
    Session,
)
from core import Failed as OrderEntryFailed
from gateway.connection import Connection
from gateway.connections import Connections
from gateway.users import User
from protocol.terms import EntryKind, Gateway, SelfMatchPreventionInstruction
from settings import FixSettings, UserSettings

log = logging.getLogger("quantscope.gateway")

COMP_ID = re.compile(r"[A-Za-z0-9_.:-]{1,32}")
"""What stands for an account: no other CompID is let in."""

NAME_BYTES_MAX = 64
"""Of an entry, as commands have it."""
SUB_IDS_MAX = 64
"""Sessions of one CompID in one version, where SubIDs tell them apart."""


class SessionName(NamedTuple):
    """What tells a FIX session from any other."""

    begin_string: str
    comp_id: str
    """SenderCompID of the client."""
    sub_id: str = ""
    """SenderSubID of the client."""

    @property
    def entry(self) -> str:
        """The name of its entry in the engine."""
        return "/".join(part for part in self if part)

    @classmethod
    def of(cls, entry: str) -> "SessionName":
        """The session whose entry has this name."""
        return cls(*entry.split("/"))


@dataclass(frozen=True)
class Allowed:
    """Who may log on, and what for."""

    comp_id: str
    password: str | None
    """None where anybody may."""
    account: str
    cancel_on_disconnect: bool
    self_trade_prevention: int

    @classmethod
    def of(cls, user: UserSettings) -> "Allowed":
        """A user as it is configured."""
        stp = SelfMatchPreventionInstruction[user.self_trade_prevention]
        account = user.account or user.name
        return cls(user.name, user.password, account, user.cancel_on_disconnect, stp)

    def admits(self, asked: LogonRequested) -> bool:
        """Whether this is who it says: by Username, where it has one, and password."""
        if self.password is None:
            return True
        named = asked.username in ("", asked.sender_comp_id)
        given = asked.password.encode(errors="surrogateescape")
        return hmac.compare_digest(given, self.password.encode()) and named


class FixGateway(Connections[LogonRequested]):
    """All FIX connections."""

    protocol = "FIX"
    gateway: int = Gateway.FIX

    def __init__(
        self,
        order_entry: OrderEntry,
        users: Iterable[UserSettings],
        fix: FixSettings,
        sessions: list[User],
        *given: Any,
        **named: Any,
    ) -> None:
        """``sessions`` are those that have an entry; what follows is as in ``Connections``."""
        self._fix = fix
        self._allowed: dict[str, Allowed] = {}
        self.allow(users)
        self._sessions = {SessionName.of(user.session_ids(0)): user for user in sessions}
        self._opening: dict[str, list[tuple[Connection, LogonRequested]]] = defaultdict(list)
        """Who waits for an entry, by its name."""
        super().__init__(order_entry, [], *given, **named)

    def allow(self, users: Iterable[UserSettings]) -> None:
        """These may log on from now on, and no others; who is logged on stays."""
        self._allowed = {user.name: Allowed.of(user) for user in users}

    # -- what a protocol decides -------------------------------------------------------------

    def decide(self, connection: Connection, asked: ReadOutcome) -> None:
        """See ``Connections``."""
        match asked:
            case LogonRequested():
                self.logon(connection, asked)
            case ResendRequested(first=first, last=last):
                if self.order_entry.tell_again(connection.number, first, last):
                    self._replayer.begin(connection)
                connection.put_off()

    def logon(self, connection: Connection, asked: LogonRequested) -> None:
        """Refuse a Logon, or claim its session, which may have to be opened first."""
        allowed = self._allow(asked)
        if allowed is None:
            self.reject(connection, asked, authorized=False)
            return
        sub_id = asked.sender_sub_id if self._fix.sub_ids else ""
        name = SessionName(asked.begin_string, asked.sender_comp_id, sub_id)
        user = self._sessions.get(name)
        if user is not None:
            self.claim(connection, user, asked)
            return
        if not self._may_begin(name):
            self.reject(connection, asked, authorized=False)
            return
        connection.transport.pause_reading()
        waiting = self._opening[name.entry]
        waiting.append((connection, asked))
        if len(waiting) == 1:
            self.order_entry.open_fix_entry(
                name.entry,
                allowed.account,
                allowed.cancel_on_disconnect,
                allowed.self_trade_prevention,
            )

    def _may_begin(self, name: SessionName) -> bool:
        """Whether there may be a session of this name, which there is not yet."""
        if not name.sub_id:
            return True
        of_one = [it for it in self._sessions if it[:2] == name[:2]]
        fits = COMP_ID.fullmatch(name.sub_id) and len(name.entry) <= NAME_BYTES_MAX
        return bool(fits) and len(of_one) + len(self._opening) < SUB_IDS_MAX

    def _allow(self, asked: LogonRequested) -> Allowed | None:
        """Who it is, where it may log on."""
        comp_id = asked.sender_comp_id
        if not COMP_ID.fullmatch(comp_id):
            return None
        if self._fix.open:
            return Allowed(
                comp_id, None, comp_id, cancel_on_disconnect=False, self_trade_prevention=0
            )
        allowed = self._allowed.get(comp_id)
        return allowed if allowed is not None and allowed.admits(asked) else None

    def contend(self, number: int) -> None:
        """See ``Connections``: one that is silent gets a TestRequest, and little time to answer."""
        self.order_entry.probe(number)
        self.sequencer.wake()

    def sessions(self) -> Iterable[tuple[str, User]]:
        """See ``Connections``."""
        return [(name.entry, user) for name, user in self._sessions.items()]

    def next_in(self, session: Session) -> int:
        """See ``Connections``."""
        return session.next_in

    def enter(self, connection: Connection, session: int, asked: LogonRequested) -> int | None:
        """See ``Connections``."""
        return self.order_entry.logon(connection.number, session)

    def accept(self, connection: Connection, user: User, session: Session, first: int) -> None:
        """See ``Connections``: the answer is journaled, and told as all else is."""
        self.sequencer.wake()

    def refuse(self, connection: Connection, asked: LogonRequested, *, authorized: bool) -> None:
        """See ``Connections``: whose session is another line's hears nothing."""
        if not authorized:
            self.order_entry.refuse_logon(connection.number)

    def asks_for(self, asked: LogonRequested) -> str:
        """See ``Connections``."""
        return f"{asked.begin_string} {asked.sender_comp_id!r}"

    # -- sessions that begin -----------------------------------------------------------------

    def on_output(self, output: Routed | OrderEntryFailed) -> None:
        """See ``Connections``."""
        if isinstance(output, Routed):
            for entry, name in output.opened:
                self._opened(entry, name)
        super().on_output(output)

    def _opened(self, entry: int, name: str) -> None:
        session = SessionName.of(name)
        waiting = self._opening.pop(name, [])
        if session in self._sessions:
            return
        told = (0, 0, 0, 0)
        user = user_of(
            self.order_entry,
            self._fix,
            session,
            entry,
            told,
            self._account(session),
            cancel_on_disconnect=self._cancels(session),
        )
        self._sessions[session] = user
        for connection, asked in waiting:
            if not connection.transport.is_closing():
                self.claim(connection, user, asked)
        self.sequencer.wake()

    def _account(self, session: SessionName) -> str:
        allowed = self._allowed.get(session.comp_id)
        return session.comp_id if allowed is None or self._fix.open else allowed.account

    def _cancels(self, session: SessionName) -> bool:
        allowed = self._allowed.get(session.comp_id)
        return allowed is not None and not self._fix.open and allowed.cancel_on_disconnect


def user_of(
    order_entry: OrderEntry,
    fix: FixSettings,
    name: SessionName,
    entry: int,
    told: tuple[int, int, int, int],
    account: str,
    *,
    cancel_on_disconnect: bool = False,
) -> User:
    """A session in order entry, and who speaks by it.

    ``told``: number of the last event told to the entry, of the one at which it was reset last, how
    often that was, and the last message of the client that is done with.
    """
    sent, base, epoch, last_num = told
    slot = order_entry.add_fix_session(
        entry,
        sent=sent,
        base=base,
        epoch=epoch,
        last_num=last_num,
        begin_string=name.begin_string,
        sender_comp_id=fix.comp_id,
        target_comp_id=name.comp_id,
        sender_sub_id="",
        target_sub_id=name.sub_id,
        account=account,
    )
    return User(
        name=name.comp_id,
        password="",
        entry=entry,
        session=slot,
        account=account,
        session_ids=lambda _: name.entry,
        cancel_on_disconnect=cancel_on_disconnect,
    )


def sessions_of(order_entry: OrderEntry, fix: FixSettings, entries: Iterable[Entry]) -> list[User]:
    """A session in order entry for each entry of FIX that an engine has, in their order."""
    return [
        user_of(
            order_entry,
            fix,
            SessionName.of(entry.name),
            entry.entry,
            (entry.entry_seq, entry.base, entry.epoch, entry.last_cl_ord_id),
            entry.account_name,
            cancel_on_disconnect=entry.cancel_on_disconnect,
        )
        for entry in entries
        if entry.kind == EntryKind.FIX
    ]
