"""A server by a script: it says what the real one never would, and its line breaks on demand."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import Self

from protocol import messages as m
from protocol import sbe, soup
from protocol.terms import (
    CxlRejReason,
    CxlRejResponseTo,
    ExecType,
    MassCancelResponse,
    OrdRejReason,
    OrdStatus,
    SecurityRequestResult,
    SecurityTradingStatus,
    Side,
    TimeInForce,
    YesNo,
)

Breaks = Callable[[int], bool]


def never(_: int) -> bool:
    return False


class ScriptedServer:
    """Accepts whatever rises in ClOrdID, cancels what is open, and remembers every request."""

    def __init__(self) -> None:
        self.session = "FAKE1"
        self.journal: list[bytes] = []
        self.oldest = 1
        self.seen: list[m.Message] = []
        self.logins: list[soup.LoginRequest] = []
        self.heartbeats = 0
        self.last_cl_ord_id = 0
        self.open: dict[int, m.NewOrderSingle] = {}
        self.reject_logins: list[bytes] = []
        self.break_before: Breaks = never
        self.break_after: Breaks = never
        self.silent = False
        self._writer: asyncio.StreamWriter | None = None
        self._server: asyncio.Server | None = None
        self.port = 0

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._server is not None
        self._server.close()
        self.break_line()
        await self._server.wait_closed()

    def break_line(self) -> None:
        if self._writer is not None:
            self._writer.transport.abort()
            self._writer = None

    def send(self, data: bytes) -> None:
        if self._writer is not None and not self.silent:
            self._writer.write(data)

    def tell(self, report: m.Message) -> None:
        data = sbe.encode(report)
        self.journal.append(data)
        self.send(soup.encode(soup.Kind.SEQUENCED, data))

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        splitter = soup.Splitter()
        with suppress(ConnectionError):
            while data := await reader.read(65536):
                for packet in splitter.feed(data):
                    if not self._packet(packet, writer):
                        writer.transport.abort()
                        return
        writer.close()

    def _packet(self, packet: soup.Packet, writer: asyncio.StreamWriter) -> bool:
        match packet.kind:
            case soup.Kind.LOGIN_REQUEST:
                self._login(soup.LoginRequest.decode(packet.payload), writer)
            case soup.Kind.UNSEQUENCED:
                if self.break_before(len(self.seen)):
                    return False
                request = sbe.decode(packet.payload)
                self.seen.append(request)
                if self.break_after(len(self.seen)):
                    self._writer = None
                    self._execute(request)
                    return False
                self._execute(request)
            case soup.Kind.CLIENT_HEARTBEAT:
                self.heartbeats += 1
                self.send(soup.encode(soup.Kind.SERVER_HEARTBEAT))
            case _:
                return False
        return True

    def _login(self, login: soup.LoginRequest, writer: asyncio.StreamWriter) -> None:
        self.logins.append(login)
        self.silent = False
        if self.reject_logins:
            writer.write(soup.encode(soup.Kind.LOGIN_REJECTED, self.reject_logins.pop(0)))
            return
        following = len(self.journal) + 1
        first = max(login.sequence or following, self.oldest)
        debug = f"lastClOrdID={self.last_cl_ord_id} oldest={self.oldest}"
        writer.write(soup.LoginAccepted(self.session, first).encode())
        writer.write(soup.encode(soup.Kind.DEBUG, debug.encode()))
        for data in self.journal[first - 1 :]:
            writer.write(soup.encode(soup.Kind.SEQUENCED, data))
        self._writer = writer

    def _execute(self, request: m.Message) -> None:
        match request:
            case m.OrderStatusRequest():
                self.tell(status_of(request))
            case m.SecurityListRequest():
                self._describe(request)
            case m.NewOrderSingle() if request.cl_ord_id <= self.last_cl_ord_id:
                self.tell(refused(request, OrdRejReason.DUPLICATE_CLIENT_ORDER_ID))
            case m.NewOrderSingle() if request.order_qty <= 0:
                self.last_cl_ord_id = request.cl_ord_id
                self.tell(refused(request, OrdRejReason.INVALID_QUANTITY))
            case m.NewOrderSingle():
                self.last_cl_ord_id = request.cl_ord_id
                self.open[request.cl_ord_id] = request
                self.tell(accepted(request))
            case m.OrderCancelRequest():
                self.last_cl_ord_id = request.cl_ord_id
                self._cancel(request)
            case m.OrderCancelReplaceRequest():
                self.last_cl_ord_id = request.cl_ord_id
                self.tell(replaced(request))
            case m.OrderMassCancelRequest():
                self.last_cl_ord_id = request.cl_ord_id
                self._mass_cancel(request)

    def _cancel(self, request: m.OrderCancelRequest) -> None:
        order = self.open.pop(request.orig_cl_ord_id or 0, None)
        if order is None:
            self.tell(not_canceled(request))
        else:
            self.tell(canceled(order, request.cl_ord_id))

    def _mass_cancel(self, request: m.OrderMassCancelRequest) -> None:
        known = request.security_id in (None, 1)
        orders = list(self.open.values()) if known else []
        for order in orders:
            self.tell(canceled(order, request.cl_ord_id))
        self.open.clear()
        kind = request.mass_cancel_request_type
        report = m.OrderMassCancelReport(
            transact_time=1,
            cl_ord_id=request.cl_ord_id,
            total_affected_orders=len(orders),
            security_id=request.security_id,
            mass_cancel_request_type=kind,
            mass_cancel_response=MassCancelResponse(kind if known else 0),
            mass_cancel_reject_reason=None,
            side=request.side,
        )
        self.tell(report)

    def _describe(self, request: m.SecurityListRequest) -> None:
        symbols = ["BTCUSD", "ETHUSD"] if request.security_id in (None, 1) else []
        for number, symbol in enumerate(symbols or [""], 1):
            part = described(request, number, symbol, last=number == max(len(symbols), 1))
            self.send(soup.encode(soup.Kind.UNSEQUENCED, sbe.encode(part)))


def accepted(order: m.NewOrderSingle) -> m.ExecutionReportNew:
    return m.ExecutionReportNew(
        transact_time=1,
        order_id=order.cl_ord_id + 1000,
        cl_ord_id=order.cl_ord_id,
        exec_id=2,
        price=order.price,
        order_qty=order.order_qty,
        security_id=order.security_id,
        side=order.side,
        ord_type=order.ord_type,
        time_in_force=order.time_in_force or TimeInForce.DAY,
        ord_status=OrdStatus.NEW,
    )


def refused(order: m.NewOrderSingle, reason: OrdRejReason) -> m.ExecutionReportReject:
    return m.ExecutionReportReject(1, order.cl_ord_id, order.security_id, reason, order.side)


def canceled(order: m.NewOrderSingle, cl_ord_id: int) -> m.ExecutionReportCancel:
    return m.ExecutionReportCancel(
        transact_time=1,
        order_id=order.cl_ord_id + 1000,
        cl_ord_id=cl_ord_id,
        orig_cl_ord_id=order.cl_ord_id,
        exec_id=4,
        cum_qty=0,
        security_id=order.security_id,
        side=order.side,
        exec_type=ExecType.CANCELED,
        ord_status=OrdStatus.CANCELED,
        exec_restatement_reason=None,
    )


def not_canceled(request: m.OrderCancelRequest) -> m.OrderCancelReject:
    return m.OrderCancelReject(
        transact_time=1,
        order_id=None,
        cl_ord_id=request.cl_ord_id,
        orig_cl_ord_id=request.orig_cl_ord_id,
        security_id=request.security_id,
        cxl_rej_reason=CxlRejReason.UNKNOWN_ORDER,
        cxl_rej_response_to=CxlRejResponseTo.CANCEL,
        ord_status=OrdStatus.REJECTED,
    )


def replaced(request: m.OrderCancelReplaceRequest) -> m.ExecutionReportReplace:
    return m.ExecutionReportReplace(
        transact_time=1,
        order_id=request.order_id or 0,
        cl_ord_id=request.cl_ord_id,
        orig_cl_ord_id=request.orig_cl_ord_id,
        exec_id=6,
        price=request.price,
        order_qty=request.order_qty or 0,
        leaves_qty=request.order_qty or 0,
        security_id=request.security_id or 0,
        side=Side.BUY,
        ord_status=OrdStatus.NEW,
    )


def status_of(request: m.OrderStatusRequest) -> m.ExecutionReportStatus:
    return m.ExecutionReportStatus(
        transact_time=1,
        ord_status_req_id=request.ord_status_req_id,
        order_id=None,
        cl_ord_id=request.cl_ord_id,
        price=None,
        order_qty=0,
        leaves_qty=0,
        cum_qty=0,
        avg_px=0,
        security_id=None,
        side=None,
        ord_type=None,
        time_in_force=None,
        ord_status=OrdStatus.REJECTED,
    )


def described(
    request: m.SecurityListRequest, number: int, symbol: str, *, last: bool
) -> m.SecurityList:
    result = SecurityRequestResult
    return m.SecurityList(
        security_req_id=request.security_req_id,
        min_price_increment=1,
        round_lot=1,
        min_trade_vol=1,
        max_trade_vol=None,
        min_notional=None,
        tot_no_related_sym=2,
        security_id=number,
        price_band_bps=None,
        max_orders_per_side=None,
        session_end=0,
        symbol=symbol,
        security_request_result=result.VALID if symbol else result.NO_INSTRUMENTS_FOUND,
        security_trading_status=SecurityTradingStatus.READY_TO_TRADE,
        last_fragment=YesNo.YES if last else YesNo.NO,
    )
