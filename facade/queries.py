"""Calls that only ask: from memory where it reaches, from the store beyond.

An order that has just changed is either whole in memory, or the store is asked only when the
recorder has passed the change: so an answer never says less than one before it.
"""

import asyncio
from collections.abc import Coroutine
from datetime import UTC, datetime

from core import Clock, InMemory, InStore, View
from facade import decode
from facade.archive import Archive
from facade.coming import Coming
from facade.errors import ApiError
from facade.message import Answer, Request
from facade.models import OPEN, STATUSES
from facade.trading import Trading
from settings import FacadeSettings
from store.port import Stretches

LIMIT_DEFAULT = 100
LIMIT_MAX = 1_000
DEPTH_DEFAULT = 100
DEPTH_MAX = 10_000
TICKERS_A_TURN = 32
"""Tickers that are made in one turn of the loop: each sums a day of minutes."""
HEAD = 1_024
"""Bytes of a page beside its members, at most."""


class Queries:
    """See the module."""

    def __init__(
        self,
        view: View,
        archive: Archive,
        trading: Trading,
        coming: Coming,
        limits: FacadeSettings,
        clock: Clock,
    ) -> None:
        """``trading`` knows the instruments; ``clock`` is the exchange's."""
        self._view = view
        self._archive = archive
        self._trading = trading
        self._coming = coming
        self._limits = limits
        self._clock = clock

    # Orders.

    def order(self, request: Request) -> Answer | Coroutine[None, None, Answer]:
        """``GET /orders/{order_id}``."""
        order_id = decode.order_id(request.param)
        if self._coming.expects(order_id):
            return self._coming_order(order_id)
        return self._known_order(order_id)

    async def _coming_order(self, order_id: int) -> Answer:
        await self._coming.seen(order_id)
        answer = self._known_order(order_id)
        return answer if isinstance(answer, Answer) else await answer

    def _known_order(self, order_id: int) -> Answer | Coroutine[None, None, Answer]:
        match self._view.find(order_id):
            case InMemory(json=order):
                return Answer(200, order)
            case InStore():
                return self.stored_order(order_id, 200)
            case None:
                raise ApiError(404, "UNKNOWN_ORDER")

    async def stored_order(self, order_id: int, status: int) -> Answer:
        """An order that is not whole in memory."""
        return Answer(status, await self._archive.order(order_id))

    async def fills(self, request: Request) -> Answer:
        """``GET /orders/{order_id}/fills?limit=&cursor=``."""
        return await self._stretch(request, "fills", self._archive.store.fills)

    async def history(self, request: Request) -> Answer:
        """``GET /orders/{order_id}/history?limit=&cursor=``."""
        return await self._stretch(request, "status_history", self._archive.store.history)

    async def _stretch(self, request: Request, name: str, read: Stretches) -> Answer:
        order_id = decode.order_id(request.param)
        if self._coming.expects(order_id):
            await self._coming.seen(order_id)
        if not self._view.exists(order_id):
            raise ApiError(404, "UNKNOWN_ORDER")
        fields = request.fields
        limit = decode.count(fields, "limit", LIMIT_DEFAULT, LIMIT_MAX)
        after = decode.count(fields, "cursor", 0, decode.U64_MAX // 2)
        page = await self._archive.stretch(
            order_id,
            lambda _: read(
                order_id, after=after, limit=limit, bytes_max=self._limits.page_bytes_max - HEAD
            ),
        )
        cursor = b"null" if page.next is None else b'"%d"' % page.next
        total, since = (b"null", self._since()) if page.of is None else (b"%d" % page.of, b"null")
        field = name.encode()
        form = b'{"order_id":"%d","%b":%b,"count":%d,"%b_count":%b,"next_cursor":%b%b}'
        numbered = self._numbered(since)
        said = (order_id, field, page.json, page.count, field, total, cursor, numbered)
        return Answer(200, form % said)

    def _numbered(self, since: bytes) -> bytes:
        """How a page of orders ends, which is as new as memory: nothing is awaited in between."""
        return b',"sequence":%d,"complete_since":%b' % (self._view.sequence, since)

    def _since(self) -> bytes:
        """From when on the store has everything, as JSON: what was before may be missing."""
        since_ns = self._archive.store.complete_since
        if since_ns is None:
            return b"null"
        seconds, ns = divmod(since_ns, 10**9)
        time = datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S")
        return f'"{time}.{ns // 1000:06}Z"'.encode()

    async def orders(self, request: Request) -> Answer:
        """``GET /orders?user_id=&status=&symbol=&limit=&cursor=``."""
        fields = request.fields
        user = decode.user_id(fields, self._view)
        status = fields.get("status")
        if status is not None and status not in STATUSES:
            raise ApiError(400, "INVALID_FIELD", f"status: must be one of {', '.join(STATUSES)}")
        symbol = fields.get("symbol")
        instrument = None if symbol is None else self._trading.instrument(symbol)
        limit = decode.count(fields, "limit", LIMIT_DEFAULT, LIMIT_MAX)
        before = decode.count(fields, "cursor", decode.U64_MAX // 2, decode.U64_MAX // 2)
        account = self._view.account(user)
        if account is None:
            return _page(b"orders", [], None, self._numbered(b"null"))
        bytes_max = self._limits.page_bytes_max - HEAD
        stored = await self._archive.ask(
            lambda: self._view.wait_for_user(user),
            lambda store: store.orders(
                account,
                before=before,
                limit=limit,
                bytes_max=bytes_max,
                status=status,
                instrument=instrument,
            ),
        )
        recent = self._view.recent(
            user, before=before, limit=limit, bytes_max=bytes_max, status=status, symbol=symbol
        )
        found = dict(recent.orders)
        for order_id, order in stored.orders:
            if not self._view.keeps(order_id):
                found[order_id] = order
        # Below this somebody has not looked.
        whole = max(recent.down_to, stored.next or 0)
        ids = sorted((order_id for order_id in found if order_id >= whole), reverse=True)
        fits = _fitting([found[order_id] for order_id in ids[:limit]], bytes_max)
        cursor = ids[fits - 1] if fits < len(ids) else whole or None
        # What is open, the engine knows, however old it is.
        since = b"null" if status in OPEN else self._since()
        orders = [found[order_id] for order_id in ids[:fits]]
        return _page(b"orders", orders, cursor, self._numbered(since))

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
        return Answer(200, _shown(self._view.book_json(request.param, depth)))

    def trades(self, request: Request) -> Answer | Coroutine[None, None, Answer]:
        """``GET /trades/{symbol}?limit=&cursor=``."""
        limit = decode.count(request.fields, "limit", LIMIT_DEFAULT, LIMIT_MAX)
        before = decode.count(request.fields, "cursor", decode.U64_MAX // 2, decode.U64_MAX // 2)
        instrument = self._symbol(request.param)
        bytes_max = self._limits.page_bytes_max - HEAD
        page = self._view.trades(request.param, before=before, limit=limit, bytes_max=bytes_max)
        if page.store_needs is None:
            # Where the page ends behind the first trade ever, or goes on, nothing is missing in it.
            return _trades([trade for _, trade in page.trades], page.next, b"null")
        return self._older_trades(instrument, page.trades, before, limit, page.store_needs)

    async def _older_trades(
        self, instrument: int, newest: list[tuple[int, bytes]], before: int, limit: int, needs: int
    ) -> Answer:
        """What memory has of a page, and the rest of it from the store."""
        if newest:
            before = newest[-1][0]
        older = await self._archive.ask(
            # What memory has let go until now, whatever goes meanwhile.
            lambda: needs,
            lambda store: store.trades(instrument, before=before, limit=limit - len(newest)),
        )
        found = newest + older
        trades = [trade for _, trade in found]
        fits = _fitting(trades, self._limits.page_bytes_max - HEAD)
        full = fits < len(found) or len(found) == limit
        following = found[fits - 1][0] if full else None
        # Those that are kept stand without a gap: only behind the oldest some may be missing.
        return _trades(trades[:fits], following, b"null" if full else self._since())

    async def ticker(self, request: Request) -> Answer:
        """``GET /ticker/{symbol}``."""
        instrument = self._symbol(request.param)
        return Answer(200, await self._ticker(instrument, request.param, self._now()))

    async def tickers(self, request: Request) -> Answer:
        """``GET /ticker?limit=&cursor=``."""
        now = self._now()
        symbols, following = self._asked_for(request)
        tickers: list[bytes] = []
        room = self._limits.page_bytes_max - HEAD
        for instrument, symbol in symbols:
            ticker = await self._ticker(instrument, symbol, now)
            room -= len(ticker) + 1
            if room < 0 and tickers:
                following = instrument - 1
                break
            tickers.append(ticker)
            if len(tickers) % TICKERS_A_TURN == 0:
                await asyncio.sleep(0)
        return _page(b"tickers", tickers, following)

    def _asked_for(self, request: Request) -> tuple[list[tuple[int, str]], int | None]:
        """The instruments that a page is about, by number, and the cursor of the next page."""
        limit = decode.count(request.fields, "limit", LIMIT_MAX, LIMIT_MAX)
        after = decode.count(request.fields, "cursor", 0, decode.U32_MAX)
        symbols = [row for row in self._view.instruments() if row[0] > after]
        page = symbols[:limit]
        return page, page[-1][0] if len(symbols) > limit else None

    def _now(self) -> int:
        return max(self._clock.now_ns(), self._view.time_ns)

    async def _ticker(self, instrument: int, symbol: str, now_ns: int) -> bytes:
        store = await self._archive.complete()
        edge = self._view.ticker_edge(symbol, now_ns)
        total = None
        if edge is not None:
            total = await store.sum_between(instrument, edge.after_ns, edge.before_ns)
        since_ns = store.complete_since
        return _shown(self._view.ticker_json(symbol, now_ns, total, since_ns))

    def instruments(self, request: Request) -> Answer:
        """``GET /instruments?limit=&cursor=``."""
        symbols, following = self._asked_for(request)
        instruments = [_shown(self._view.instrument_json(number)) for number, _ in symbols]
        fits = _fitting(instruments, self._limits.page_bytes_max - HEAD)
        if fits < len(instruments):
            following = symbols[fits - 1][0]
        return _page(b"instruments", instruments[:fits], following)


def _shown(json: bytes | None) -> bytes:
    """What the view has of an instrument."""
    if json is None:
        raise ApiError(404, "UNKNOWN_SYMBOL")
    return json


def _fitting(items: list[bytes], bytes_max: int) -> int:
    """How many of them fit into a page: one at least, or nobody would ever see the next."""
    total = 0
    for number, item in enumerate(items):
        total += len(item) + 1
        if total > bytes_max and number:
            return number
    return len(items)


def _page(name: bytes, items: list[bytes], cursor: int | None, rest: bytes = b"") -> Answer:
    """A page of a list, the cursor of the next one if any, and what else it says."""
    following = b"null" if cursor is None else b'"%d"' % cursor
    form = b'{"%b":[%b],"count":%d,"next_cursor":%b%b}'
    return Answer(200, form % (name, b",".join(items), len(items), following, rest))


def _trades(trades: list[bytes], cursor: int | None, since: bytes) -> Answer:
    return _page(b"trades", trades, cursor, b',"complete_since":%b' % since)
