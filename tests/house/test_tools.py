"""What a machine lacks is named, with what it is for, and installed before anything is built."""

import pathlib
import re
import shutil
import subprocess

import pytest

ROOT = pathlib.Path(__file__).parents[2]
SHELL_TOOLS = ("sh", "env", "dirname", "sed", "head", "mktemp", "rm", "cp")
ALL_OF_TEST = (
    "Python >= 3.11",
    "Rust >= 1.89",
    "a C compiler",
    "a C++ compiler",
    "wrk",
    "Java >= 17",
    "Java's compiler",
    "Maven",
    "Redis",
    "Prometheus",
    "docker-compose",
    "curl",
    "openssl",
)
PACKAGES = (
    "python3 python3-venv python3-dev rustc-web cargo-web ca-certificates gcc libc6-dev g++ wrk "
    "openjdk-17-jre-headless openjdk-17-jdk-headless maven redis-server prometheus docker-compose "
    "curl openssl"
)
BOOKWORM = {
    "python3": "3.11.2-1+b1",
    "python3-venv": "3.11.2-1+b1",
    "python3-dev": "3.11.2-1+b1",
    "rustc": "1.63.0+dfsg1-2",
    "cargo": "0.66.0+ds1-1",
    "ca-certificates": "20230311+deb12u1",
    "rustc-web": "1.96.0+dfsg1-1~deb12u2",
    "cargo-web": "1.96.0+dfsg1-1~deb12u2",
    "gcc": "4:12.2.0-3",
    "libc6-dev": "2.36-9+deb12u14",
    "g++": "4:12.2.0-3",
    "wrk": "4.1.0-3+b2",
    "openjdk-17-jre-headless": "17.0.15+6-1~deb12u1",
    "openjdk-17-jdk-headless": "17.0.15+6-1~deb12u1",
    "maven": "3.8.7-1",
    "redis-server": "5:7.0.15-1~deb12u5",
    "prometheus": "2.42.0+ds-5+b6",
    "docker-compose": "1.29.2-3",
    "curl": "7.88.1-10+deb12u14",
    "openssl": "3.0.17-1~deb12u3",
    "rust-clippy": "1.63.0+dfsg1-2",
    "rust-web-clippy": "1.96.0+dfsg1-1~deb12u2",
}
KAFKA = {"Java >= 17", "Maven"}
TLS = {"curl", "openssl"}
QUICKFIX = {"a C++ compiler", "Java's compiler"}
CARGO = "echo 'cargo 1.96.0 (abc 2026-05-25)'"
JAVA = "echo 'openjdk version \"17.0.15\" 2025-04-15' >&2"
# What a package puts into the search path.
BRINGS = {
    "python3": ("python3", "echo 3.11"),
    "cargo-web": ("cargo", CARGO),
    "gcc": ("cc", "exit 0"),
    "g++": ("c++", "exit 0"),
    "wrk": ("wrk", "exit 0"),
    "openjdk-17-jre-headless": ("java", JAVA),
    "openjdk-21-jre-headless": ("java", JAVA.replace("17.0.15", "21.0.7")),
    "openjdk-17-jdk-headless": ("javac", "exit 0"),
    "maven": ("mvn", "exit 0"),
    "redis-server": ("redis-server", "exit 0"),
    "prometheus": ("prometheus", "exit 0"),
    "docker-compose": ("docker-compose", "exit 0"),
    "curl": ("curl", "exit 0"),
    "openssl": ("openssl", "exit 0"),
}


