"""The exchange over TLS: who gets in, by which clients, and what is said of the others."""

import asyncio
import json
import re
import shutil
import socket
import ssl
import subprocess
import time
import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest

from clients.binary import BinaryClient
from clients.errors import DisconnectedError
from clients.rest import RestClient
from clients.rest_types import Notification, Subscribed
from clients.ws import notifications
from protocol import soup
from protocol.terms import Side, units
from quantscope.ready import main as ready
from testing.certificates import Certificates
from testing.client import Client
from testing.command import quantscope
from testing.process import ServerProcess

USER = "alice"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return Certificates(tmp_path_factory.mktemp("made"), "127.0.0.1", "localhost")


def shown(made: Certificates) -> tuple[str, ...]:
    return (f"tls.certificate_file={made.server}", f"tls.key_file={made.server_key}")


@pytest.fixture(scope="module")
def served(made: Certificates, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    """Both ports encrypted, and clients asked for nothing."""
    with ServerProcess(tmp_path_factory.mktemp("served") / "data", *shown(made)) as exchange:
        yield exchange


@pytest.fixture(scope="module")
def strict(made: Certificates, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    """TLS 1.3 only, and clients must have a certificate."""
    asks = (
        f"tls.client_ca_file={made.ca}",
        "tls.client_certificates=required",
        "tls.minimum_version=1.3",
    )
    data = tmp_path_factory.mktemp("strict") / "data"
    with ServerProcess(data, *shown(made), *asks) as exchange:
        yield exchange


def handshake(port: int, context: ssl.SSLContext) -> ssl.SSLSocket:
    """A line of TLS that has begun, and has heard of the server behind the handshake."""
    line = socket.create_connection(("127.0.0.1", port), timeout=30)
    try:
        encrypted = context.wrap_socket(line, server_hostname="127.0.0.1")
    except BaseException:
        line.close()
        raise
    try:
        # Over TLS 1.3 a client learns only so that its certificate was refused.
        encrypted.sendall(soup.LoginRequest("nobody", "x", "", 0).encode())
        if not encrypted.recv(1):
            raise ConnectionResetError("it was closed without a word")
    except BaseException:
        encrypted.close()
        raise
    return encrypted


def refused(exchange: ServerProcess, context: ssl.SSLContext, why: str) -> None:
    """Nobody gets in with this, and the log says why: once a second, of those that it counts."""
    for _ in range(100):
        with pytest.raises(OSError, match=r"(?i)eof|reset|without|protocol|verify|alert"):
            handshake(exchange.binary, context)
        if re.search(f"binary: the TLS handshake of 127.0.0.1:.* failed: {why}", exchange.said()):
            return
        time.sleep(0.1)
    raise AssertionError(exchange.said())


def peer_certificate(port: int, context: ssl.SSLContext) -> bytes | None:
    with handshake(port, context) as line:
        return line.getpeercert(binary_form=True)


def test_the_ready_line_says_what_is_encrypted(served: ServerProcess) -> None:
    assert served.ready["tls"] == "binary,fix,http"


async def test_the_binary_client_trades(served: ServerProcess, made: Certificates) -> None:
    there = ("127.0.0.1", served.binary)
    async with BinaryClient(*there, "demo1", "demo", tls=made.known()) as client:
        orders = [
            client.place(security_id=1, side=Side.BUY, price=units("10"), quantity=units("1"))
            for _ in range(2_000)
        ]
        told = [await order for order in orders]
        assert len({order.order_id for order in told}) == len(orders)
        await client.cancel(order_id=told[0].order_id)
        assert len(await client.instruments()) == 4
        await client.mass_cancel()


async def test_rest_and_websocket_clients_trade(served: ServerProcess, made: Certificates) -> None:
    there = f"127.0.0.1:{served.http}"
    stream = notifications(f"wss://{there}", USER, tls=made.known())
    assert isinstance(await anext(stream), Subscribed)
    async with RestClient(f"https://{there}", tls=made.known()) as client:
        order = await client.place(
            user_id=USER, symbol="BTCUSD", side="BUY", price="10", quantity="1"
        )
        assert isinstance(told := await anext(stream), Notification)
        assert told.order_id == order.order_id
        await client.cancel(order.order_id)
    await stream.aclose()  # type: ignore[attr-defined]


async def test_who_does_not_know_the_authority_does_not_trade(
    served: ServerProcess, tmp_path: Path
) -> None:
    foreign = Certificates(tmp_path).known()
    with pytest.raises(DisconnectedError, match="certificate verify failed"):
        async with BinaryClient("127.0.0.1", served.binary, "demo1", "demo", tls=foreign):
            pass
    with pytest.raises(ssl.SSLCertVerificationError):
        await anext(notifications(f"wss://127.0.0.1:{served.http}", USER, tls=foreign))
    refused(served, foreign, "it does not know the authority of this server's certificate")


def test_old_versions_are_not_spoken(
    served: ServerProcess, strict: ServerProcess, made: Certificates
) -> None:
    for exchange, version in (
        (served, ssl.TLSVersion.TLSv1_1),
        (strict, ssl.TLSVersion.TLSv1_2),
    ):
        old = made.known(own=True)
        old.set_ciphers("ALL:@SECLEVEL=0")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            old.minimum_version = old.maximum_version = version
        refused(exchange, old, "it speaks too old a version of TLS")


async def test_plain_words_to_an_encrypted_port_are_not_answered(served: ServerProcess) -> None:
    with pytest.raises(EOFError):
        await Client(served.binary).login()
    with socket.create_connection(("127.0.0.1", served.http), timeout=30) as line:
        line.sendall(b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert line.recv(1) == b""


async def test_tls_to_a_plain_port_is_closed(made: Certificates, tmp_path: Path) -> None:
    plain = ("tls.binary=false", "tls.fix=false")
    with ServerProcess(tmp_path / "data", *shown(made), *plain) as exchange:
        assert exchange.ready["tls"] == "http"
        with pytest.raises(OSError, match=r"(?i)eof|reset|wrong version"):
            handshake(exchange.binary, made.known())
        client = await Client(exchange.binary).login()
        client.place(1)
        await client.expect_new(1)
        await client.logout()


async def test_only_clients_with_a_certificate_get_in_where_that_is_required(
    strict: ServerProcess, made: Certificates, tmp_path: Path
) -> None:
    there = ("127.0.0.1", strict.binary)
    foreign = Certificates(tmp_path)
    stranger = made.known()
    stranger.load_cert_chain(foreign.client, foreign.client_key)
    with pytest.raises(DisconnectedError):
        async with BinaryClient(*there, "demo1", "demo", tls=made.known()):
            pass
    refused(strict, made.known(), "it has no certificate")
    refused(strict, stranger, "its certificate is not proven: ")
    async with BinaryClient(*there, "demo1", "demo", tls=made.known(own=True)) as client:
        await client.place(security_id=1, side=Side.BUY, price=units("10"), quantity=units("1"))
    url = f"https://127.0.0.1:{strict.http}"
    async with RestClient(url, tls=made.known(own=True)) as rest:
        assert len(await rest.instruments()) == 4


def test_the_health_check_asks_over_tls(
    served: ServerProcess,
    strict: ServerProcess,
    made: Certificates,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    own = tmp_path / "own.pem"
    own.write_bytes(made.client.read_bytes() + made.client_key.read_bytes())
    assert ready([str(served.http), "tls"]) == 0
    assert ready([str(served.http)]) == 1
    assert ready([str(strict.http), "tls"]) == 1
    assert ready([str(strict.http), "tls", str(own)]) == 0
    monkeypatch.setenv("QUANTSCOPE_TLS_CERTIFICATE_FILE", str(made.server))
    monkeypatch.setenv("QUANTSCOPE_TLS_HTTP", "false")
    assert ready([str(served.http)]) == 1
    monkeypatch.setenv("QUANTSCOPE_TLS_HTTP", "true")
    assert ready([str(served.http)]) == 0
    assert json.loads(capsys.readouterr().out.splitlines()[-1])["status"] == "ready"


async def exchange_of(port: int, context: ssl.SSLContext, sent: bytes) -> bytes:
    """What is answered until the server closes, which it does with TLS's farewell."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port, ssl=context)
    writer.write(sent)
    async with asyncio.timeout(30):
        answer = await reader.read()
    writer.close()
    return answer


async def test_a_last_answer_comes_whole_and_with_a_farewell(
    served: ServerProcess, made: Certificates
) -> None:
    close = b"GET /instruments HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
    assert (await exchange_of(served.http, made.known(), close)).endswith(
        b',"count":4,"next_cursor":null}'
    )
    # What is refused by its head is answered, although more of it comes.
    head = b"POST /orders HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10000000\r\n\r\n"
    answer = await exchange_of(served.http, made.known(), head + bytes(200_000))
    assert answer.startswith(b"HTTP/1.1 413 ")
    await (await Client(served.binary, "demo2", tls=made.known()).login()).logout()


async def test_who_sends_much_at_once_waits_and_gets_every_answer(
    made: Certificates, tmp_path: Path
) -> None:
    limits = ("gateway.requests_in_flight_max=100", "tls.http=false")
    with ServerProcess(tmp_path / "data", *shown(made), *limits) as exchange:
        client = await Client(exchange.binary, tls=made.known()).login()
        count = 20_000
        client.send(b"".join(client.order_bytes(number) for number in range(1, count + 1)))
        for number in range(1, count + 1):
            await client.expect_new(number)
        await client.logout()


async def test_sighup_shows_another_certificate_to_who_connects_from_then_on(
    made: Certificates, tmp_path: Path
) -> None:
    newer, here = Certificates(tmp_path / "newer"), tmp_path / "here.pem"
    shutil.copy(made.server_with_key, here)
    given = (f"tls.certificate_file={here}", "tls.http=false")
    with ServerProcess(tmp_path / "data", *given) as exchange:
        client = await Client(exchange.binary, tls=made.known()).login()
        first = peer_certificate(exchange.binary, made.known())
        shutil.copy(newer.server_with_key, here)
        exchange.hang_up()
        async with asyncio.timeout(30):
            while "the certificate was read again" not in exchange.said():
                await asyncio.sleep(0.02)
        assert peer_certificate(exchange.binary, newer.known()) != first
        client.place(1)
        await client.expect_new(1)
        await client.logout()


def test_a_start_is_refused_in_one_line_where_nothing_can_be_proven(
    made: Certificates, tmp_path: Path
) -> None:
    given = [f"tls.certificate_file={made.server}", f"tls.key_file={made.client_key}"]
    where = ["--data-dir", str(tmp_path / "data"), "--http-port", "0", "--binary-port", "0"]
    code, out, said = quantscope("serve", *where, *(x for one in given for x in ("--set", one)))
    assert (code, out) == (1, "")
    (line,) = said.splitlines()
    assert line == (
        f"Error: tls.certificate_file, tls.key_file: {made.server}, {made.client_key}: the key is "
        "not that of the certificate"
    )


def foreign_client(*command: str, sent: bytes = b"") -> str:
    assert shutil.which(command[0]) is not None, f"no {command[0]}: make test installs it"
    done = subprocess.run(command, input=sent, capture_output=True, timeout=60, check=False)
    return (done.stdout + done.stderr).decode(errors="replace")


def test_curl_asks_over_https(served: ServerProcess, made: Certificates) -> None:
    url = f"https://localhost:{served.http}/health"
    said = foreign_client("curl", "-sv", "--cacert", str(made.ca), url)
    assert '"status"' in said
    assert "ALPN: server accepted http/1.1" in said or "server accepted to use http/1.1" in said


def test_openssl_sees_the_chain_and_the_session(served: ServerProcess, made: Certificates) -> None:
    there = f"127.0.0.1:{served.binary}"
    said = foreign_client(
        "openssl", "s_client", "-connect", there, "-CAfile", str(made.ca), "-verify_return_error"
    )
    assert "Verify return code: 0 (ok)" in said
    assert "TLSv1.3" in said
