"""docker-compose takes both combinations of its files, and they say what ``make cluster`` runs."""

import json
import os
import re
import shutil
import subprocess
import tomllib
from pathlib import Path
from typing import Any

import click
import pytest

from quantscope.capacity import memory_needed
from quantscope.cli import main
from settings import Config, load
from supervisor.directory import Directory
from supervisor.plan import Plan, default_ports
from testing.command import ROOT
from testing.kafka import SCRIPT
from tests.supervisor.local import composed

FILES = ("docker-compose.yml", "docker-compose.brokers.yml")
CONFIG = ROOT / "deploy/cluster.toml"
PROMETHEUS = ROOT / "deploy/prometheus"
MIB = 2**20
UNITS = {"m": MIB, "g": 2**30}
NEEDED = {"gateway-1": "gateway", "facade": "facade"}
"""Whose queues have limits that add up, and in which section of the settings."""

Services = dict[str, Any]


@pytest.fixture(scope="module")
def one() -> Services:
    return composed(FILES[0])


@pytest.fixture(scope="module")
def three() -> Services:
    return composed(*FILES)


@pytest.fixture(scope="module")
def plan(tmp_path_factory: pytest.TempPathFactory) -> Plan:
    directory = Directory(tmp_path_factory.mktemp("plan"), lock=0)
    config = load(CONFIG, {})
    return Plan(CONFIG, config, default_ports(config.kafka.engines), directory, None)


def size(text: str) -> int:
    return int(text[:-1]) * UNITS[text[-1]]


def roles(services: Services) -> Services:
    return {name: one for name, one in services.items() if one.get("restart") == "on-failure"}


# -- as files --------------------------------------------------------------------------------


@pytest.mark.parametrize("name", FILES)
def test_no_key_stands_in_them_that_either_version_does_not_take(name: str) -> None:
    """Version 2 warns of `version`; `name` and `include` are unknown to 1.29."""
    keys = re.findall(r"^([\w-]+):", (ROOT / name).read_text(), re.MULTILINE)
    assert {key for key in keys if not key.startswith("x-")} <= {"services", "volumes"}


def test_every_container_is_bounded_pinned_and_kept_running(three: Services) -> None:
    assert len(three) == 14
    for name, service in three.items():
        assert re.search(r":v?\d+\.\d+\.\d+$", service["image"]), name
        assert size(service["mem_limit"]) >= 512 * MIB, name
        assert service["stop_grace_period"], name
        assert service["logging"]["options"] == {"max-size": "10m", "max-file": "5"}, name
        assert service["init"] is True, name
        assert service["restart"] == {
            "setup": "no",
            **dict.fromkeys(("kafka", "kafka-2", "kafka-3", "redis"), "unless-stopped"),
            **dict.fromkeys(("prometheus", "grafana"), "unless-stopped"),
        }.get(name, "on-failure")
        assert name == "setup" or service["healthcheck"]["test"], name
        for port in service.get("ports", []):
            assert port.startswith("127.0.0.1:"), name
        for volume in service.get("volumes", []):
            of_the_project = volume.startswith("/")
            assert volume.endswith(":ro" if of_the_project else ":rw"), volume


def test_images_are_of_the_versions_that_the_project_names(one: Services) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    kafka = re.search(r"<kafka.version>(.*)<", (ROOT / "scripts/kafka/pom.xml").read_text())
    assert kafka
    assert one["kafka"]["image"] == f"apache/kafka:{kafka[1]}"
    for name, service in {**roles(one), "setup": one["setup"]}.items():
        assert service["image"] == f"quantscope:{project['version']}", name


def test_roles_may_do_little_and_write_nowhere_but_in_their_volume(one: Services) -> None:
    for name, service in roles(one).items():
        assert service["read_only"] is True, name
        assert service["cap_drop"] == ["ALL"], name
        assert service["depends_on"]["setup"] == {"condition": "service_completed_successfully"}
    assert one["setup"]["depends_on"] == {"kafka": {"condition": "service_healthy"}}
    builders = [name for name, service in one.items() if "build" in service]
    assert builders == ["setup"]


