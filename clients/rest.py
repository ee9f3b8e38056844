"""The asyncio client of REST.

    async with RestClient("http://127.0.0.1:8080") as client:
        order = await client.place(
            user_id="alice", symbol="BTCUSD", side="BUY", price="50000", quantity="0.1"
        )
        await client.cancel(order.order_id)

# Contract
* A refusal is a ``RefusedError`` with the status, the code and the sentence.  What the exchange did
  not say (a proxy's page, a redirect, an answer cut short) is a ``ForeignAnswerError``; what fails
  below HTTP is httpx's ``TransportError``.  After these two nobody knows whether a change was made.
* ``place`` names every order, with a name of its own where none is given, so that it can ask again
  when an answer is lost or foreign, or the exchange can't say what became of the order: a repeat
  never makes a second order.  It waits as long as ``Retry-After`` says.  After ``attempts`` it
  raises ``UnsettledError``, which carries that name.
* Needs the extra ``clients`` (httpx).
"""

import asyncio
import ssl
import uuid
from collections.abc import AsyncIterator, Mapping
from decimal import Decimal
from types import TracebackType
from typing import Any, Self, TypeVar

import httpx

from clients import answers
from clients import rest_types as t
from clients.answers import ForeignAnswerError, RefusedError, RestError, UnsettledError

__all__ = ["ForeignAnswerError", "RefusedError", "RestClient", "RestError", "UnsettledError"]

T = TypeVar("T")
P = TypeVar("P", t.Orders, t.Fills, t.History, t.Trades, t.Tickers, t.Instruments)
Number = Decimal | int | str

ATTEMPTS = 5
"""How often ``place`` asks before it gives up."""
PAUSE_S = 0.1
"""Seconds before the second attempt; each later pause is twice the one before."""
_PASSES = frozenset((408, 425, 429))
"""Statuses of what may be sent again as it is, beside the server's trouble (RFC 9110, 15.5.9)."""


