"""`met` follows from the samples, and from nothing else."""

import pathlib

import msgspec
import pytest

from benchmarks.__main__ import MODULES
from benchmarks.cores import rows
from benchmarks.result import FIGURES, Bar, Row, figure, recomputed
from benchmarks.table import (
    PAGE,
    README,
    cells,
    documents,
    known,
    markdown,
    number,
    read_results,
    with_table,
    write_results,
)


def row(samples: list[float], bar: str, baseline: list[float] | None = None) -> Row:
    return Row(
        name="a row",
        unit="us",
        command="a command",
        bar=bar,
        samples=samples,
        baseline_samples=baseline or [],
    )


@pytest.mark.parametrize(
    ("bar", "samples", "baseline", "met"),
    [
        ("<= 120", [119.0, 500.0, 120.0], None, True),
        ("<= 120", [121.0, 1.0, 500.0], None, False),
        (">= 8000", [8000.0], None, True),
        (">= 8000", [7999.0], None, False),
        ("<= 0", [0.0], None, True),
        ("<= 1.3 x baseline", [13.0], [10.0], True),
        ("<= 1.3 x baseline", [13.1], [10.0], False),
        ("<= 5000 + 2 x baseline", [5200.0], [90.0, 100.0, 1000.0], True),
        ("<= 5000 + 2 x baseline", [5201.0], [100.0], False),
    ],
)
def test_met_is_the_bar_applied_to_the_medians(
    bar: str, samples: list[float], baseline: list[float] | None, met: bool
) -> None:
    assert row(samples, bar, baseline).result().met is met


@pytest.mark.parametrize("bar", ["", "<= ", "< 5", "<= x baseline", "fast", "<= 5 +"])
def test_anything_else_is_no_bar(bar: str) -> None:
    with pytest.raises(ValueError, match="no bar"):
        Bar.parse(bar)


def test_a_relative_bar_needs_its_baseline() -> None:
    with pytest.raises(ValueError, match="needs a baseline"):
        row([1.0], "<= 2 x baseline").result()


def test_a_row_without_samples_is_no_result() -> None:
    with pytest.raises(ValueError, match="no samples"):
        row([], "<= 1").result()


def test_a_result_says_everything_that_the_issue_asks_for() -> None:
    made = row([3.0, 1.0, 2.0], "<= 2 x baseline", [4.0]).result()
    assert (made.median, made.min, made.max) == (2.0, 1.0, 3.0)
    assert (made.baseline, made.ratio, made.met) == (4.0, 0.5, True)
    names = set(msgspec.to_builtins(made))
    assert names >= {
        "name", "unit", "median", "min", "max", "samples", "command", "baseline", "ratio", "bar",
        "met",
    }  # fmt: skip


def test_every_recorded_result_follows_from_its_own_samples() -> None:
    for result in read_results():
        assert recomputed(result) == result, result.name


def rows_of(text: str) -> list[list[str]]:
    """The cells of the table that stands in a document, without its head."""
    lines = [line for line in text.splitlines() if line.startswith("| ")]
    table = [line for line in lines if line in text.partition("performance: begin")[2]]
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in table[1:]]


@pytest.mark.parametrize("path", [README, PAGE])
def test_the_documents_show_the_recorded_results(path: pathlib.Path) -> None:
    assert documents(read_results())[path] == path.read_text()


def test_the_readme_has_the_rows_that_say_most_and_the_page_has_all() -> None:
    results = read_results()
    few, every = rows_of(README.read_text()), rows_of(PAGE.read_text())
    assert 8 <= len(few) <= 12
    assert [row[-1] for row in every] == [f"`{result.name}`" for result in results]
    assert [row for row in few if row not in [whole[:6] for whole in every]] == []
    assert any(row[2] and row[3] for row in few)  # a baseline, and the ratio to it


def test_every_row_has_a_title_in_plain_words() -> None:
    """No newcomer knows `journal.commit.60.p50`; two rows are never told by one title."""
    assert len(MODULES) == 17
    titles = [known(result.name).title for result in read_results()]
    assert {result.name for result in read_results()} <= set(FIGURES)
    assert len(set(titles)) == len(titles)
    assert [title for title in titles if "." in title.replace("--", "") or "_" in title] == []


def test_a_row_is_measured_by_one_bench() -> None:
    with pytest.raises(ValueError, match="measured twice"):
        figure("replay", "another")


@pytest.mark.parametrize(
    ("bar", "words"),
    [
        ("<= 5000 + 2 x baseline", "at most 5,000 + 2 x baseline"),
        (">= 1500000", "at least 1,500,000"),
        ("<= 1.3 x baseline", "at most 1.3 x baseline"),
        ("<= 0", "at most 0"),
    ],
)
def test_a_bar_is_told_in_words(bar: str, words: str) -> None:
    assert str(Bar.parse(bar)) == words


def test_results_of_the_same_name_are_replaced(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "results.json"
    first = row([1.0], "<= 2").result()
    other = msgspec.structs.replace(first, name="other")
    write_results([first, other], path)
    again = msgspec.structs.replace(first, median=9.0)
    assert write_results([again], path) == [again, other] == read_results(path)


def test_the_table_stands_between_its_marks() -> None:
    table = markdown([row([1234.5], ">= 1000").result()])
    text = with_table("a\n<!-- performance: begin -->\nold\n<!-- performance: end -->\nb", table)
    assert "old" not in text
    assert text.startswith("a\n")
    assert text.endswith("\nb")
    assert "| a row | 1,234 us |  |  | at least 1,000 | yes |" in text
    with pytest.raises(ValueError, match="no marks"):
        with_table("a text", table)


def test_a_baseline_stands_beside_its_row() -> None:
    made = Row(
        name="n", unit="us", command="c", bar="<= 2 x baseline", samples=[3.0],
        baseline_name="core, 1 symbol", baseline_samples=[1.0],
    ).result()  # fmt: skip
    baseline = f"1 ({FIGURES['core, 1 symbol'].title})"
    assert cells(made) == ("n", "3 us", baseline, "3", "at most 2 x baseline", "no")


@pytest.mark.parametrize(
    ("value", "text"),
    [(None, ""), (0, "0"), (0.001234, "0.00123"), (12.34, "12.3"), (123456.7, "123,457")],
)
def test_figures_have_the_digits_they_deserve(value: float | None, text: str) -> None:
    assert number(value) == text


def test_rows_of_a_bench_know_their_baseline_and_bar() -> None:
    output = "\n".join(
        [
            "running 1 test",
            '{"name": "core, 1 symbol", "unit": "ns/command", "samples": [50.0]}',
            '{"name": "core, 1000 symbols", "unit": "ns/command", "samples": [80.0]}',
            '{"name": "journal.commit.60.p50", "unit": "us", "samples": [500.0]}',
            '{"name": "journal.bare.60.p50", "unit": "us", "samples": [400.0]}',
        ]
    )
    one, many, commit, bare = (made.result() for made in rows(output, "cargo bench"))
    assert (commit.baseline, commit.ratio, bare.baseline) == (400.0, 1.25, None)
    assert (one.bar, one.met) == (None, None)
    assert (many.baseline, many.ratio, many.met) == (50.0, 1.6, False)
