"""``GET /ws/notifications``: every execution and order change of a user, by WebSocket."""

import asyncio
import itertools
from collections import deque

import msgspec
from websockets.frames import CloseCode

from core import FAULTS, Faults, View
from facade import decode
from facade.message import Request
from facade.websocket import WebSocket, handshake, text_frame

TURN_NOTICES = 64
"""So many sockets are written to in a turn of the loop: a write takes some ten microseconds."""
WAITING_MAX = 1024
"""Notices that may wait for their turn; what is beyond is sent at once, however long that takes."""


class _Subscribed(msgspec.Struct):
    type: str
    user_id: str
    sequence: int


class Notifications:
    """Who listens.  What they hear is framed by the view, one buffer a connection and batch.

    Many notices are sent in slices, between which the loop looks at its sockets and timers; each
    socket has its notices in their order.
    """

    def __init__(self, view: View, faults: Faults) -> None:
        """Nobody listens yet."""
        self._faults = faults
        self.sockets: dict[int, WebSocket] = {}
        self.sent = 0
        self._view = view
        self._numbers = itertools.count(1)
        self._waiting: deque[tuple[int, bytes]] = deque()
        self._asked = False

    def subscribe(self, request: Request) -> None:
        """Make the connection a WebSocket that hears of its user from now on."""
        user = decode.user_id(request.fields, self._view)
        head = handshake(request)
        number = next(self._numbers)
        connection = request.connection

        def closed() -> None:
            if self.sockets.pop(number, None) is not None:
                self._view.unlisten(number, user)

        socket = WebSocket(connection, closed)
        self.sockets[number] = socket
        self._view.listen(number, user)
        connection.become(request, socket, head)
        greeting = _Subscribed("subscribed", user, self._view.sequence)
        socket.send(text_frame(msgspec.json.encode(greeting)))

    def send(self, notices: list[tuple[int, bytes]]) -> None:
        """Send what the view framed, behind what waits."""
        self._waiting.extend(notices)
        if not self._asked:
            self._go_on()

    def _go_on(self) -> None:
        self._asked = False
        self._send(max(TURN_NOTICES, len(self._waiting) - WAITING_MAX))
        if self._waiting:
            self._asked = True
            asyncio.get_running_loop().call_soon(self._go_on)

    def _send(self, most: int) -> None:
        for _ in range(min(most, len(self._waiting))):
            number, frames = self._waiting.popleft()
            socket = self.sockets.get(number)
            if socket is not None:
                try:
                    socket.send(frames)
                except FAULTS as error:
                    self._cut(socket, error)
            self.sent += 1

    def close(self) -> None:
        """Say goodbye to all."""
        self._close_all(CloseCode.GOING_AWAY, "the server stops")

    def fail(self) -> None:
        """Close all: they would miss what happens now, and know it by this."""
        self._close_all(CloseCode.INTERNAL_ERROR, "events were missed: connect again")

    def _close_all(self, code: CloseCode, why: str) -> None:
        self._send(len(self._waiting))
        for socket in tuple(self.sockets.values()):
            try:
                socket.close(code, why)
            except FAULTS as error:
                self._cut(socket, error)

    def _cut(self, socket: WebSocket, error: BaseException) -> None:
        """The others are not to suffer from one that failed."""
        self._faults.caught("connection", "a WebSocket failed, and is cut", error)
        socket.abort()
