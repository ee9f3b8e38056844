"""Whatever is sent to a whole exchange: a clear answer or a closed line, never a fault.

Every parameter, field and path of every call is given what programs stumble over; both ports are
given bytes that are nothing, and sound requests of which a few bytes were changed.
"""

import asyncio
import json
import logging
import random
import re
import urllib.parse
from collections.abc import AsyncIterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from protocol import messages as m
from protocol import sbe, soup
from protocol.soup import Kind
from testing.client import Client
from tests.system.within import Within, within

INT64, UINT64 = 2**63 - 1, 2**64 - 1
ODD_NUMBERS = (
    0, -1, 1, INT64 - 1, INT64, INT64 + 1, -INT64 - 1, UINT64, UINT64 + 1, 10**40, -(10**40),
    2**31, 2**32, 2**53 + 1, 2**127, 2**128, 0.1, 1e-8, 1e-9, 1e308, -0.0, 92233720368.54775807,
)  # fmt: skip
ODD_TEXTS = (
    "", " ", "\0", "\n", "null", "NaN", "Infinity", "-0", "+1", "1e3", "1E-400", "0x10", "1_000",
    "٣", "\uff11", "1.", ".1", "00", "0.000000001", "92233720368.54775807", "92233720368.54775808",
    "é", "ﬀ", "\ud83d\ude00", "\U0001d7d9", "İ", "ß", "\u202e", "\ufeff", "a" * 33, "a" * 5_000,
    "../..", "%00", "BTCUSD ", "btcusd", "#1", "#18446744073709551616", "demo1", "DEMO1",
    "' OR 1=1 --",
    str(2**56), str(2**56 + 1), str(INT64), str(INT64 + 1), str(UINT64), "9" * 4_400,
)  # fmt: skip
ODD: tuple[Any, ...] = (
    *ODD_NUMBERS,
    *ODD_TEXTS,
    None,
    True,
    False,
    [],
    {},
    [[]],
    {"a": 1},
    [1] * 1_000,
)
ROUNDS = 150


