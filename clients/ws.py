"""A user's notifications over WebSocket, as an endless stream.

    async for message in notifications("ws://127.0.0.1:8080", "alice"):
        ...

# Contract
* The first message is ``Subscribed``; then each execution and order change of the user comes once,
  in order.  When the connection is lost it is made again, with growing pauses, and ``Subscribed``
  comes again: what happened between the last message and its ``sequence`` is asked for by REST
  (``RestClient.order_pages``; what comes with a number up to a page's is in its orders already).
* A refused handshake (a user id that can't be one) ends the stream with ``InvalidStatus``; one that
  is put off (408, 425, 429 or 5xx) is tried again, not before its ``Retry-After``.
* A server that is not proven ends the stream with ``ssl.SSLCertVerificationError``.
* A message that is not the exchange's ends the stream with a ``ForeignMessageError``.
"""

import asyncio
import ssl
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import urlencode

import msgspec
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus, SecurityError

from clients.answers import retry_after_s
from clients.rest_types import Notification, Subscribed

PAUSE_S = 0.1
"""Seconds before the connection is made again; each later pause is twice the one before."""
PAUSE_S_MAX = 5.0
"""The longest pause, in seconds."""
_PASSES = frozenset((408, 425, 429))
"""Statuses that pass, beside the server's trouble."""


class ForeignMessageError(Exception):
    """A message that the exchange does not send."""


class _Kind(msgspec.Struct):
    type: str


_KIND = msgspec.json.Decoder(_Kind)
_SUBSCRIBED = msgspec.json.Decoder(Subscribed)
_NOTIFICATION = msgspec.json.Decoder(Notification)


def decode(message: str | bytes) -> Notification | Subscribed:
    """One message of the stream, or a ``ForeignMessageError``."""
    try:
        if _KIND.decode(message).type == "subscribed":
            return _SUBSCRIBED.decode(message)
        return _NOTIFICATION.decode(message)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ForeignMessageError(f"{error}; it says {message[:80]!r}") from error


async def notifications(
    url: str, user_id: str, *, tls: ssl.SSLContext | None = None
) -> AsyncIterator[Notification | Subscribed]:
    """All that happens to the orders of ``user_id`` from now on; ``url`` is ``ws://host:port``.

    At ``wss://`` the server is proven, as ``tls`` says where it is given.
    """
    options: dict[str, Any] = {} if tls is None else {"ssl": tls}
    page = f"{url}/ws/notifications?{urlencode({'user_id': user_id})}"
    pause_s = PAUSE_S
    while True:
        try:
            async with connect(page, **options) as socket:
                async for message in socket:
                    pause_s = PAUSE_S
                    yield decode(message)
        except InvalidStatus as refused:
            status = refused.response.status_code
            if status not in _PASSES and status < 500:
                raise
            pause_s = max(pause_s, _retry_after_s(refused) or 0.0)
        except (SecurityError, ssl.SSLCertVerificationError):
            raise
        except (ConnectionClosed, InvalidHandshake, OSError):
            # The connection is made again below, whatever took it.
            pass
        await asyncio.sleep(pause_s)
        pause_s = max(PAUSE_S, min(2 * pause_s, PAUSE_S_MAX))


def _retry_after_s(refused: InvalidStatus) -> float | None:
    return retry_after_s(", ".join(refused.response.headers.get_all("Retry-After")))
