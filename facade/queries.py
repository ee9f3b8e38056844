"""Calls that only ask: from memory where it reaches, from the store beyond.

An order that has just changed is either whole in memory, or the store is asked only when the
recorder has passed the change: so an answer never says less than one before it.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

from core import View
from facade import decode
from facade.errors import ApiError
from facade.message import Answer
from facade.models import STATUSES

if TYPE_CHECKING:
    from collections.abc import Coroutine

    from facade.archive import Archive
    from facade.message import Request
    from facade.trading import Trading

LIMIT_DEFAULT: Final = 100
LIMIT_MAX: Final = 1_000
DEPTH_DEFAULT: Final = 100
DEPTH_MAX: Final = 10_000


class Queries:
    """See the module."""

    def __init__(self, view: View, archive: Archive, trading: Trading) -> None:
        """``trading`` knows the instruments."""
        self._view = view
        self._archive = archive
        self._trading = trading

    # Orders.

    def order(self, request: Request) -> Answer | Coroutine[None, None, Answer]:
        """``GET /orders/{order_id}``."""
        order_id = decode.order_id(request.param)
        known = self._view.order_json(order_id)
        if known is not None:
            return Answer(200, known)
        return self.stored_order(order_id, 200, self._view.wait_for(order_id))

    async def stored_order(self, order_id: int, status: int, sequence: int) -> Answer:
        """An order that is not in memory, once the store has the event ``sequence``."""
        store = await self._archive.reach(sequence)
        known = await store.order(order_id)
        if known is None:
            raise ApiError(404, "UNKNOWN_ORDER")
        return Answer(status, known)

    async def closed_or_unknown(self, order_id: int) -> Answer:
        """Why the engine does not know an order: it is closed, or there never was one."""
        if not self._view.keeps(order_id):
            store = await self._archive.reach()
            if await store.order(order_id) is None:
                raise ApiError(404, "UNKNOWN_ORDER")
        raise ApiError(409, "ORDER_CLOSED", "the order is filled, canceled or expired already")

    async def orders(self, request: Request) -> Answer:
        """``GET /orders?user_id=&status=&symbol=&limit=&cursor=``."""
        fields = request.fields
        user = decode.user_id(fields)
        status = fields.get("status")
        if status is not None and status not in STATUSES:
            raise ApiError(400, "INVALID_FIELD", f"status: must be one of {', '.join(STATUSES)}")
        symbol = fields.get("symbol")
        instrument = None if symbol is None else self._trading.instrument(symbol)
        limit = decode.count(fields, "limit", LIMIT_DEFAULT, LIMIT_MAX)
        before = decode.count(fields, "cursor", decode.U64_MAX // 2, decode.U64_MAX // 2)
        store = await self._archive.reach(self._view.wait_for_user(user))
        found = dict(
            self._view.recent(user, before=before, limit=limit + 1, status=status, symbol=symbol)
        )
        stored, following = await store.orders(
            user, before=before, limit=limit, status=status, instrument=instrument
        )
        for order_id, order in stored:
            if order_id not in found and not self._view.keeps(order_id):
                found[order_id] = order
        ids = sorted((i for i in found if following is None or i >= following), reverse=True)
        if len(ids) > limit:
            following = ids[limit - 1]
        page = ids[:limit]
        cursor = b"null" if following is None else b'"%d"' % following
        return Answer(
            200,
            b'{"orders":[%b],"count":%d,"next_cursor":%b}'
            % (b",".join(found[order_id] for order_id in page), len(page), cursor),
        )

    # Markets.

    def _symbol(self, symbol: str) -> int:
        try:
            return self._trading.instrument(symbol)
        except ApiError:
            raise ApiError(404, "UNKNOWN_SYMBOL") from None

    def orderbook(self, request: Request) -> Answer:
        """``GET /orderbook/{symbol}?depth=``."""
        depth = decode.count(request.fields, "depth", DEPTH_DEFAULT, DEPTH_MAX)
        self._symbol(request.param)
        return Answer(200, self._view.book_json(request.param, depth) or b"")

    def trades(self, request: Request) -> Answer | Coroutine[None, None, Answer]:
        """``GET /trades/{symbol}?limit=``."""
        limit = decode.count(request.fields, "limit", LIMIT_DEFAULT, LIMIT_MAX)
        instrument = self._symbol(request.param)
        newest = self._view.trades(request.param, limit)
        if len(newest) == limit:
            return _trades([trade for _, trade in newest])
        return self._older_trades(instrument, newest, limit)

    async def _older_trades(
        self, instrument: int, newest: list[tuple[int, bytes]], limit: int
    ) -> Answer:
        before = newest[-1][0] if newest else None
        store = await self._archive.reach()
        older = await store.trades(instrument, before=before, limit=limit - len(newest))
        return _trades([trade for _, trade in newest] + older)

    async def ticker(self, request: Request) -> Answer:
        """``GET /ticker/{symbol}``."""
        instrument = self._symbol(request.param)
        return Answer(200, await self._ticker(instrument, request.param, self._now()))

    async def tickers(self, request: Request) -> Answer:
        """``GET /ticker``."""
        now = self._now()
        all_of_them = [
            await self._ticker(instrument, symbol, now)
            for instrument, symbol in self._view.instruments()
        ]
        return Answer(200, b'{"tickers":[%b]}' % b",".join(all_of_them))

    def _now(self) -> int:
        return max(time.time_ns(), self._view.time_ns)

    async def _ticker(self, instrument: int, symbol: str, now_ns: int) -> bytes:
        store = await self._archive.complete()
        edge = self._view.ticker_edge(symbol, now_ns)
        total = None
        if edge is not None:
            total = await store.sum_between(instrument, *edge)
        return self._view.ticker_json(symbol, now_ns, total) or b""

    def instruments(self, request: Request) -> Answer:
        """``GET /instruments``."""
        return Answer(200, self._view.instruments_json())


def _trades(trades: list[bytes]) -> Answer:
    return Answer(200, b'{"trades":[%b]}' % b",".join(trades))
