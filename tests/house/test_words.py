"""Words of ours stand in the glossary; where the field has a better one, it is used."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
ROOMS = (
    "clients",
    "core",
    "engine",
    "facade",
    "gateway",
    "journal",
    "quantscope",
    "settings",
    "store",
)
FIELD_HAS_A_WORD = {
    "near": "prefetch",
    "ahead": "prefetcher",
    "strip": "bucket",
    "shelf": "pools",
    "passing": "stages",
    "telling": "reports",
    "told": "published, delivered",
    "asked": "ack_times, requests",
    "line": "connection",
    "lines": "connections",
    "places": "order_slots",
    "again": "restart",
    "seal": "snapshot_header",
}
"""Names that modules had, and what they are called now."""
TAKEN = re.compile(
    r"\b(on_told|LineOver|LineDue|ReadAsks|LoginAsked|LogEntry|delete_entries_max|Passage|Strip|Shelf)\b"
)


def sources() -> list[Path]:
    python = [file for room in ROOMS for file in (ROOT / room).rglob("*.py")]
    return [*python, *(ROOT / "crates").glob("*/src/**/*.rs"), ROOT / "core/_native.pyi"]


def test_no_module_has_a_word_for_which_the_field_has_another() -> None:
    assert [str(file) for file in sources() if file.stem in FIELD_HAS_A_WORD] == []


def test_names_that_went_do_not_come_back() -> None:
    found = {str(file): TAKEN.findall(file.read_text()) for file in sources()}
    assert {file: names for file, names in found.items() if names} == {}


def test_the_glossary_names_words_that_are_used() -> None:
    page = (ROOT / "docs/ARCHITECTURE.md").read_text()
    glossary = page.partition("\n## Words\n")[2].partition("\n## ")[0]
    words = [
        word
        for row in re.findall(r"^\| ([a-z, ]+) \|", glossary, re.MULTILINE)
        for word in row.split(", ")
        if row != "word"
    ]
    assert len(words) > 15
    text = "\n".join(file.read_text() for file in sources())
    assert [word for word in words if not re.search(rf"(?<![a-z]){word}s?(?![a-z])", text)] == []
