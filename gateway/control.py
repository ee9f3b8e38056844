"""What an operator sees of sessions, and does to them while the exchange runs."""

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from typing import Any

import msgspec

from core import Clock
from gateway.connection import Connection
from gateway.connections import Connections
from gateway.users import User
from protocol.terms import Gateway

log = logging.getLogger("quantscope.gateway")

END_S = 10.0
"""How long a client may take what is left to tell it, in seconds; then its line is cut."""
RESET_S = 10.0
"""How long the journal may take, in seconds."""
POLL_S = 0.005
"""How often it is looked whether that is so, in seconds."""
NS = 1e9


class NoSuchSession(Exception):
    """Nobody has ever logged in by this name, nor may."""


class SessionBusy(Exception):
    """A session that is being ended already, or that could not be reset in time."""


class SessionRow(msgspec.Struct, frozen=True, kw_only=True):
    """A session as it stands."""

    name: str
    protocol: str
    account: str
    peer: str | None
    """Where its client is connected from."""
    next_in: int
    """The number that its next request has: MsgSeqNum, or of the binary protocol a ClOrdID."""
    next_out: int
    """The number of the next message to it."""
    epoch: int
    """How often it was reset."""
    heard_s: float | None
    """Seconds since its client was heard; None where it was not since the last start."""


class SessionControl:
    """The sessions of all protocols of a process."""

    def __init__(
        self,
        gateways: Iterable[Connections[Any]],
        reset: Callable[[int, int], None],
        clock: Clock,
    ) -> None:
        """``reset`` takes an entry and its epoch, and lets its numbers begin anew by a command."""
        self._gateways = tuple(gateways)
        self._reset = reset
        self._clock = clock

    def rows(self) -> list[SessionRow]:
        """All sessions, by name."""
        now = self._clock.monotonic_ns()
        rows = [self._row(name, gateway, user, now) for name, gateway, user in self._all()]
        return sorted(rows, key=lambda row: row.name)

    async def end(self, name: str) -> bool:
        """Say goodbye to the client of a session and close its line; False where there was none.

        What it has asked is answered first.  Raises ``NoSuchSession`` and ``SessionBusy``.
        """
        gateway, user = self._find(name)
        with _Held(gateway, user):
            return await self._end(gateway, user, "the session is ended by an operator")

    async def reset(self, name: str, why: str = "the session is reset by an operator") -> int:
        """End a session on its line, if it has one, and let its numbers begin anew; its epoch.

        Raises ``NoSuchSession``, and ``SessionBusy`` also where the journal does not take it.
        """
        gateway, user = self._find(name)
        with _Held(gateway, user):
            await self._end(gateway, user, why)
            await self._begin_anew(gateway, [user])
            now = gateway.order_entry.session(user.session).epoch
        log.warning("session %s is reset, for the time number %d: %s", name, now, why)
        return now

    async def reset_all(
        self, gateway: Connections[Any], why: str, done: Callable[[], Awaitable[None]]
    ) -> int:
        """The same of all sessions of a gateway, whose numbers begin anew at once; how many.

        ``done`` is awaited before anybody is let in again.
        """
        users = [user for _, user in gateway.sessions()]
        with contextlib.ExitStack() as held:
            for user in users:
                held.enter_context(_Held(gateway, user))
            async with asyncio.TaskGroup() as group:
                for user in users:
                    group.create_task(self._end(gateway, user, why))
            await self._begin_anew(gateway, users)
            await done()
        return len(users)

    async def _begin_anew(self, gateway: Connections[Any], users: Sequence[User]) -> None:
        """Let numbers begin anew, by commands that are sealed together."""

        def epochs() -> list[int]:
            return [gateway.order_entry.session(user.session).epoch for user in users]

        before = epochs()
        for user, epoch in zip(users, before, strict=True):
            self._reset(user.entry, epoch)
        try:
            async with asyncio.timeout(RESET_S):
                while any(now == then for now, then in zip(epochs(), before, strict=True)):
                    await asyncio.sleep(POLL_S)
        except TimeoutError as error:
            raise SessionBusy("the journal does not take the reset now") from error

    # -- one session -------------------------------------------------------------------------

    async def _end(self, gateway: Connections[Any], user: User, why: str) -> bool:
        line = gateway.line(user)
        if line is None:
            return False
        try:
            async with asyncio.timeout(END_S):
                await _say_goodbye(gateway, user, line, why)
        except TimeoutError:
            line.abort(f"{why}, and its client takes nothing")
            while gateway.line(user) is line:
                await asyncio.sleep(POLL_S)
        return True

    def _find(self, name: str) -> tuple[Connections[Any], User]:
        """By its name; of the binary protocol without regard to case."""
        for known, gateway, user in self._all():
            by_case = gateway.gateway == Gateway.FIX
            if name == known or (not by_case and name.lower() == known.lower()):
                return gateway, user
        raise NoSuchSession(f"there is no session {name!r}: `quantscope session list` names all")

    def _all(self) -> Iterator[tuple[str, Connections[Any], User]]:
        for gateway in self._gateways:
            for name, user in gateway.sessions():
                yield name, gateway, user

    def _row(self, name: str, gateway: Connections[Any], user: User, now: int) -> SessionRow:
        session = gateway.order_entry.session(user.session)
        line = gateway.line(user)
        heard = (now - session.heard_ns) / NS if session.heard_ns else None
        return SessionRow(
            name=name,
            protocol=gateway.protocol.lower(),
            account=user.account,
            peer=None if line is None else line.peer,
            next_in=gateway.next_in(session),
            next_out=session.sent + 1,
            epoch=session.epoch,
            heard_s=None if heard is None else round(heard, 3),
        )


class _Held:
    """While its block lasts nobody is let in to a session."""

    def __init__(self, gateway: Connections[Any], user: User) -> None:
        self._held, self._session = gateway.held, user.session

    def __enter__(self) -> None:
        if self._session in self._held:
            raise SessionBusy("the session is being ended already")
        self._held.add(self._session)

    def __exit__(self, *_: object) -> None:
        self._held.discard(self._session)


async def _say_goodbye(gateway: Connections[Any], user: User, line: Connection, why: str) -> None:
    """Answer what was asked, say that it is over, and wait until the line is closed."""
    if gateway.order_entry.session(user.session).connection is None:
        line.abort(why)  # It only waits for the session, and was told nothing.
    else:
        line.stop()
        while gateway.line(user) is line and not gateway.end_session(line, why):
            await asyncio.sleep(POLL_S)
    while gateway.line(user) is line:
        await asyncio.sleep(POLL_S)
