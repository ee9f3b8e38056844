"""Redis over TLS and with a login: whom it lets in, who believes it, and what is said if not."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from redis import Redis

from core import StoreFailed
from settings import ConfigError, RedisSettings
from store.redis import RedisStore
from store.redis_access import check
from testing.batches import ordinary
from testing.certificates import Certificates
from testing.command import quantscope
from testing.kafka import free_ports
from testing.redis import RedisServer
from testing.redis_store import PlainLog, compared, record, recording

SECRET, GUESS = "a s3cret", "guess"
MAY = ("on", f">{SECRET}", "~quantscope:*", "+@all", "-@admin", "-@dangerous", "+info")
"""What a recorder and a facade need, and no more."""


class TlsRedis:
    """A server with a port for TLS, which asks for a client's certificate, beside a plain one."""

    def __init__(self, directory: Path) -> None:
        self.made = Certificates(directory / "certificates")
        self.strangers = Certificates(directory / "strangers")
        (self.port,) = free_ports(1)
        options = ["--tls-port", str(self.port), "--tls-auth-clients", "yes"]
        options += ["--tls-ca-cert-file", str(self.made.ca)]
        options += ["--tls-cert-file", str(self.made.server)]
        options += ["--tls-key-file", str(self.made.server_key), "--requirepass", SECRET]
        self.server = RedisServer(directory / "redis", *options)

    def settings(self, **changed: Any) -> RedisSettings:
        """How it is reached over TLS, and lets in."""
        wanted: dict[str, Any] = {
            "port": self.port,
            "tls": True,
            "tls_ca_file": str(self.made.ca),
            "tls_certificate_file": str(self.made.client),
            "tls_key_file": str(self.made.client_key),
            "password": SECRET,
        }
        return self.server.settings(**(wanted | changed))


@pytest.fixture(scope="module")
def tls(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TlsRedis]:
    """One for all tests of this file."""
    made = TlsRedis(tmp_path_factory.mktemp("tls"))
    with made.server:
        yield made


async def failure(settings: RedisSettings) -> str:
    """Why it lets neither a recorder nor a facade in, in one line each; the recorder's."""
    async with recording(PlainLog(list(ordinary(12, 5))), settings) as recorder:
        async with asyncio.timeout(10):
            while recorder.failure is None:
                await asyncio.sleep(0.01)
        said = recorder.failure
    store = RedisStore(settings)
    with pytest.raises(StoreFailed) as caught:
        await store.place()
    await store.close()
    for line in (said, str(caught.value)):
        assert "\n" not in line
        assert SECRET not in line
        assert GUESS not in line
        assert line.endswith(said.partition("; look at ")[2])
    return said


async def test_what_is_recorded_by_a_user_of_few_rights_is_what_sqlite_has(
    tls: TlsRedis, tmp_path: Path
) -> None:
    with_rights = tls.settings(username="clerk")
    with Redis(port=tls.server.port, password=SECRET) as admin:
        admin.execute_command("ACL", "SETUSER", "clerk", *MAY)
    batches = list(ordinary(3, 20))
    await record(PlainLog(batches), tls.settings(key_prefix="of-the-default-user:"))
    await record(PlainLog(batches), with_rights)
    await compared(with_rights, tmp_path / "store.db", batches)
    said = await failure(tls.settings(username="clerk", key_prefix="other:"))
    assert said.endswith("; look at what the user of redis.username may do")


async def test_a_wrong_password_is_named(tls: TlsRedis, tmp_path: Path) -> None:
    at = f"Redis at 127.0.0.1:{tls.port} refuses: "
    look = "; look at redis.username and redis.password"
    said = await failure(tls.settings(password=GUESS))
    assert said == f"{at}invalid username-password pair or user is disabled.{look}"
    assert await failure(tls.settings(password="")) == f"{at}Authentication required.{look}"
    file = tmp_path / "password"
    file.write_text(f"{GUESS}\n")
    from_file = tls.settings(password="", password_file=str(file))
    assert (await failure(from_file)).endswith(f"{look}_file")


async def test_a_password_that_was_exchanged_in_its_file_holds_for_the_next_connection(
    tls: TlsRedis, tmp_path: Path
) -> None:
    file = tmp_path / "password"
    store = RedisStore(tls.settings(password="", password_file=str(file)))
    with pytest.raises(StoreFailed, match="can't be read"):
        await store.place()
    file.write_text(f"{SECRET}\n")
    await store.place()
    await store.close()


async def test_a_server_that_is_not_proven_is_not_trusted(tls: TlsRedis) -> None:
    unproven = tls.settings(tls_ca_file=str(tls.strangers.ca))
    said = await failure(unproven)
    assert "CERTIFICATE_VERIFY_FAILED" in said
    assert said.endswith("; look at redis.tls_ca_file")
    assert (await failure(tls.settings(tls_ca_file=""))).endswith("; look at redis.tls_ca_file")


async def test_nor_is_one_under_another_name(tls: TlsRedis) -> None:
    said = await failure(tls.settings(host="localhost"))
    assert "Hostname mismatch" in said
    assert said.endswith("; look at redis.host, which the server's certificate must name")


async def test_another_protocol_than_that_of_the_port_is_guessed(tls: TlsRedis) -> None:
    plain = tls.server.settings(port=tls.port, password=SECRET)
    assert (await failure(plain)).endswith("; look at redis.tls, if the server speaks TLS")
    other = tls.settings(port=tls.server.port, connect_deadline_s=0.3)
    said = await failure(other)
    assert said == (
        f"Redis at 127.0.0.1:{tls.server.port} is away: no connection was made within 0.3 s "
        "(redis.connect_deadline_s); look at redis.tls, if the server speaks no TLS"
    )


def test_files_that_are_not_there_refuse_a_start(tls: TlsRedis, tmp_path: Path) -> None:
    none = str(tmp_path / "none")
    check(tls.settings())
    for wrong, name in (
        (tls.settings(password="", password_file=none), "redis.password_file"),
        (tls.settings(tls_ca_file=none), "redis.tls_ca_file"),
        (tls.settings(tls_certificate_file=none), "redis.tls_certificate_file, redis.tls_key_file"),
    ):
        with pytest.raises(ConfigError, match=f"^{name}: .*No such file"):
            check(wrong)


@pytest.mark.parametrize("role", ["recorder", "facade"])
def test_a_role_without_its_password_says_so_before_anything_else(
    tmp_path: Path, role: str
) -> None:
    # No broker is there: nobody was asked for.
    file = tmp_path / "none"
    given = ["store.adapter=redis", f"redis.password_file={file}"]
    given += ["kafka.bootstrap_servers=127.0.0.1:9"]
    code, out, errors = quantscope(role, *(word for x in given for word in ("--set", x)))
    why = f"redis.password_file: {file} can't be read: No such file or directory"
    assert (code, out, errors) == (1, "", f"Error: {why}\n")
