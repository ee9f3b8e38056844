"""The asyncio client of the binary protocol.

    async with BinaryClient("127.0.0.1", 9879, "demo1", "demo") as client:
        order = await client.place(
            security_id=1, side=Side.BUY, price=units("50000"), quantity=units("1")
        )
        await client.cancel(order_id=order.order_id)

# Contract
* Prices and quantities are multiples of 10^-8 (``protocol.terms.units``).
* A request returns at once and is awaited for its answer; any number may be under way, up to
  ``in_flight_max``.  A refusal is a ``RejectedError`` that carries the report.
* When the connection is lost the client logs in again, with growing pauses, and asks for the next
  report it has not seen.  Then it asks one question in sequence: when that is answered, all answers
  to what was sent on the old connection has come, and what is still unanswered has never arrived.
  That is sent again under its own number, or with ``resend`` off fails with ``NotExecutedError``.
* ``reports()`` yields every report once, in order; call it before entering the client to see all.
* ``tls`` is for a port that is encrypted: ``ssl.create_default_context(cafile="ca.pem")``, and its
  ``load_cert_chain`` where the server asks for a certificate.
* ``session_id`` and ``sequence`` say where another client can go on: pass them to its constructor.
"""

import asyncio
import ssl
import time
from collections.abc import Iterable
from typing import Any

from clients.client import Client, fail_all
from clients.connection import Connection, Options
from clients.errors import NotExecutedError, OutcomeUnknownError, RejectedError
from clients.pending import Pending
from clients.reports import Reports
from clients.requests import Requests, is_refusal
from clients.session import ClientSession, Happening, LoggedIn, Lost, Sequenced, Unsequenced
from protocol import messages as m
from protocol import sbe, terms

__all__ = ["BinaryClient", "Options", "Pending", "Reports"]


