"""Secrets in files, and certificates: what is read, and what is said where that can't be."""

import os
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization as key_formats

from settings import ConfigError
from settings.credentials import TlsFiles, secret
from testing.certificates import Certificates


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return Certificates(tmp_path_factory.mktemp("made"))


def files(ca: object = "", certificate: object = "", key: object = "") -> TlsFiles:
    return TlsFiles(
        ca=("ca", str(ca)), certificate=("own", str(certificate)), key=("key", str(key))
    )


@pytest.mark.parametrize(
    ("content", "found"), [("one", "one"), ("one\n", "one"), ("one \r\ntwo\n", "one ")]
)
def test_a_secret_is_the_first_line(tmp_path: Path, content: str, found: str) -> None:
    file = tmp_path / "secret"
    file.write_bytes(content.encode())
    assert secret("x.password", "", str(file)) == found
    assert secret("x.password", "given", "") == "given"


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (None, "can't be read: No such file or directory"),
        (b"", "has no password in its first line"),
        (b"\nsecond\n", "has no password in its first line"),
        (b"s3cret\xff", "is no text in UTF-8"),
    ],
)
def test_a_secret_that_cannot_be_read_is_named(
    tmp_path: Path, content: bytes | None, why: str
) -> None:
    file = tmp_path / "secret"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(ConfigError) as caught:
        secret("x.password", "", str(file))
    assert str(caught.value) == f"x.password_file: {file} {why}"
    # Where a traceback is shown all the same, it shows nothing of it.
    assert caught.value.__suppress_context__ or "s3cret" not in repr(caught.value.__cause__)


def test_nothing_proves_a_server_but_what_is_named(made: Certificates) -> None:
    context = files(made.ca).context()
    assert len(context.get_ca_certs()) == 1
    assert context.check_hostname
    assert context.verify_mode.name == "CERT_REQUIRED"


def test_a_context_is_made_anew_where_a_file_is_another(made: Certificates, tmp_path: Path) -> None:
    ca = tmp_path / "ca.pem"
    ca.write_bytes(made.ca.read_bytes())
    own = files(ca, made.client, made.client_key)
    first = own.context()
    assert own.context() is first
    os.utime(ca, ns=(1, 1))
    assert own.context() is not first
    assert files(ca, made.server_with_key).context()


def test_a_file_that_is_not_what_it_is_to_be_is_named(made: Certificates, tmp_path: Path) -> None:
    none, junk, locked = tmp_path / "none", tmp_path / "junk", tmp_path / "locked"
    junk.write_text("junk\n")
    key = key_formats.load_pem_private_key(made.client_key.read_bytes(), None)
    locked.write_bytes(
        key.private_bytes(
            key_formats.Encoding.PEM,
            key_formats.PrivateFormat.PKCS8,
            key_formats.BestAvailableEncryption(b"x"),
        )
    )
    lacks = "there is no certificate with its key, or the key is encrypted"
    own, away = made.client, "can't be read: No such file or directory"
    for wrong, words in (
        (files(none), f"ca: {none} {away}"),
        (files(junk), f"ca: {junk} holds no certificate"),
        (files(made.ca, own), f"own: {own}: {lacks}"),
        (files(made.ca, own, none), f"own, key: {own}, {none} {away}"),
        (files(made.ca, junk, made.client_key), f"own, key: {junk}, {made.client_key}: {lacks}"),
        (files(made.ca, own, locked), f"own, key: {own}, {locked}: {lacks}"),
        (
            files(made.ca, own, made.server_key),
            f"own, key: {own}, {made.server_key}: the key is not that of the certificate",
        ),
    ):
        with pytest.raises(ConfigError) as caught:
            wrong.context()
        assert str(caught.value) == words
