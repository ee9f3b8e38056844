"""``kafka.sh`` fetches Kafka whole or not at all, names what is missing, starts and stops nodes."""

import shutil
import subprocess
from pathlib import Path

import pytest

from testing.command import SECONDS_MAX, NotReady
from testing.kafka import SCRIPT, Brokers, free_ports

SHELL_TOOLS = (
    *("bash", "env", "dirname", "sed", "cksum", "cut", "mkdir", "find", "mktemp", "mv", "rm"),
    *("head", "base64", "tr", "cat", "touch", "sleep"),
)
JAR = "kafka_2.13-4.3.1.jar"
JAVA = "echo 'openjdk version \"17.0.15\" 2025-04-15' >&2"
MAVEN = (
    'for word; do case $word in -DoutputDirectory=*) d=${word#*=} ;; esac; done; touch "$d/$JAR"'
)


class Shell:
    """A search path and a cache of its own for the script."""

    def __init__(self, path: Path) -> None:
        self.bin = path / "bin"
        self.cache = path / "cache"
        self.dir = path / "kafka"
        self.bin.mkdir()
        for name in SHELL_TOOLS:
            found = shutil.which(name)
            assert found
            (self.bin / name).symlink_to(found)
        self.put("java", JAVA)
        self.put("mvn", MAVEN)

    def put(self, name: str, script: str) -> None:
        file = self.bin / name
        file.write_text(f"#!{self.bin}/bash\n{script}\n")
        file.chmod(0o755)

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [SCRIPT, *arguments],
            env={"PATH": str(self.bin), "XDG_CACHE_HOME": str(self.cache), "JAR": JAR},
            capture_output=True,
            text=True,
            timeout=SECONDS_MAX,
            check=False,
        )

    def kept(self) -> list[str]:
        """The files of the cache."""
        return [file.name for file in self.cache.rglob("*") if file.is_file()]


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    return Shell(tmp_path)


def test_it_is_fetched_once(shell: Shell) -> None:
    first = shell.run("fetch")
    assert first.returncode == 0, first.stderr
    assert [file.name for file in Path(first.stdout.strip()).iterdir()] == [JAR]
    (shell.bin / "mvn").unlink()
    assert shell.run("fetch").stdout == first.stdout


@pytest.mark.parametrize(
    ("maven", "why"),
    [
        (f"{MAVEN}; echo no such host; exit 1", "Maven could not fetch Kafka 4.3.1"),
        (":", "Maven fetched something, but no Kafka 4.3.1"),
    ],
)
def test_a_fetch_that_fails_says_so_and_leaves_nothing(maven: str, why: str, shell: Shell) -> None:
    shell.put("mvn", maven)
    done = shell.run("fetch")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.endswith(f"kafka.sh: {why}\n")
    assert shell.kept() == []


def test_a_fetch_that_was_killed_is_not_taken_for_whole(shell: Shell) -> None:
    shell.put("mvn", f"{MAVEN}; kill -9 $PPID")
    assert shell.run("fetch").returncode == -9
    assert shell.kept() == [JAR]
    shell.put("mvn", MAVEN)
    done = shell.run("fetch")
    assert done.returncode == 0, done.stderr
    assert not done.stdout.strip().endswith(".part")
    assert shell.kept() == [JAR, JAR]  # the part goes with a fetch of an hour later


@pytest.mark.parametrize(
    ("missing", "why"),
    [
        ("java", "Kafka 4.3.1 runs on Java 17 or newer, and java is not found"),
        ("mvn", "Kafka 4.3.1 is fetched by Maven, and mvn is not found"),
    ],
)
def test_what_is_missing_is_named(missing: str, why: str, shell: Shell) -> None:
    (shell.bin / missing).unlink()
    done = shell.run("format", str(shell.dir), "1:2")
    assert (done.returncode, done.stdout, done.stderr) == (1, "", f"kafka.sh: {why}\n")
    assert not shell.dir.exists()


def test_tests_fail_with_the_same_words(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    (shell.bin / "java").unlink()
    monkeypatch.setenv("PATH", str(shell.bin))
    with pytest.raises(NotReady, match="and java is not found"):
        Brokers(shell.dir).start()


def test_a_java_that_is_too_old_is_named(shell: Shell) -> None:
    shell.put("java", JAVA.replace("17.0.15", "11.0.27"))
    done = shell.run("format", str(shell.dir), "1:2")
    assert done.stderr == "kafka.sh: Kafka 4.3.1 runs on Java 17 or newer, and java is 11\n"


@pytest.mark.parametrize(
    "arguments", [(), ("fetch", "more"), ("start",), ("dance", "x"), ("format", "x", "1:2", "3:4")]
)
def test_who_says_it_wrong_is_told_how(arguments: tuple[str, ...], shell: Shell) -> None:
    done = shell.run(*arguments)
    assert done.returncode == 2
    assert "kafka.sh format DIR PORT:PORT ..." in done.stderr


def script(*arguments: str) -> tuple[int, str, str]:
    """The script with the machine's own Java and cache."""
    done = subprocess.run(
        [SCRIPT, *arguments], capture_output=True, text=True, timeout=SECONDS_MAX, check=False
    )
    return done.returncode, done.stdout, done.stderr


def test_a_node_starts_and_stops(tmp_path: Path) -> None:
    where = str(tmp_path / "kafka")
    port, other = free_ports(2)
    pair = f"{port}:{other}"
    assert script("warm", pair) == (0, "", "")
    assert [*Path(script("fetch")[1].strip()).glob("*.jsa")]
    assert script("format", where, pair) == (0, f"127.0.0.1:{port}\n", "")
    assert script("start", where) == (0, "", "")
    try:
        assert script("start", where) == (1, "", "kafka.sh: node 1 runs already\n")
    finally:
        assert script("stop", where, "1") == (0, "", "")
    assert script("kill9", where) == (0, "", "kafka.sh: node 1 does not run\n")
    assert script("stop", where, "2") == (1, "", f"kafka.sh: {where} has no node 2\n")
    assert script("start", pair) == (1, "", f"kafka.sh: {pair} has no cluster\n")
