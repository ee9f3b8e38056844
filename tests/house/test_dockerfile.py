"""The Dockerfile's steps work, as far as that can be known without a container engine."""

import os
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

SCRIPT = str(Path(__file__).parents[2] / "scripts/bare_build.py")
SECONDS_MAX = 240
LOOK = (
    "id -u; touch /opt/quantscope/x 2>/dev/null || echo closed; touch here && ls; "
    "python -m quantscope.ready 1; ls /opt/quantscope/bin | grep -c maturin"
)
"""Who it is; what may be written; the health check, where nobody listens; what is left behind."""


@pytest.fixture(scope="module")
def as_root() -> list[str]:
    """What makes root, which these tests need: a bare folder is mounted as the image would be."""
    prefix = [] if os.geteuid() == 0 else ["sudo", "-n", "--preserve-env"]
    tried = subprocess.run(
        [*prefix, "unshare", "--mount", "true"], check=False, capture_output=True
    )
    assert tried.returncode == 0, (
        "the steps of the Dockerfile are tried by root, or sudo -n, that may mount: "
        + tried.stderr.decode()
    )
    return prefix


@pytest.fixture
def system_python() -> None:
    """The extension of this checkout must be one for the Python of the system."""
    asked = "import sysconfig; print(sysconfig.get_config_var('EXT_SUFFIX'))"
    said = subprocess.run(["/usr/bin/python3", "-c", asked], capture_output=True, check=True)
    made_for = sysconfig.get_config_var("EXT_SUFFIX")
    assert said.stdout.decode().strip() == made_for, (
        "the image is tried with the Python of the system, and the extension here is for another: "
        "make clean, then make PYTHON=/usr/bin/python3 test"
    )


def execute(prefix: list[str], directory: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run the script in a directory that is gone afterwards: it is large, and may be root's."""
    try:
        return subprocess.run(
            [*prefix, sys.executable, SCRIPT, *words],
            capture_output=True,
            text=True,
            timeout=SECONDS_MAX,
            check=False,
        )
    finally:
        subprocess.run([*prefix, "rm", "-rf", str(directory)], check=True)


@pytest.mark.usefixtures("system_python")
def test_its_steps_make_a_place_in_which_a_role_can_run(tmp_path: Path, as_root: list[str]) -> None:
    bare = tmp_path / "bare"
    done = execute(as_root, bare, "--built", str(bare), "sh", "-c", LOOK)
    shown, _, said = done.stdout.partition("# What these limits may need")
    assert said.splitlines()[-5:] == [
        *("10001", "closed", "here", "port 1: [Errno 111] Connection refused", "0"),
    ], done.stderr[-2_000:]
    # What CMD says has shown the configuration that is part of the image.
    assert 'engines = ["a","b"]' in shown


@pytest.mark.parametrize(
    ("step", "why"),
    [
        ("RUN true && false", "RUN true && false: exit code 1"),
        ("RUN touch /usr/bin/x", "exit code 1"),
        ("COPY tests /tests", "tests is not in the context (.dockerignore)"),
        ("VOLUME /x", "VOLUME: this script does not know what that does"),
        ("RUN apt-get install -y no-such-package-1", "apt knows no package no-such-package-1"),
    ],
)
def test_a_step_that_fails_is_named(
    step: str, why: str, tmp_path: Path, as_root: list[str]
) -> None:
    file = tmp_path / "Dockerfile"
    release = Path("/etc/debian_version")
    here = release.read_text().strip() if release.exists() else "0.0"
    file.write_text(f"FROM debian:{here}\n{step}\n")
    bare = tmp_path / "bare"
    done = execute(as_root, bare, "--file", str(file), str(bare))
    assert done.returncode == 2
    assert why in done.stderr
