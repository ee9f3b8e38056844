"""``/metrics``, ``/health`` and ``/ready`` of a role that has no facade: engine, gateway, recorder.

HTTP is the facade's own, with its limits and its errors, and so are the pages.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable

from core import FAULTS
from facade.errors import ApiError
from facade.message import Answer, Request
from facade.routes import Found, Router
from facade.server import Server
from facade.server_errors import shown
from facade.status import StatusRoutes, refused
from quantscope.acceptor import Acceptor
from quantscope.roles.facade import origins
from quantscope.roles.role import Process

PORT_NAME = "http"
"""As the ready line names it, and the setting of the port."""


class StatusPages:
    """Serves the pages of one process while its block lasts."""

    def __init__(
        self,
        process: Process,
        *,
        metrics: Callable[[], bytes],
        standing: Callable[[], list[str]],
        more_to_come: bool = False,
    ) -> None:
        """``metrics`` renders the figures, ``standing`` says why the role is not ready.

        Where there is ``more_to_come`` the role will serve other pages at the same place.
        """
        self._more_to_come = more_to_come
        config = process.config
        self._faults = process.faults
        self._origins = origins(config)
        self._router = Router(StatusRoutes(metrics, standing).table())
        self.server = Server(self.handle, self.look, config.facade, process.clock, process.faults)
        self.acceptor: Acceptor

    @classmethod
    @contextlib.asynccontextmanager
    async def listening(
        cls,
        process: Process,
        port: int,
        *,
        metrics: Callable[[], bytes],
        standing: Callable[[], list[str]],
        more_to_come: bool = False,
    ) -> AsyncIterator["StatusPages"]:
        """Listen on a port of the process's host (0 takes a free one), and serve.

        Raises ``PortInUse`` and ``OSError`` as ``Acceptor.listen`` does.
        """
        pages = cls(process, metrics=metrics, standing=standing, more_to_come=more_to_come)
        pages.acceptor = await Acceptor.listen(
            PORT_NAME,
            process.config.server.host,
            port,
            pages.server.connect,
            process.descriptors_max,
            process.faults,
            process.handshakes(PORT_NAME),
        )
        what = "the deadlines of connections"
        keeping = asyncio.create_task(process.faults.keep("connection", what, pages.server.run))
        try:
            async with pages.acceptor:
                yield pages
        finally:
            pages.server.close()
            keeping.cancel()
            await asyncio.wait([keeping])

    @property
    def address(self) -> str:
        """Where it listens first: ``host:port``."""
        return self.acceptor.address

    def handle(self, request: Request) -> None:
        """Answer one request."""
        try:
            answer = self._find(request).handle(request)
        except ApiError as error:
            answer = refused(error)
        except FAULTS as error:
            what = f"{shown(request.method)} {shown(request.path)}"
            self._faults.caught("request", what, error)
            answer = refused(ApiError(500, "INTERNAL"))
        # No page here waits for anything.
        if isinstance(answer, Answer):
            request.connection.answer(request, answer)

    def look(self, request: Request) -> Answer | None:
        """How a request is refused by its head alone; None where its body has a say."""
        try:
            self._find(request)
        except ApiError as error:
            return refused(error)
        return None

    def _find(self, request: Request) -> Found:
        self._origins.check(request)
        try:
            return self._router.find(request)
        except ApiError as error:
            if error.status == 404 and self._more_to_come:
                raise ApiError(503, "UNAVAILABLE", "it has not begun yet: ask again") from error
            raise