class Machine:
    """A search path with a shell's own tools, and programs that write down how they are called."""

    def __init__(self, path: pathlib.Path) -> None:
        self.path = path / "bin"
        self.path.mkdir()
        self.log = path / "log"
        self.log.touch()
        for name in SHELL_TOOLS:
            found = shutil.which(name)
            assert found
            (self.path / name).symlink_to(found)
        self.put("id", "echo 1000")

    def put(self, name: str, script: str, where: str = "bin") -> None:
        path = self.path.parent / where / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(0o755)

    def noted(self, name: str, script: str, where: str = "bin") -> None:
        """A program that says how it was called."""
        self.put(name, f'echo "{name} $*" >>"{self.log}"\n{script}', where)

    def root(self) -> None:
        self.put("id", "echo 0")

    def sudo(self) -> None:
        """One that asks for no password, and makes whom it runs root."""
        self.noted("sudo", f'[ "$1" = -n ] || exit 1\nshift\n{self.path}/env AS_ROOT=1 "$@"')

    def apt(self, offers: dict[str, str], failing: int = 0) -> None:
        """An apt that knows versions only after an update, and brings programs."""
        policies = "".join(f"{name}) v='{v}' ;;\n" for name, v in offers.items())
        self.put(
            "apt-cache",
            f'[ -e "{self.path}/updated" ] || exit 0\n'
            f'case $2 in\n{policies}*) v="(none)" ;;\nesac\n'
            'echo "$2:"\necho "  Installed: (none)"\necho "  Candidate: $v"',
        )
        for package, (name, script) in BRINGS.items():
            self.put(name, script, f"packages/{package}")
        self.put("promtool", "exit 0", "packages/prometheus")
        self.noted(
            "apt-get",
            'case " $* " in\n'
            f'*" update "*) : >"{self.path}/updated" ;;\n'
            f"*) [ {failing} = 0 ] || exit {failing}\n"
            f'for p in "$@"; do d="{self.path}/../packages/$p"; '
            f'[ ! -d "$d" ] || cp "$d"/* "{self.path}"; done ;;\n'
            "esac",
        )

    def whole(self) -> None:
        """All that a test run needs is there."""
        self.put("python3", "echo 3.11")
        self.put("cargo", "echo 'cargo 1.100.1 (fd9c4297c 2027-07-01)'")
        self.put("cc", "exit 0")
        self.put("c++", "exit 0")
        self.put("wrk", "exit 0")
        self.put("java", JAVA)
        self.put("javac", "exit 0")
        self.put("mvn", "exit 0")
        for name in ("redis-server", "prometheus", "promtool", "docker-compose", "curl", "openssl"):
            self.put(name, "exit 0")

    def calls(self) -> list[str]:
        """What was called, without the options that stand before apt-get's verb."""
        lines = self.log.read_text().splitlines()
        return [line.replace("-q -o DPkg::Lock::Timeout=300 ", "") for line in lines]

    def see_to(self, purpose: str, **environment: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["/bin/sh", str(ROOT / "scripts/tools.sh"), purpose],
            env={"PATH": str(self.path)} | environment,
            capture_output=True,
            text=True,
            check=False,
        )


@pytest.fixture
def machine(tmp_path: pathlib.Path) -> Machine:
    return Machine(tmp_path)


def test_a_machine_that_has_everything_hears_nothing(machine: Machine) -> None:
    machine.whole()
    machine.root()
    machine.apt(BOOKWORM)
    done = machine.see_to("test")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert machine.calls() == []


def test_root_gets_what_is_missing_having_been_told_what_and_why(machine: Machine) -> None:
    machine.root()
    machine.apt(BOOKWORM)
    done = machine.see_to("test")
    assert done.returncode == 0, done.stderr
    assert done.stdout == ""  # what the exchange prints is not mixed with what apt says
    said, _, _ = done.stderr.partition("\n+ ")
    assert "make test needs what is not here, and installs it now (NO_INSTALL=1 " in said
    assert [what for what in ALL_OF_TEST if f"\n  {what}: " not in said] == []
    assert "wrk: the load test of REST runs it; wrk is not found" in said
    assert machine.calls() == [
        "apt-get update",
        f"apt-get install -y --no-install-recommends --no-remove {PACKAGES}",
    ]
    assert f"apt-get install -y --no-install-recommends --no-remove {PACKAGES}" in (
        done.stderr.replace("-q -o DPkg::Lock::Timeout=300 ", "")
    )


def test_anybody_else_gets_it_by_a_sudo_that_asks_for_no_password(machine: Machine) -> None:
    machine.sudo()
    machine.apt(BOOKWORM)
    done = machine.see_to("test")
    assert done.returncode == 0, done.stderr
    calls = machine.calls()
    assert [call for call in calls if call.startswith("apt-get")] == [
        "apt-get update",
        f"apt-get install -y --no-install-recommends --no-remove {PACKAGES}",
    ]
    assert all(call.startswith("sudo -n env") for call in calls if call.startswith("sudo"))