def test_the_manual_names_images_memory_and_ports(three: Services, plan: Plan) -> None:
    manual = (ROOT / "docs/operations.md").read_text()
    section = manual.partition("\n## Running a cluster\n")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| (.+?) \| (\d+[mg]) \|", section, re.MULTILINE)
    memory = {name: most for names, most in rows for name in re.findall(r"`([\w-]+)`", names)}
    assert memory == {name: service["mem_limit"] for name, service in three.items()}
    ports = re.findall(r"^\| `([\w.-]+)` \| (\d+) \|", section, re.MULTILINE)
    assert {name: int(port) for name, port in ports} == plan.ports
    images = {service["image"] for service in three.values()} - {three["setup"]["image"]}
    assert images == set(re.findall(r"`([\w/]+:v?\d+\.\d+\.\d+)`", section))


# -- as a cluster ----------------------------------------------------------------------------


def test_the_same_roles_run_as_by_make_cluster(one: Services, plan: Plan) -> None:
    assert set(roles(one)) == {role.name for role in plan.roles()}
    elsewhere = {
        *("QUANTSCOPE_CONFIG", "QUANTSCOPE_SERVER_HOST", "QUANTSCOPE_SERVER_ALLOW_OPEN"),
        *("QUANTSCOPE_SERVER_ALLOWED_HOSTS", "QUANTSCOPE_SERVER_DATA_DIR"),
        *("QUANTSCOPE_KAFKA_BOOTSTRAP_SERVERS", "QUANTSCOPE_REDIS_HOST", "QUANTSCOPE_REDIS_PORT"),
    }
    for role in plan.roles():
        service = one[role.name]
        assert service["command"][0] == "quantscope"
        assert service["command"][1:] == list(role.command[3:]), role.name
        for name in {*role.environment, *service["environment"]} - elsewhere:
            assert service["environment"][name] == role.environment[name], (role.name, name)


def test_commands_and_settings_of_the_containers_exist(one: Services) -> None:
    for name, service in {**roles(one), "setup": one["setup"]}.items():
        word, *rest = service["command"][1:]
        command = main.commands[word]
        command.make_context(word, rest, parent=click.Context(main))
        config = load(CONFIG, service["environment"])
        assert config.server.allow_open, name
        assert set(config.server.allowed_hosts) == set(roles(one))


def test_the_ports_of_the_containers_are_published_as_they_are(one: Services, plan: Plan) -> None:
    published = {name: service["ports"] for name, service in one.items() if "ports" in service}
    ports = {name: plan.ports[name] for name in ("gateway-1", "gateway-2", "facade")}
    ports |= {"prometheus": 9090, "grafana": 3000}
    wanted = {name: [f"127.0.0.1:{port}:{port}/tcp"] for name, port in ports.items()}
    for name in ("gateway-1", "gateway-2"):
        port = plan.ports[f"{name}.fix"]
        wanted[name].append(f"127.0.0.1:{port}:{port}/tcp")
    assert published == wanted


def test_prometheus_asks_each_role(one: Services, plan: Plan) -> None:
    rows = json.loads((PROMETHEUS / "targets/compose.json").read_text())
    asked = {row["labels"]["name"]: (row["labels"]["role"], row["targets"]) for row in rows}
    assert asked == {
        name: (service["command"][1], [f"{name}:{plan.http_port(name)}"])
        for name, service in roles(one).items()
    }


# -- memory ----------------------------------------------------------------------------------


def test_what_lies_in_queues_fits_into_the_memory(one: Services) -> None:
    config = load(CONFIG, {})
    for name, section in NEEDED.items():
        rows = memory_needed(config)
        total = sum(value for row, value in rows.items() if row.startswith(f"{section}."))
        assert total < 0.75 * size(one[name]["mem_limit"]), name


