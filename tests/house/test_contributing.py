"""What CONTRIBUTING.md names exists: paths, commands, and the files that the README leads to."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "CONTRIBUTING.md").read_text()
ENDINGS = "|".join(("py", "pyi", "rs", "md", "xml", "toml"))
PATH = re.compile(rf"`([\w./-]+(?:/|\.(?:{ENDINGS})))`")


def test_every_path_that_it_names_exists() -> None:
    named = set(PATH.findall(PAGE)) | set(re.findall(r"`(crates/\w+)`", PAGE))
    assert len(named) > 50
    assert [path for path in sorted(named) if not (ROOT / path).exists()] == []


def test_every_test_that_it_tells_to_run_exists() -> None:
    """A file of Python tests, or a crate and the beginning of a test's name."""
    told = re.findall(r"TEST=(\S+?)`", PAGE)
    assert len(told) > 1
    for test in told:
        crate, _, name = test.partition("::")
        if test.endswith(".py"):
            assert (ROOT / test).exists()
            continue
        files = (ROOT / "crates" / crate).rglob("*.rs")
        assert any(f"fn {name}" in file.read_text() for file in files), test


def test_every_command_of_make_that_it_names_exists() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    told = {word for line in re.findall(r"`make ([a-z -]+)", PAGE) for word in line.split()}
    assert told >= {"fmt", "native-quick", "one", "test", "bench"}
    assert told <= targets


def test_every_kind_of_change_has_its_list_of_files() -> None:
    lists = PAGE.partition("## Where it goes in")[2].split("\n### ")[1:]
    titles = [part.partition("\n")[0] for part in lists]
    assert titles == [
        "A message of the binary protocol",
        "A field or a message of FIX",
        "An order type, a time in force, an instruction",
        "A route of REST",
        "A metric",
        "A setting",
        "A process of a cluster",
        "A reader of events",
    ]
    for part in lists:
        steps = re.findall(r"^(\d+)\. ", part, re.MULTILINE)
        assert steps == [str(n) for n in range(1, len(steps) + 1)]
        assert len(PATH.findall(part)) >= 3


def test_the_changelog_has_the_lists_that_it_is_said_to_have() -> None:
    versions = (ROOT / "CHANGELOG.md").read_text().split("\n## ")[1:]
    kinds = ["Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"]
    assert versions
    for version in versions:
        lists = re.findall(r"^### (.*)$", version, re.MULTILINE)
        assert lists == [kind for kind in kinds if kind in lists], version.partition("\n")[0]
        assert "\n* " not in version.partition("\n### ")[0], "an entry of no list"


def test_the_readme_leads_there() -> None:
    assert "](CONTRIBUTING.md)" in (ROOT / "README.md").read_text()
