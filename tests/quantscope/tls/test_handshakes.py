"""Handshakes of an encrypted port: who gets through, who does not, and what is said of that."""

import asyncio
import contextlib
import socket
import ssl
from collections.abc import AsyncIterator, Callable
from dataclasses import replace

import pytest

from quantscope.acceptor import Acceptor, bind
from quantscope.handshakes import Handshakes, Limits
from testing.certificates import Certificates
from testing.waiting import until

LIMITS = Limits(deadline_s=30.0, handshakes_max=8, close_s=5.0, unread_bytes_max=65_536)
SHORT = replace(LIMITS, deadline_s=0.1)


class Echo(asyncio.Protocol):
    """Sends back what comes."""

    def __init__(self, held: "list[Echo]") -> None:
        self.held = held
        self.transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport.get_extra_info("ssl_object"), ssl.SSLObject)
        self.transport = transport  # type: ignore[assignment]
        self.held.append(self)

    def data_received(self, data: bytes) -> None:
        self.transport.write(data)

    def connection_lost(self, exc: Exception | None) -> None:
        self.held.remove(self)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return Certificates(tmp_path_factory.mktemp("made"))


@pytest.fixture
async def stack() -> AsyncIterator[contextlib.AsyncExitStack]:
    async with contextlib.AsyncExitStack() as stack:
        yield stack


