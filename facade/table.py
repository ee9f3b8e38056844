"""Every page there is: method, path, who handles it, and what the document says of it."""

from typing import TYPE_CHECKING

from facade import models
from facade.models import STATUSES, USER_ID
from facade.queries import DEPTH_DEFAULT, DEPTH_MAX, LIMIT_DEFAULT, LIMIT_MAX
from facade.routes import Answers, Parameter, Route, refusal
from facade.status import service_page

if TYPE_CHECKING:
    from facade.app import Facade

_USER = Parameter("user_id", "the user", True, {"type": "string", "pattern": USER_ID})
_ORDER_ID = Parameter("order_id", "the order", True, answers={404: refusal("no such order")})
_SYMBOL = Parameter("symbol", "the instrument", True, answers={404: refusal("no such instrument")})
_ONE_SYMBOL = Parameter(
    "symbol", "only this instrument", answers={422: refusal("symbol: no such instrument")}
)
_GUARD = Parameter(
    "symbol",
    "guards against a wrong id: where it is not the open order's instrument, nothing is done",
    answers={422: refusal("symbol: not the order's instrument")},
)
_LIMIT = Parameter(
    "limit",
    "how many",
    schema={"type": "integer", "minimum": 1, "maximum": LIMIT_MAX, "default": LIMIT_DEFAULT},
)

_CURSOR = Parameter("cursor", "next_cursor of the page before")
_LATER: Answers = {503: refusal("BUSY, UNAVAILABLE or OUTCOME_UNKNOWN")}
_FROM_STORE: Answers = {
    503: refusal("BUSY, NOT_KNOWN_YET or UNAVAILABLE: the store is asked, and behind")
}
_ARCHIVED: Answers = {410: refusal("it has ended, and is kept here no more"), **_FROM_STORE}


def _pages(most: int) -> Parameter:
    schema = {"type": "integer", "minimum": 1, "maximum": most, "default": most}
    return Parameter("limit", "how many on a page", schema=schema)


def routes(facade: "Facade") -> tuple[Route, ...]:
    """The table."""
    return (*_trading(facade), *_queries(facade), *_markets(facade), *_service(facade))


def _trading(facade: "Facade") -> tuple[Route, ...]:
    trading = facade.trading
    return (
        Route(
            method="POST",
            path="/orders",
            handle=trading.place,
            summary="Place an order",
            body=models.NewOrder,
            answers={
                201: ("the order as the engine left it", models.Order),
                200: ("a repeat of a client_order_id: the first order as it is", models.Order),
                409: refusal("a client_order_id that was used for an order of other content"),
                410: refusal("a repeat of an order that has ended and is kept here no more"),
                422: refusal("refused by a rule of the exchange"),
                **_LATER,
            },
        ),
        Route(
            method="DELETE",
            path="/orders",
            handle=trading.cancel_all,
            summary="Cancel all open orders of a user, or those of one instrument",
            parameters=(_USER, _ONE_SYMBOL),
            answers={200: ("how many", models.Canceled), **_LATER},
        ),
        Route(
            method="DELETE",
            path="/orders/{order_id}",
            handle=trading.cancel,
            summary="Cancel an order",
            parameters=(_ORDER_ID, _GUARD),
            answers={
                200: ("the order, canceled", models.Order),
                409: refusal("closed already: status says how it ended"),
                **_LATER,
            },
        ),
        Route(
            method="PATCH",
            path="/orders/{order_id}",
            handle=trading.amend,
            summary="Change price or quantity of an order",
            parameters=(_ORDER_ID,),
            body=models.Amendment,
            answers={
                200: ("the order, amended", models.Order),
                409: refusal("closed already: status says how it ended"),
                422: refusal("refused by a rule of the exchange"),
                **_LATER,
            },
        ),
    )


