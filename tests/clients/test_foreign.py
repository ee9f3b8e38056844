"""What the clients make of answers that the exchange did not give: a proxy's, or cut ones."""

import asyncio
import inspect
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from decimal import Decimal
from typing import Any

import httpx
import pytest
from websockets.exceptions import InvalidStatus

from clients import answers, rest, ws
from clients.answers import PAUSE_S_MAX, retry_after_s
from clients.rest import ForeignAnswerError, RefusedError, RestClient, UnsettledError
from testing.in_process import InProcess

ORDER: dict[str, Any] = {
    "user_id": "a",
    "symbol": "BTCUSD",
    "side": "BUY",
    "price": 1,
    "quantity": 1,
}
PAGE = b"<html><h1>Bad Gateway</h1></html>"


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rest, "PAUSE_S", 0.001)
    monkeypatch.setattr(ws, "PAUSE_S", 0.001)


def http(status: str, body: bytes = b"", *headers: str) -> bytes:
    """An answer as its bytes."""
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers, "", ""]
    return "\r\n".join(lines).encode() + body


FOREIGN = {
    "a page instead of an answer": http("200 OK", PAGE, "Content-Type: text/html"),
    "nothing": http("200 OK"),
    "no content": b"HTTP/1.1 204 No Content\r\n\r\n",
    "JSON that is cut": http("200 OK", b'{"order_id":"1","client_'),
    "JSON of another kind": http("200 OK", b'{"ok":true}'),
    "JSON that nests": http("200 OK", b'{"order_id":' + b"[" * 100_000),
    "text that is no text": http("200 OK", b'{"order_id":"\xff"}'),
    "a bad gateway": http("502 Bad Gateway", PAGE),
    "an unavailable one": http("503 Service Unavailable", b"", "Retry-After: 0"),
    "a gateway without time": http("504 Gateway Timeout", PAGE),
    "too many requests": http("429 Too Many Requests", b'{"message":"slow"}', "Retry-After: 0"),
    "not authorized": http("401 Unauthorized", b"", "WWW-Authenticate: Basic"),
    "no such host": http("404 Not Found", PAGE),
    "a redirect": http("302 Found", b"", "Location: https://login.example/"),
    "a redirect for ever": http("308 Permanent Redirect", b"", "Location: /orders"),
    "a redirect to nowhere": http("301 Moved Permanently"),
    "not modified": b"HTTP/1.1 304 Not Modified\r\n\r\n",
    "an encoding that is none": http("200 OK", PAGE, "Content-Encoding: gzip"),
    "more than it may be": http("200 OK", b" " * 4_000),
}
LOST = {
    "a body that is cut": b"HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n{",
    "no HTTP at all": b"SSH-2.0-OpenSSH_9.6\r\n",
    "an end": b"",
}


