"""Where settings come from, and what is said of those that can't be."""

import re
from pathlib import Path
from unittest.mock import MagicMock

import pytest
from rich.pretty import pretty_repr

import settings
from facade.errors import ApiError
from facade.message import Request
from quantscope.roles.facade import origins
from settings import Config, ConfigError
from settings.kafka import COMMAND_BYTES_MAX, EVENT_BATCH_OVERSHOOT_BYTES
from settings.values import Section, secrets_of
from testing.command import ROOT, quantscope

KAFKA = "[journal]\nadapter='kafka'\n"


def test_what_is_shown_is_what_is_read(tmp_path: Path) -> None:
    given = ["gateway.connections_max=7", "server.host=localhost", "engine.stamp_ahead_s_max=0.5"]
    config = settings.load(None, {"QUANTSCOPE_STORE_RECORDER_INTERVAL_S": "0.5"}, given)
    file = tmp_path / "all.toml"
    file.write_text(settings.show(config, secrets=True))
    assert settings.load(file, {}) == config
    assert config.gateway.connections_max == 7
    assert config.store.recorder_interval_s == 0.5


def test_the_environment_goes_over_the_file_and_flags_over_both(tmp_path: Path) -> None:
    file = tmp_path / "one.toml"
    file.write_text("[gateway]\nconnections_max = 1\nqueue_bytes_max = 1\npacket_bytes_max = 100\n")
    environment = {
        "QUANTSCOPE_GATEWAY_CONNECTIONS_MAX": "2",
        "QUANTSCOPE_GATEWAY_QUEUE_BYTES_MAX": "2",
    }
    gateway = settings.load(file, environment, ["gateway.connections_max=3"]).gateway
    found = (gateway.connections_max, gateway.queue_bytes_max, gateway.packet_bytes_max)
    assert found == (3, 2, 100)


def test_what_kafka_must_hold_counts_only_there() -> None:
    given = [f"kafka.message_bytes_max={2**20 + 1536}", "kafka.append_deadline_s=9.9"]
    assert settings.load(None, {}, ["journal.adapter=kafka", *given]).kafka.engines == ("a",)
    tight = ["kafka.message_bytes_max=1000000", "kafka.append_deadline_s=11"]
    assert settings.load(None, {}, tight).kafka.append_deadline_s == 11
    assert settings.load(None, {}, ["kafka.engines=b,a"]).kafka.engines == ("b", "a")


def test_an_event_batch_is_longer_by_as_much_as_the_engine_says() -> None:
    source = (ROOT / "crates/matching/src/emit.rs").read_text()
    (found,) = re.findall(r"const OVERSHOOT: usize = ([\d_]+);", source)
    assert int(found) == EVENT_BATCH_OVERSHOOT_BYTES


def test_a_command_batch_fits_into_a_record_of_kafka() -> None:
    with pytest.raises(ConfigError, match="must hold a command batch"):
        settings.load(None, {}, ["journal.adapter=kafka", "journal.batch_commands_max=5000"])
    source = (ROOT / "crates/wire/src/record/command.rs").read_text()
    (found,) = re.findall(r"const COMMAND_BYTES_MAX: usize = ([\d_]+);", source)
    assert int(found) == COMMAND_BYTES_MAX


def test_a_lease_outlasts_the_ticks_that_renew_it() -> None:
    with pytest.raises(ConfigError, match="gateway_lease_s"):
        settings.load(None, {}, ["engine.gateway_lease_s=2.9"])
    with pytest.raises(ConfigError, match="tick_interval_s"):
        settings.load(None, {}, ["journal.tick_interval_s=2.9"])