def listed(done: subprocess.CompletedProcess[str], machine: Machine) -> None:
    """Everything at once, each with its package, and nothing done."""
    assert done.returncode == 1
    assert [what for what in ALL_OF_TEST if f"\n  {what}: " not in done.stderr] == []
    assert done.stderr.count("apt-get install ") == len(ALL_OF_TEST)
    assert [call for call in machine.calls() if call.startswith("apt-get")] == []


def test_without_the_right_to_install_it_is_listed(machine: Machine) -> None:
    machine.apt(BOOKWORM)
    done = machine.see_to("test")
    listed(done, machine)
    assert "apt-get needs root, or a sudo that asks for no password" in done.stderr
    machine.noted("sudo", "exit 1")  # it would ask for one
    listed(machine.see_to("test"), machine)


def test_without_apt_it_is_listed(machine: Machine) -> None:
    machine.root()
    done = machine.see_to("test")
    listed(done, machine)
    assert "there is no apt-get here" in done.stderr


def test_who_wants_nothing_installed_gets_the_list(machine: Machine) -> None:
    machine.root()
    machine.apt(BOOKWORM)
    listed(machine.see_to("test", NO_INSTALL="1"), machine)
    machine.put("updated", "")  # apt knows its packages already
    done = machine.see_to("test", NO_INSTALL="1")
    listed(done, machine)
    assert "apt-get install rustc-web cargo-web ca-certificates\n" in done.stderr


def test_what_it_installs_does_not_run_as_a_service(machine: Machine) -> None:
    machine.whole()
    (machine.path / "promtool").unlink()
    machine.noted("systemctl", "exit 0")
    machine.sudo()
    machine.apt(BOOKWORM)
    done = machine.see_to("test")
    assert done.returncode == 0, done.stderr
    # Redis was there before, and may be somebody's.
    assert [call for call in machine.calls() if call.startswith("systemctl")] == [
        "systemctl disable --now --quiet prometheus"
    ]
    assert "sudo -n env systemctl disable --now --quiet prometheus" in machine.calls()


def test_an_installation_that_fails_says_so_and_what_is_still_missing(machine: Machine) -> None:
    machine.whole()
    (machine.path / "wrk").unlink()
    machine.root()
    machine.apt(BOOKWORM, failing=100)
    done = machine.see_to("test")
    assert done.returncode == 1
    _, _, end = done.stderr.partition("apt-get failed; ")
    assert end.startswith("make test still needs what is not here:\n  wrk: ")
    assert "Rust" not in end


def test_an_installation_that_brings_nothing_is_no_success(machine: Machine) -> None:
    machine.whole()
    (machine.path / "cc").unlink()
    machine.root()
    machine.apt(BOOKWORM)
    machine.noted("apt-get", f': >"{machine.path}/updated"')
    done = machine.see_to("run")
    assert done.returncode == 1
    assert "make run still needs what is not here:\n  a C compiler: " in done.stderr


def test_an_interpreter_without_headers_gets_its_own(machine: Machine) -> None:
    machine.whole()
    headers = f'case "$2" in *Python.h*) [ -e "{machine.path}/headers" ];; *) echo 3.11;; esac'
    machine.put("python3", headers)
    machine.put("headers", "", "packages/python3.11-dev")
    machine.root()
    machine.apt({"python3.11-dev": "3.11.2-6"})
    assert machine.see_to("run").stderr == ""
    done = machine.see_to("test")
    assert done.returncode == 0, done.stderr
    install = "apt-get install -y --no-install-recommends --no-remove python3.11-dev"
    assert machine.calls() == ["apt-get update", install]


def test_what_apt_does_not_have_new_enough_is_listed_before_anything_is_installed(
    machine: Machine,
) -> None:
    machine.root()
    machine.apt({**BOOKWORM, "python3": "3.9.2-3", "rustc-web": "1.78.0+dfsg1-2"})
    done = machine.see_to("test")
    assert done.returncode == 1
    _, _, end = done.stderr.partition("apt has nothing that does for Python, Rust; ")
    assert "rustup (rustup.rs), then: rustup default stable" in end
    assert "      apt-get install wrk\n" in end
    assert machine.calls() == ["apt-get update"]