class Proxy:
    """Says the same to whoever asks, and counts how often."""

    def __init__(self, *said: bytes) -> None:
        self.said = said
        self.asked = 0
        self.url = ""

    @asynccontextmanager
    async def run(self) -> AsyncIterator["Proxy"]:
        server = await asyncio.start_server(self._answer, "127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        async with server:
            yield self

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        if b"content-length" in head.lower():
            await reader.readuntil(b"}")
        said = self.said[min(self.asked, len(self.said) - 1)]
        self.asked += 1
        writer.write(said)
        await writer.drain()
        writer.close()


async def listed(call: AsyncIterator[Any]) -> list[Any]:
    return [item async for item in call]


CALLS: dict[str, Callable[[RestClient], Awaitable[Any]]] = {
    "cancel": lambda client: client.cancel("1"),
    "amend": lambda client: client.amend("1", price=2),
    "cancel_all": lambda client: client.cancel_all("a"),
    "order": lambda client: client.order("1"),
    "orders": lambda client: listed(client.orders("a")),
    "order_pages": lambda client: listed(client.order_pages("a")),
    "fills": lambda client: listed(client.fills("1")),
    "history": lambda client: listed(client.history("1")),
    "orderbook": lambda client: client.orderbook("BTCUSD"),
    "trades": lambda client: client.trades("BTCUSD"),
    "all_trades": lambda client: listed(client.all_trades("BTCUSD")),
    "ticker": lambda client: client.ticker("BTCUSD"),
    "tickers": lambda client: client.tickers(),
    "instruments": lambda client: client.instruments(),
}


def test_every_call_is_here() -> None:
    calls = {name for name, _ in inspect.getmembers(RestClient, inspect.isfunction)}
    assert {name for name in calls if not name.startswith("_")} == CALLS.keys() | {"place", "ready"}


@pytest.mark.parametrize("what", FOREIGN)
async def test_what_the_exchange_did_not_say_is_an_error_of_its_own(
    what: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(answers, "ANSWER_BYTES_MAX", 200_000 if "nests" in what else 2_000)
    said = FOREIGN[what]
    status = int(said[9:12])
    async with Proxy(said).run() as proxy, RestClient(proxy.url, attempts=3) as client:
        for name, call in CALLS.items():
            with pytest.raises(ForeignAnswerError, match=f"HTTP {status}") as foreign:
                await call(client)
            assert foreign.value.status == status, name
        assert not await client.ready()
        before = proxy.asked
        with pytest.raises(UnsettledError, match=f"mine is not known: HTTP {status}") as unsettled:
            await client.place(**ORDER, client_order_id="mine")
        assert (unsettled.value.client_order_id, proxy.asked - before) == ("mine", 3)


@pytest.mark.parametrize("what", LOST)
async def test_a_line_that_fails_is_an_error_of_the_line(what: str) -> None:
    async with Proxy(LOST[what]).run() as proxy, RestClient(proxy.url, attempts=2) as client:
        for call in (*CALLS.values(), RestClient.ready):
            with pytest.raises(httpx.TransportError):
                await call(client)
        before = proxy.asked
        with pytest.raises(UnsettledError, match="Error") as unsettled:
            await client.place(**ORDER)
        assert len(unsettled.value.client_order_id) == 32
        assert proxy.asked - before == 2


async def test_an_answer_that_drips_has_a_deadline() -> None:
    async def drip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n")
        try:
            while not writer.is_closing():
                writer.write(b" ")
                await asyncio.sleep(0.02)
        finally:
            writer.close()

    server = await asyncio.start_server(drip, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with server, RestClient(f"http://127.0.0.1:{port}", timeout_s=0.2) as client:
        with pytest.raises(httpx.ReadTimeout, match=r"no whole answer in 0\.2 s"):
            await client.order("1")


async def test_an_order_is_settled_behind_a_proxy_that_fails_for_a_while() -> None:
    async with InProcess() as exchange:
        order = await exchange.place(client_order_id="mine")
        whole = http("201 Created", json.dumps(order).encode())
        of_another = http("200 OK", json.dumps(order | {"client_order_id": "x"}).encode())
        trouble = (FOREIGN["a bad gateway"], LOST["an end"], of_another, whole)
        async with Proxy(*trouble).run() as proxy, RestClient(proxy.url) as client:
            placed = await client.place(**ORDER, client_order_id="mine")
            assert (placed.order_id, proxy.asked) == (order["order_id"], 4)


async def test_a_refusal_that_passes_is_asked_again_and_another_is_told_at_once() -> None:
    fault = http("500 Internal Server Error", b'{"error":"a fault","code":"INTERNAL"}')
    slow = http("429 Too Many Requests", b'{"error":"slow","code":"RATE"}', "Retry-After: 0")
    closed = http(
        "422 Unprocessable Content",
        b'{"error":"mismatch","code":"ORDER_ID_MISMATCH","order_id":"7","status":"NEW",'
        b'"filled_quantity":"0.5"}',
    )
    async with Proxy(fault, slow, closed).run() as proxy, RestClient(proxy.url) as client:
        with pytest.raises(RefusedError) as refused:
            await client.place(**ORDER)
        assert (refused.value.code, proxy.asked) == ("ORDER_ID_MISMATCH", 3)
        assert (refused.value.order_id, refused.value.order_status) == ("7", "NEW")
        assert refused.value.filled_quantity == Decimal("0.5")


async def test_retry_after_is_kept_to() -> None:
    later = http("503 Service Unavailable", PAGE, "Retry-After: 1")
    async with Proxy(later).run() as proxy, RestClient(proxy.url, attempts=2) as client:
        began = time.monotonic()
        with pytest.raises(UnsettledError):
            await client.place(**ORDER)
        assert time.monotonic() - began >= 1


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("", None),
        ("soon", None),
        ("-1", None),
        ("0", 0),
        ("7", 7),
        ("9" * 400, PAUSE_S_MAX),
        ("Wed, 21 Oct 2015 07:28:00 GMT", 0),
        ("Wed, 21 Oct 9999 07:28:00 GMT", PAUSE_S_MAX),
    ],
)
def test_retry_after_is_a_number_or_a_date(text: str, seconds: float | None) -> None:
    assert retry_after_s(text) == seconds


async def test_a_stream_that_is_put_off_is_asked_again_and_a_refused_one_ends() -> None:
    put_off = http("429 Too Many Requests", PAGE, "Retry-After: 0")
    gateway = http("502 Bad Gateway", PAGE)
    strange = http("101 Switching Protocols", b"", "Upgrade: smoke", "Connection: Upgrade")
    refused = http("403 Forbidden", PAGE)
    async with Proxy(put_off, gateway, strange, LOST["an end"], refused).run() as proxy:
        with pytest.raises(InvalidStatus):
            await anext(ws.notifications(proxy.url.replace("http", "ws"), "alice"))
        assert proxy.asked == 5


@pytest.mark.parametrize("said", ["<html>", b"\xff", "{}", '{"type":"order"}', '{"type":' * 9_999])
def test_a_message_that_is_not_the_exchanges_has_its_error(said: str | bytes) -> None:
    with pytest.raises(ws.ForeignMessageError):
        ws.decode(said)