@pytest.mark.parametrize(
    ("file", "variable", "override", "words"),
    [
        ("[gateway]\nconections_max = 1\n", None, None, "conections_max"),
        ("[wrong]\nkey = 1\n", None, None, "wrong"),
        ("[gateway]\nconnections_max = 0\n", None, None, "gateway.connections_max"),
        ("[gateway\n", None, None, "settings.toml"),
        ("[[users]]\nname = 'toolong'\npassword = 'x'\n", None, None, "name"),
        (
            "[[users]]\nname='a'\npassword='x'\n[[users]]\nname='A'\npassword='x'\n",
            None,
            None,
            "'a'",
        ),
        ("[[users]]\nname='a'\npassword='x'\naccount='a b'\n", None, None, "account"),
        ("[[instruments]]\nsymbol='A'\ntick='0'\n", None, None, "A: tick = 0 must be above 0"),
        ("[[instruments]]\nsymbol='A'\ntick='0.00'\n", None, None, "A: tick = 0.00 must be"),
        ("[[instruments]]\nsymbol='A'\nlot='0'\n", None, None, "A: lot = 0 must be above 0"),
        ("[[instruments]]\nsymbol='A'\nquantity_max='0'\n", None, None, "quantity_max = 0"),
        (
            "[[instruments]]\nsymbol='A'\norders_per_side_max=0\n",
            None,
            None,
            "orders_per_side_max = 0",
        ),
        (
            "[[instruments]]\nsymbol='A'\nquantity_max='1000000'\n",
            None,
            None,
            "instrument A: quantity_max = 1000000 times orders_per_side_max = 100000",
        ),
        ("", None, "engine.accounts_max=5", "engine.accounts_max = 5, and 16 accounts"),
        ("", None, "engine.instruments_max=1", "engine.instruments_max = 1, and 4 instruments"),
        ("", None, "store.recorder_interval_s=0.0001", "store.recorder_interval_s"),
        ("", None, "store.checkpoint_interval_s=0", "store.checkpoint_interval_s"),
        ("", None, "journal.tick_interval_s=1e-9", "journal.tick_interval_s"),
        ("server = 5\n", None, "server.http_port=1", "'server' as a value"),
        ("[[server]]\n", "QUANTSCOPE_SERVER_HTTP_PORT", None, "'server' as a value"),
        ("[[users]]\nname='a'\npassword='***'\n", None, None, "--show-secrets"),
        ("", "QUANTSCOPE_GATEWAY_NOTHING", None, "QUANTSCOPE_GATEWAY_NOTHING"),
        ("", "QUANTSCOPE_NOTHING", None, "QUANTSCOPE_NOTHING"),
        ("", None, "gateway.nothing=1", "nothing"),
        ("", None, "nothing.key=1", "nothing"),
        ("", None, "gateway.connections_max", "--set"),
        ("", None, "gateway.connections_max=many", "connections_max"),
        ("", None, "server.host=0.0.0.0", "allow_open"),
        ("", None, "server.host=example.org", "allow_open"),
        ("", None, "server.allowed_hosts=a.org,http://b.org", "allowed_hosts"),
        ("", None, "kafka.engines=a,b,a", "engines names one more than once"),
        ("", None, "kafka.engines=a.b", "kafka.engines"),
        ("[kafka]\nengines=[]\n", None, None, "kafka.engines"),
        ("", None, "kafka.bootstrap_servers=host", "kafka.bootstrap_servers"),
        ("", None, "kafka.security_protocol=SASL_PLAINTEXT", "kafka.security_protocol"),
        (
            "",
            None,
            "kafka.ssl_ca_location=a",
            "ssl_ca_location is given, and security_protocol is PLAINTEXT",
        ),
        (
            "[kafka]\nsecurity_protocol='SSL'\n",
            None,
            "kafka.sasl_username=a",
            "sasl_username is given, and security_protocol is SSL",
        ),
        (
            "[kafka]\nsecurity_protocol='SSL'\n",
            None,
            "kafka.ssl_key_location=a",
            "ssl_key_location is given, and ssl_certificate_location is not",
        ),
        (
            "[kafka]\nsecurity_protocol='SASL_SSL'\nsasl_password='a'\n",
            None,
            "kafka.sasl_password_file=a",
            "sasl_password and sasl_password_file are both given",
        ),
        ("[kafka]\nsasl_password='***'\nsecurity_protocol='SASL_SSL'", None, None, "of kafka is"),
        ("[redis]\npassword='***'\n", None, None, "the password of redis is ***"),
        ("", None, "redis.tls_certificate_file=a", "tls_certificate_file is given, and tls is"),
        (
            "[redis]\ntls=true\n",
            None,
            "redis.tls_key_file=a",
            "tls_key_file is given, and tls_certificate_file is not",
        ),
        (
            KAFKA,
            None,
            f"kafka.message_bytes_max={2**20 + 1535}",
            "kafka.message_bytes_max = 1050111 must hold an event batch",
        ),
        (
            KAFKA,
            None,
            "kafka.append_deadline_s=10",
            "kafka.append_deadline_s = 10 must be below engine.stamp_behind_s_max = 10",
        ),
    ],
)
def test_a_setting_that_cannot_be_is_one_sentence(
    tmp_path: Path, file: str, variable: str | None, override: str | None, words: str
) -> None:
    path = tmp_path / "settings.toml"
    path.write_text(file)
    environment = {} if variable is None else {variable: "1"}
    with pytest.raises(ConfigError) as caught:
        settings.load(path, environment, [] if override is None else [override])
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"none\.toml"):
        settings.load(tmp_path / "none.toml", {})


