"""Listening: a turn of the loop takes one connection, and none with the last descriptors.

The event loop's own servers take all that waits in one turn, and when the descriptors are used up
they close what they take, without an answer; where even that fails they stop listening for good.
Here what can't be taken yet waits in the system's queue.  One is enough for a turn (nginx has
``multi_accept off`` for the same reason): a crowd that comes in is taken as fast, and those who are
there already do not wait for it.
"""

import asyncio
import contextlib
import errno
import logging
import math
import os
import socket
from collections.abc import Callable
from types import TracebackType
from typing import Self

from core import FAULTS, Faults
from quantscope.handshakes import Handshakes, address_of

log = logging.getLogger("quantscope")

BACKLOG = 1024
"""Connections that wait for a socket in the system's queue."""
SAY_INTERVAL_S = 10.0
"""A storm of connections is told this often, in seconds; each pause is counted."""
RETRY_S = 0.05
"""How often it is looked whether there are descriptors again, in seconds."""
NO_SUCH_ADDRESS = (errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT)


async def bind(host: str, port: int) -> list[socket.socket]:
    """Sockets that listen on each address of a host, all on one port; 0 takes a free one.

    Raises ``OSError`` where one of them can't be had.  An address of a kind that this machine does
    not have is passed over, if there is another.
    """
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    sockets: list[socket.socket] = []
    unknown = None
    for family, address in dict.fromkeys((row[0], row[4]) for row in found):
        chosen = sockets[0].getsockname()[1] if sockets else port
        try:
            sockets.append(
                socket.create_server((address[0], chosen), family=family, backlog=BACKLOG)
            )
        except OSError as error:
            unknown = error
            if error.errno not in NO_SUCH_ADDRESS:
                for open_already in sockets:
                    open_already.close()
                raise
    if not sockets and unknown is not None:
        raise unknown
    return sockets


class PortInUse(Exception):
    """An address that can't be listened on, with the flag and the variable that change it."""


class Acceptor:
    """Takes the connections of some sockets while its block lasts."""

    def __init__(
        self,
        name: str,
        sockets: list[socket.socket],
        factory: Callable[[], asyncio.BaseProtocol],
        descriptors_max: int,
        faults: Faults | None = None,
        handshakes: Handshakes | None = None,
    ) -> None:
        """``factory`` makes a connection's protocol, behind its handshake where it is encrypted.

        Descriptors from the number ``descriptors_max`` on are not for connections: the system
        gives the lowest that is free, so that one of this number means that all below are used.
        """
        self.sockets = sockets
        self.pauses = 0
        """How often no connection was taken for want of descriptors."""
        self._faults = faults or Faults()
        self._handshakes = handshakes
        self._name = name
        self._factory = factory
        self._descriptors_max = descriptors_max
        self._said_at = -math.inf
        self._group = asyncio.TaskGroup()
        self._loop = asyncio.get_running_loop()

    @classmethod
    async def listen(
        cls,
        name: str,
        host: str,
        port: int,
        factory: Callable[[], asyncio.BaseProtocol],
        descriptors_max: int,
        faults: Faults | None = None,
        handshakes: Handshakes | None = None,
    ) -> Self:
        """One that listens on each address of a host; it takes no connection before its block.

        Raises ``PortInUse``, and ``OSError`` where the address can't be had for another reason.
        """
        try:
            sockets = await bind(host, port)
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                raise
            raise PortInUse(
                f"port {port} of {host} is in use: choose another with --{name}-port "
                f"or QUANTSCOPE_SERVER_{name.upper()}_PORT"
            ) from error
        return cls(name, sockets, factory, descriptors_max, faults, handshakes)

    @property
    def address(self) -> str:
        """Where it listens first: ``host:port``."""
        return address_of(self.sockets[0].getsockname())

    async def __aenter__(self) -> Self:
        """Begin to take connections."""
        await self._group.__aenter__()
        for listening in self.sockets:
            listening.setblocking(False)
        self._watch()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Take no more; those that are being taken are taken."""
        self.close()
        await self._group.__aexit__(kind, error, trace)

    def close(self) -> None:
        """Listen no more, and take nobody whose handshake is not done."""
        self._unwatch()
        if self._handshakes is not None:
            self._handshakes.close()
        for listening in self.sockets:
            listening.close()
        self.sockets = []

    # -- what comes --------------------------------------------------------------------------

    def _watch(self) -> None:
        for listening in self.sockets:
            self._loop.add_reader(listening, self._accept, listening)

    def _unwatch(self) -> None:
        for listening in self.sockets:
            self._loop.remove_reader(listening)

    def _accept(self, listening: socket.socket) -> None:
        try:
            if not self._room():
                self._pause("all descriptors that connections may have are used")
                return
            connection, _ = listening.accept()
        except (BlockingIOError, InterruptedError, ConnectionError):
            return  # it was gone before it was taken
        except OSError as error:  # the system has no descriptor, or no memory, left
            self._pause(str(error))
            return
        self._group.create_task(self._connect(connection))

    def _room(self) -> bool:
        """Whether there is a descriptor that a connection may have."""
        lowest = os.dup(self.sockets[0].fileno())
        os.close(lowest)
        return lowest < self._descriptors_max

    async def _connect(self, connection: socket.socket) -> None:
        connection.setblocking(False)
        try:
            if self._handshakes is not None:
                await self._handshakes.take(connection, self._factory)
            else:
                await self._loop.connect_accepted_socket(self._factory, connection)
        except OSError:
            connection.close()
        except FAULTS as error:
            self._faults.caught("connection", f"{self._name}: one can't be taken", error)
            connection.close()

    # -- where there is no room ----------------------------------------------------------------

    def _pause(self, why: str) -> None:
        self.pauses += 1
        now = self._loop.time()
        if now - self._said_at > SAY_INTERVAL_S:
            self._said_at = now
            log.warning("%s: no connection is taken for a while: %s", self._name, why)
        self._unwatch()
        self._loop.call_later(RETRY_S, self._resume)

    def _resume(self) -> None:
        if not self.sockets:
            return
        with contextlib.suppress(OSError):
            if self._room():
                self._watch()
                return
        self._loop.call_later(RETRY_S, self._resume)
