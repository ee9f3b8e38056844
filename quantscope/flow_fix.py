"""An order flow by FIX: the same requests as by the binary protocol, and the same figures.

The session begins anew (141=Y), because nothing of an earlier flow is to come again.
"""

import asyncio
import itertools
import secrets
from collections.abc import Callable, Iterator

from clients import fix_reports as f
from clients.errors import ClientError, LoginRejectedError
from clients.fix import FixClient, FixOptions
from protocol import messages as m
from protocol import terms as t
from quantscope.flow_file import FlowFile
from quantscope.flow_session import ANSWER_TIMEOUT_S, FlowError
from quantscope.flow_state import FlowState

_PROGRESS_EVERY = 256


class FixFlow:
    """Numbers of requests as ClOrdIDs, and reports as those of the binary protocol."""

    def __init__(self, client: FixClient, symbol: str) -> None:
        """ClOrdIDs are this flow's alone."""
        self._client, self._symbol = client, symbol
        self._prefix = f"{secrets.token_hex(6)}-"
        self._sides: dict[int, t.Side] = {}
        self._taker = self._trades = 0

    def send(self, request: m.NewOrderSingle | m.OrderCancelRequest) -> None:
        """Send a request; its answer is among the reports."""
        name = self._name(request.cl_ord_id)
        if isinstance(request, m.NewOrderSingle):
            self._sides[request.cl_ord_id] = request.side
            self._client.place(
                symbol=self._symbol,
                side=request.side,
                quantity=request.order_qty,
                price=request.price,
                time_in_force=request.time_in_force,
                post_only=request.exec_inst is t.ExecInst.POST_ONLY,
                cl_ord_id=name,
            )
            return
        number = request.orig_cl_ord_id or request.cl_ord_id
        # An order that the file does not hold has no side; FIX requires one.
        side = self._sides.get(number, t.Side.BUY)
        self._client.cancel(
            cl_ord_id=self._name(number), symbol=self._symbol, side=side, own_cl_ord_id=name
        )

    def _name(self, number: int) -> str:
        return f"{self._prefix}{number}"

    def _number(self, name: str | None) -> int | None:
        if name is None or not name.startswith(self._prefix):
            return None
        return int(name.removeprefix(self._prefix))

    def read(self, report: f.Report | None) -> Iterator[m.Message]:
        """What a report says, in the words of the binary protocol."""
        number = self._number(getattr(report, "cl_ord_id", None))
        if isinstance(report, f.BusinessMessageReject | f.SessionReject):
            # Both answer a request, and there is no reason of the exchange in them.
            yield m.BusinessMessageReject(None, 0, t.BusinessRejectReason.VALUE_OUT_OF_RANGE)
        elif number is None:
            return
        elif isinstance(report, f.ExecutionReportNew):
            self._taker = number
            yield self._new(report, number)
        elif isinstance(report, f.ExecutionReportTrade):
            yield self._trade(report, number)
        elif isinstance(report, f.ExecutionReportCancel):
            yield self._canceled(report, number)
        elif isinstance(report, f.ExecutionReportReject):
            reason = report.ord_rej_reason or t.OrdRejReason(0)
            yield m.ExecutionReportReject(report.transact_time, number, None, reason, report.side)
        elif isinstance(report, f.OrderCancelReject):
            yield self._not_canceled(report, number)

    def _new(self, report: f.ExecutionReportNew, number: int) -> m.ExecutionReportNew:
        return m.ExecutionReportNew(
            transact_time=report.transact_time,
            order_id=report.order_id,
            cl_ord_id=number,
            exec_id=0,
            price=report.price,
            order_qty=report.order_qty,
            security_id=0,
            side=report.side,
            ord_type=report.ord_type or t.OrdType.LIMIT,
            time_in_force=report.time_in_force,
            ord_status=report.ord_status,
        )

    def _trade(self, report: f.ExecutionReportTrade, number: int) -> m.ExecutionReportTrade:
        """The order that was accepted last takes: all that it gave stands behind its acceptance."""
        takes = number == self._taker
        self._trades += takes
        return m.ExecutionReportTrade(
            transact_time=report.transact_time,
            order_id=report.order_id,
            cl_ord_id=number,
            exec_id=0,
            trade_id=self._trades,
            last_px=report.last_px,
            last_qty=report.last_qty,
            leaves_qty=report.leaves_qty,
            cum_qty=report.cum_qty,
            misc_fee_amt=None,
            misc_fee_curr=0,
            security_id=0,
            side=report.side,
            ord_status=report.ord_status,
            aggressor_indicator=t.YesNo.YES if takes else t.YesNo.NO,
        )

    def _canceled(self, report: f.ExecutionReportCancel, number: int) -> m.ExecutionReportCancel:
        return m.ExecutionReportCancel(
            transact_time=report.transact_time,
            order_id=report.order_id,
            cl_ord_id=number,
            orig_cl_ord_id=self._number(report.orig_cl_ord_id),
            exec_id=0,
            cum_qty=report.cum_qty,
            security_id=0,
            side=report.side,
            exec_type=report.exec_type,
            ord_status=report.ord_status,
            exec_restatement_reason=report.exec_restatement_reason,
        )

    def _not_canceled(self, report: f.OrderCancelReject, number: int) -> m.OrderCancelReject:
        reason = report.cxl_rej_reason  # too late is 0
        return m.OrderCancelReject(
            transact_time=report.transact_time,
            order_id=report.order_id,
            cl_ord_id=number,
            orig_cl_ord_id=self._number(report.orig_cl_ord_id),
            security_id=None,
            cxl_rej_reason=t.CxlRejReason.EXCHANGE_OPTION if reason is None else reason,
            cxl_rej_response_to=report.cxl_rej_response_to,
            ord_status=report.ord_status,
        )


async def send_by_fix(
    flow: FlowFile,
    *,
    host: str,
    port: int,
    user: str,
    password: str,
    symbol: str,
    in_flight_max: int,
    progress: Callable[[int], None],
) -> FlowState:
    """Send a flow on one session and gather what its reports say."""
    options = FixOptions(in_flight_max=in_flight_max, reset=True, reconnect_s_max=0.0)
    client = FixClient(host, port, user, password, options=options)
    try:
        async with client:
            if not await client.instruments(symbol):
                raise FlowError(f"the exchange has no instrument {symbol}")
            return await _send(client, flow, symbol, in_flight_max, progress)
    except LoginRejectedError as error:
        raise FlowError(f"the exchange refuses {user}: {error}") from error
    except ClientError as error:
        raise FlowError(str(error)) from error


async def _send(
    client: FixClient,
    flow: FlowFile,
    symbol: str,
    in_flight_max: int,
    progress: Callable[[int], None],
) -> FlowState:
    """Send every row in order, at most ``in_flight_max`` of them unanswered at a time."""
    state, by_fix = FlowState(flow.venue_ids), FixFlow(client, symbol)
    reports = client.reports()
    requests = flow.requests(0, 1)
    sent = 0
    while state.answered < len(flow):
        for request in itertools.islice(requests, in_flight_max - (sent - state.answered)):
            by_fix.send(request)
            sent += 1
        try:
            async with asyncio.timeout(ANSWER_TIMEOUT_S):
                told = await anext(reports)
        except TimeoutError:
            raise FlowError(f"no answer within {ANSWER_TIMEOUT_S:g} s") from None
        for message in by_fix.read(told.report):
            state.take(message)
        if state.answered % _PROGRESS_EVERY == 0:
            progress(state.answered)
    progress(state.answered)
    return state
