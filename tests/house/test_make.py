"""The developer's commands: they list themselves, and say at once all that is missing."""

import os
import pathlib
import re
import shutil
import subprocess

import pytest

ROOT = pathlib.Path(__file__).parents[2]
SHELL_TOOLS = ("sh", "dirname", "sed", "head", "mktemp", "rm", "echo")


def check_tools(purpose: str, path: pathlib.Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["/bin/sh", str(ROOT / "scripts/check_tools.sh"), purpose],
        env={"PATH": str(path)},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture
def bare_machine(tmp_path: pathlib.Path) -> pathlib.Path:
    """A search path that has a shell's own tools and nothing else."""
    for name in SHELL_TOOLS:
        found = shutil.which(name)
        assert found
        (tmp_path / name).symlink_to(found)
    return tmp_path


def put(path: pathlib.Path, name: str, script: str) -> None:
    (path / name).write_text(f"#!/bin/sh\n{script}\n")
    (path / name).chmod(0o755)


def test_help_lists_the_commands() -> None:
    listing = subprocess.run(
        ["make", "help"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    names = set(re.findall(r"^([a-z-]+) ", listing, re.MULTILINE))
    assert {"help", "setup", "run", "test", "bench", "check", "fmt", "clean"} <= names


def test_all_that_is_missing_is_listed_at_once(bare_machine: pathlib.Path) -> None:
    done = check_tools("test", bare_machine)
    assert done.returncode == 1
    for what in ("Python >= 3.11", "Rust >= 1.89", "a C compiler", "wrk"):
        assert f"  {what}: " in done.stderr
    assert done.stderr.count("apt-get install") == 3


def test_running_needs_less_than_testing(bare_machine: pathlib.Path) -> None:
    done = check_tools("run", bare_machine)
    assert done.returncode == 1
    assert "wrk" not in done.stderr


def test_a_toolchain_that_is_too_old_is_named(bare_machine: pathlib.Path) -> None:
    put(bare_machine, "cargo", "echo 'cargo 1.63.0 (fd9c4297c 2022-07-01)'")
    put(bare_machine, "python3", "exit 1")
    done = check_tools("run", bare_machine)
    assert "cargo is 1.63\n" in done.stderr
    assert "python3 is broken" in done.stderr


def test_a_newer_toolchain_serves(bare_machine: pathlib.Path) -> None:
    put(bare_machine, "cargo", "echo 'cargo 1.100.1 (fd9c4297c 2027-07-01)'")
    put(bare_machine, "python3", "exit 0")
    put(bare_machine, "cc", "exit 0")
    done = check_tools("run", bare_machine)
    assert (done.returncode, done.stderr) == (0, "")


def test_nothing_is_built_before_the_check() -> None:
    """A dry run prints the recipes in order: the check comes before the environment."""
    for target in ("run", "test"):
        plan = subprocess.run(
            ["make", "-n", "-B", target],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=True,
            env=os.environ | {"MAKEFLAGS": ""},
        ).stdout
        check, build = plan.index("check_tools.sh"), plan.index("maturin")
        assert check < plan.index("requirements.lock") < build
        assert f"check_tools.sh {target}" in plan
        assert ("requirements-dev.lock" in plan) == (target == "test")