class RestClient:
    """See the module."""

    def __init__(
        self,
        url: str,
        *,
        timeout_s: float = 10.0,
        attempts: int = ATTEMPTS,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        """Connections are made when they are needed, and kept; a call has ``timeout_s`` in all.

        ``tls`` says what proves a server at ``https://``, unless httpx is to choose.
        """
        self._http = httpx.AsyncClient(base_url=url, timeout=timeout_s, verify=tls or True)
        self._timeout_s = timeout_s
        self._attempts = attempts

    async def __aenter__(self) -> Self:
        """The client itself."""
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def _call(
        self,
        answer: type[T],
        method: str,
        path: str,
        *,
        body: dict[str, Any] | None = None,
        fields: Mapping[str, str | int | None] | None = None,
    ) -> T:
        given = {name: value for name, value in (fields or {}).items() if value is not None}
        request = self._http.build_request(method, path, params=given, json=body)
        got, content = await answers.fetch(self._http, request, self._timeout_s)
        return answers.read(answer, got, content)

    async def _pages(
        self, page: type[P], path: str, **fields: str | int | None
    ) -> AsyncIterator[P]:
        cursor: str | None = ""
        while cursor is not None:
            asked = {**fields, "cursor": cursor or None}
            got = await self._call(page, "GET", path, fields=asked)
            yield got
            cursor = got.next_cursor

    async def place(
        self,
        *,
        user_id: str,
        symbol: str,
        side: t.Side,
        quantity: Number,
        price: Number | None = None,
        order_type: str | None = None,
        time_in_force: str | None = None,
        client_order_id: str | None = None,
        post_only: bool = False,
        self_trade_prevention: str = "NONE",
    ) -> t.Order:
        """Place an order: LIMIT with a price, MARKET without, unless said otherwise.

        Without ``time_in_force`` a LIMIT order is GTC, and a MARKET order IOC.  In the binary
        protocol, and from ``BinaryClient.place``, a LIMIT order would be DAY, as in FIX.
        """
        name = client_order_id or uuid.uuid4().hex
        body: dict[str, Any] = {
            "user_id": user_id,
            "symbol": symbol,
            "side": side,
            "quantity": str(quantity),
            "order_type": order_type or ("MARKET" if price is None else "LIMIT"),
            "client_order_id": name,
            "post_only": post_only,
            "self_trade_prevention": self_trade_prevention,
        }
        if price is not None:
            body["price"] = str(price)
        if time_in_force is not None:
            body["time_in_force"] = time_in_force
        pause_s, why = 0.0, ""
        for attempt in range(self._attempts):
            await asyncio.sleep(pause_s)
            pause_s = PAUSE_S * 2**attempt
            try:
                return await self._place(name, body)
            except httpx.TransportError as lost:
                why = repr(lost)
            except (RefusedError, ForeignAnswerError) as answer:
                if isinstance(answer, RefusedError) and not _passes(answer):
                    raise
                why = str(answer)
                pause_s = max(pause_s, answer.retry_after_s or 0.0)
        raise UnsettledError(name, why)

    async def _place(self, name: str, body: dict[str, Any]) -> t.Order:
        order = await self._call(t.Order, "POST", "/orders", body=body)
        if order.client_order_id != name:
            raise ForeignAnswerError(200, f"it is of order {order.client_order_id}")
        return order

    async def cancel(self, order_id: str) -> t.Order:
        """Cancel an order."""
        return await self._call(t.Order, "DELETE", f"/orders/{order_id}")

    async def amend(
        self, order_id: str, *, price: Number | None = None, quantity: Number | None = None
    ) -> t.Order:
        """Change price or total quantity of an order."""
        changes = {"price": price, "quantity": quantity}
        body = {name: str(value) for name, value in changes.items() if value is not None}
        return await self._call(t.Order, "PATCH", f"/orders/{order_id}", body=body)

    async def cancel_all(self, user_id: str, symbol: str | None = None) -> int:
        """Cancel all open orders of a user; how many there were."""
        fields = {"user_id": user_id, "symbol": symbol}
        done = await self._call(t.Canceled, "DELETE", "/orders", fields=fields)
        return done.canceled

    async def order(self, order_id: str) -> t.Order:
        """An order."""
        return await self._call(t.Order, "GET", f"/orders/{order_id}")

    async def orders(
        self,
        user_id: str,
        *,
        status: t.Status | None = None,
        symbol: str | None = None,
        page_orders: int = 100,
    ) -> AsyncIterator[t.Order]:
        """All orders of a user, the newest first, page by page."""
        pages = self.order_pages(user_id, status=status, symbol=symbol, page_orders=page_orders)
        async for page in pages:
            for order in page.orders:
                yield order

    def order_pages(
        self,
        user_id: str,
        *,
        status: t.Status | None = None,
        symbol: str | None = None,
        page_orders: int = 100,
    ) -> AsyncIterator[t.Orders]:
        """The same as pages: notifications up to the ``sequence`` of one are in its orders."""
        return self._pages(
            t.Orders, "/orders", user_id=user_id, status=status, symbol=symbol, limit=page_orders
        )

    async def fills(self, order_id: str, *, page_fills: int = 100) -> AsyncIterator[t.Fill]:
        """All fills of an order, the oldest first, page by page."""
        async for page in self._pages(t.Fills, f"/orders/{order_id}/fills", limit=page_fills):
            for fill in page.fills:
                yield fill

    async def history(
        self, order_id: str, *, page_entries: int = 100
    ) -> AsyncIterator[t.HistoryEntry]:
        """The whole history of an order, the oldest entry first, page by page."""
        path = f"/orders/{order_id}/history"
        async for page in self._pages(t.History, path, limit=page_entries):
            for entry in page.status_history:
                yield entry

    async def orderbook(self, symbol: str, depth: int = 100) -> t.OrderBook:
        """The best levels of an order book."""
        return await self._call(t.OrderBook, "GET", f"/orderbook/{symbol}", fields={"depth": depth})

    async def trades(self, symbol: str, limit: int = 100) -> tuple[t.Trade, ...]:
        """The newest trades, as many as ``limit`` says where there are so many: 1,000 at most."""
        trades: list[t.Trade] = []
        async for page in self._pages(t.Trades, f"/trades/{symbol}", limit=limit):
            trades += page.trades
            if len(trades) >= limit:
                break
        return tuple(trades[:limit])

    async def all_trades(self, symbol: str, *, page_trades: int = 1_000) -> AsyncIterator[t.Trade]:
        """All trades of an instrument, the newest first, page by page."""
        async for page in self._pages(t.Trades, f"/trades/{symbol}", limit=page_trades):
            for trade in page.trades:
                yield trade

    async def ticker(self, symbol: str) -> t.Ticker:
        """The last 24 hours of an instrument."""
        return await self._call(t.Ticker, "GET", f"/ticker/{symbol}")

    async def tickers(self) -> tuple[t.Ticker, ...]:
        """The last 24 hours of all instruments."""
        pages = self._pages(t.Tickers, "/ticker")
        return tuple([ticker async for page in pages for ticker in page.tickers])

    async def instruments(self) -> tuple[t.Instrument, ...]:
        """All instruments."""
        pages = self._pages(t.Instruments, "/instruments")
        return tuple([instrument async for page in pages for instrument in page.instruments])

    async def ready(self) -> bool:
        """Whether orders are taken now."""
        try:
            return (await self._call(t.Readiness, "GET", "/ready")).status == "ready"
        except RestError:
            return False


def _passes(refused: RefusedError) -> bool:
    """Whether the same order may be taken, or known, at the next attempt."""
    return refused.status in _PASSES or refused.status >= 500
