"""The testing kit is imported one way: by tests and benchmarks, and by nothing that is shipped."""

import ast
import pathlib
import tomllib
from collections.abc import Iterator

ROOT = pathlib.Path(__file__).parents[2]
SHIPPED = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["maturin"]["python-packages"]


def files(*folders: str) -> Iterator[pathlib.Path]:
    for folder in folders:
        yield from sorted((ROOT / folder).rglob("*.py"))


def imported(file: pathlib.Path) -> Iterator[str]:
    """The modules that a file imports, and the names that it takes from them."""
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def classes(file: pathlib.Path) -> list[str]:
    body = ast.parse(file.read_text()).body
    return [node.name for node in body if isinstance(node, ast.ClassDef)]


def test_nothing_that_is_shipped_imports_the_kit() -> None:
    found = {str(file) for file in files(*SHIPPED) for name in imported(file) if "testing" in name}
    assert "testing" not in SHIPPED
    assert not found


def test_the_kit_imports_no_test_and_no_benchmark() -> None:
    others = ("tests", "benchmarks")
    found = {
        (str(file), name)
        for file in files("testing")
        for name in imported(file)
        if name.partition(".")[0] in others
    }
    assert not found


def test_no_test_imports_from_another_folder_of_tests_nor_from_a_file_of_tests() -> None:
    wrong = []
    for file in files("tests"):
        folder = file.parent.relative_to(ROOT).as_posix().replace("/", ".")
        for name in imported(file):
            if name == "tests" or not name.startswith("tests."):
                continue
            beside = name == folder or name.startswith(f"{folder}.")
            if not beside or any(part.startswith("test_") for part in name.split(".")[:3]):
                wrong.append((str(file), name))
    assert not wrong


def test_no_other_class_has_the_name_of_one_of_the_kit() -> None:
    kit = [name for file in files("testing") for name in classes(file)]
    assert len(kit) == len(set(kit))
    others = {(str(f), name) for f in files("tests", "benchmarks") for name in classes(f)}
    assert {(file, name) for file, name in others if name in kit} == set()
