"""The developer's commands: they list themselves, and two of them do all the setting up."""

import os
import pathlib
import re
import subprocess

import pytest

ROOT = pathlib.Path(__file__).parents[2]


def plan(*targets: str) -> str:
    """The recipes that make would run, in their order, whatever make runs these tests."""
    return subprocess.run(
        ["make", "-n", "-B", *targets],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
        env={name: value for name, value in os.environ.items() if not name.startswith("MAKE")},
    ).stdout


def test_help_lists_the_commands() -> None:
    listing = subprocess.run(
        ["make", "help"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    names = set(re.findall(r"^([a-z-]+) ", listing, re.MULTILINE))
    assert {"help", "setup", "run", "cluster", "test", "bench", "check", "fmt", "clean"} <= names


@pytest.mark.parametrize("target", ["run", "cluster", "test"])
def test_nothing_is_built_before_the_machine_was_looked_at(target: str) -> None:
    steps = plan(target)
    look, build = steps.index("tools.sh"), steps.index("maturin")
    assert look < steps.index("requirements.lock") < build
    assert f"tools.sh {target}" in steps
    assert ("requirements-dev.lock" in steps) == (target == "test")


@pytest.mark.parametrize(
    ("target", "purpose"),
    [
        ("cluster", "cluster"),
        ("setup", "test"),
        ("bench", "bench"),
        ("check", "check"),
        ("lint", "lint"),
        ("types", "lint"),
        ("rust-lint", "lint"),
        ("fmt", "lint"),
        ("coverage", "test"),
        ("python-test", "test"),
        ("rust-test", "test"),
        ("native-quick", "run"),
        ("fuzz", "run"),
        ("smoke", "run"),
        ("mutants", "mutants"),
        ("lock", "lock"),
        ("test lint", "test lint"),
    ],
)
def test_every_command_sees_to_what_it_needs(target: str, purpose: str) -> None:
    steps = plan(*target.split())
    assert re.findall(r"tools\.sh ([\w ]+)", steps) == [purpose]
    assert not steps[: steps.index("tools.sh")].strip().count("\n")


def test_the_continuous_integration_is_the_readme_s_command_and_the_linters() -> None:
    """It installs nothing by itself: what it needs, the README's command needs too."""
    lines = (ROOT / ".ci/run").read_text().splitlines()
    commands = [line for line in lines if line and line[0] != "#"]
    assert commands == [
        "set -euo pipefail",
        'cd "$(dirname "$0")/.."',
        "make test",
        "make lint types rust-lint",
    ]
