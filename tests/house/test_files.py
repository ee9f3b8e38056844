"""The style that no linter holds: how long a file and a line may be, and where links lead."""

import pathlib
import re
import subprocess

ROOT = pathlib.Path(__file__).parents[2]
LINES_MAX = 600
STUB_LINES_MAX = 2_700  # one for each native module, with a word about each name in it
COLUMNS_MAX = 120  # the formatters hold code to 100; this is for comments and texts


def tracked(*patterns: str) -> list[pathlib.Path]:
    """Files of the project as git knows them, or as they lie there without git."""
    if (ROOT / ".git").exists():
        listing = subprocess.run(
            [
                "git",
                "-c",
                "safe.directory=*",
                "ls-files",
                "--cached",
                "--others",
                "--exclude-standard",
                "-z",
                *patterns,
            ],
            cwd=ROOT,
            check=True,
            capture_output=True,
            text=True,
        ).stdout
        found = [ROOT / name for name in listing.split("\0") if name]
    else:
        found = [path for pattern in patterns for path in ROOT.rglob(pattern)]
    outside = {"target", ".venv", "node_modules"}
    return [p for p in found if p.is_file() and not outside & set(p.relative_to(ROOT).parts)]


def sources() -> list[pathlib.Path]:
    found = tracked("*.py", "*.pyi", "*.rs", "*.sh", "*.toml", "*.lua")
    assert len(found) > 30
    return found


def test_no_source_file_is_too_long() -> None:
    lines = {path: len(path.read_text().splitlines()) for path in sources()}
    longest = {".pyi": STUB_LINES_MAX}
    assert not {str(p): n for p, n in lines.items() if n > longest.get(p.suffix, LINES_MAX)}


def test_no_line_of_source_is_too_wide() -> None:
    wide = [
        f"{path}:{number}"
        for path in sources()
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if len(line) > COLUMNS_MAX
    ]
    assert not wide


def anchors(page: pathlib.Path) -> set[str]:
    """The anchors of a page's headings, made as the forges make them."""
    headings = re.findall(r"^#+ +(.*)$", page.read_text(), re.MULTILINE)
    plain = (re.sub(r"[^\w\- ]", "", heading.lower()) for heading in headings)
    return {heading.replace(" ", "-") for heading in plain}


def test_every_link_between_documents_leads_somewhere() -> None:
    links = 0
    for page in tracked("*.md"):
        for target in re.findall(r"\]\(([^)\s]+)\)", page.read_text()):
            if re.match(r"[a-z]+:", target):
                continue
            name, _, anchor = target.partition("#")
            to = page.parent / name if name else page
            assert to.exists(), f"{page}: {target}"
            if anchor and to.suffix == ".md":
                assert anchor in anchors(to), f"{page}: {target}"
            links += 1
    assert links > 3
