"""What clients send over HTTP, byte by byte, and the statuses of what comes back."""

import json

LAST = b"0\r\n\r\n"
"""The last chunk."""
GET = b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n"
LAST_GET = b"GET /health HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
UPGRADE = (
    b"GET /ws/notifications?user_id=a HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\n"
    b"Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
)


def statuses(answers: bytes) -> list[int]:
    """The status of each answer."""
    return [int(part[:3]) for part in answers.split(b"HTTP/1.1 ")[1:]]


def post(body: bytes, *headers: bytes) -> bytes:
    lines = [b"POST /orders HTTP/1.1", b"Host: x", *headers]
    if not any(header.lower().startswith(b"transfer") for header in headers):
        lines.append(b"Content-Length: %d" % len(body))
    return b"\r\n".join(lines) + b"\r\n\r\n" + body


ORDER = json.dumps(
    {
        "symbol": "BTCUSD",
        "side": "BUY",
        "order_type": "LIMIT",
        "price": 5,
        "quantity": 1,
        "user_id": "alice",
    }
).encode()


def get(
    target: bytes = b"/health",
    *lines: bytes,
    version: bytes = b"HTTP/1.1",
    method: bytes = b"GET",
) -> bytes:
    """A request with these header lines, and ``Host: x`` where they name none."""
    if not any(line.lower().startswith(b"host") for line in lines):
        lines = (b"Host: x", *lines)
    return b"\r\n".join((b"%b %b %b" % (method, target, version), *lines)) + b"\r\n\r\n"


def old(*lines: bytes) -> bytes:
    """A request of HTTP/1.0, without a Host."""
    return b"\r\n".join((b"GET /health HTTP/1.0", *lines)) + b"\r\n\r\n"


def each(name: bytes, *values: bytes, body: bytes = b"") -> list[bytes]:
    """A request with each of these values of a header field."""
    return [get(b"/health", b"%b: %b" % (name, value)) + body for value in values]


def asked(*targets: bytes, method: bytes = b"GET") -> list[bytes]:
    """A request with each of these targets."""
    return [get(target, method=method) for target in targets]


def chunk(data: bytes, extension: bytes = b"") -> bytes:
    return b"%x%b\r\n%b\r\n" % (len(data), extension, data)


def chunked(body: bytes, *lines: bytes) -> bytes:
    """An order whose body is these chunks."""
    return post(body, b"Transfer-Encoding: chunked", *lines)


def whole(extension: bytes = b"", trailer: bytes = b"") -> bytes:
    """An order in one chunk."""
    return chunked(chunk(ORDER, extension) + b"0\r\n" + trailer + b"\r\n")


def handshake(*lines: bytes, version: bytes = b"HTTP/1.1") -> bytes:
    key = b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="
    target = b"/ws/notifications?user_id=a"
    return get(target, b"Sec-WebSocket-Version: 13", key, *lines, version=version)
