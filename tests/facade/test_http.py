"""HTTP itself: framing, order, limits and deadlines, byte by byte."""

import asyncio
import json
import time

import pytest

from settings import FacadeSettings
from testing.in_process import InProcess
from tests.facade.sent import GET, LAST_GET, ORDER, post, statuses

FAST = FacadeSettings(
    head_deadline_s=0.15,
    body_deadline_s=0.15,
    idle_deadline_s=1.0,
    write_deadline_s=0.15,
    linger_deadline_s=0.5,
    sweep_interval_s=0.02,
    head_bytes_max=1_000,
    body_bytes_max=1_000,
    connections_max=8,
    queue_bytes_max=10_000,
)


async def test_pipelined_requests_are_answered_in_order(exchange: InProcess) -> None:
    mixed = GET + post(ORDER) + b"GET /nope HTTP/1.1\r\nHost: x\r\n\r\n" + post(ORDER) + LAST_GET
    answers = await exchange.talk(mixed)
    assert statuses(answers) == [200, 201, 404, 201, 200]


async def test_many_pipelined_requests_are_answered() -> None:
    async with InProcess(FAST) as exchange:
        answers = await exchange.talk(post(ORDER) * 20 + LAST_GET)
        assert statuses(answers) == [201] * 20 + [200]


async def test_a_request_may_come_in_pieces(exchange: InProcess) -> None:
    request = post(ORDER, b"Connection: close")
    answers = await exchange.talk(*(request[at : at + 1] for at in range(len(request))))
    assert statuses(answers) == [201]


async def test_a_chunked_body_is_read_and_its_trailers_are_no_headers(exchange: InProcess) -> None:
    body = b"%x\r\n%b\r\n%x;a=b\r\n%b\r\n0\r\nHost: y\r\n\r\n" % (
        10,
        ORDER[:10],
        len(ORDER) - 10,
        ORDER[10:],
    )
    answers = await exchange.talk(post(body, b"Transfer-Encoding: chunked") + LAST_GET)
    assert statuses(answers) == [201, 200]


async def test_head_is_get_without_a_body(exchange: InProcess) -> None:
    answer = await exchange.talk(LAST_GET.replace(b"GET", b"HEAD"))
    head, _, body = answer.partition(b"\r\n\r\n")
    assert b"Content-Length: 15" in head
    assert body == b""


async def answers_of_who_waits(exchange: InProcess, before: bytes, request: bytes) -> list[int]:
    """The statuses of a client that sends its last body only when it is asked for it."""
    reader, writer = await asyncio.open_connection("127.0.0.1", exchange.http)
    head, end, body = request.partition(b"\r\n\r\n")
    writer.write(before + head + end)
    asked = b""
    while not asked.endswith(b"HTTP/1.1 100 Continue\r\n\r\n"):
        asked += await reader.readuntil(b"\r\n\r\n")
    writer.write(body)
    answers = asked + await reader.read()
    writer.close()
    return statuses(answers)


async def test_who_expects_to_be_asked_is_asked(exchange: InProcess) -> None:
    request = post(ORDER, b"Expect: 100-continue", b"Connection: close")
    assert await answers_of_who_waits(exchange, b"", request) == [100, 201]


async def test_who_expects_to_be_asked_behind_others_is_asked_in_its_turn(
    exchange: InProcess,
) -> None:
    request = post(ORDER, b"Expect: 100-continue", b"Connection: close")
    answers = await answers_of_who_waits(exchange, GET + post(ORDER), request)
    assert answers == [200, 201, 100, 201]


@pytest.mark.parametrize(
    ("line", "header", "status"),
    [
        (b"POST /nope", b"", 404),
        (b"POST /docs/x/y", b"", 404),
        (b"PUT /orders", b"", 405),
        (b"POST /orders/1", b"", 405),
        (b"POST /orders?dry_run=true", b"", 400),
        (b"POST /orders", b"Origin: http://evil.example\r\n", 403),
        (b"DELETE /orders?user_id=a", b"Origin: http://evil.example\r\n", 403),
        (b"POST http://evil.example/orders", b"", 403),
    ],
)
async def test_what_its_head_refuses_is_told_so_and_not_asked_for_its_body(
    exchange: InProcess, line: bytes, header: bytes, status: int
) -> None:
    """RFC 9110, 10.1.1: an immediate final status, if the head determines it; then 9112, 9.6."""
    head = b"%b HTTP/1.1\r\nHost: x\r\n%bExpect: 100-continue\r\n" % (line, header)
    for length in (b"Content-Length: 5", b"Transfer-Encoding: chunked"):
        answer = await exchange.talk(head + length + b"\r\n\r\n")
        assert statuses(answer) == [status]
        assert b"\r\nConnection: close\r\n" in answer
        assert (b"\r\nAllow: " in answer) == (status == 405)
    behind = await exchange.talk(GET + head + b"Content-Length: 5\r\n\r\n")
    assert statuses(behind) == [200, status]
    # Who sends the body all the same is answered as ever, and may stay.
    sent = await exchange.talk(head + b"Content-Length: 5\r\n\r\nhello" + LAST_GET)
    assert statuses(sent) == [status, 200]


