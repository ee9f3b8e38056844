"""Calls that change the exchange: each becomes a command, and the engine's events answer it."""

import msgspec

from core import AckTimes, Clock, Commands, View
from facade import decode
from facade.errors import ApiError
from facade.message import Request
from facade.models import (
    ORDER_TYPES,
    PREVENTIONS,
    SIDES,
    TIMES_IN_FORCE,
    TIMES_NOT_OFFERED,
    TYPES_NOT_OFFERED,
    Amendment,
    NewOrder,
)
from journal.sequencer import Sequencer
from protocol.terms import REPEAT_ONLY, EntryKind, ExecInst, MassCancelRequestType
from settings import FacadeSettings

_NEW_ORDER = msgspec.json.Decoder(NewOrder)
_AMENDMENT = msgspec.json.Decoder(Amendment)


class Trading:
    """Requests on their way to the engine, and those that wait for its answer."""

    def __init__(
        self, view: View, sequencer: Sequencer, limits: FacadeSettings, clock: Clock
    ) -> None:
        """Numbers of requests begin with the time, so that an older facade's never come again."""
        self.commands = Commands()
        self.ack_times = AckTimes(clock)
        self.waiting: dict[int, Request] = {}
        self._view = view
        self._sequencer = sequencer
        self._limits = limits
        self._symbols: dict[str, int] = {}
        # The engine's time too, for the clock may have gone back.
        self._num = max(clock.now_ns(), view.time_ns)

    def instrument(self, symbol: str) -> int:
        """The number of an instrument; 422 where there is none."""
        number = self._find(symbol)
        if number is None:
            raise ApiError(422, "UNKNOWN_SYMBOL", "symbol: no such instrument")
        return number

    def _find(self, symbol: str) -> int | None:
        number = self._symbols.get(symbol)
        if number is None:
            self._symbols = {symbol: number for number, symbol in self._view.instruments()}
            number = self._symbols.get(symbol)
        return number

    def place(self, request: Request) -> None:
        """``POST /orders``.

        What has the form of an order goes to the engine, which gives it an order id, also where it
        refuses it.
        """
        order = decode.body(_NEW_ORDER, request.body)
        side = decode.choice("side", order.side, SIDES)
        ord_type = decode.choice("order_type", order.order_type, ORDER_TYPES, TYPES_NOT_OFFERED)
        tif = _time_in_force(order)
        prevention = order.self_trade_prevention
        if prevention is None:
            prevention = "NONE"
        stp = decode.choice("self_trade_prevention", prevention, PREVENTIONS)
        qty = decode.amount("quantity", order.quantity)
        if qty is None:
            raise ApiError(400, "INVALID_FIELD", "quantity: missing")
        price = decode.amount("price", order.price)
        exec_inst: int = ExecInst.POST_ONLY if order.post_only else ExecInst.NONE
        if self._sequencer.busy:
            if order.client_order_id is None:
                raise ApiError(503, "BUSY")
            exec_inst |= REPEAT_ONLY
        self.commands.new_order(
            instrument=self._find(order.symbol),
            side=side,
            ord_type=ord_type,
            tif=tif,
            qty=qty,
            price=price,
            exec_inst=exec_inst,
            stp=stp,
            user=self._view.user(order.user_id),
            num=self._wait(request),
            text=order.client_order_id or "",
        )

    def cancel(self, request: Request) -> None:
        """``DELETE /orders/{order_id}``."""
        symbol = request.fields.get("symbol")
        request.order_id = order_id = decode.order_id(request.param)
        # A symbol that nothing has is not the order's either: no instrument has the number 0.
        instrument = None if symbol is None else self._find(symbol) or 0
        num = self._wait(request)
        self.commands.cancel(num=num, order_id=order_id, instrument=instrument)

    def amend(self, request: Request) -> None:
        """``PATCH /orders/{order_id}``."""
        request.order_id = order_id = decode.order_id(request.param)
        amendment = decode.body(_AMENDMENT, request.body)
        price = decode.amount("price", amendment.price)
        qty = decode.amount("quantity", amendment.quantity)
        if price is None and qty is None:
            raise ApiError(400, "INVALID_FIELD", "price, quantity: one of them is needed")
        self.commands.replace(num=self._wait(request), order_id=order_id, price=price, qty=qty)

    def cancel_all(self, request: Request) -> None:
        """``DELETE /orders?user_id=&symbol=``."""
        fields = request.fields
        user = decode.user_id(fields, self._view)
        symbol = fields.get("symbol")
        instrument = None if symbol is None else self.instrument(symbol)
        num = self._wait(request)
        if self._view.lacks_entry(user):
            self.commands.entry_open(EntryKind.REST, user, user)
        self.commands.mass_cancel(
            kind=(MassCancelRequestType.ALL if symbol is None else MassCancelRequestType.SECURITY),
            user=user,
            num=num,
            instrument=instrument,
        )

    def _wait(self, request: Request) -> int:
        sequencer = self._sequencer
        if not sequencer.ready:
            raise ApiError(503, "UNAVAILABLE")
        self._num = num = self._num + 1
        self.waiting[num] = request
        self.ack_times.sent(num)
        sequencer.wake()
        return num

    def give_up(self) -> None:
        """Nobody knows what becomes of whatever waits: say so."""
        self.commands.clear()
        self.ack_times.forget()
        waiting, self.waiting = self.waiting, {}
        for request in waiting.values():
            _tell_unknown(request)

    def expire(self, now: float) -> None:
        """Say so to those who have waited too long; the oldest stand first."""
        before = now - self._limits.answer_deadline_s
        late = []
        for num, request in self.waiting.items():
            if request.started > before:
                break
            late.append(num)
        for num in late:
            _tell_unknown(self.waiting.pop(num))


def _tell_unknown(request: Request) -> None:
    unknown = ApiError(503, "OUTCOME_UNKNOWN", order_id=request.order_id or None)
    request.answer(unknown.status, unknown.body)


def _time_in_force(order: NewOrder) -> int:
    """GTC unless given; a MARKET order never rests: whatever would is IOC, and the same content."""
    name = order.time_in_force
    if order.order_type == "MARKET" and name in (None, "DAY", "GTC"):
        name = "IOC"
    if name is None:
        name = "GTC"
    return decode.choice("time_in_force", name, TIMES_IN_FORCE, TIMES_NOT_OFFERED)