@pytest.fixture
async def served(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> AsyncIterator[Within]:
    """An exchange that has orders and trades, and in which nothing is to go wrong."""
    caplog.set_level(logging.ERROR)
    async with within(tmp_path / "data") as served:
        await served.place(quantity="3")
        await served.place(side="SELL")
        yield served
        await served.place()
        await served.until_ready()
        assert await served.faults() == {}
    assert [record.getMessage() for record in caplog.records] == []


def parameters(document: Any) -> list[tuple[str, str, list[str]]]:
    """Method, path and query parameters of each call that answers with JSON."""
    return [
        (
            method.upper(),
            path,
            [x["name"] for x in call.get("parameters", []) if x["in"] == "query"],
        )
        for path, calls in document["paths"].items()
        for method, call in calls.items()
        if not path.startswith("/ws/")
    ]


def quoted(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value)
    return urllib.parse.quote(text, safe="", errors="surrogatepass")


async def ask(served: Within, method: str, target: str, body: Any = None) -> int:
    """The status of an answer, which must not be a fault."""
    content = None if body is None else body if isinstance(body, bytes) else json.dumps(body)
    headers = {} if content is None else {"Content-Type": "application/json"}
    answer = await served.client.request(method, target, content=content, headers=headers)
    assert answer.status_code < 500, (method, target, body, answer.text)
    if answer.status_code >= 400:
        assert set(answer.json()) >= {"error", "code"}
    return answer.status_code


async def test_every_parameter_and_path_takes_odd_values(served: Within) -> None:
    document = await served.get("/openapi.json")
    sound = {"symbol": "BTCUSD", "user_id": "rest"}
    calls = parameters(document)
    assert len(calls) > 10
    for method, path, names in calls:
        whole = path.replace("{symbol}", "BTCUSD").replace("{order_id}", str(2**56 + 1))
        for value in ODD:
            if "{" in path:
                before = path.split("{")[0]
                after = path.partition("}")[2]
                query = "" if "user_id" not in names else "?user_id=rest"
                await ask(served, method, f"{before}{quoted(value)}{after}{query}", body_of(method))
            for name in names:
                fields = {x: sound[x] for x in names if x in sound} | {name: value}
                query = "&".join(f"{x}={quoted(v)}" for x, v in fields.items())
                await ask(served, method, f"{whole}?{query}", body_of(method))


def body_of(method: str) -> Any:
    return {"quantity": "1"} if method in ("POST", "PATCH") else None


ORDER: dict[str, Any] = {
    "symbol": "BTCUSD",
    "side": "BUY",
    "order_type": "LIMIT",
    "price": "100",
    "quantity": "1",
    "user_id": "rest",
    "client_order_id": None,
    "time_in_force": "GTC",
    "post_only": False,
    "self_trade_prevention": "NONE",
}


async def test_every_field_takes_odd_values(served: Within) -> None:
    resting = await served.place(price="1")
    path = f"/orders/{resting['order_id']}"
    for value in ODD:
        for name in ORDER:
            await ask(served, "POST", "/orders", ORDER | {name: value})
        for name in ("price", "quantity"):
            await ask(served, "PATCH", path, {name: value})
        await ask(served, "POST", "/orders", value)
        await ask(served, "PATCH", path, value)
        await ask(served, "POST", "/orders", ORDER | {quoted(value)[:50]: 1})


async def test_the_edges_of_every_filter(served: Within) -> None:
    statuses = set()
    for instrument in (await served.get("/instruments"))["instruments"]:
        limits = [Decimal(x) for x in instrument.values() if re.fullmatch(r"[0-9.]+", str(x))]
        largest = Decimal(INT64).scaleb(-8)
        edges = {
            edge + step
            for edge in (*limits, *(a * b for a in limits for b in limits), largest, Decimal(0))
            for step in (Decimal(0), Decimal("1e-8"), Decimal("-1e-8"))
        }
        assert len(edges) > 20
        values = [f"{edge:f}" for edge in sorted(edges)]
        for price in values:
            for quantity in random.Random(price).sample(values, 5):
                for kind in ({}, {"order_type": "MARKET", "price": None}):
                    order = {**ORDER, "symbol": instrument["symbol"], "quantity": quantity}
                    side = random.Random(quantity).choice(("BUY", "SELL"))
                    order |= {"price": price, "side": side, **kind}
                    statuses.add(await ask(served, "POST", "/orders", order))
    assert statuses >= {201, 400, 422}


@pytest.mark.parametrize("nested", [b"[", b'{"a":', b'{"price":['])
async def test_json_that_is_nested_as_deep_as_a_body_allows(served: Within, nested: bytes) -> None:
    for depth in (10, 1_000, 4_000, 10_000):
        for body in (depth * nested, depth * nested + b"1"):
            assert await ask(served, "POST", "/orders", body) in (400, 413)


async def hurl(port: int, *parts: bytes) -> None:
    """Send, and read for a moment."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        for part in parts:
            writer.write(part)
            await asyncio.sleep(0)
        writer.write_eof()
        async with asyncio.timeout(2):
            await reader.read()
    except (OSError, TimeoutError):
        pass
    finally:
        writer.close()


def spoiled(chance: random.Random, data: bytes) -> bytes:
    """Bytes with some of them changed, doubled or missing."""
    spoiled = bytearray(data)
    for _ in range(chance.randint(1, 4)):
        at = chance.randrange(len(spoiled))
        match chance.randrange(4):
            case 0:
                spoiled[at] = chance.choice((0, 0xFF, 0x7F, 0x80, 0x0A, 0x0D, 0x20))
            case 1:
                spoiled[at] = chance.randrange(256)
            case 2:
                del spoiled[at : at + chance.randint(1, 8)]
                spoiled += b"x"
            case 3:
                spoiled[at:at] = spoiled[at : at + chance.randint(1, 40)]
    return bytes(spoiled)


@pytest.mark.parametrize("seed", range(4))
async def test_any_bytes_on_both_ports(served: Within, seed: int) -> None:
    chance = random.Random(seed)
    body = json.dumps(ORDER).encode()
    head = b"POST /orders HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
    http = [
        head + b"Content-Length: %d\r\n\r\n" % len(body) + body,
        head + b"Transfer-Encoding: chunked\r\n\r\n%x\r\n%b\r\n0\r\n\r\n" % (len(body), body),
        b"GET /orders?user_id=rest&limit=9223372036854775807 HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"GET /ws/notifications?user_id=rest HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\n"
        b"Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
        b"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n\x81\x85\0\0\0\0hello",
    ]
    login = soup.LoginRequest("demo1", "demo", "", 0).encode()
    requests: list[m.Request] = [
        m.OrderCancelRequest(UINT64 - 1, 1, None, 1),
        m.OrderStatusRequest(1, 1, None, None),
        m.SecurityListRequest(1, 2**31, 0),  # type: ignore[arg-type]
    ]
    binary = [soup.encode(Kind.UNSEQUENCED, sbe.encode(x)) for x in requests]
    binary += [Client.order_bytes(n) for n in range(1, 6)] + [soup.encode(Kind.LOGOUT)]
    for _ in range(ROUNDS):
        noise = chance.randbytes(chance.choice((1, 7, 100, 3_000)))
        sound = chance.choice(http)
        session = login + b"".join(chance.choices(binary, k=5))
        await asyncio.gather(
            hurl(served.http, noise),
            hurl(served.http, spoiled(chance, sound + chance.choice(http))),
            hurl(served.http, sound, noise),
            hurl(served.binary, noise),
            hurl(served.binary, spoiled(chance, session)),
            hurl(served.binary, login, spoiled(chance, b"".join(binary)), noise),
        )
    assert served.exchange.gateway.binary.order_entry.counts().requests > ROUNDS
    assert served.exchange.gateway.binary.logins > ROUNDS / 2
    assert served.exchange.facade.rest.server.answers[201] > ROUNDS / 8