def test_redis_deletes_nothing_and_has_room(one: Services) -> None:
    lines = (ROOT / "deploy/redis/redis.conf").read_text().splitlines()
    said = dict(line.split(" ", 1) for line in lines if line and line[0] != "#")
    assert said["appendonly"] == "yes"
    assert said["appendfsync"] == "everysec"
    assert said["maxmemory-policy"] == "noeviction"
    maxmemory = int(said["maxmemory"].removesuffix("mb")) * MIB
    assert 0.9 * maxmemory > load(CONFIG, {}).redis.redis_bytes_max
    # While it writes its file anew it may hold what has changed twice.
    assert size(one["redis"]["mem_limit"]) == 2 * maxmemory


# -- brokers ---------------------------------------------------------------------------------


def started_with(service: dict[str, Any], directory: Path) -> dict[str, str]:
    """The settings that the image's own program makes of the folder and the environment.

    It also makes the directory of the data, as at the first start.
    """
    fetched = subprocess.run([SCRIPT, "fetch"], capture_output=True, text=True, check=True)
    for name in ("defaults", "final"):
        (directory / name).mkdir()
    for name in ("log4j2.yaml", "tools-log4j2.yaml", "server.properties"):
        (directory / "defaults" / name).write_text("#\n")
    settings = next(volume for volume in service["volumes"] if "/mnt/shared/config" in volume)
    mounted, _, _ = settings.partition(":")
    data = {"KAFKA_LOG_DIRS": str(directory / "data")}
    java = shutil.which("java")
    assert java
    done = subprocess.run(
        [
            *(java, "-XX:TieredStopAtLevel=1", "-cp", f"{fetched.stdout.strip()}/*"),
            *("kafka.docker.KafkaDockerWrapper", "setup"),
            *("--default-configs-dir", str(directory / "defaults")),
            *("--mounted-configs-dir", mounted),
            *("--final-configs-dir", str(directory / "final")),
        ],
        env={"PATH": os.environ["PATH"], **service["environment"], **data},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert (directory / "data/meta.properties").exists()
    lines = (directory / "final/server.properties").read_text().splitlines()
    return dict(line.split("=", 1) for line in lines if "=" in line)


def test_a_broker_starts_with_the_settings_that_are_shared(one: Services, tmp_path: Path) -> None:
    found = started_with(one["kafka"], tmp_path)
    assert found["log.flush.scheduler.interval.ms"] == "500"
    assert found["process.roles"] == "broker,controller"
    assert found["controller.quorum.voters"] == "1@kafka:9093"
    assert found["min.insync.replicas"] == found["default.replication.factor"] == "1"


def test_three_brokers_keep_three_copies(three: Services, tmp_path: Path) -> None:
    brokers = {name: one for name, one in three.items() if name.startswith("kafka")}
    numbers = {name: one["environment"]["KAFKA_NODE_ID"] for name, one in brokers.items()}
    assert numbers == {"kafka": "1", "kafka-2": "2", "kafka-3": "3"}
    for name, broker in brokers.items():
        advertised = broker["environment"]["KAFKA_ADVERTISED_LISTENERS"]
        assert advertised == f"PLAINTEXT://{name}:9092"
        assert f"{name}:/var/lib/kafka/data:rw" in broker["volumes"]
        assert three["setup"]["depends_on"][name] == {"condition": "service_healthy"}
    found = started_with(brokers["kafka-3"], tmp_path)
    assert found["controller.quorum.voters"] == ",".join(
        f"{number}@{name}:9093" for name, number in numbers.items()
    )
    copies = {key: value for key, value in found.items() if key.endswith("replication.factor")}
    assert set(copies.values()) == {"3"}
    assert found["min.insync.replicas"] == found["transaction.state.log.min.isr"] == "2"
    for name, service in {**roles(three), "setup": three["setup"]}.items():
        kafka = load(CONFIG, service["environment"]).kafka
        assert (kafka.replication_factor, kafka.min_insync_replicas) == (3, 2), name
        assert set(kafka.bootstrap_servers) == {f"{broker}:9092" for broker in brokers}


def test_the_configuration_is_one_that_has_nothing_that_is_default() -> None:
    """What is set in it is set for a reason."""
    given = tomllib.loads(CONFIG.read_text())
    for section, settings in given.items():
        for name, value in settings.items():
            default = getattr(getattr(Config(), section), name)
            assert value != default, f"{section}.{name}"