async def test_http_1_0_is_answered_and_closed(exchange: InProcess) -> None:
    answer = await exchange.talk(b"GET /health HTTP/1.0\r\n\r\n")
    assert statuses(answer) == [200]
    assert b"Connection: close" in answer


async def test_http_1_0_stays_where_it_asks_to_and_is_told_so(exchange: InProcess) -> None:
    stay = b"GET /health HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"
    answers = await exchange.talk(stay + stay + b"GET /health HTTP/1.0\r\n\r\n" + GET)
    assert statuses(answers) == [200, 200, 200]
    assert answers.count(b"Connection: keep-alive\r\n") == 2
    assert answers.count(b"Connection: close\r\n") == 1


async def test_http_1_0_knows_no_100(exchange: InProcess) -> None:
    asking = post(ORDER, b"Expect: 100-continue").replace(b"HTTP/1.1", b"HTTP/1.0")
    assert statuses(await exchange.talk(asking)) == [201]


@pytest.mark.parametrize(
    ("request_bytes", "status", "code"),
    [
        (b"\x00\x01\x02\r\n\r\n", 400, "BAD_REQUEST"),
        (b"GET /health HTTP/1.1\r\n\r\n", 400, "BAD_REQUEST"),
        (b"GET /health HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400, "BAD_REQUEST"),
        (
            b"POST /orders HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n"
            b"Transfer-Encoding: chunked\r\n\r\n",
            400,
            "BAD_REQUEST",
        ),
        (post(b"x" * 1001), 413, "PAYLOAD_TOO_LARGE"),
        (
            post(b"3e9\r\n" + b"x" * 1001, b"Transfer-Encoding: chunked"),
            413,
            "PAYLOAD_TOO_LARGE",
        ),
        (post(b"1\r\nx\r\n" * 1001, b"Transfer-Encoding: chunked"), 413, "PAYLOAD_TOO_LARGE"),
        (post(b"", b"X: " + b"y" * 1001), 431, "HEADERS_TOO_LARGE"),
        (post(b"", *[b"a: b"] * 101), 431, "HEADERS_TOO_LARGE"),
        (b"GET /" + b"y" * 1001 + b" HTTP/1.1\r\nHost: x\r\n\r\n", 414, "URI_TOO_LONG"),
        (post(b"", b"Expect: tea"), 417, "EXPECTATION_FAILED"),
        (post(b"", b"Origin: http://evil.example"), 403, "FORBIDDEN_ORIGIN"),
        (
            b"PUT /orders HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
            405,
            "METHOD_NOT_ALLOWED",
        ),
        (b"GET /docs/ HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", 404, "NOT_FOUND"),
        (b"GET /orders/%ff HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", 404, "NOT_FOUND"),
        (b"GET /ready?x HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", 200, ""),
        (
            b"GET /instruments?a=%ff HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
            400,
            "INVALID_FIELD",
        ),
        (b"GET http://x/ready HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", 200, ""),
        (b"CONNECT x:1 HTTP/1.1\r\nHost: x\r\n\r\n", 501, "NOT_IMPLEMENTED"),
    ],
)
async def test_what_is_refused_is_refused_with_a_code_and_closed(
    request_bytes: bytes, status: int, code: str
) -> None:
    async with InProcess(FAST) as exchange:
        answer = await exchange.talk(request_bytes)
        assert statuses(answer) == [status]
        body = json.loads(answer.partition(b"\r\n\r\n")[2])
        assert body.get("code", "") == code


async def test_same_origin_is_ours(exchange: InProcess) -> None:
    answers = await exchange.talk(post(ORDER, b"Origin: http://x", b"Connection: close"))
    assert statuses(answers) == [201]


def asked_as(host: bytes, *headers: bytes) -> bytes:
    request = post(ORDER, b"Connection: close", *headers)
    return request.replace(b"Host: x", b"Host: " + host)


@pytest.mark.parametrize(
    "host",
    [
        *(b"localhost localhost:8080 LOCALHOST:1 exchange.localhost localhost.:80 x:8080".split()),
        *(b"127.0.0.1 127.0.0.1:8080 192.168.7.1:8080 [::1] [::1]:8080".split()),
    ],
)
async def test_the_server_is_asked_by_its_names_and_by_address(
    exchange: InProcess, host: bytes
) -> None:
    assert statuses(await exchange.talk(asked_as(host))) == [201]
    assert statuses(await exchange.talk(asked_as(host, b"Origin: http://" + host))) == [201]


@pytest.mark.parametrize(
    "host",
    [
        *(b"evil.example evil.example:8080 xx x.evil.example localhost.evil.example".split()),
        *(b"evillocalhost 127.0.0.1.evil.example [v1.evil] :80".split()),
    ],
)
async def test_a_name_that_was_made_to_lead_here_is_refused_with_its_own_origin_too(
    exchange: InProcess, host: bytes
) -> None:
    handshake = (
        b"GET /ws/notifications?user_id=a HTTP/1.1\r\nHost: %b\r\nConnection: Upgrade\r\n"
        b"Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
        b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nOrigin: http://%b\r\n\r\n"
    )
    for request in (
        asked_as(host),
        asked_as(host, b"Origin: http://" + host),
        LAST_GET.replace(b"Host: x", b"Host: " + host),
        handshake % (host, host),
    ):
        answer = await exchange.talk(request)
        assert statuses(answer) == [403]
        assert b'"FORBIDDEN_ORIGIN"' in answer
    assert (await exchange.get("/orders", user_id="alice"))["count"] == 0


async def test_405_says_what_is_allowed(exchange: InProcess) -> None:
    answer = await exchange.client.put("/orders")
    assert answer.headers["allow"] == "DELETE, GET, HEAD, POST"


@pytest.mark.parametrize(
    ("parts", "status"),
    [
        ([b"GET /health HTTP/1.1\r\nHo"], [408]),
        ([post(ORDER)[:-5]], [408]),
        ([], []),
        ([GET], [200]),
        ([GET + b"GE"], [200, 408]),
    ],
)
async def test_a_connection_that_stays_silent_is_closed_at_its_deadline(
    parts: list[bytes], status: list[int]
) -> None:
    async with InProcess(FAST) as exchange:
        begun = time.monotonic()
        answers = await exchange.talk(*parts)
        assert statuses(answers) == status
        assert time.monotonic() - begun < 5


async def test_a_byte_at_a_time_does_not_put_the_deadline_off() -> None:
    async with InProcess(FAST) as exchange:
        begun = time.monotonic()
        slow = [b"GET /health HTTP/1.1\r\nHost: x\r\nX: "] + [b"y"] * 500
        with pytest.raises(ConnectionError):
            await exchange.talk(*slow, pause_s=0.02)
        assert time.monotonic() - begun < 3


async def test_one_connection_too_many_is_told_so_and_the_others_stay() -> None:
    async with InProcess(FacadeSettings(connections_max=8, linger_deadline_s=0.1)) as exchange:
        await exchange.get("/health")
        held = [await asyncio.open_connection("127.0.0.1", exchange.http) for _ in range(7)]
        await asyncio.sleep(0.05)
        assert statuses(await exchange.talk()) == [503]
        assert exchange.facade.server.refused == 1
        for _, writer in held:
            writer.close()
        await asyncio.sleep(0.05)
        assert statuses(await exchange.talk(LAST_GET)) == [200]


async def write_until_reset(writer: asyncio.StreamWriter) -> None:
    for _ in range(100):
        writer.write(GET)
        await writer.drain()
        await asyncio.sleep(0.01)


async def test_those_who_are_told_that_it_is_full_are_bounded_and_take_no_place() -> None:
    limits = FacadeSettings(connections_max=1, refusals_max=2, linger_deadline_s=30)
    async with InProcess(limits) as exchange:
        first, writer = await asyncio.open_connection("127.0.0.1", exchange.http)
        many = [await asyncio.open_connection("127.0.0.1", exchange.http) for _ in range(5)]
        for reader, _ in many:
            assert statuses(await reader.readuntil(b"}")) == [503]
        server = exchange.facade.server
        assert (len(server.connections), len(server.turned_away), server.refused) == (1, 2, 5)
        for reader, other in many[:3]:  # the oldest are closed for good
            assert await reader.read() == b""
            with pytest.raises(ConnectionError):
                await write_until_reset(other)
        writer.close()
        while server.connections:
            await asyncio.sleep(0.01)
        assert len(server.turned_away) == 2
        assert statuses(await exchange.talk(LAST_GET)) == [200]
        for _, other in many:
            other.close()
        assert await first.read() == b""


async def test_a_client_that_does_not_read_is_cut_off() -> None:
    limits = FacadeSettings(write_deadline_s=0.15, sweep_interval_s=0.02, queue_bytes_max=10_000)
    async with InProcess(limits) as exchange:
        for price in range(100, 400):
            await exchange.place(price=price)
        reader, writer = await asyncio.open_connection("127.0.0.1", exchange.http, limit=1)
        big = b"GET /orderbook/BTCUSD?depth=10000 HTTP/1.1\r\nHost: x\r\n\r\n"
        writer.write(big * 2_000)
        begun = time.monotonic()
        while len(exchange.facade.server.connections) > 1:
            await asyncio.sleep(0.02)
            assert time.monotonic() - begun < 10
        writer.transport.abort()
        del reader
        assert (await exchange.get("/health"))["status"] == "ok"


async def test_the_answer_to_an_order_is_sent_though_what_follows_is_no_http(
    exchange: InProcess,
) -> None:
    answers = await exchange.talk(post(ORDER) + b"\x00\x00\r\n\r\n")
    assert statuses(answers) == [201, 400]


async def test_who_has_sent_its_last_request_still_gets_the_answer(exchange: InProcess) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", exchange.http)
    writer.write(post(ORDER))
    writer.write_eof()
    assert statuses(await reader.read()) == [201]
    writer.close()


async def test_who_goes_away_before_the_answer_harms_nobody(exchange: InProcess) -> None:
    exchange.hold()
    _, writer = await asyncio.open_connection("127.0.0.1", exchange.http)
    writer.write(post(ORDER))
    while not exchange.facade.trading.waiting:
        await asyncio.sleep(0.01)
    writer.transport.abort()
    await asyncio.sleep(0.02)
    exchange.release()
    assert (await exchange.get("/orders", user_id="alice"))["count"] == 1


async def test_closing_answers_what_is_owed_and_takes_nothing_new(exchange: InProcess) -> None:
    exchange.hold()
    waiting = asyncio.create_task(exchange.talk(post(ORDER)))
    idle = asyncio.create_task(exchange.talk())
    while not exchange.facade.trading.waiting:
        await asyncio.sleep(0.01)
    exchange.facade.close()
    assert await idle == b""
    exchange.release()
    answer = await waiting
    assert statuses(answer) == [201]
    assert b"Connection: close" in answer


async def test_a_fault_of_a_handler_is_500_and_logged(
    exchange: InProcess, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(symbol: str) -> int:
        raise ZeroDivisionError(symbol)

    monkeypatch.setattr(exchange.facade.trading, "_find", fail)
    assert (await exchange.place(500))["code"] == "INTERNAL"
    assert (await exchange.get("/ticker/BTCUSD", 500))["code"] == "INTERNAL"
    assert "ZeroDivisionError" in caplog.text


async def test_a_slow_reader_that_reads_after_all_gets_everything() -> None:
    limits = FacadeSettings(write_deadline_s=20, sweep_interval_s=0.02, queue_bytes_max=10_000)
    async with InProcess(limits) as exchange:
        for price in range(100, 400):
            await exchange.place(price=price)
        reader, writer = await asyncio.open_connection("127.0.0.1", exchange.http)
        big = b"GET /orderbook/BTCUSD?depth=10000 HTTP/1.1\r\nHost: x\r\n\r\n"
        writer.write(big * 500 + LAST_GET)
        await asyncio.sleep(0.3)
        assert statuses(await reader.read()) == [200] * 501
        writer.close()


H2C = (b"Connection: Upgrade, HTTP2-Settings", b"Upgrade: h2c", b"HTTP2-Settings: AAMAAABk")


@pytest.mark.parametrize(
    "request_bytes",
    [
        post(ORDER, *H2C),
        post(ORDER, b"Connection: upgrade", b"Connection: keep-alive", *H2C[1:]),
        post(ORDER, b"Connection: Upgrade", b"Upgrade: websocket"),
        post(b"%x\r\n%b\r\n0\r\n\r\n" % (len(ORDER), ORDER), b"Transfer-Encoding: chunked", *H2C),
    ],
)
@pytest.mark.parametrize("piece", [1, 50, 10_000])
async def test_another_protocol_is_passed_over_and_the_request_served(
    exchange: InProcess, request_bytes: bytes, piece: int
) -> None:
    both = request_bytes + GET + request_bytes + LAST_GET
    parts = [both[at : at + piece] for at in range(0, len(both), piece)]
    assert statuses(await exchange.talk(*parts)) == [201, 200, 201, 200]


async def test_many_requests_for_another_protocol_may_stand_in_one_read(
    exchange: InProcess,
) -> None:
    asking = GET.replace(b"\r\n\r\n", b"\r\n" + b"\r\n".join(H2C) + b"\r\n\r\n")
    assert statuses(await exchange.talk(asking * 2_000 + LAST_GET)) == [200] * 2_001


async def test_a_request_for_another_protocol_may_close_or_expect_to_be_asked(
    exchange: InProcess,
) -> None:
    last = post(ORDER, b"Connection: Upgrade, close", b"Upgrade: h2c")
    assert statuses(await exchange.talk(last + GET)) == [201]
    asking = post(ORDER, b"Expect: 100-continue", b"Connection: Upgrade, close", b"Upgrade: h2c")
    assert await answers_of_who_waits(exchange, b"", asking) == [100, 201]


@pytest.mark.parametrize(
    "head",
    [
        b"GET /ready HTTP/1.1\r\nHost: x\r\n",
        b"GET /ws/notifications?user_id=a HTTP/1.0\r\n",
        b"GET /ws/notifications?user_id=a HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n",
        b"HEAD /ws/notifications?user_id=a HTTP/1.1\r\nHost: x\r\n",
    ],
)
async def test_only_a_get_of_a_websocket_page_becomes_a_websocket(
    exchange: InProcess, head: bytes
) -> None:
    upgrade = (
        b"Connection: Upgrade, close\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
        b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\nhello"
    )
    assert statuses(await exchange.talk(head + upgrade))[0] in (200, 426)


async def test_a_connection_that_is_refused_is_read_no_more(exchange: InProcess) -> None:
    answers = await exchange.talk(b"\x00\r\n\r\n", GET, GET, pause_s=0.05)
    assert statuses(answers) == [400]


@pytest.mark.parametrize(
    ("parts", "status"),
    [
        ([b"GET /health HTTP/1.1\r\nHost: x\r\nX: ", *[b"y" * 100] * 20], 431),
        ([post(b"1;", b"Transfer-Encoding: chunked"), *[b"y" * 1_000] * 30], 413),
    ],
)
async def test_what_only_the_parser_sees_is_bounded_too(parts: list[bytes], status: int) -> None:
    limits = FacadeSettings(head_bytes_max=1_000, body_bytes_max=1_000, linger_deadline_s=0.3)
    async with InProcess(limits) as exchange:
        reader, writer = await asyncio.open_connection("127.0.0.1", exchange.http)
        for part in parts:
            writer.write(part)
            await asyncio.sleep(0.005)
        assert statuses(await reader.read()) == [status]
        writer.close()


async def test_who_expects_to_be_asked_behind_another_request_just_sends(
    exchange: InProcess,
) -> None:
    both = post(ORDER) + post(ORDER, b"Expect: 100-continue", b"Connection: close")
    assert statuses(await exchange.talk(both)) == [201, 201]


async def test_a_field_given_twice_is_refused(exchange: InProcess) -> None:
    answer = await exchange.client.get("/orders?user_id=a&user_id=b")
    assert (answer.status_code, answer.json()["code"]) == (400, "INVALID_FIELD")


async def test_an_answer_to_a_connection_that_was_just_cut_off_goes_nowhere(
    exchange: InProcess,
) -> None:
    exchange.hold()
    waiting = asyncio.create_task(exchange.talk(post(ORDER)))
    while not exchange.facade.trading.waiting:
        await asyncio.sleep(0.01)
    (connection,) = exchange.facade.server.connections
    connection.transport.abort()
    exchange.release()
    await asyncio.gather(waiting, return_exceptions=True)
    assert (await exchange.get("/orders", user_id="alice"))["count"] == 1
