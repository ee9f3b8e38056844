"""Brokers over TLS, with a login: whom clients trust, and what is said where they get not in."""

import asyncio
import contextlib
import re
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from journal.kafka import Clients, Control, Refused, Topics, Unavailable
from quantscope.cluster.setup import run_setup
from quantscope.examine_kafka import print_journal, run_verify
from settings import Config, ConfigError, KafkaSettings
from testing.certificates import Certificates
from testing.client import Client, hang_up
from testing.cluster_process import ClusterProcess, end_cluster, set_up
from testing.command import quantscope
from testing.secure_kafka import PASSWORD, USER, SecureBrokers
from testing.waiting import until

# The library closes connections, and does not wait for their end, which takes longer over TLS.
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")


@pytest.fixture(scope="module")
def brokers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SecureBrokers]:
    """One broker, which all tests leave running."""
    with SecureBrokers(tmp_path_factory.mktemp("secure")) as secure:
        yield secure
    end_cluster()


@pytest.fixture(scope="module")
def strangers(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    """What another authority has issued."""
    return Certificates(tmp_path_factory.mktemp("strangers"))


async def refused(settings: KafkaSettings) -> str:
    """Why brokers don't let a client in."""
    with pytest.raises(Refused) as caught:
        async with Clients(settings).administering():
            pass
    assert "\n" not in str(caught.value)
    assert PASSWORD not in str(caught.value)
    return str(caught.value)


def tls(brokers: SecureBrokers, **changed: Any) -> KafkaSettings:
    """TLS, with the certificate of a client that it asks for."""
    return brokers.settings("SSL", **changed)


def login(brokers: SecureBrokers, **changed: Any) -> KafkaSettings:
    """TLS with a login."""
    return brokers.settings("SASL_SSL", **changed)


@pytest.mark.parametrize("how", ["SSL", "SASL_SSL"])
async def test_all_clients_get_in(brokers: SecureBrokers, how: str) -> None:
    settings = brokers.settings(how)
    config = Config(kafka=settings)
    said: list[str] = []
    await asyncio.to_thread(run_setup, config, said.append)
    assert said[-1].startswith("journaled what the configuration changes")
    clients, topics = Clients(settings), Topics(settings)
    async with Control(clients, topics, deadline_s=5) as control:
        assert (await control.read()).journal is not None


async def test_a_wrong_password_or_user_is_named(brokers: SecureBrokers) -> None:
    at = f"the broker 127.0.0.1:{brokers.login} refuses the login of"
    look = "look at kafka.sasl_username and kafka.sasl_password"
    assert await refused(login(brokers, sasl_password="wrong")) == f"{at} {USER}: {look}"  # noqa: S106
    assert await refused(login(brokers, sasl_username="nobody")) == f"{at} nobody: {look}"


async def test_a_password_is_the_first_line_of_a_file(
    brokers: SecureBrokers, tmp_path: Path
) -> None:
    file = tmp_path / "password"
    file.write_text(f"{PASSWORD}\nnot this\n")
    from_file = {"sasl_password": "", "sasl_password_file": str(file)}
    clients = Clients(login(brokers, **from_file))
    async with clients.administering():
        pass
    file.write_text("wrong\n")
    said = await refused(login(brokers, **from_file))
    assert said.endswith("look at kafka.sasl_username and kafka.sasl_password_file")


@pytest.mark.parametrize("how", ["SSL", "SASL_SSL"])
async def test_a_broker_that_no_authority_proves_is_not_trusted(
    brokers: SecureBrokers, strangers: Certificates, how: str
) -> None:
    said = await refused(brokers.settings(how, ssl_ca_location=str(strangers.ca)))
    assert "has a certificate that is not proven (" in said
    assert said.endswith("look at kafka.ssl_ca_location")
    # Nor do authorities of the system prove it.
    assert await refused(brokers.settings(how, ssl_ca_location="")) == said


async def test_a_broker_under_another_name_is_not_trusted(brokers: SecureBrokers) -> None:
    said = await refused(tls(brokers, bootstrap_servers=(f"localhost:{brokers.ssl}",)))
    assert said == (
        f"the broker localhost:{brokers.ssl} has a certificate that is not for this name (Hostname "
        "mismatch, certificate is not valid for 'localhost'.): look at kafka.bootstrap_servers, "
        "and at the broker's advertised.listeners"
    )


async def test_nor_one_that_calls_itself_by_another_name(brokers: SecureBrokers) -> None:
    said = await refused(tls(brokers, bootstrap_servers=(f"127.0.0.1:{brokers.astray}",)))
    assert said.startswith(f"the broker localhost:{brokers.astray} has a certificate that is not")


async def test_a_broker_that_asks_for_a_certificate_gets_the_right_one(
    brokers: SecureBrokers, strangers: Certificates
) -> None:
    said = await refused(
        tls(brokers, ssl_certificate_location="", ssl_key_location=""),
    )
    assert "ended the connection over TLS (" in said
    assert said.endswith(
        "whether it asks for a certificate: look at kafka.ssl_certificate_location"
    )
    said = await refused(
        tls(
            brokers,
            ssl_certificate_location=str(strangers.client),
            ssl_key_location=str(strangers.client_key),
        )
    )
    assert said.endswith("which certificate it takes: look at kafka.ssl_certificate_location")


async def test_another_protocol_than_that_of_a_port_is_named(brokers: SecureBrokers) -> None:
    plain = (brokers.bootstrap_servers,)
    speaks = {
        f"127.0.0.1:{port} speaks TLS there": KafkaSettings(
            bootstrap_servers=(f"127.0.0.1:{port}",), start_deadline_s=20.0
        )
        for port in (brokers.ssl, brokers.login)
    } | {
        f"{plain[0]} speaks no TLS there": tls(brokers, bootstrap_servers=plain),
        f"{plain[0]} speaks no TLS there:": login(brokers, bootstrap_servers=plain),
        f"127.0.0.1:{brokers.login} asks for a login there": tls(
            brokers, bootstrap_servers=(f"127.0.0.1:{brokers.login}",)
        ),
        f"127.0.0.1:{brokers.ssl} asks for no login there": login(
            brokers,
            bootstrap_servers=(f"127.0.0.1:{brokers.ssl}",),
            ssl_certificate_location=str(brokers.certificates.client),
            ssl_key_location=str(brokers.certificates.client_key),
        ),
    }
    for words, settings in speaks.items():
        said = await refused(settings)
        assert said.startswith(f"the broker {words}")
        assert said.endswith(
            f"look at kafka.security_protocol, which is {settings.security_protocol}"
        )


async def test_of_two_brokers_the_one_that_refuses_keeps_nobody_out(
    brokers: SecureBrokers, caplog: pytest.LogCaptureFixture
) -> None:
    servers = (f"localhost:{brokers.login}", f"127.0.0.1:{brokers.login}")
    async with Clients(login(brokers, bootstrap_servers=servers)).administering() as admin:
        assert await admin.list_topics() is not None
    assert f"the broker localhost:{brokers.login} has a certificate" in caplog.text


async def test_who_was_let_in_once_waits_until_what_it_shows_is_right(
    brokers: SecureBrokers, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    file = tmp_path / "password"
    file.write_text(PASSWORD)
    clients = Clients(login(brokers, sasl_password="", sasl_password_file=str(file)))
    async with clients.administering():
        pass

    async def get_in() -> None:
        async with clients.administering():
            pass

    for harm, why in (
        (partial(file.write_text, "old"), "refuses the login of exchange"),
        (file.unlink, f"kafka.sasl_password_file: {file} can't be read"),
    ):
        harm()
        waiting = asyncio.create_task(get_in())
        await until(lambda why=why: why in caplog.text)  # type: ignore[misc]
        file.write_text(PASSWORD)
        await waiting
    assert PASSWORD not in caplog.text
    file.unlink()
    with pytest.raises(Unavailable, match=r"kafka\.sasl_password_file: .* can't be read"):
        await clients.consumer(0.1, patience_s=0.2)


# -- as processes ----------------------------------------------------------------------------


async def test_a_cluster_runs_with_a_login_and_shows_it_nowhere(
    brokers: SecureBrokers, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = brokers.config(tmp_path, "SASL_SSL", "[server]", 'log_level = "DEBUG"')
    monkeypatch.setenv("QUANTSCOPE_KAFKA_SASL_PASSWORD", PASSWORD)
    shown = [set_up(path)]
    store = ("--data-dir", str(tmp_path / "archive"))
    roles = [
        ClusterProcess(path, role, *arguments)
        for role, arguments in (
            ("engine", ()),
            ("gateway", ()),
            ("recorder", store),
            ("facade", store),
        )
    ]
    with contextlib.ExitStack() as running:
        _, gateway, _, facade = (running.enter_context(role) for role in roles)
        client = await Client(gateway.binary).login()
        client.place(1, price=10)
        await client.expect_new(1)
        await until(lambda: facade.ask("/orders/1")[0] == 200)
        for command in (("journal", "commands"), ("verify",), ("config",)):
            code, out, errors = quantscope(
                *command, "--config", str(path), "--set", "journal.adapter=kafka"
            )
            assert code == 0, errors
            shown += [out, errors]
    shown += [role.said() for role in roles]
    assert "made the topic" in shown[0]
    assert 'sasl_password = "***"' in "".join(shown)
    assert PASSWORD not in "".join(shown)
    await hang_up()


def test_a_start_without_its_password_is_refused_in_a_line(
    brokers: SecureBrokers, tmp_path: Path
) -> None:
    file = tmp_path / "none"
    why = f"kafka.sasl_password_file: {file} can't be read: No such file or directory"
    path = brokers.config(tmp_path, "SASL_SSL")
    given = ("--set", f"kafka.sasl_password_file={file}")
    assert quantscope("engine", "--config", str(path), *given) == (1, "", f"Error: {why}\n")
    config = Config(kafka=login(brokers, sasl_password="", sasl_password_file=str(file)))
    with pytest.raises(ConfigError, match=re.escape(why)):
        run_setup(config, str)
    with pytest.raises(ConfigError, match=re.escape(why)):
        run_verify(config)
    with pytest.raises(ConfigError, match=re.escape(why)):
        print_journal(config, "commands", None, None, None)


def test_what_brokers_refuse_ends_a_start_in_a_line(brokers: SecureBrokers, tmp_path: Path) -> None:
    path = brokers.config(tmp_path, "SASL_SSL")
    wrong = {"QUANTSCOPE_KAFKA_SASL_PASSWORD": "wrong"}
    for command in (("engine",), ("journal", "commands", "--set", "journal.adapter=kafka")):
        code, out, errors = quantscope(*command, "--config", str(path), env=wrong)
        assert (code, out) == (1, "")
        (line,) = [line for line in errors.splitlines() if line.startswith("Error: ")]
        assert line.endswith("look at kafka.sasl_username and kafka.sasl_password")
        assert "Traceback" not in errors
