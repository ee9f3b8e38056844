"""The facade: a source of commands and a reader of events on one side, HTTP on the other."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import msgspec

from core import StoreFailed, View
from facade.archive import Archive
from facade.errors import ApiError
from facade.message import Answer, Request
from facade.models import Health
from facade.notifications import Notifications
from facade.openapi import document
from facade.pages import Pages
from facade.queries import Queries
from facade.routes import Router
from facade.server import Server
from facade.table import routes
from facade.trading import Trading

if TYPE_CHECKING:
    from facade.limits import Limits
    from facade.origin import Origins
    from journal.sequencer import Sequencer
    from store.port import Store

log = logging.getLogger("facade")

GATEWAY: Final = 2
"""The facade's gateway number."""
Told: TypeAlias = tuple[list[tuple[int, int, bytes, int, int]], list[tuple[int, bytes]]]
"""Answers (number of the request, status, body, order id, sequence), and frames for listeners."""


class Facade:
    """One facade.  It is a ``CommandSource``; ``server.connect`` makes its connections."""

    gateway = GATEWAY

    def __init__(
        self,
        view: View,
        sequencer: Sequencer,
        store: Store,
        limits: Limits,
        origins: Origins,
        *,
        version: str,
        metrics: Callable[[], bytes],
    ) -> None:
        """``metrics`` renders the figures for ``/metrics``."""
        self.view = self.reader = view
        self.limits = limits
        self.origins = origins
        self.trading = Trading(view, sequencer, limits)
        self.commands = self.trading.commands
        self.archive = Archive(view, store, limits)
        self.queries = Queries(view, self.archive, self.trading)
        self.notifications = Notifications(view)
        self.pages = Pages()
        self.server = Server(self.handle, limits)
        self._sequencer = sequencer
        self._metrics = metrics
        self._group: asyncio.TaskGroup | None = None
        self._under_way = 0
        table = routes(self)
        self._router = Router(table)
        self._document = document(table, version)

    # A source of commands and a reader of events.

    def on_ready(self) -> None:
        """Commands are taken (again)."""

    def on_told(self, told: Told) -> None:
        """Answer requests, and tell who listens."""
        replies, notices = told
        waiting = self.trading.waiting
        for num, status, body, order_id, sequence in replies:
            request = waiting.pop(num, None)
            if request is None:
                continue
            if status == 404 and request.order_id:
                self._spawn(request, self.queries.closed_or_unknown(request.order_id))
            elif body:
                request.answer(status, body)
            else:
                self._spawn(request, self.queries.stored_order(order_id, status, sequence))
        if replies:
            self.trading.asked.answer(replies[-1][0])
        if notices:
            self.notifications.send(notices)

    def on_outage(self) -> None:
        """The outcome of whatever waits is unknown."""
        self.trading.give_up()

    def on_recorded(self, sequence: int) -> None:
        """The store has every event up to ``sequence``."""
        self.archive.recorded(sequence)

    # A server.

    async def run(self) -> None:
        """Serve queries and look at deadlines until canceled."""
        async with asyncio.TaskGroup() as group:
            self._group = group
            group.create_task(self._expire())
            group.create_task(self.archive.fill())
            await self.server.run()

    async def _expire(self) -> None:
        while True:
            await asyncio.sleep(self.limits.sweep_interval_s)
            self.trading.expire(self.server.now)

    def close(self) -> None:
        """Take no more requests; what is owed is still answered."""
        self.notifications.close()
        self.server.close()

    def handle(self, request: Request) -> None:
        """Handle one request."""
        try:
            self.origins.check(request)
            outcome = self._router.find(request)(request)
        except ApiError as error:
            _refuse(request, error)
        except Exception:
            log.exception("%s %s", request.method, request.path)
            _refuse(request, ApiError(500, "INTERNAL"))
        else:
            if outcome is None:
                return
            if isinstance(outcome, Answer):
                request.connection.answer(request, outcome)
            else:
                self._spawn(request, outcome)

    def _spawn(self, request: Request, query: Coroutine[Any, Any, Answer]) -> None:
        if self._group is None or self._under_way >= self.limits.queries_max:
            query.close()
            _refuse(request, ApiError(503, "BUSY"))
            return
        self._under_way += 1
        self._group.create_task(self._query(request, query))

    async def _query(self, request: Request, query: Coroutine[Any, Any, Answer]) -> None:
        try:
            answer = await query
        except ApiError as error:
            _refuse(request, error)
        except StoreFailed as error:
            log.error("the store can't be read: %s", error)
            _refuse(request, ApiError(503, "UNAVAILABLE", "the store can't be read now"))
        except Exception:
            log.exception("%s %s", request.method, request.path)
            _refuse(request, ApiError(500, "INTERNAL"))
        else:
            request.connection.answer(request, answer)
        finally:
            self._under_way -= 1

    # Pages of the service itself.

    def health(self, request: Request) -> Answer:
        """``GET /health``."""
        return Answer(200, msgspec.json.encode(Health("ok")))

    def readiness(self, request: Request) -> Answer:
        """``GET /ready``."""
        ready = self._sequencer.ready and not self.server.closing
        status = "ready" if ready else "not ready"
        return Answer(200 if ready else 503, msgspec.json.encode(Health(status)))

    def metrics(self, request: Request) -> Answer:
        """``GET /metrics``."""
        return Answer(200, self._metrics(), b"text/plain; version=0.0.4; charset=utf-8")

    def openapi(self, request: Request) -> Answer:
        """``GET /openapi.json``."""
        return Answer(200, self._document)


def _refuse(request: Request, error: ApiError) -> None:
    answer = Answer(error.status, error.body, headers=error.headers)
    request.connection.answer(request, answer)
