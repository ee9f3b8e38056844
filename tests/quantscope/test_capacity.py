"""What the configuration may need is added up, compared with the machine, and told with numbers."""

import logging
import pathlib
import shutil
from collections import namedtuple

import msgspec
import pytest

import settings
from quantscope import capacity
from quantscope.capacity import DISK, EVENTS, MEMORY, PIECES, TooFewDescriptors
from settings import Config
from testing.command import quantscope

GIB = 2**30
Usage = namedtuple("Usage", ["total", "used", "free"])


def connections(config: Config) -> tuple[int, int]:
    return config.facade.connections_max, config.gateway.connections_max


def test_every_limit_of_bytes_is_added_up_or_said_to_cut_only() -> None:
    every = {
        f"{section}.{field.name}"
        for section in Config.__struct_fields__
        if section not in ("users", "instruments")
        for field in msgspec.structs.fields(getattr(Config(), section))
        if field.name.endswith("_bytes_max")
    }
    rows = [*MEMORY, *DISK, *EVENTS, *PIECES]
    assert sorted(rows) == sorted(every)


def test_limits_are_taken_as_many_times_as_there_may_be() -> None:
    given = ["gateway.connections_max=10", "gateway.queue_bytes_max=1000"]
    rows = capacity.memory_needed(settings.load(None, {}, given))
    assert rows["gateway.queue_bytes_max x gateway.connections_max x protocols"] == 20_000
    assert "journal.memory_bytes_max x 2" not in rows
    rows = capacity.memory_needed(settings.load(None, {}, ["journal.adapter=memory"]))
    assert rows["journal.memory_bytes_max x 2"] == 512 * 2**20


def test_encrypted_ports_need_more_memory_and_a_descriptor_for_each_handshake() -> None:
    plain = Config()
    tls = settings.load(None, {}, ["tls.certificate_file=x", "tls.http=false"])
    assert capacity.descriptors_needed(tls) == capacity.descriptors_needed(plain) + 2 * 64
    more = capacity.memory_needed(tls).items() - capacity.memory_needed(plain).items()
    assert more == {("TLS x gateway.connections_max", 2 * 256 * (320 * 2**10 + 131_072))}
    both = settings.load(None, {}, ["tls.certificate_file=x", "tls.handshakes_max=10"])
    assert capacity.descriptors_needed(both) == capacity.descriptors_needed(plain) + 30
    assert " + 3 x tls.handshakes_max" in "\n".join(capacity.summary(both))


def test_a_cluster_has_one_protocol() -> None:
    plain = Config()
    kafka = settings.load(None, {}, ["journal.adapter=kafka"])
    assert capacity.descriptors_needed(plain) - capacity.descriptors_needed(kafka) == 2 * 256
    assert not any(name.startswith("fix.") for name in capacity.memory_needed(kafka))


def test_the_events_log_needs_the_larger_of_its_two_limits() -> None:
    assert "gateway.session_replay_bytes_max" in capacity.disk_needed(Config())
    given = [f"journal.journal_bytes_max={9 * GIB}"]
    rows = capacity.disk_needed(settings.load(None, {}, given))
    assert rows["journal.journal_bytes_max"] == 9 * GIB
    assert "gateway.session_replay_bytes_max" not in rows


def test_the_command_shows_what_the_settings_add_up_to(tmp_path: pathlib.Path) -> None:
    code, out, _ = quantscope("config", "--set", "gateway.connections_max=100", "--show-secrets")
    assert code == 0
    assert "# Descriptors: 2640\n" in out
    assert "#   gateway.queue_bytes_max x gateway.connections_max x protocols = 1.6 GiB\n" in out
    assert "# Memory in queues and buffers, beside open orders: 10.9 GiB\n" in out
    assert "#   gateway.session_replay_bytes_max = 8 GiB\n" in out
    file = tmp_path / "printed.toml"
    file.write_text(out)
    assert settings.load(file, {}).gateway.connections_max == 100


# -- descriptors -----------------------------------------------------------------------------


