"""Any bytes on the HTTP port: an error to that client at most.

pytest tests/facade/test_any_bytes.py --cases 10000000 --seed 7
"""

import asyncio
import random
import re

import pytest

from settings import FacadeSettings
from testing.in_process import InProcess, config_of
from tests.facade.pipe import ByHand, Pipe
from tests.facade.sent import UPGRADE

LIMITS = FacadeSettings(
    connections_max=4, head_bytes_max=600, body_bytes_max=600, overlay_orders_max=10**9
)
WORDS = [
    *(b"GET POST PUT DELETE PATCH HEAD OPTIONS CONNECT PRI".split()),
    *(b"/ /orders /orders/1 /orderbook/BTCUSD /trades/BTCUSD /ticker /health /docs * //".split()),
    *(b"?user_id=a ?depth=1 ?x=%ff&y ?&&= #a %00 %2e%2e http://x:1/ready".split()),
    *(b"HTTP/1.1 HTTP/1.0 HTTP/2.0 HTTP/9".split()),
    *(b"Host:x Host:evil.example Content-Length:5 Content-Length:-1".split()),
    *(b"Content-Length:0 Content-Length:99999999999999999999".split()),
    *(b"Transfer-Encoding:chunked Transfer-Encoding:gzip Connection:close Expect:tea".split()),
    *(b"Connection:upgrade Upgrade:websocket Upgrade:h2c Expect:100-continue".split()),
    *(b"Sec-WebSocket-Version:13 Sec-WebSocket-Key:dGhlIHNhbXBsZSBub25jZQ==".split()),
    *(b"0 5 1;a=b fffffffffffffffff hello".split()),
    *(b"\r\n \r\n\r\n \n \x00 \xff \x81\x80\x00\x00\x00\x00 \x88\x80\x00\x00\x00\x00".split(b" ")),
    *(b"\x89\xfd \x81\xff\xff\xff\xff\xff\xff\xff\xff\xff \xc1\x00 \x8f\x80".split(b" ")),
]
ORDER = (
    b'{"symbol":"BTCUSD","side":"BUY","order_type":"LIMIT","price":"50","quantity":1,'
    b'"user_id":"a","client_order_id":"c","time_in_force":"IOC","post_only":false}'
)
H2C = b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n"
STATUS = re.compile(rb"HTTP/1\.1 (\d{3}) ")
KNOWN = {
    100,
    101,
    200,
    201,
    302,
    *(400, 403, 404, 405, 408, 409, 413, 414, 417, 421, 422, 426, 431),
    *(501, 503, 505),
}


def some_bytes(chance: random.Random) -> bytes:
    kind = chance.randrange(8)
    if kind == 0:
        return chance.randbytes(chance.randrange(200))
    if kind <= 2:
        gap = chance.choice([b" ", b"\r\n", b"", b"\r\n\r\n"])
        return gap.join(chance.choices(WORDS, k=chance.randrange(1, 12)))
    if kind == 3:
        return UPGRADE + chance.randbytes(chance.randrange(40))
    body = bytearray(ORDER)
    if kind <= 5:
        for _ in range(chance.randrange(1, 6)):
            at = chance.randrange(len(body))
            body[at : at + chance.randrange(4)] = chance.choice(
                [b"", b'"', b"{", b"\\", b"1e9", b"null", b"\xff", chance.randbytes(3)]
            )
    whole = bytearray(
        b"POST /orders HTTP/1.1\r\nHost: x\r\n%bContent-Length: %d\r\n\r\n%b"
        % (chance.choice([b"", H2C]), len(body), bytes(body))
    )
    if kind >= 6:
        for _ in range(chance.randrange(1, 4)):
            whole[chance.randrange(len(whole))] = chance.randrange(256)
    return bytes(whole)


@pytest.mark.timeout(36_000)
async def test_any_bytes_are_answered_or_refused(
    request: pytest.FixtureRequest, caplog: pytest.LogCaptureFixture
) -> None:
    cases = request.config.getoption("--cases")
    seed = request.config.getoption("--seed")
    if seed is None:
        seed = random.SystemRandom().randrange(2**32)
    chance = random.Random(seed)
    async with InProcess(config=config_of(LIMITS, "engine.gateway_lease_s=3600")) as exchange:
        server = exchange.facade.server
        turns = server.turns = ByHand(LIMITS.turn_us_max, exchange.clock.monotonic_ns)
        for case in range(cases):
            data = some_bytes(chance)
            for _ in range(chance.randrange(2)):
                data += some_bytes(chance)
            cut = chance.randrange(len(data) + 1)
            story = f"--seed {seed}: case {case}: {data!r} cut at {cut}"
            connection = server.connect()
            pipe = Pipe(connection)
            connection.connection_made(pipe)
            try:
                for part in (data[:cut], data[cut:]):
                    if part and not (pipe.over and not connection._refused):
                        connection.received(part)
                    for _ in range(20):
                        turns.turn()
                        await asyncio.sleep(0)
                connection.sweep(server.now + 1_000)
            except Exception as error:
                raise AssertionError(story) from error
            answers = {int(found) for found in STATUS.findall(b"".join(pipe.written))}
            assert answers <= KNOWN, story
            connection.connection_lost(None)
        assert not server.connections
        assert not exchange.facade.notifications.sockets
        assert not caplog.messages, f"--seed {seed} --cases {cases}"
        exchange.engine.validate()
