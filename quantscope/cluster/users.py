"""The users of a gateway of a cluster, who can become others while it runs."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial

from core import Engine, OrderEntry
from engine.setup import entries_by_name
from gateway.users import User, session_id
from journal.datadir import Era
from journal.kafka import Journal
from protocol.terms import EntryKind
from quantscope.roles.sessions import users_of
from settings import UserSettings


class GatewayUsers:
    """Who may log in; each has a session in order entry, which stays when he may no more."""

    def __init__(self, users: Sequence[UserSettings], journal: Journal) -> None:
        """As they are configured at a start."""
        self._known = list(users)
        """In the order of their sessions, those who may log in no more among them."""
        self._made: dict[str, User] = {}
        self._journal = journal

    def begin(self, engine: Engine, order_entry: OrderEntry) -> list[User]:
        """A session for each in an order entry that has none, as far as the engine has come.

        Who may log in at a start.  Raises ``UnknownUser``.
        """
        users = users_of(self._known, engine, order_entry, self._session_ids)
        if not self._made:
            self._made = {user.name.lower(): user for user in users}
        return users

    def adds(self, users: Sequence[UserSettings]) -> bool:
        """Whether somebody is new: then ``take`` needs an engine."""
        return any(user.name.lower() not in self._made for user in users)

    def take(
        self, users: Sequence[UserSettings], engine: Engine | None, order_entry: OrderEntry
    ) -> tuple[list[User], list[str]]:
        """Who may log in from now on, and a line for each who can't yet.

        The engine stands behind all that order entry was told.
        """
        entries = {} if engine is None else entries_by_name(engine)
        admitted, lines = [], []
        for user in users:
            name = user.name.lower()
            if name not in self._made:
                entry = entries.get((EntryKind.BINARY, name))
                if entry is None:
                    lines.append(f"user {user.name} is not known to the exchange: {SETUP}")
                    continue
                if entry.entry_seq:
                    # Where its messages stand is learned at a start.
                    lines.append(f"user {user.name} has traded elsewhere: {START}")
                    continue
                slot = order_entry.add_session(
                    entry.entry, 0, entry.base, entry.epoch, entry.last_cl_ord_id
                )
                self._known.append(user)
                self._made[name] = User.of(user, entry, slot, self._session_ids(user.name))
            made = self._made[name]
            self._made[name] = replace(
                made, password=user.password, cancel_on_disconnect=user.cancel_on_disconnect
            )
            admitted.append(self._made[name])
        return admitted, lines

    def _session_ids(self, name: str) -> Callable[[int], str]:
        era = Era(self._journal.era, self._journal.era_nonce)
        return partial(session_id, self._journal.journal_id, era, name)


SETUP = "quantscope setup makes it known, and then this is to be said again"
START = "this gateway knows it from its next start on"
