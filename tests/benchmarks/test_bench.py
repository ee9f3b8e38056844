"""`make bench` measures, writes what it measured, and sees an engine that is slow."""

import pathlib

import pytest
from click.testing import CliRunner

from benchmarks import table
from benchmarks.__main__ import main
from benchmarks.context import MEASURES, Context
from benchmarks.result import FIGURES, recomputed
from benchmarks.table import read_results, write_results

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


@pytest.mark.parametrize("name", ["fix-resend", "fix-missed-fill", "fix-sessions"])
def test_what_fix_is_held_to_is_measured(name: str, tmp_path: pathlib.Path) -> None:
    results = [row.result() for row in MEASURES[name](Context(tmp_path, quick=True))]
    assert [result.name in FIGURES for result in results] == [True] * len(results)
    assert any(result.bar for result in results)
    assert list(tmp_path.iterdir()) == []


def test_one_command_writes_the_tables_of_all_documents(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("README", "PAGE"):
        path = tmp_path / name
        path.write_text(f"{table.BEGIN}\n{table.END}\n")
        monkeypatch.setattr(table, name, path)
    output = tmp_path / "results.json"
    rows = FIGURES["REST POST /orders, p99"].row("wrk"), FIGURES["replay"].row("cargo bench")
    for row in rows:
        row.samples = row.baseline_samples = [5.0]
    write_results([row.result() for row in rows], output)
    run = ["--quick", "--documents", "--dir", str(tmp_path), "--output", str(output), "start"]
    for arguments in (run, ["--only-documents", "--output", str(output)]):
        done = CliRunner().invoke(main, arguments)
        assert done.exit_code == 0, done.output
        readme, page = table.README.read_text(), table.PAGE.read_text()
        assert "| REST at full load: time to the answer, p99 | 5 ms |" in readme
        assert "5 ms" in page
        assert "open orders: time until it serves" in page
        assert "commands replayed" in page
        assert "commands replayed" not in readme
        table.README.write_text(f"{table.BEGIN}\n{table.END}\n")


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
