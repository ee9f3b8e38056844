"""Logins that are not authorized: answered late, told together, and few at a time.

Whoever tries passwords gets one answer a second and line, and fills no log.  A line that waits for
its refusal takes one of those that there may be, so that no more wait than a part of these; what
comes beyond is closed without an answer.
"""

import asyncio
import logging
import math
from functools import partial
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from gateway.connection import Connection
from settings import GatewaySettings

if TYPE_CHECKING:
    from gateway.connections import Connections

log = logging.getLogger("quantscope.gateway")

LOGIN = TypeVar("LOGIN")
SHARE = 4
"""One of so many lines may wait to be refused."""
SAY_S = 1.0
"""How often they are told of in the log, in seconds; each is counted."""
WHY = "not authorized"


class Refusals(Generic[LOGIN]):
    """Those of one protocol."""

    def __init__(self, gateway: "Connections[Any]", settings: GatewaySettings) -> None:
        """Nobody waits."""
        self._gateway = gateway
        self._delay_s = settings.refusal_delay_s
        self._waiting_max = max(1, settings.connections_max // SHARE)
        self._waiting: dict[int, asyncio.TimerHandle] = {}
        """By the numbers of their connections."""
        self._said_at = -math.inf
        self._unsaid = 0

    @property
    def waiting(self) -> int:
        """Lines that wait to be refused."""
        return len(self._waiting)

    def add(self, connection: Connection, asked: LOGIN) -> None:
        """Refuse a login after a while; its line hears nothing before, and is read no more."""
        self._say(connection, asked)
        connection.stop()
        if self.waiting >= self._waiting_max:
            connection.end(partial(connection.abort, level=logging.DEBUG), WHY)
            return
        later = asyncio.get_running_loop().call_later
        self._waiting[connection.number] = later(self._delay_s, self._refuse, connection, asked)

    def lost(self, connection: Connection) -> None:
        """Its line is gone."""
        timer = self._waiting.pop(connection.number, None)
        if timer is not None:
            timer.cancel()

    def close(self) -> None:
        """Refuse nobody any more."""
        for timer in self._waiting.values():
            timer.cancel()

    def _refuse(self, connection: Connection, asked: LOGIN) -> None:
        self._waiting.pop(connection.number, None)
        if not connection.transport.is_closing():
            self._gateway.refuse(connection, asked, authorized=False)
            connection.end(partial(connection.close, level=logging.DEBUG), WHY)

    def _say(self, connection: Connection, asked: LOGIN) -> None:
        now = asyncio.get_running_loop().time()
        if now - self._said_at < SAY_S:
            self._unsaid += 1
            return
        others = f", and {self._unsaid} others were since the last line" if self._unsaid else ""
        whose, peer = self._gateway.asks_for(asked), connection.peer
        log.warning(
            "%s login of %s from %s: %s%s", self._gateway.protocol, whose, peer, WHY, others
        )
        self._said_at, self._unsaid = now, 0
