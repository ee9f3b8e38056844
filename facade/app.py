"""The facade: a source of commands and a reader of events on one side, HTTP on the other."""

import asyncio
import logging
from collections.abc import Callable, Coroutine
from typing import Any

from core import (
    FAULTS,
    AnsweredByStore,
    Clock,
    Engine,
    Failed,
    Faults,
    NotOpen,
    OrderStands,
    Reply,
    StoreFailed,
    View,
    ViewOutput,
)
from facade.archive import Archive
from facade.coming import Coming
from facade.errors import ApiError
from facade.message import Answer, Request
from facade.notifications import Notifications
from facade.openapi import document
from facade.origin import Origins
from facade.pages import Pages
from facade.queries import Queries
from facade.routes import Found, Router
from facade.server import Server
from facade.server_errors import shown
from facade.status import StatusRoutes, refused
from facade.table import routes
from facade.trading import Trading
from journal.sequencer import Sequencer
from protocol.terms import Gateway
from settings import FacadeSettings
from store.port import Store

log = logging.getLogger("quantscope.facade")

RESTART_S = 1.0
"""Seconds before a view that failed begins again, lest one that fails at once takes the loop."""
_CLOSED = "the order is filled, canceled or expired already"


class Facade:
    """One facade.  It is a ``CommandSource``; ``server.connect`` makes its connections."""

    def __init__(
        self,
        view: View,
        sequencer: Sequencer,
        store: Store,
        limits: FacadeSettings,
        origins: Origins,
        clock: Clock,
        *,
        version: str,
        metrics: Callable[[], bytes],
        gateway: int = Gateway.FACADE,
        others: bool = False,
        wake_recorder: Callable[[], None] = lambda: None,
        recorder_ended: Callable[[], str | None] = lambda: None,
        store_away: Callable[[], str | None] = lambda: None,
        standing: Callable[[], list[str]] | None = None,
        faults: Faults | None = None,
    ) -> None:
        """Nothing is served yet; no other gateway or facade has the number ``gateway``.

        ``metrics`` renders the figures for ``/metrics``.  With ``others``, orders are placed that
        the view sees later than who placed them.  ``recorder_ended`` says why nothing is recorded
        any more, and ``store_away`` why the store can't be asked.  ``standing`` says what is wrong
        with the whole server; unless given, that is what is wrong here.
        """
        self.gateway = gateway
        self.view = self.reader = view
        self.faults = faults or Faults()
        self.limits = limits
        self.origins = origins
        self.trading = Trading(view, sequencer, limits, clock)
        self.commands = self.trading.commands
        self.archive = Archive(
            view, store, limits, wake=wake_recorder, ended=recorder_ended, away=store_away
        )
        coming = Coming(view, clock, limits.order_deadline_s if others else None)
        self.queries = Queries(view, self.archive, self.trading, coming, limits, clock)
        self.notifications = Notifications(view, self.faults)
        self.pages = Pages()
        self.status = StatusRoutes(metrics, standing or self.wrong)
        self.server = Server(self.handle, self.look, limits, clock, self.faults)
        self.view_faults = 0
        self._sequencer = sequencer
        self._group: asyncio.TaskGroup | None = None
        self._under_way = 0
        table = routes(self)
        self._router = Router(table)
        self._document = document(table, version)

    # A source of commands and a reader of events.

    def on_ready(self) -> None:
        """Commands are taken (again)."""

    def on_output(self, output: ViewOutput | Failed) -> None:
        """Answer requests, and tell who listens."""
        if isinstance(output, Failed):
            self._view_failed(output.reason)
            return
        replies, frames = output.replies, output.frames
        waiting = self.trading.waiting
        for reply in replies:
            request = waiting.pop(reply.num, None)
            if request is None:
                continue
            try:
                self._tell(request, reply)
            except FAULTS as error:
                request.connection.failed("an answer could not be told", error)
        if replies:
            self.trading.ack_times.acknowledged(replies[-1].num)
        if frames:
            self.notifications.send(frames)

    def _tell(self, request: Request, reply: Reply) -> None:
        match reply:
            case AnsweredByStore(order_id=order_id, status=status):
                settled = self._settled(order_id, status)
                self._spawn(request, settled, _not_known_yet(order_id))
            case NotOpen() if self.view.exists(request.order_id):
                # An order that exists and is not open is closed, whatever else is known of it.
                self._tell_closed(request, request.order_id)
            case _:
                request.answer(reply.status, reply.body)

    def _tell_closed(self, request: Request, order_id: int) -> None:
        """An order can't be changed any more: say how it ended, from memory or the store."""
        known = self.view.stands(order_id)
        if known is None:
            self._spawn(request, self._closed(order_id), _closed(order_id))
        else:
            request.connection.answer(request, refused(_closed(order_id, known)))

    async def _closed(self, order_id: int) -> Answer:
        """What the store says now: nobody waits for it, for that it is closed is known."""
        try:
            ended = await self.archive.ended_as(order_id)
        except StoreFailed as error:
            self.archive.failed(error)
            ended = None
        raise _closed(order_id, ended)

    async def _settled(self, order_id: int, status: int) -> Answer:
        """An order that was sent again: that it was executed is known, whatever the store does."""
        try:
            return await self.queries.stored_order(order_id, status)
        except StoreFailed as error:
            self.archive.failed(error)
            raise _not_known_yet(order_id) from error
        except ApiError as error:
            if error.status != 503:
                raise
            raise _not_known_yet(order_id) from error

    def _view_failed(self, reason: str) -> None:
        """Go on without the view, and let it begin again: the exchange is not to suffer from it."""
        self.view_faults += 1
        log.error(
            "the view failed, REST answers 503 until it has begun again; orders go on: %s", reason
        )
        self.trading.give_up()
        self.notifications.fail()
        if self._group is not None:
            restore = self._restore_view
            self._group.create_task(self.faults.keep("facade", "beginning the view again", restore))

    async def _restore_view(self) -> None:
        while self.view.fault is not None:
            await asyncio.sleep(RESTART_S)
            async with self._sequencer.at_rest() as engine:
                self._begin(engine)
        log.warning("the view has begun again, at event %d", self.view.sequence)
        await self.archive.fill()

    def _begin(self, engine: Engine) -> None:
        try:
            self.view.begin_again(engine)
            self.archive.begin()
        except FAULTS as error:
            self.faults.caught("facade", "the view can't begin again yet", error)

    def on_outage(self) -> None:
        """The outcome of whatever waits is unknown."""
        self.trading.give_up()

    def on_recorded(self, sequence: int, durable: int | None = None) -> None:
        """The store has every event up to ``sequence``, up to ``durable`` for good: see there."""
        self.archive.recorded(sequence, durable)

    # A server.

    async def run(self) -> None:
        """Serve queries and look at deadlines until canceled."""
        async with asyncio.TaskGroup() as group:
            self._group = group
            keep = self.faults.keep
            group.create_task(keep("facade", "giving up on late answers", self._expire))
            group.create_task(keep("facade", "reading what was before", self.archive.fill))
            await keep("facade", "the deadlines of connections", self.server.run)

    async def _expire(self) -> None:
        while True:
            await asyncio.sleep(self.limits.sweep_interval_s)
            self.trading.expire(self.server.now)

    async def drain(self) -> None:
        """Wait until no query is under way."""
        while self._under_way:
            await asyncio.sleep(0.001)

    def close(self) -> None:
        """Take no more requests; what is owed is still answered."""
        self.notifications.close()
        self.server.close()

    def handle(self, request: Request) -> None:
        """Handle one request."""
        try:
            outcome = self._find(request).handle(request)
        except ApiError as error:
            outcome = refused(error)
        except FAULTS as error:
            outcome = self._failed(request, error)
        if outcome is None:
            return
        if isinstance(outcome, Answer):
            request.connection.answer(request, outcome)
        else:
            self._spawn(request, outcome)

    def look(self, request: Request) -> Answer | None:
        """How a request is refused by its head alone; None where its body has a say."""
        try:
            self._find(request)
        except ApiError as error:
            return refused(error)
        return None

    def _find(self, request: Request) -> Found:
        self.origins.check(request)
        found = self._router.find(request)
        if found.needs_view and self.view.fault is not None:
            raise ApiError(503, "UNAVAILABLE", "the view failed, and is begun again")
        return found

    def _failed(self, request: Request, error: BaseException) -> Answer:
        """Something unforeseen went wrong: say so to whom it concerns."""
        what = f"{shown(request.method)} {shown(request.path)}"
        self.faults.caught("request", what, error)
        return refused(ApiError(500, "INTERNAL"))

    def _spawn(
        self,
        request: Request,
        query: Coroutine[Any, Any, Answer],
        too_many: ApiError | None = None,
    ) -> None:
        if self._group is None or self._under_way >= self.limits.queries_max:
            query.close()
            request.connection.answer(request, refused(too_many or ApiError(503, "BUSY")))
            return
        self._under_way += 1
        self._group.create_task(self._query(request, query))

    async def _query(self, request: Request, query: Coroutine[Any, Any, Answer]) -> None:
        try:
            answer = await query
        except ApiError as error:
            answer = refused(error)
        except StoreFailed as error:
            self.archive.failed(error)
            answer = refused(ApiError(503, "UNAVAILABLE", "the store can't be read now"))
        except FAULTS as error:
            answer = self._failed(request, error)
        finally:
            self._under_way -= 1
        request.connection.answer(request, answer)

    # Pages of the service itself.

    def wrong(self) -> list[str]:
        """What does not work now, of this alone."""
        faults = []
        if not self._sequencer.ready or self.server.closing:
            faults.append("commands are not taken")
        if self.view.fault is not None:
            faults.append(f"the view failed: {self.view.fault}")
        reason = self.archive.ended()
        if reason is not None:
            faults.append(f"the recorder has ended: {reason}")
        if self.archive.damage:
            faults.append(self.archive.damage[0])
        return faults

    def openapi(self, request: Request) -> Answer:
        """``GET /openapi.json``."""
        return Answer(200, self._document)


def _closed(order_id: int, ended: OrderStands | None = None) -> ApiError:
    return ApiError(409, "ORDER_CLOSED", _CLOSED, order_id=order_id, stands=ended)


def _not_known_yet(order_id: int) -> ApiError:
    return ApiError(
        503,
        "NOT_KNOWN_YET",
        "the order was placed before; what became of it can't be read now: ask again",
        order_id=order_id,
    )