def test_where_apt_has_rustup_alone_it_brings_the_toolchain(machine: Machine) -> None:
    machine.whole()
    (machine.path / "cargo").unlink()
    machine.root()
    machine.apt(
        {"rustup": "1.27.1-3", "rustc": "1.85.0", "cargo": "1.85.0", "ca-certificates": "2"}
    )
    machine.put("cargo", "exit 1", "packages/rustup")  # rustup's own, without a toolchain
    machine.put("cargo", CARGO, "toolchain")
    bring = f'cp "{machine.path}/../toolchain/cargo" "{machine.path}"'
    machine.noted("rustup", bring, "packages/rustup")
    done = machine.see_to("run")
    assert done.returncode == 0, done.stderr
    install = "apt-get install -y --no-install-recommends --no-remove rustup ca-certificates"
    assert machine.calls() == ["apt-get update", install, "rustup default stable"]


def test_a_component_of_rustup_s_toolchain_comes_from_rustup(machine: Machine) -> None:
    """It needs no root, and apt's own would not fit the toolchain."""
    machine.whole()
    component = machine.path / "component"
    machine.put("cargo", f'[ "$1" != clippy ] || {{ [ -e "{component}" ]; exit; }}\n{CARGO}')
    machine.put("rustfmt", "exit 0")
    machine.apt(BOOKWORM)
    machine.noted("rustup", f': >"{component}"')
    done = machine.see_to("lint")
    assert done.returncode == 0, done.stderr
    assert machine.calls() == ["rustup component add clippy"]


def test_a_toolchain_that_is_too_old_is_named(machine: Machine) -> None:
    machine.put("cargo", "echo 'cargo 1.63.0 (fd9c4297c 2022-07-01)'")
    machine.put("python3", "exit 1")
    done = machine.see_to("run")
    assert "Rust >= 1.89: the engine is built with it; cargo 1.63\n" in done.stderr
    assert "python3 is broken" in done.stderr


@pytest.mark.parametrize(
    ("version", "named"), [("1.8.0_452", "1.8"), ("11.0.27", "11.0"), ("16", "16")]
)
def test_a_java_that_is_too_old_is_named(version: str, named: str, machine: Machine) -> None:
    machine.whole()
    machine.put("java", JAVA.replace("17.0.15", version))
    done = machine.see_to("test")
    assert done.returncode == 1
    assert f"Java >= 17: Apache Kafka runs on it; java is {named}\n" in done.stderr


@pytest.mark.parametrize("version", ["17", "17.0.15", "21", "22-ea", "25.0.1"])
def test_a_newer_java_serves_too(version: str, machine: Machine) -> None:
    machine.whole()
    machine.put("java", JAVA.replace("17.0.15", version))
    assert machine.see_to("test").stderr == ""


def test_where_apt_has_only_a_newer_java_it_brings_that(machine: Machine) -> None:
    machine.whole()
    (machine.path / "java").unlink()
    machine.root()
    machine.apt({"openjdk-21-jre-headless": "21.0.7+6-1", "openjdk-25-jre-headless": "25.0.1+8-1"})
    done = machine.see_to("test")
    assert done.returncode == 0, done.stderr
    install = "apt-get install -y --no-install-recommends --no-remove openjdk-21-jre-headless"
    assert machine.calls() == ["apt-get update", install]


@pytest.mark.parametrize(
    ("purpose", "more"),
    [
        ("run", set()),
        ("cluster", {*KAFKA, "Redis", "Prometheus"}),
        ("test", {*KAFKA, *QUICKFIX, "wrk", "Redis", "Prometheus", "docker-compose", *TLS}),
        ("bench", {*KAFKA, "a C++ compiler", "wrk", "Redis"}),
        ("lint", {"clippy >= 1.89", "rustfmt >= 1.89"}),
        (
            "check",
            {*KAFKA, *QUICKFIX, "wrk", "Redis", "Prometheus", "docker-compose", *TLS}
            | {"clippy >= 1.89", "rustfmt >= 1.89"},
        ),
        ("mutants", {"cargo-mutants"}),
        ("lock", {"uv"}),
    ],
)
def test_a_purpose_asks_for_what_it_needs(purpose: str, more: set[str], machine: Machine) -> None:
    rows = re.findall(r"^  (\S.*?): ", machine.see_to(purpose).stderr, re.MULTILINE)
    assert {*rows} == {"Python >= 3.11", "Rust >= 1.89", "a C compiler", *more}
    assert len(rows) == 3 + len(more)
