"""`make bench` measures, writes what it measured, and sees an engine that is slow."""

import pathlib

import pytest
from click.testing import CliRunner

from benchmarks.__main__ import main
from benchmarks.context import MEASURES, Context
from benchmarks.result import recomputed
from benchmarks.table import read_results

DELAY_US = 20_000.0


def test_the_measurements_list_themselves() -> None:
    done = CliRunner().invoke(main, ["--list"])
    assert done.output.split() == list(MEASURES)
    assert {"matching", "pipelined", "open-loop", "rest", "memory", "replay"} <= set(MEASURES)


def test_an_unknown_measurement_is_refused() -> None:
    done = CliRunner().invoke(main, ["faster"])
    assert done.exit_code == 2
    assert "unknown: faster; known: " in done.output


def test_a_quick_run_writes_its_results(tmp_path: pathlib.Path) -> None:
    output = tmp_path / "results.json"
    done = CliRunner().invoke(
        main, ["--quick", "--dir", str(tmp_path), "--output", str(output), "start"]
    )
    assert done.exit_code == 0, done.output
    (result,) = read_results(output)
    assert result.bar == "<= 2"
    assert recomputed(result) == result
    assert result.name.split()[0] in done.output


@pytest.mark.parametrize("name", ["round-trip-memory", "round-trip-durable", "open-loop"])
def test_a_slowed_engine_fails_its_rows(name: str, tmp_path: pathlib.Path) -> None:
    """The engine sleeps before each batch: every row with a bar on latency must say so."""
    slowed = Context(
        tmp_path,
        quick=True,
        environment={"QUANTSCOPE_ENGINE_FAULT_APPLY_DELAY_NS": f"{DELAY_US * 1000:.0f}"},
    )
    row = next(row.result() for row in MEASURES[name](slowed))
    assert row.median >= DELAY_US
    assert row.met is False
