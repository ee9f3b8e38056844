"""The binary protocol's logins and questions: SBE over SoupBinTCP."""

from collections.abc import Callable, Iterable
from functools import cached_property, partial

from core import (
    LoginRequested,
    ReadOutcome,
    SecurityListRequested,
    Session,
    login_accepted,
    login_rejected,
)
from gateway.connection import Connection
from gateway.connections import Connections
from gateway.users import User
from protocol.terms import Gateway


class BinaryGateway(Connections[LoginRequested]):
    """All binary connections."""

    protocol = "binary"
    gateway: int = Gateway.BINARY

    def decide(self, connection: Connection, asked: ReadOutcome) -> None:
        """See ``Connections``."""
        match asked:
            case LoginRequested():
                self.login(connection, asked)
            case SecurityListRequested():
                # It costs more than an order: it waits its turn, and what comes after it, too.
                connection.put_off(partial(self._tell_instruments, connection, asked))

    def login(self, connection: Connection, asked: LoginRequested) -> None:
        """Reject a login, or claim its session."""
        user = self.user(asked.user)
        if user is None or not user.admits(asked.password):
            self.reject(connection, asked, authorized=False)
        elif asked.session.strip() not in ("", self.session_id(user)):
            self.reject(connection, asked, authorized=True)
        else:
            self.claim(connection, user, asked)

    @cached_property
    def security_list(self) -> Callable[[int, int | None], bytes]:
        """The answer to a question for instruments."""
        return self.order_entry.security_list

    def _tell_instruments(self, connection: Connection, asked: SecurityListRequested) -> None:
        self.write(connection, self.security_list(asked.req_id, asked.instrument))

    def sessions(self) -> Iterable[tuple[str, User]]:
        """See ``Connections``."""
        return [(user.name, user) for user in self._users.values()]

    def next_in(self, session: Session) -> int:
        """See ``Connections``: the lowest ClOrdID that is new."""
        return session.last_cl_ord_id + 1

    def end_session(self, connection: Connection, why: str) -> bool:
        """See ``Connections``: its last packet is not of the sequence."""
        ended = super().end_session(connection, why)
        if ended:
            connection.end(connection.close, why)
        return ended

    def enter(self, connection: Connection, session: int, asked: LoginRequested) -> int | None:
        """See ``Connections``."""
        return self.order_entry.login(connection.number, session, asked.sequence)

    def asks_for(self, asked: LoginRequested) -> str:
        """See ``Connections``."""
        return repr(asked.user)

    def accept(self, connection: Connection, user: User, session: Session, first: int) -> None:
        """See ``Connections``."""
        debug = f"lastClOrdID={session.last_cl_ord_id} oldest={session.oldest}"
        connection.transport.write(login_accepted(self.session_id(user), first, debug))

    def refuse(self, connection: Connection, asked: LoginRequested, *, authorized: bool) -> None:
        """See ``Connections``."""
        connection.transport.write(login_rejected(authorized))