def test_enough_descriptors_change_nothing(caplog: pytest.LogCaptureFixture) -> None:
    config = Config()
    assert capacity.fit(config, capacity.descriptors_needed(config)) is config
    assert caplog.records == []


@pytest.mark.parametrize(
    ("available", "http", "binary"),
    [
        (3_264, 2_048, 256),
        (3_263, 2_047, 256),  # HTTP gives way first
        (2_240, 1_024, 256),
        (1_024, 416, 104),  # then each has half
        (320, 64, 16),
        (272, 16, 16),
    ],
)
def test_too_few_descriptors_lower_the_connections(available: int, http: int, binary: int) -> None:
    config = Config()
    lowered = capacity.fit(config, available)
    assert connections(lowered) == (http, binary)
    assert capacity.descriptors_needed(lowered) in (available, available - 1)
    assert msgspec.structs.replace(lowered, facade=config.facade, gateway=config.gateway) == config


def test_descriptors_for_next_to_nobody_are_refused() -> None:
    with pytest.raises(TooFewDescriptors, match=r"may have 271 .* needs at least 272 to serve"):
        capacity.fit(Config(), 271)


def test_what_is_lowered_is_said_with_numbers(caplog: pytest.LogCaptureFixture) -> None:
    capacity.fit(Config(), 1_024)
    (record,) = caplog.records
    assert record.levelno == logging.WARNING
    said = record.getMessage()
    assert "may have 1024 descriptors, and the configuration may need 3264" in said
    assert "facade.connections_max is 416 instead of 2048" in said
    assert "gateway.connections_max 104 instead of 256" in said
    assert "ulimit -Hn" in said


def test_who_wants_few_connections_needs_few_descriptors() -> None:
    given = ["gateway.connections_max=2", "facade.connections_max=4", "facade.refusals_max=1"]
    config = settings.load(None, {}, given)
    assert capacity.descriptors_needed(config) == 128 + 4 + 1 + 8
    assert capacity.fit(config, 141) is config
    with pytest.raises(TooFewDescriptors):
        capacity.fit(config, 140)


# -- memory and disk -------------------------------------------------------------------------


def test_memory_that_may_not_do_is_warned_of(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: Usage(0, 0, 100 * GIB))
    monkeypatch.setattr(capacity, "machine_memory", lambda: 14 * GIB)
    capacity.compare(Config(), tmp_path)
    assert caplog.records == []
    monkeypatch.setattr(capacity, "machine_memory", lambda: 4 * GIB)
    capacity.compare(Config(), tmp_path)
    (record,) = caplog.records
    assert record.levelno == logging.WARNING
    assert "may take 14 GiB at the very most, and there are 4 GiB of memory" in record.getMessage()
    assert "facade.queue_bytes_max x facade.connections_max = 8 GiB" in record.getMessage()


def test_a_disk_that_may_not_do_is_warned_of(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(capacity, "machine_memory", lambda: 100 * GIB)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: Usage(0, 0, 5 * GIB))
    capacity.compare(Config(), tmp_path)
    (record,) = caplog.records
    assert record.levelno == logging.WARNING
    assert "may need 8.1 GiB of disk" in record.getMessage()
    assert "has 5 GiB free" in record.getMessage()
    caplog.clear()
    with (tmp_path / "events.db").open("wb") as file:
        file.truncate(4 * GIB)  # what it has already is not needed again
    capacity.compare(Config(), tmp_path)
    assert caplog.records == []


def test_the_memory_of_a_control_group_counts(tmp_path: pathlib.Path) -> None:
    whole = capacity.machine_memory(tmp_path / "no", tmp_path / "no")
    of = tmp_path / "cgroup"
    of.write_text("0::/shelf/exchange\n")
    group = tmp_path / "fs" / "shelf" / "exchange"
    group.mkdir(parents=True)
    (group / "memory.max").write_text("max\n")
    assert capacity.machine_memory(tmp_path / "fs", of) == whole
    (group.parent / "memory.max").write_text("1048576\n")
    assert capacity.machine_memory(tmp_path / "fs", of) == 2**20
