"""Files of a crate that import each other in a circle can't be read one after the other."""

import graphlib
import pathlib
import re

import pytest

ROOT = pathlib.Path(__file__).parents[2]
CRATES = sorted(path.parent.name for path in ROOT.glob("crates/*/Cargo.toml"))
NAMED = re.compile(r"\b(?P<root>crate|super)::(?:\{(?P<some>[^}]*)\}|(?P<one>\w+))")


def _module(source: pathlib.Path, file: pathlib.Path) -> str:
    """A folder of a crate is one module: its files are its own matter."""
    return file.relative_to(source).parts[0].removesuffix(".rs")


def imports(crate: str) -> dict[str, set[str]]:
    """The modules of a crate, and which ones of it each names."""
    source = ROOT / "crates" / crate / "src"
    found: dict[str, set[str]] = {}
    for file in source.rglob("*.rs"):
        module = _module(source, file)
        if module in ("lib", "main") or module.endswith("_tests"):
            continue
        text = file.read_text().partition("#[cfg(test)]")[0]
        code = re.sub(r"//.*", "", text)
        names = found.setdefault(module, set())
        for match in NAMED.finditer(code):
            # In a folder ``super`` is the folder.
            if match["root"] == "super" and file.parent != source:
                continue
            names.update(re.findall(r"\w+", match["some"] or match["one"]))
    return {module: (names & found.keys()) - {module} for module, names in found.items()}


@pytest.mark.parametrize("crate", CRATES)
def test_no_files_of_a_crate_import_each_other_in_a_circle(crate: str) -> None:
    graphlib.TopologicalSorter(imports(crate)).prepare()
