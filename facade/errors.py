"""What REST says when it refuses: a sentence and a code from one closed list.

Codes of the exchange itself (``PRICE_OFF_TICK``, ...) come from the engine; those here are about
HTTP and the form of a request.
"""

import msgspec

from core import OrderStands

CODES = {
    "INVALID_JSON": "the body is not the JSON of one object",
    "UNKNOWN_FIELD": "a field that the call does not know",
    "INVALID_FIELD": "a field with a wrong type or value, or one that is missing",
    "NOT_FOUND": "no such page",
    "UNKNOWN_SYMBOL": "no such instrument",
    "UNKNOWN_ORDER": "no such order",
    "ORDER_ARCHIVED": "the order has ended, and what became of it is kept here no more",
    "METHOD_NOT_ALLOWED": "the page has other methods",
    "FORBIDDEN_ORIGIN": "a web page of another origin, or under another host name, may not do this",
    "BAD_REQUEST": "bytes that are no HTTP request",
    "MISDIRECTED_REQUEST": "what is asked for is of another scheme, which is not served here",
    "NOT_IMPLEMENTED": "a method, or a coding of the body, that no page takes",
    "HTTP_VERSION_NOT_SUPPORTED": "another version of HTTP than 1.1 and 1.0",
    "PAYLOAD_TOO_LARGE": "the body is longer than it may be",
    "URI_TOO_LONG": "the target of the request is longer than it may be",
    "HEADERS_TOO_LARGE": "request line and headers are longer than they may be",
    "EXPECTATION_FAILED": "an Expect header other than 100-continue",
    "UPGRADE_REQUIRED": "a WebSocket page, asked for without a WebSocket handshake",
    "REQUEST_TIMEOUT": "the request did not come whole within its deadline",
    "BUSY": "the exchange is too far behind, or serves as much as it may",
    "NOT_KNOWN_YET": "what is asked for is not recorded yet: ask again",
    "UNAVAILABLE": "the journal, or the store, is not there now",
    "OUTCOME_UNKNOWN": "the request may have been executed or not: ask by client_order_id",
    "INTERNAL": "a fault of the server, which is in its log",
}


RETRY_AFTER = b"Retry-After: 1\r\n"
"""Whatever is refused with 503 may be asked for again a second later (RFC 9110, 10.2.3)."""


class _Body(msgspec.Struct, omit_defaults=True):
    error: str
    code: str
    order_id: str | None = None
    status: str | None = None
    filled_quantity: str | None = None


def error_body(
    code: str, error: str, order_id: int | None = None, stands: OrderStands | None = None
) -> bytes:
    """The body of a refusal."""
    body = _Body(error, code, None if order_id is None else str(order_id))
    if stands is not None:
        body.status, body.filled_quantity = stands.status, stands.filled_quantity
    return msgspec.json.encode(body)


class ApiError(Exception):
    """A refusal that a handler raises."""

    def __init__(
        self,
        status: int,
        code: str,
        error: str = "",
        *,
        headers: bytes = b"",
        order_id: int | None = None,
        stands: OrderStands | None = None,
    ) -> None:
        """``error`` is the sentence of the code's own where it is empty."""
        super().__init__(error or CODES[code])
        self.status = status
        self.code = code
        self.headers = headers + RETRY_AFTER if status == 503 else headers
        self.order_id = order_id
        self.stands = stands

    @property
    def body(self) -> bytes:
        """The body of the answer."""
        return error_body(self.code, str(self), self.order_id, self.stands)