def test_an_open_address_is_taken_when_it_is_said_so() -> None:
    given = ["server.host=0.0.0.0", "server.allow_open=true"]
    assert settings.load(None, {}, given).server.host == "0.0.0.0"  # noqa: S104


@pytest.mark.parametrize(
    ("given", "host", "taken"),
    [
        ([], b"trade.example.org", False),
        (["server.allowed_hosts=trade.example.org,.lan"], b"trade.example.org:80", True),
        (["server.allowed_hosts=trade.example.org,.lan"], b"exchange.lan", True),
        (["server.allowed_hosts=trade.example.org,.lan"], b"lan.example.org", False),
        (["server.allow_open=true"], b"trade.example.org", True),
        (["server.allow_open=true", "server.allowed_hosts=a.org"], b"trade.example.org", False),
    ],
)
def test_the_names_by_which_rest_may_be_asked(given: list[str], host: bytes, taken: bool) -> None:
    allowed = origins(settings.load(None, {}, given))
    request = Request(MagicMock(), 0.0)
    request.headers[b"host"] = host
    if taken:
        allowed.check(request)
        return
    with pytest.raises(ApiError, match="allowed_hosts"):
        allowed.check(request)


def test_the_command_prints_what_is_in_force(tmp_path: Path) -> None:
    code, out, _ = quantscope("config", "--set", "server.http_port=1234", "--show-secrets")
    assert code == 0
    assert "http_port = 1234" in out
    file = tmp_path / "printed.toml"
    file.write_text(out)
    assert settings.load(file, {}) == settings.load(None, {}, ["server.http_port=1234"])
    assert settings.load(None, {}) == Config()


def test_the_command_tells_an_error_in_one_line() -> None:
    code, out, errors = quantscope("config", "--set", "server.port=1")
    assert (code, out) == (1, "")
    assert errors.splitlines() == ["Error: --set server.port: section 'server' has no key 'port'"]


def test_a_file_that_is_no_text_is_named(tmp_path: Path) -> None:
    file = tmp_path / "settings.toml"
    file.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ConfigError, match=r"settings\.toml is no text in UTF-8"):
        settings.load(file, {})


def test_passwords_are_masked_unless_they_are_asked_for(tmp_path: Path) -> None:
    file = tmp_path / "settings.toml"
    file.write_text('[[users]]\nname = "a"\npassword = "s3cret"\n')
    code, out, _ = quantscope("config", "--config", str(file))
    assert code == 0
    assert "s3cret" not in out
    assert 'password = "***"' in out
    code, out, _ = quantscope("config", "--config", str(file), "--show-secrets")
    assert 'password = "s3cret"' in out


SECRETS = {
    "QUANTSCOPE_KAFKA_SECURITY_PROTOCOL": "SASL_SSL",
    "QUANTSCOPE_KAFKA_SASL_PASSWORD": "s3cret-1",
    "QUANTSCOPE_REDIS_PASSWORD": "s3cret-2",
}


def test_secrets_come_from_the_environment_and_are_not_shown() -> None:
    code, out, errors = quantscope("config", env=SECRETS)
    assert (code, errors) == (0, "")
    assert out.count('= "***"') == 2 + 16
    assert "s3cret" not in out
    config = settings.load(None, SECRETS)
    assert (config.kafka.sasl_password, config.redis.password) == ("s3cret-1", "s3cret-2")
    for shown in (repr(config), f"{config}", pretty_repr(config), repr(config.users[0])):
        assert "s3cret" not in shown
        assert "password='demo'" not in shown
        assert "name='demo1', password='***'" in re.sub(r"\s+", " ", shown)


def test_every_password_is_a_secret() -> None:
    for name in Config.__struct_fields__:
        part: Section | tuple[Section, ...] = getattr(Config(), name)
        table = part[0] if isinstance(part, tuple) else part
        named = {field for field in table.__struct_fields__ if field.endswith("password")}
        assert named == secrets_of(type(table)), name


@pytest.mark.parametrize("given", ["kafka.sasl_pasword=s3cret", "kafka.=s3cret", "pass=s3cret"])
def test_a_secret_that_is_given_wrongly_is_not_shown_either(given: str) -> None:
    with pytest.raises(ConfigError) as caught:
        settings.load(None, {}, [given])
    assert "s3cret" not in str(caught.value)