class BinaryClient(Client[bytes, Happening, Sequenced]):
    """A logged-in user; see the module."""

    def __init__(
        self,
        host: str,
        port: int,
        user: str,
        password: str,
        *,
        session_id: str = "",
        sequence: int = 0,
        options: Options | None = None,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        """Nothing is connected before the client is entered; ``tls`` encrypts, and proves who."""
        super().__init__(options or Options())
        self._session = ClientSession(
            user,
            password,
            session=session_id,
            sequence=sequence,
            heartbeat_s=self._options.heartbeat_s,
            silence_s_max=self._options.silence_s_max,
        )
        self._connection = Connection(
            (host, port),
            self._session,
            self._options,
            tls=tls,
            happened=self._happened,
            room=self._room,
            lost=self._lost,
        )
        self._replays = sequence != 0
        self._requests: Requests[asyncio.Future[Any]] = Requests()
        self._lists: dict[int, _List] = {}
        self._fence = 0
        self._last_cl_ord_id = 0
        self._last_question = time.time_ns()

    @property
    def session_id(self) -> str:
        """The session's id, to go on later."""
        return self._session.session

    @property
    def sequence(self) -> int:
        """The number of the next report."""
        return self._session.sequence

    @property
    def last_cl_ord_id(self) -> int:
        """The highest ClOrdID used or seen."""
        return self._last_cl_ord_id

    def place(
        self,
        *,
        security_id: int,
        side: terms.Side,
        quantity: int,
        price: int | None = None,
        time_in_force: terms.TimeInForce | None = None,
        post_only: bool = False,
        self_match_prevention: terms.SelfMatchPreventionInstruction | None = None,
    ) -> Pending[m.ExecutionReportNew]:
        """A limit order, or without a price a market order.

        Without ``time_in_force`` it is a DAY order, as in FIX: it ends at the instrument's session
        end.  Over REST, and from ``RestClient.place``, it would be GTC.  A market order is IOC.
        """
        ord_type = terms.OrdType.MARKET if price is None else terms.OrdType.LIMIT
        request = m.NewOrderSingle(
            cl_ord_id=self._next_cl_ord_id(),
            price=price,
            order_qty=quantity,
            stop_px=None,
            security_id=security_id,
            side=side,
            ord_type=ord_type,
            time_in_force=time_in_force,
            exec_inst=terms.ExecInst.POST_ONLY if post_only else terms.ExecInst.NONE,
            self_match_prevention_instruction=self_match_prevention,
        )
        return self._request(request.cl_ord_id, request)

    def cancel(
        self,
        *,
        cl_ord_id: int | None = None,
        order_id: int | None = None,
        security_id: int | None = None,
    ) -> Pending[m.ExecutionReportCancel]:
        """Cancel an order by its ClOrdID (with its instrument) or by its order id."""
        number = self._next_cl_ord_id()
        request = m.OrderCancelRequest(number, cl_ord_id, order_id, security_id)
        return self._request(number, request)

    def replace(
        self,
        *,
        cl_ord_id: int | None = None,
        order_id: int | None = None,
        security_id: int | None = None,
        price: int | None = None,
        quantity: int | None = None,
    ) -> Pending[m.ExecutionReportReplace | m.ExecutionReportCancel]:
        """Amend an order; one that has executed its new quantity already is canceled."""
        number = self._next_cl_ord_id()
        request = m.OrderCancelReplaceRequest(
            number, cl_ord_id, order_id, price, quantity, security_id
        )
        return self._request(number, request)

    def mass_cancel(
        self, *, security_id: int | None = None, side: terms.Side | None = None
    ) -> Pending[m.OrderMassCancelReport]:
        """Cancel the orders that this session entered, or those of them in one instrument or side.

        Orders that its account entered otherwise stay: ``RestClient.cancel_all`` takes them all.
        """
        kinds = terms.MassCancelRequestType
        kind = kinds.ALL if security_id is None else kinds.SECURITY
        number = self._next_cl_ord_id()
        return self._request(number, m.OrderMassCancelRequest(number, security_id, kind, side))

    def status(
        self,
        *,
        cl_ord_id: int | None = None,
        order_id: int | None = None,
        security_id: int | None = None,
    ) -> Pending[m.ExecutionReportStatus]:
        """The state of an open order; one that is not open has no order id and is REJECTED."""
        number = self._next_question()
        request = m.OrderStatusRequest(number, cl_ord_id, order_id, security_id)
        return self._request(number, request)

    async def instruments(self, security_id: int | None = None) -> list[m.SecurityList]:
        """All instruments, or the one; none where there is no such instrument."""
        self._check()
        number = self._next_question()
        listed = _List(number, security_id)
        self._lists[number] = listed
        if self._sending:
            self._send(listed.request)
        try:
            return await listed.future
        finally:
            del self._lists[number]

    # Requests

    def _next_cl_ord_id(self) -> int:
        self._check()
        self._last_cl_ord_id += 1
        return self._last_cl_ord_id

    def _next_question(self) -> int:
        self._check()
        self._last_question += 1
        return self._last_question

    def _in_flight(self) -> int:
        return len(self._requests) + len(self._lists)

    def _drain(self) -> Iterable[asyncio.Future[Any]]:
        return [*self._requests.drain(), *(listed.future for listed in self._lists.values())]

    def _request(self, number: int, request: m.Request) -> Pending[Any]:
        message = sbe.encode(request)
        future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        waiting = self._requests.add(request, future)
        future.add_done_callback(
            lambda done: self._requests.forget(waiting) if done.cancelled() else None
        )
        if self._sending:
            self._connection.send(message)
        return Pending(number, future)

    def _send(self, request: m.Request) -> None:
        self._connection.send(sbe.encode(request))

    # What comes

    def _lost(self) -> None:
        self._sending = False
        self._replays = True

    def _happened(self, happening: Happening) -> None:
        match happening:
            case Sequenced(_, report):
                if report is not None:
                    self._answered(report)
                self._tell(happening)
            case Unsequenced(message):
                self._described(message)
            case LoggedIn(_, _, last_cl_ord_id):
                self._logged_in(last_cl_ord_id)
            case Lost():
                fail_all(self._requests.drain(), OutcomeUnknownError("its reports are not kept"))
                self._tell(happening)

    def _answered(self, report: m.Report) -> None:
        if isinstance(report, m.ExecutionReportStatus) and report.ord_status_req_id == self._fence:
            self._open_up()
            return
        number = getattr(report, "cl_ord_id", None)
        self._last_cl_ord_id = max(self._last_cl_ord_id, number or 0)
        waiter = self._requests.answered_by(report)
        if waiter is None or waiter.done():
            return
        if is_refusal(report):
            waiter.set_exception(RejectedError(report))
        else:
            waiter.set_result(report)

    def _described(self, message: m.Message) -> None:
        if isinstance(message, m.SecurityList):
            listed = self._lists.get(message.security_req_id or 0)
            if listed is not None:
                listed.add(message)

    def _logged_in(self, last_cl_ord_id: int) -> None:
        """Requests go out once all that was sent on an older connection is answered."""
        self._last_cl_ord_id = max(self._last_cl_ord_id, last_cl_ord_id)
        if not self._replays:
            self._open_up()
            return
        self._last_question += 1
        self._fence = self._last_question
        self._send(m.OrderStatusRequest(self._fence, 1, None, None))

    def _open_up(self) -> None:
        self._fence = 0
        if not self._options.resend:
            fail_all(self._requests.drain(), NotExecutedError("the request did not arrive"))
        for request in self._requests.unanswered():
            self._send(request)
        for listed in self._lists.values():
            listed.parts.clear()
            self._send(listed.request)
        self._sending = True


class _List:
    """A question for instruments and the parts of its answer."""

    def __init__(self, number: int, security_id: int | None) -> None:
        kinds = terms.SecurityListRequestType
        kind = kinds.ALL_SECURITIES if security_id is None else kinds.SYMBOL
        self.request = m.SecurityListRequest(number, security_id, kind)
        self.parts: list[m.SecurityList] = []
        self.future: asyncio.Future[list[m.SecurityList]] = (
            asyncio.get_running_loop().create_future()
        )

    def add(self, part: m.SecurityList) -> None:
        if part.security_request_result == terms.SecurityRequestResult.VALID:
            self.parts.append(part)
        if part.last_fragment == terms.YesNo.YES and not self.future.done():
            self.future.set_result(self.parts)
