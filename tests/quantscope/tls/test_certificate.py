"""The certificate of a process: what is read of it, what is said of it, and how it is exchanged."""

import asyncio
import logging
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

import settings
from core import Clock
from quantscope.tls import Tls, dates, reload
from settings import Config, ConfigError
from testing.certificates import Certificates

DAY = timedelta(days=1)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return Certificates(tmp_path_factory.mktemp("made"))


def config_of(made: Certificates, *more: str) -> Config:
    given = (f"tls.certificate_file={made.server}", f"tls.key_file={made.server_key}", *more)
    return settings.load(None, {}, given)


def tls_of(made: Certificates, *more: str) -> Tls:
    config = config_of(made, *more)
    return Tls(config, Clock(config.server))


def test_without_a_certificate_all_is_plain() -> None:
    config = Config()
    tls = Tls(config, Clock(config.server))
    assert (tls.encrypted, tls.port("http"), tls.said()) == ((), None, "")


async def test_each_port_may_be_left_plain(made: Certificates) -> None:
    tls = tls_of(made, "tls.http=false")
    assert tls.port("http") is None
    assert tls.port("binary") is tls.port("binary")
    assert tls.said() == " tls=binary"


@pytest.mark.parametrize("asks", ["none", "optional", "required"])
@pytest.mark.parametrize("version", ["1.2", "1.3"])
def test_it_is_known_until_when_a_certificate_is_good(
    tmp_path: Path, asks: str, version: str
) -> None:
    expires = datetime.now(UTC).replace(microsecond=0) + 100 * DAY
    made = Certificates(tmp_path, expires=expires)
    clients = () if asks == "none" else (f"tls.client_ca_file={made.ca}",)
    more = (f"tls.client_certificates={asks}", f"tls.minimum_version={version}", *clients)
    assert tls_of(made, *more).expires_s == expires.timestamp()


@pytest.mark.parametrize(
    ("begins", "expires", "said"),
    [
        (-9 * DAY, -DAY, "has expired: clients refuse it"),
        (DAY, 9 * DAY, "is not valid yet: clients refuse it"),
        (-DAY, 2.01 * DAY, "expires in 2.0 days"),
    ],
)
def test_one_that_clients_refuse_or_soon_will_is_told(
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    begins: timedelta,
    expires: timedelta,
    said: str,
) -> None:
    now = datetime.now(UTC)
    made = Certificates(tmp_path, begins=now + begins, expires=now + expires)
    tls_of(made)
    (record,) = caplog.records
    assert (record.levelno, record.message) == (
        logging.WARNING,
        f"tls.certificate_file: {made.server} {said}",
    )


def test_one_that_is_not_a_servers_is_told(
    made: Certificates, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """An authority's own certificate: clients do not take it of a server."""
    tls = tls_of(made)
    other = Certificates(tmp_path)
    with pytest.raises(OSError, match="verify failed"):
        dates(tls._contexts["http"], str(other.server))
    tls._files._certificate = ("tls.certificate_file", str(made.server))
    assert not [record for record in caplog.records if record.levelno >= logging.WARNING]


@pytest.mark.parametrize(
    ("given", "why"),
    [
        (("tls.key_file=k",), "key_file is given, and certificate_file is not"),
        (("tls.client_ca_file=c",), "client_ca_file is given, and certificate_file is not"),
        (
            ("tls.certificate_file=c", "tls.client_certificates=required"),
            "client_certificates is required, and client_ca_file, which is to prove them, is not "
            "given",
        ),
        (
            ("tls.certificate_file=c", "tls.client_ca_file=c"),
            "client_ca_file is given, and client_certificates is none",
        ),
        (("tls.minimum_version=1.1",), "Invalid enum value '1.1'"),
    ],
)
def test_settings_that_do_not_fit_are_refused(given: tuple[str, ...], why: str) -> None:
    with pytest.raises(ConfigError) as caught:
        settings.load(None, {}, given)
    assert why in str(caught.value)


def test_files_that_are_not_what_they_are_to_be_are_named(
    made: Certificates, tmp_path: Path
) -> None:
    none, junk = tmp_path / "none", tmp_path / "junk"
    junk.write_text("junk\n")
    asks = "tls.client_certificates=required"
    for more, words in (
        (
            (f"tls.certificate_file={none}",),
            f"tls.certificate_file, tls.key_file: {none}, {made.server_key} can't be read: "
            "No such file or directory",
        ),
        (
            (f"tls.key_file={made.client_key}",),
            f"tls.certificate_file, tls.key_file: {made.server}, {made.client_key}: the key is not "
            "that of the certificate",
        ),
        (
            (f"tls.client_ca_file={none}", asks),
            f"tls.client_ca_file: {none} can't be read: No such file or directory",
        ),
        (
            (f"tls.client_ca_file={junk}", asks),
            f"tls.client_ca_file: {junk} holds no certificate",
        ),
    ):
        with pytest.raises(ConfigError) as caught:
            tls_of(made, *more)
        assert str(caught.value) == words


async def test_what_was_exchanged_counts_when_told_and_only_if_it_is_whole(
    made: Certificates, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    expires = datetime.now(UTC).replace(microsecond=0) + 50 * DAY
    here, newer = tmp_path / "here.pem", Certificates(tmp_path / "newer", expires=expires)
    shutil.copy(made.server_with_key, here)
    config = settings.load(None, {}, (f"tls.certificate_file={here}",))
    tls = Tls(config, Clock(config.server))
    port, before = tls.port("http"), tls.expires_s
    assert port is not None
    first = port._context()
    here.write_bytes(newer.server.read_bytes())
    reload(tls)
    assert "the certificate is not read again: tls.certificate_file: " in caplog.text
    assert (port._context(), tls.expires_s) == (first, before)
    shutil.copy(newer.server_with_key, here)
    reload(tls)
    assert "shown to who connects from now on" in caplog.text
    assert port._context() is not first
    assert tls.expires_s == expires.timestamp()
    await asyncio.sleep(0)
