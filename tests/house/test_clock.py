"""Nobody but the clock asks the system for the time: both linters hold that, and stay hard."""

import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[2]
CLOCK = "crates/native/src/clock.rs"
MEASURES = {
    "crates/disk/src/write_back.rs",
    "crates/journal/src/checkpoint.rs",
    "crates/journal/src/log.rs",
    "crates/journal/src/writer.rs",
    "crates/load/src/time.rs",
    "crates/store/src/runner.rs",
    "crates/store/src/schema.rs",
}
"""Where a thread or a program measures its own work, or a reason says what else."""


def test_who_may_ask_the_system_for_the_time_in_rust() -> None:
    asked = re.compile(r"\b(SystemTime::now|Instant::now|clock_gettime)\b")
    found = {
        str(file.relative_to(ROOT))
        for file in ROOT.glob("crates/*/src/**/*.rs")
        if asked.search(file.read_text())
    }
    assert found == MEASURES | {CLOCK}


def test_the_linters_ban_the_systems_clocks() -> None:
    banned = {
        row["path"]
        for row in tomllib.loads((ROOT / "clippy.toml").read_text())["disallowed-methods"]
    }
    assert {"std::time::SystemTime::now", "std::time::Instant::now"} <= banned
    ruff = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["ruff"]["lint"]
    names = ruff["flake8-tidy-imports"]["banned-api"]
    assert {"time.time_ns", "time.monotonic_ns", "datetime.datetime.now"} <= set(names)
    free = {where for where, rules in ruff["per-file-ignores"].items() if "TID251" in rules}
    # The two of core are the door to the native code.
    outside = {"tests/**", "testing/**", "benchmarks/**", "clients/**"}
    assert free == outside | {"core/__init__.py", "core/faults.py"}
