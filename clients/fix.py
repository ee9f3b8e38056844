"""The asyncio client of FIX order entry, with the calls of ``clients.binary``.

    async with FixClient("127.0.0.1", PORT, "demo1", "demo") as client:
        order = await client.place(
            symbol="BTCUSD", side=Side.BUY, price=units("50000"), quantity=units("1")
        )
        await client.cancel(order_id=order.order_id)

# Contract
* Prices and quantities are multiples of 10^-8 (``protocol.terms.units``); ClOrdIDs are text, of the
  caller's choice or made here, which no other client makes.
* A request returns at once and is awaited for its answer; any number may be under way, up to
  ``in_flight_max``.  A refusal is a ``RejectedError`` that carries the report.
* When the connection is lost the client logs on again, with growing pauses.  Both sides send again
  what the other lacks; only when that is over do new requests go out.  What was sent and is still
  unanswered then fails with ``OutcomeUnknownError``: its answer is not kept.  With ``resend`` off,
  what the exchange lacks fails with ``NotExecutedError`` instead.
* ``reports()`` yields every report once, in order; call it before entering the client to see all.
* A ``store`` that outlives the program lets the next one go on: with its numbers, and with what was
  sent.  ``sequence`` says where reports are to begin, if earlier than there.
* An order that this client neither placed nor was told of needs its ``symbol`` and ``side`` said.
"""

import asyncio
import secrets
import ssl
import time
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

from clients import fix_reports as f
from clients.client import Client, fail_all
from clients.connection import Connection
from clients.errors import NotExecutedError, OutcomeUnknownError, RejectedError
from clients.fix_build import about, checked_name, order_names, order_terms, transact_time
from clients.fix_message import Field, write_amount
from clients.fix_options import FixOptions
from clients.fix_orders import Known, Orders
from clients.fix_readers import readers
from clients.fix_requests import FixRequests, Waiting, is_refusal
from clients.fix_session import FixSession
from clients.fix_store import FileStore, MemoryStore, Store
from clients.fix_terms import (
    Delivered,
    FixHappening,
    Outgoing,
    Ready,
    Renewed,
    Settings,
    Withheld,
)
from clients.pending import FixPending
from clients.reports import Reports
from clients.session import Lost
from protocol import messages as m
from protocol import terms

__all__ = [
    "PORT",
    "FileStore",
    "FixClient",
    "FixOptions",
    "FixPending",
    "MemoryStore",
    "Reports",
    "Told",
]

PORT = 9878
"""Where the exchange listens for FIX, unless it is told otherwise."""
_POST_ONLY = "6"

Happening = FixHappening[f.Answer]
Told = Delivered[f.Report]
"""A report and its number, as ``FixClient.reports`` yields it."""


