"""All connections of the facade: who there is, what time it is, and whose deadline has passed."""

import asyncio
from collections import Counter
from collections.abc import Callable
from email.utils import formatdate

from core import FAULTS, Clock, Faults, Turns
from facade.connection import Connection
from facade.message import Answer, Request
from facade.server_errors import ServerErrors
from settings import FacadeSettings

NS = 10**9
WASTE_BYTES = 65_536
"""Bytes of a refused client that are read at a time."""
SWEPT = 32
"""Connections whose deadlines are looked at at a time."""


class Server:
    """Makes connections and looks after them; ``handle`` is called for each request.

    ``look`` says how a request is refused of which only the head has come; None where it is not.
    """

    def __init__(
        self,
        handle: Callable[[Request], None],
        look: Callable[[Request], Answer | None],
        limits: FacadeSettings,
        clock: Clock,
        faults: Faults | None = None,
    ) -> None:
        """Listening is the caller's part: ``connect`` makes a protocol for each connection."""
        self.faults = faults or Faults()
        self.handle = handle
        self.look = look
        self.limits = limits
        self.closing = False
        self.connections: set[Connection] = set()
        self.turned_away: dict[Connection, None] = {}
        """Connections too many that are being told so, the oldest first: they count for none."""
        self.refused = 0
        self.turns = Turns(limits.turn_us_max, clock.monotonic_ns, self.faults)
        self.buffer = memoryview(bytearray(limits.read_bytes_max))
        """Where all connections read to, one after the other."""
        self.waste = memoryview(bytearray(WASTE_BYTES))
        """And what is thrown away."""
        self.answers: Counter[int] = Counter()
        """How many answers of each status were sent."""
        self.errors = ServerErrors()
        self._clock = clock
        self.now = 0.0
        """The time of the last sweep: precise enough for deadlines, and free."""
        self.date = b""
        self._to_sweep: list[Connection] = []
        self._second = 0
        self._tell_time()

    def connect(self) -> Connection:
        """A protocol for a new connection."""
        return Connection(self)

    def register(self, connection: Connection) -> bool:
        """Take a connection; False when there are as many as there may be."""
        if self.closing or len(self.connections) >= self.limits.connections_max:
            self.refused += 1
            while len(self.turned_away) >= self.limits.refusals_max:
                self._drop_oldest()
            self.turned_away[connection] = None
            return False
        self.connections.add(connection)
        return True

    def unregister(self, connection: Connection) -> None:
        """A connection is gone."""
        self.connections.discard(connection)
        self.turned_away.pop(connection, None)

    def _drop_oldest(self) -> None:
        """It was told long ago; what it still sends is read no longer."""
        oldest = next(iter(self.turned_away))
        del self.turned_away[oldest]
        oldest.transport.abort()

    async def run(self) -> None:
        """Look at the deadlines until canceled."""
        while True:
            await asyncio.sleep(self.limits.sweep_interval_s)
            self.sweep()

    def sweep(self) -> None:
        """Look at the deadlines of all connections, when it is their turn."""
        self._tell_time()
        self.errors.look(self.now)
        if not self._to_sweep:
            self._to_sweep = [*self.connections, *self.turned_away]
            self.turns.later(self)

    def go_on(self, until: int) -> None:
        """Look at the deadlines of some connections."""
        left = self._to_sweep
        clock = self.turns.clock
        while left:
            for connection in left[-SWEPT:]:
                if connection not in self.connections and connection not in self.turned_away:
                    # It was lost while it waited to be looked at.
                    continue
                try:
                    connection.sweep(self.now)
                except FAULTS as error:
                    connection.failed("its deadlines could not be looked at", error)
            del left[-SWEPT:]
            if clock() >= until:
                break
        if left:
            self.turns.later(self)

    def abort(self) -> None:
        """A fault in a connection's deadlines: those that were not looked at are next time."""
        self._to_sweep.clear()

    def close(self) -> None:
        """Take no more requests; answers that are owed are still sent."""
        self.closing = True
        for connection in (*self.connections, *self.turned_away):
            try:
                connection.shut()
            except FAULTS as error:
                connection.failed("it could not be closed", error)

    def _tell_time(self) -> None:
        self.now = self._clock.monotonic_ns() / NS
        second = self._clock.now_ns() // NS
        if second != self._second:
            self._second = second
            self.date = f"Date: {formatdate(second, usegmt=True)}\r\n".encode()
