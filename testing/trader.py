"""A client under load: sends orders and cancels without end, and remembers every word."""

import asyncio
import random
from collections.abc import Callable

from protocol import messages as m
from protocol.soup import Kind
from protocol.terms import Side
from testing.checkers import check_executed_once
from testing.client import Client
from testing.port import Exchange

IN_FLIGHT_MAX = 50
PAUSE_S = 0.001
"""Between looks whether more may be sent, in seconds."""
RECENT = 200
"""Of its newest requests one is canceled."""
BACK_S = 0.05
"""Before a login is tried again, in seconds."""
SETTLE_S = 60.0
"""How long answers may take on a line that stands, in seconds."""


class Refused(Exception):
    """A login was refused: the session is not free yet."""


AWAY = (EOFError, ConnectionError, Refused)
"""How a line is lost, or not had: it is tried again."""


class Trader:
    """One user over many lives of the exchange."""

    def __init__(
        self,
        user: str,
        chance: random.Random,
        *,
        in_flight_max: int = IN_FLIGHT_MAX,
        pause_s: float = PAUSE_S,
    ) -> None:
        self.user = user
        self.chance = chance
        self._in_flight_max = in_flight_max
        self._pause_s = pause_s
        self.client = Client(0, user)
        self.told: list[m.Message] = []
        """Every report, in order: the first is number 1."""
        self.sent: dict[int, tuple[int, ...]] = {}
        self.unanswered: dict[int, tuple[int, ...]] = {}
        self._next = 1

    async def begin(self, exchange: Exchange) -> None:
        """Log in to a session of which nothing was heard yet, and go on with its numbers."""
        self.client = await Client(exchange.binary, self.user).login()
        self._next = self.client.last_cl_ord_id + 1

    async def come_back(self, exchange: Exchange) -> None:
        """Log in where the sequence broke off, and settle by ClOrdID what has no answer.

        Raises what is in ``AWAY``, and ``TimeoutError`` where an answer does not come.
        """
        await self._log_in(exchange)
        async with asyncio.timeout(SETTLE_S):
            # One question in sequence: behind its answer nothing old can come.
            self.client.request(m.OrderStatusRequest(1, 1, None, None))
            while not isinstance(await self.hear(), m.ExecutionReportStatus):
                pass
            for number, request in sorted(self.unanswered.items()):
                self._say(number, request)
            while self.unanswered:
                await self.hear()

    async def _log_in(self, exchange: Exchange) -> None:
        session = self.client.session
        if session:
            self.client.cut()
        client = await self._logged_in(exchange, session, len(self.told) + 1)
        assert client.following == len(self.told) + 1
        assert not session or client.session == session
        self.client = client

    async def _logged_in(self, exchange: Exchange, session: str, sequence: int) -> Client:
        client = Client(exchange.binary, self.user)
        answer = await client.ask_login(session, sequence)
        if answer.kind == Kind.LOGIN_REJECTED:
            client.cut()
            raise Refused(answer.payload)
        return await client.accepted(answer)

    async def live(self, where: Callable[[], Exchange], *, lines_hang: bool = False) -> None:
        """Trade until canceled; come back, somewhere, whenever the line is lost.

        Where ``lines_hang`` one that is silent for too long is lost, too: heartbeats come often.
        """
        lost: tuple[type[Exception], ...] = (*AWAY, *((TimeoutError,) if lines_hang else ()))
        while True:
            try:
                await self.come_back(where())
            except lost:
                await asyncio.sleep(BACK_S)
                continue
            try:
                await self.trade()
            except* lost:
                self.client.cut()

    async def settle(self, where: Callable[[], Exchange]) -> None:
        """Come back for the last time: all that was sent is answered then."""
        if self.client.session:
            self.client.cut()
        while True:
            try:
                return await self.come_back(where())
            except AWAY:
                await asyncio.sleep(BACK_S)

    def _say(self, number: int, request: tuple[int, ...]) -> None:
        if len(request) == 1:
            self.client.cancel(number, request[0])
        else:
            side, price = request
            self.client.place(number, side=Side(side), price=price)

    async def hear(self) -> m.Message:
        """Take one report."""
        report = await self.client.report()
        self.told.append(report)
        match report:
            case m.ExecutionReportNew() | m.ExecutionReportReject() | m.OrderCancelReject():
                self.unanswered.pop(report.cl_ord_id, None)
            case m.ExecutionReportCancel():
                self.unanswered.pop(report.cl_ord_id, None)
        return report

    async def trade(self) -> None:
        """Send and hear until the line is lost."""
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._send())
                group.create_task(self._listen())
        except* (EOFError, ConnectionError):
            self.client.cut()

    async def _listen(self) -> None:
        while True:
            await self.hear()

    async def _send(self) -> None:
        while True:
            while len(self.unanswered) < self._in_flight_max:
                number, self._next = self._next, self._next + 1
                request = self._choose()
                self.sent[number] = self.unanswered[number] = request
                self._say(number, request)
            await self.client.writer.drain()
            await asyncio.sleep(self._pause_s)

    def _choose(self) -> tuple[int, ...]:
        if self.sent and self.chance.random() < 0.45:
            newest = len(self.sent)
            return (self.chance.randint(max(1, newest - RECENT + 1), newest),)
        return (self.chance.choice((1, 2)), self.chance.randint(95, 105))

    async def check(self, exchange: Exchange) -> int:
        """What is replayed is what was told, from the oldest that is kept: its number.

        And each request was executed once.
        """
        session = self.client.session
        self.client.cut()
        async with asyncio.timeout(SETTLE_S):
            while True:
                try:
                    client = await self._logged_in(exchange, session, 1)
                except Refused:
                    # That the line is gone may not be known there yet.
                    await asyncio.sleep(BACK_S)
                else:
                    break
        assert client.following == client.oldest
        kept = self.told[client.oldest - 1 :]
        assert [await client.report() for _ in kept] == kept
        client.cut()
        check_executed_once(self.told, set(self.sent) - set(self.unanswered))
        return client.oldest