class FixClient(Client[Outgoing, Happening, Told]):
    """A logged-on user; see the module."""

    def __init__(
        self,
        host: str,
        port: int,
        user: str,
        password: str,
        *,
        target: str = "QUANTSCOPE",
        begin_string: str = "FIX.4.4",
        sequence: int = 0,
        store: Store | None = None,
        options: FixOptions | None = None,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        """Nothing is connected before the client is entered."""
        options = options or FixOptions()
        super().__init__(options)
        store = MemoryStore() if store is None else store
        if sequence:
            store.received(sequence)
        settings = Settings(
            sender=user,
            password=password,
            target=target,
            begin_string=begin_string,
            heartbeat_s=max(1, round(options.heartbeat_s)),
            reset=options.reset,
            next_expected=options.next_expected,
            resend=options.resend,
            sending_time_s_max=options.sending_time_s_max,
            logout_s_max=options.logout_s_max,
        )
        self._settings = settings
        self._goodbye_s_max = options.logout_s_max
        self._session: FixSession[f.Answer] = FixSession(settings, store, readers(begin_string))
        self._connection = Connection(
            (host, port),
            self._session,
            options,
            happened=self._happened,
            room=self._room,
            lost=self._lost,
            tls=tls,
        )
        self._requests: FixRequests[asyncio.Future[Any]] = FixRequests()
        self._orders = Orders(options.orders_max)
        self._lists: dict[str, list[m.SecurityList]] = {}
        self._prefix = f"{time.time_ns():x}{secrets.token_hex(3)}"
        self._named = 0

    @property
    def session_id(self) -> str:
        """The session's name: its version, and the CompIDs of both sides."""
        settings = self._settings
        return f"{settings.begin_string}:{settings.sender}->{settings.target}"

    @property
    def sequence(self) -> int:
        """The number of the next message of the exchange."""
        return self._session.sequence

    def place(
        self,
        *,
        symbol: str,
        side: terms.Side,
        quantity: int,
        price: int | None = None,
        time_in_force: terms.TimeInForce | None = None,
        post_only: bool = False,
        self_match_prevention: terms.SelfMatchPreventionInstruction | None = None,
        cl_ord_id: str | None = None,
    ) -> FixPending[f.ExecutionReportNew]:
        """A limit order, or without a price a market order.

        Without ``time_in_force`` it is a DAY order: it ends at the instrument's session end.  A
        market order is IOC.
        """
        name = self._next_name(cl_ord_id)
        ord_type = terms.OrdType.MARKET if price is None else terms.OrdType.LIMIT
        order = Known(symbol, side, ord_type, price, quantity, name)
        fields = [(11, name), *self._hand_instructed()]
        fields += [(18, _POST_ONLY)] if post_only else []
        fields += [*about(order), *transact_time(), *order_terms(order)]
        fields += [] if time_in_force is None else [(59, time_in_force.value)]
        if self_match_prevention is not None:
            fields.append((2964, self_match_prevention.value))
        pending = self._request("D", name, fields)
        self._orders.put(name, order)
        return pending

    def cancel(
        self,
        *,
        cl_ord_id: str | None = None,
        order_id: int | None = None,
        symbol: str | None = None,
        side: terms.Side | None = None,
        own_cl_ord_id: str | None = None,
    ) -> FixPending[f.ExecutionReportCancel]:
        """Cancel an order by its ClOrdID or by its order id; the request may have a name, too."""
        order = self._order(cl_ord_id, order_id, symbol, side)
        name = self._next_name(own_cl_ord_id)
        fields = [
            *order_names(cl_ord_id, order_id),
            (11, name),
            *about(order),
            *transact_time(),
        ]
        fields += [] if order.quantity is None else [(38, write_amount(order.quantity))]
        return self._request("F", name, fields)

    def replace(
        self,
        *,
        cl_ord_id: str | None = None,
        order_id: int | None = None,
        symbol: str | None = None,
        side: terms.Side | None = None,
        price: int | None = None,
        quantity: int | None = None,
    ) -> FixPending[f.ExecutionReportReplace | f.ExecutionReportCancel]:
        """Amend an order; what is not said stays as this client was told it last.

        One that has executed its new quantity already ends.
        """
        order = self._order(cl_ord_id, order_id, symbol, side)
        price = order.price if price is None else price
        quantity = order.quantity if quantity is None else quantity
        wanted = replace(order, price=price, quantity=quantity)
        name = self._next_name()
        fields = [*order_names(cl_ord_id, order_id), (11, name), *self._hand_instructed()]
        fields += [*about(wanted), *transact_time(), *order_terms(wanted)]
        return self._request("G", name, fields)

    def mass_cancel(
        self,
        *,
        symbol: str | None = None,
        side: terms.Side | None = None,
    ) -> FixPending[f.OrderMassCancelReport]:
        """Cancel the orders that this session entered, or those of them in one instrument or side.

        FIX.4.2 has no such request, and the exchange rejects it there.
        """
        every = symbol is None
        kinds = terms.MassCancelRequestType
        name = self._next_name()
        fields: list[Field] = [(11, name), (530, (kinds.ALL if every else kinds.SECURITY).value)]
        fields += [] if symbol is None else [(55, symbol)]
        fields += [] if side is None else [(54, side.value)]
        return self._request("q", name, [*fields, *transact_time()])

    def status(
        self,
        *,
        cl_ord_id: str | None = None,
        order_id: int | None = None,
        symbol: str | None = None,
        side: terms.Side | None = None,
    ) -> FixPending[f.ExecutionReportStatus]:
        """The state of an order; one that the exchange does not know has no order id."""
        order = self._order(cl_ord_id, order_id, symbol, side)
        name = self._next_name()
        fields: list[Field] = [] if order_id is None else [(37, order_id)]
        known = order.cl_ord_id if cl_ord_id is None else cl_ord_id
        fields += [] if known is None else [(11, checked_name(known))]
        fields += [] if self._is_4_2 else [(790, name)]
        return self._request("H", name, [*fields, *about(order)])

    async def instruments(self, symbol: str | None = None) -> list[m.SecurityList]:
        """All instruments, or the one; none where there is no such instrument."""
        kinds = terms.SecurityListRequestType
        every = symbol is None
        name = self._next_name()
        kind = kinds.ALL_SECURITIES if every else kinds.SYMBOL
        fields: list[Field] = [(320, name), (559, kind.value)]
        fields += [] if symbol is None else [(55, symbol)]
        self._lists[name] = []
        try:
            await self._request("x", name, fields)
            return self._lists[name]
        except RejectedError as refused:
            if _is_unknown_security(refused.report):
                return []
            raise
        finally:
            del self._lists[name]

    def security_status(self, *, symbol: str) -> FixPending[f.SecurityStatus]:
        """Whether an instrument trades."""
        name = self._next_name()
        fields: list[Field] = [(324, name), (55, symbol), (263, 0)]
        return self._request("e", name, fields)

    # Requests

    @property
    def _is_4_2(self) -> bool:
        return self._settings.begin_string == "FIX.4.2"

    def _hand_instructed(self) -> list[Field]:
        """HandlInst (21), which 4.2 requires, and which means nothing."""
        return [(21, 1)] if self._is_4_2 else []

    def _next_name(self, chosen: str | None = None) -> str:
        self._check()
        if chosen is not None:
            return checked_name(chosen)
        self._named += 1
        return f"{self._prefix}-{self._named:x}"

    def _order(
        self,
        cl_ord_id: str | None,
        order_id: int | None,
        symbol: str | None,
        side: terms.Side | None,
    ) -> Known:
        """What is known of an order, over which goes what the caller says."""
        if cl_ord_id is None and order_id is None:
            raise ValueError("which order: cl_ord_id or order_id")
        order = self._orders.find(cl_ord_id, order_id)
        if order is not None:
            side, symbol = side or order.side, symbol or order.symbol
            return replace(order, side=side, symbol=symbol)
        if side is None or symbol is None:
            raise ValueError("symbol and side of an order that this client has not seen")
        return Known(symbol, side, cl_ord_id=cl_ord_id)

    def _request(self, msg_type: str, name: str, fields: Sequence[Field]) -> FixPending[Any]:
        future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        waiting = self._requests.add(msg_type, name, fields, future)
        future.add_done_callback(
            lambda done: self._requests.forget(waiting) if done.cancelled() else None
        )
        if self._sending:
            self._send(waiting)
        return FixPending(name, future)

    def _send(self, waiting: Waiting[asyncio.Future[Any]]) -> None:
        self._connection.send(waiting.message)
        self._requests.sent(waiting, self._session.last_sent)

    # What comes

    def _in_flight(self) -> int:
        return len(self._requests)

    def _drain(self) -> Iterable[asyncio.Future[Any]]:
        return self._requests.drain()

    def _lost(self) -> None:
        self._sending = False

    def _happened(self, happening: Happening) -> None:
        match happening:
            case Delivered(_, report):
                self._delivered(happening, report)
            case Ready():
                self._open_up()
            case Withheld(message):
                waiter = self._requests.withheld(message.number(34))
                error = NotExecutedError("the request did not arrive")
                fail_all([] if waiter is None else [waiter], error)
            case Renewed():
                self._settle("numbers began anew")
            case Lost():
                self._settle("its reports are not kept")
                self._tell(happening)

    def _delivered(self, told: Any, report: f.Answer | None) -> None:
        if isinstance(report, f.SecurityListPart):
            self._described(report)
            return
        if report is not None:
            self._orders.learn(report)
            self._answered(report)
        if not isinstance(report, f.SecurityStatus):
            self._tell(told)

    def _answered(self, answer: f.Answer) -> None:
        waiter = self._requests.answered_by(answer)
        if waiter is None or waiter.done():
            return
        if is_refusal(answer):
            waiter.set_exception(RejectedError(answer))
        else:
            waiter.set_result(answer)

    def _described(self, part: f.SecurityListPart) -> None:
        listed = self._lists.get(part.security_req_id)
        if listed is None:
            return
        listed += part.securities
        if part.last:
            self._answered(part)

    def _open_up(self) -> None:
        """All that was sent on older connections is answered, or never will be."""
        if not self._options.resend:
            for waiting in self._requests.unsent():
                self._requests.forget(waiting)
                fail_all([waiting.waiter], NotExecutedError("the request did not arrive"))
        self._sending = True
        self._settle("its answer is not kept")

    def _settle(self, why: str) -> None:
        """Nothing that was sent is answered any more; questions are asked once more."""
        fail_all(self._requests.settle(), OutcomeUnknownError(why))
        for waiting in self._requests.unsent() if self._sending else ():
            self._lists.get(waiting.key[1], []).clear()
            self._send(waiting)


def _is_unknown_security(report: object) -> bool:
    if not isinstance(report, f.BusinessMessageReject):
        return False
    return report.business_reject_reason == f.UNKNOWN_SECURITY
