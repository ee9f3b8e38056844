"""What came back for a request: the exchange's answer, its refusal, or someone else's words."""

import asyncio
import time
from email.utils import parsedate_to_datetime
from typing import TypeVar

import httpx
import msgspec

from clients import rest_types as t

T = TypeVar("T")

ANSWER_BYTES_MAX = 16 * 2**20
"""Bytes of an answer that are read; the exchange's are far shorter."""
PAUSE_S_MAX = 30.0
"""Seconds of ``Retry-After`` that are kept to; a longer pause is cut to it."""
_QUOTED = 80


class RestError(Exception):
    """Any of these."""


class RefusedError(RestError):
    """The exchange refused; ``code`` is stable, the message is for people.

    ``order_status`` and ``filled_quantity`` are those of an order which was not changed, where the
    refusal says them: of one that is closed, how it ended.
    """

    def __init__(self, status: int, refusal: t.Refusal, retry_after_s: float | None = None) -> None:
        """Of an answer."""
        super().__init__(f"{refusal.code}: {refusal.error}")
        self.status = status
        self.code = refusal.code
        self.order_id = refusal.order_id
        self.order_status = refusal.status
        self.filled_quantity = refusal.filled_quantity
        self.retry_after_s = retry_after_s


class ForeignAnswerError(RestError):
    """What came back is not the exchange's: a proxy's page, a redirect, or an answer cut short.

    It does not say whether the request was executed: ask for the order, or cancel again.
    """

    def __init__(self, status: int, why: str, retry_after_s: float | None = None) -> None:
        """``why``: how it is known, and what was said."""
        super().__init__(f"HTTP {status} is not an answer of the exchange: {why}")
        self.status = status
        self.retry_after_s = retry_after_s


class UnsettledError(RestError):
    """Nobody could say in time whether the order was taken; ask again by its name."""

    def __init__(self, client_order_id: str, why: str = "") -> None:
        """``client_order_id`` is the order's name, ``why`` what the last attempt met."""
        about = f": {why}" if why else ""
        super().__init__(f"the outcome of order {client_order_id} is not known{about}")
        self.client_order_id = client_order_id


async def fetch(
    http: httpx.AsyncClient, request: httpx.Request, deadline_s: float
) -> tuple[httpx.Response, bytes]:
    """Send a request: the head of what comes back, and its body, which is bounded."""
    try:
        async with asyncio.timeout(deadline_s):
            return await _fetch(http, request)
    except TimeoutError:
        raise httpx.ReadTimeout(f"no whole answer in {deadline_s} s", request=request) from None


async def _fetch(http: httpx.AsyncClient, request: httpx.Request) -> tuple[httpx.Response, bytes]:
    got = await http.send(request, stream=True)
    try:
        body = bytearray()
        async for chunk in got.aiter_bytes():
            body += chunk
            if len(body) > ANSWER_BYTES_MAX:
                raise foreign(got, f"more than {ANSWER_BYTES_MAX} bytes")
    except httpx.DecodingError as error:
        raise foreign(got, str(error)) from error
    finally:
        await got.aclose()
    return got, bytes(body)


def read(answer: type[T], got: httpx.Response, body: bytes) -> T:
    """The answer; a refusal is a ``RefusedError``, all else a ``ForeignAnswerError``."""
    if got.is_success:
        return _decode(answer, got, body)
    if got.is_redirect:
        raise foreign(got, f"a redirect to {got.headers.get('location', 'nowhere')[:_QUOTED]}")
    refusal = _decode(t.Refusal, got, body)
    raise RefusedError(got.status_code, refusal, retry_after_s(got.headers.get("retry-after", "")))


def _decode(answer: type[T], got: httpx.Response, body: bytes) -> T:
    try:
        return msgspec.json.decode(body, type=answer)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        said = body[:_QUOTED].decode(errors="replace") if body else "nothing"
        raise foreign(got, f"{error}; it says {said!r}") from error


def foreign(got: httpx.Response, why: str) -> ForeignAnswerError:
    """That an answer is not the exchange's, and how long its sender asks to wait."""
    return ForeignAnswerError(
        got.status_code, why, retry_after_s(got.headers.get("retry-after", ""))
    )


def retry_after_s(text: str) -> float | None:
    """Seconds that ``Retry-After`` asks for (RFC 9110, 10.2.3: a number or a date), bounded."""
    if text.isascii() and text.isdigit():
        seconds = float(text[:9])
    else:
        try:
            seconds = parsedate_to_datetime(text).timestamp() - time.time()
        except (ValueError, OverflowError):
            return None
    return min(max(seconds, 0.0), PAUSE_S_MAX)