def _queries(facade: "Facade") -> tuple[Route, ...]:
    queries = facade.queries
    return (
        Route(
            method="GET",
            path="/orders/{order_id}",
            handle=queries.order,
            summary="An order with its newest fills and the newest of its history",
            parameters=(_ORDER_ID,),
            answers={200: ("the order", models.Order), **_ARCHIVED},
        ),
        Route(
            method="GET",
            path="/orders/{order_id}/fills",
            handle=queries.fills,
            summary="All fills of an order, the oldest first, page by page",
            parameters=(_ORDER_ID, _LIMIT, _CURSOR),
            answers={200: ("a page", models.Fills), **_ARCHIVED},
        ),
        Route(
            method="GET",
            path="/orders/{order_id}/history",
            handle=queries.history,
            summary="The whole history of an order, the oldest first, page by page",
            parameters=(_ORDER_ID, _LIMIT, _CURSOR),
            answers={200: ("a page", models.History), **_ARCHIVED},
        ),
        Route(
            method="GET",
            path="/orders",
            handle=queries.orders,
            summary="Orders of a user, the newest first",
            parameters=(
                _USER,
                Parameter(
                    "status", "only of this status", schema={"type": "string", "enum": STATUSES}
                ),
                _ONE_SYMBOL,
                _LIMIT,
                _CURSOR,
            ),
            answers={200: ("a page", models.Orders), **_FROM_STORE},
        ),
        Route(
            method="GET",
            path="/ws/notifications",
            handle=facade.notifications.subscribe,
            summary="WebSocket: every execution and order change of a user, as a Notification",
            tag="notifications",
            parameters=(_USER,),
            answers={
                101: ("the connection speaks WebSocket", None),
                426: refusal("not a WebSocket handshake"),
            },
        ),
    )


def _markets(facade: "Facade") -> tuple[Route, ...]:
    queries = facade.queries
    depth = {"type": "integer", "minimum": 1, "maximum": DEPTH_MAX, "default": DEPTH_DEFAULT}
    return (
        Route(
            method="GET",
            path="/orderbook/{symbol}",
            handle=queries.orderbook,
            summary="The best levels of an order book",
            tag="markets",
            parameters=(_SYMBOL, Parameter("depth", "levels of each side", schema=depth)),
            answers={200: ("the book", models.OrderBook)},
        ),
        Route(
            method="GET",
            path="/trades/{symbol}",
            handle=queries.trades,
            summary="Trades, the newest first, page by page",
            tag="markets",
            parameters=(_SYMBOL, _LIMIT, _CURSOR),
            answers={200: ("a page", models.Trades), **_FROM_STORE},
        ),
        Route(
            method="GET",
            path="/ticker/{symbol}",
            handle=queries.ticker,
            summary="The last 24 hours of an instrument",
            tag="markets",
            parameters=(_SYMBOL,),
            answers={200: ("the ticker", models.Ticker), **_FROM_STORE},
        ),
        Route(
            method="GET",
            path="/ticker",
            handle=queries.tickers,
            summary="The last 24 hours of all instruments",
            tag="markets",
            parameters=(_pages(LIMIT_MAX), _CURSOR),
            answers={200: ("the tickers", models.Tickers), **_FROM_STORE},
        ),
        Route(
            method="GET",
            path="/instruments",
            handle=queries.instruments,
            summary="All instruments and their filters",
            tag="markets",
            parameters=(_pages(LIMIT_MAX), _CURSOR),
            answers={200: ("the instruments", models.Instruments)},
        ),
    )


def _service(facade: "Facade") -> tuple[Route, ...]:
    return (
        *facade.status.table(),
        service_page(
            "/openapi.json",
            "This document",
            handle=facade.openapi,
            answers={200: ("OpenAPI 3.1", "application/json")},
        ),
        service_page(
            "/",
            "Where people begin",
            handle=facade.pages.index,
            answers={302: ("to /docs", None)},
        ),
        service_page(
            "/docs",
            "This document for people",
            handle=facade.pages.docs,
            answers={200: ("a web page", "text/html")},
        ),
        service_page(
            "/docs/{file}",
            "What that page needs",
            handle=facade.pages.file,
            parameters=(Parameter("file", "its name", True),),
            answers={200: ("the file", None), 404: refusal("no such file")},
        ),
    )