class Port:
    """One encrypted port, and who is connected there."""

    def __init__(self, made: Certificates, limits: Limits) -> None:
        self.context = made.shown()
        self.handshakes = Handshakes("test", lambda: self.context, limits)
        self.held: list[Echo] = []
        self.known = made.known()
        self.number = 0
        self.acceptor: Acceptor

    async def open(self, stack: contextlib.AsyncExitStack) -> "Port":
        (listening,) = await bind("127.0.0.1", 0)
        self.number = listening.getsockname()[1]
        self.acceptor = Acceptor(
            "test", [listening], lambda: Echo(self.held), 2**20, handshakes=self.handshakes
        )
        await stack.enter_async_context(self.acceptor)
        return self

    async def says(self, *first: bytes) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """A client that says this, in the clear."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.number)
        writer.writelines(first)
        return reader, writer

    async def encrypted(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        return await asyncio.open_connection("127.0.0.1", self.number, ssl=self.known)


async def closed(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """The server closes it without a word."""
    with contextlib.suppress(ConnectionError):
        assert await reader.read() == b""
    writer.close()


async def echoes(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"word")
    assert await reader.readexactly(4) == b"word"


async def leave(writer: asyncio.StreamWriter) -> None:
    writer.close()
    await writer.wait_closed()


async def echoes_once(port: Port) -> None:
    """A client that comes and goes."""
    line = await port.encrypted()
    await echoes(*line)
    await leave(line[1])


def client_hello() -> bytes:
    """What a client of TLS says first."""
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    asking = ssl.create_default_context().wrap_bio(incoming, outgoing, server_hostname="x")
    with contextlib.suppress(ssl.SSLWantReadError):
        asking.do_handshake()
    return outgoing.read()


async def test_a_crowd_is_let_through(made: Certificates, stack: contextlib.AsyncExitStack) -> None:
    port = await Port(made, replace(LIMITS, handshakes_max=64)).open(stack)
    lines = await asyncio.gather(*(port.encrypted() for _ in range(32)))
    for line in lines:
        await echoes(*line)
    await until(lambda: port.handshakes.done == len(port.held) == 32)
    for _, writer in lines:
        await leave(writer)
    await until(lambda: not port.held)
    assert port.handshakes.failed == 0


async def test_what_is_sent_with_the_end_of_the_handshake_is_told(
    made: Certificates, stack: contextlib.AsyncExitStack
) -> None:
    """A client of TLS 1.3 may say something at once."""
    port = await Port(made, LIMITS).open(stack)
    whole = bytes(range(256)) * 1_000
    for _ in range(20):
        reader, writer = await port.encrypted()
        writer.write(whole)
        assert await reader.readexactly(len(whole)) == whole
        await leave(writer)


@pytest.mark.parametrize(
    ("first", "why"),
    [
        (b"GET / HTTP/1.1\r\n\r\n", "it speaks no TLS"),
        (b"\0\x2fL", "it speaks no TLS"),
        (b"\x16\x03\x01\x00\x05junk!", "unexpected message"),
    ],
)
async def test_who_speaks_otherwise_is_closed(
    made: Certificates,
    stack: contextlib.AsyncExitStack,
    caplog: pytest.LogCaptureFixture,
    first: bytes,
    why: str,
) -> None:
    port = await Port(made, LIMITS).open(stack)
    await closed(*await port.says(first))
    (record,) = [record for record in caplog.records if "handshake" in record.message]
    assert record.levelname == "WARNING"
    assert record.message.startswith("test: the TLS handshake of 127.0.0.1:")
    assert why in record.message
    assert port.handshakes.failed == 1


@pytest.mark.parametrize("part", [lambda _: b"", lambda hello: hello[:1], lambda hello: hello[:99]])
async def test_a_handshake_that_does_not_go_on_ends_at_its_deadline(
    made: Certificates,
    stack: contextlib.AsyncExitStack,
    caplog: pytest.LogCaptureFixture,
    part: Callable[[bytes], bytes],
) -> None:
    port = await Port(made, SHORT).open(stack)
    await closed(*await port.says(part(client_hello())))
    assert port.handshakes.failed == 1
    assert "it was not done in tls.handshake_deadline_s" in caplog.text
    assert port.held == []


async def test_a_client_that_goes_in_the_middle_is_forgotten(
    made: Certificates, stack: contextlib.AsyncExitStack
) -> None:
    port = await Port(made, LIMITS).open(stack)
    _, writer = await port.says(client_hello()[:99])
    await asyncio.sleep(0.05)
    await leave(writer)
    await until(lambda: port.handshakes.failed == 1)
    assert port.handshakes._under_way == {}


async def test_a_look_whether_somebody_listens_is_no_failure(
    made: Certificates, stack: contextlib.AsyncExitStack
) -> None:
    """As the health checks of proxies do it."""
    port = await Port(made, LIMITS).open(stack)
    for _ in range(3):
        _, writer = await port.says()
        await leave(writer)
    await echoes_once(port)
    assert (port.handshakes.done, port.handshakes.failed) == (1, 0)


async def test_of_too_many_the_oldest_is_cut_and_who_comes_is_served(
    made: Certificates, stack: contextlib.AsyncExitStack
) -> None:
    port = await Port(made, LIMITS).open(stack)
    silent = [await port.says() for _ in range(LIMITS.handshakes_max)]
    await until(lambda: len(port.handshakes._under_way) == len(silent))
    for _ in range(3):
        await echoes_once(port)
    # One had to go for the first of them.
    await closed(*silent[0])
    assert (port.handshakes.done, port.handshakes.failed) == (3, 1)
    assert len(port.handshakes._under_way) == len(silent) - 1
    for _, writer in silent[1:]:
        await leave(writer)


async def test_who_stops_waits_for_no_handshake(made: Certificates) -> None:
    async with contextlib.AsyncExitStack() as stack:
        port = await Port(made, LIMITS).open(stack)
        lines = [await port.says(client_hello()[:10]), await port.says()]
        await until(lambda: len(port.handshakes._under_way) == len(lines))
        async with asyncio.timeout(LIMITS.deadline_s / 2):
            await stack.aclose()
            for line in lines:
                await closed(*line)


async def test_failures_are_told_once_in_a_while(
    made: Certificates, stack: contextlib.AsyncExitStack, caplog: pytest.LogCaptureFixture
) -> None:
    port = await Port(made, LIMITS).open(stack)
    for _ in range(20):
        await closed(*await port.says(b"plain"))
    assert port.handshakes.failed == 20
    assert len([record for record in caplog.records if "handshake" in record.message]) < 20
    port.handshakes._said_at -= 10
    await closed(*await port.says(b"plain"))
    assert "more since the last line)" in caplog.records[-1].message


async def test_a_protocol_that_cannot_be_made_closes_its_connection(
    made: Certificates, stack: contextlib.AsyncExitStack, monkeypatch: pytest.MonkeyPatch
) -> None:
    port = await Port(made, LIMITS).open(stack)

    def fail(_: object, __: object) -> None:
        raise RuntimeError("deliberate")

    with monkeypatch.context() as patched:
        patched.setattr(Echo, "connection_made", fail)
        reader, writer = await port.encrypted()
        await closed(reader, writer)
    assert port.acceptor._faults.counts["connection"] == 1
    await echoes_once(port)


async def test_a_client_that_does_not_read_is_seen_and_one_that_is_not_read_cannot_send(
    made: Certificates, stack: contextlib.AsyncExitStack
) -> None:
    port = await Port(made, LIMITS).open(stack)
    reader, writer = await port.encrypted()
    await echoes(reader, writer)
    (echo,) = port.held
    sock = echo.transport.get_extra_info("socket")
    for buffer in (socket.SO_SNDBUF, socket.SO_RCVBUF):
        sock.setsockopt(socket.SOL_SOCKET, buffer, 65_536)
    some, whole = bytes(100_000), bytes(10_000_000)
    writer.transport.pause_reading()  # type: ignore[attr-defined]
    for _ in range(100):
        echo.transport.write(some)
        await asyncio.sleep(0)
    assert echo.transport.get_write_buffer_size() > len(whole) // 10
    echo.transport.pause_reading()
    for _ in range(100):
        writer.write(some)
        await asyncio.sleep(0)
    assert writer.transport.get_write_buffer_size() > len(whole) // 10
    writer.transport.resume_reading()  # type: ignore[attr-defined]
    assert await reader.readexactly(len(whole)) == whole
    echo.transport.resume_reading()
    assert await reader.readexactly(len(whole)) == whole
    await leave(writer)
