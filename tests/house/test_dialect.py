"""One dialect of Python in all rooms: what can be said in two ways is said in one."""

import ast
import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[2]
NOT_OURS = {
    ("__future__", "annotations"),  # a forward reference stands in quotes
    ("typing", "Final"),  # a name in capitals says that
    ("typing", "TypeAlias"),  # so does an assignment
    ("typing", "Optional"),
    ("typing", "Union"),
    ("typing", "List"),
    ("typing", "Dict"),
}
"""Read from a stub, ``Final`` says that an attribute cannot be set; a stub may have it."""


def python_files() -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "*.py"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.splitlines()
    return [ROOT / name for name in listed if (ROOT / name).exists()]


def faults(source: str) -> list[str]:
    """What one file says in another dialect."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ImportFrom):
            found += [
                f"{node.module}.{name.name}"
                for name in node.names
                if (node.module, name.name) in NOT_OURS
            ]
        if isinstance(node, ast.Call) and ast.unparse(node.func).endswith("getLogger"):
            match node.args:
                case [ast.Constant(value=str(name))] if name.split(".")[0] == "quantscope":
                    pass
                case [ast.Constant(value="aiokafka")]:
                    pass  # it is told what to say
                case _:
                    found.append(f"a logger outside quantscope: {ast.unparse(node)}")
        if _shows_python(node):
            found.append(f"an error as Python shows it, and not in words: {ast.unparse(node)}")
    return found


def _shows_python(node: ast.AST) -> bool:
    """Whether a line of the log, or a sentence, has an exception by its ``repr``."""
    match node:
        case ast.FormattedValue(value=ast.Name(id="error"), conversion=114):
            return True
        case ast.Call(func=ast.Attribute(value=ast.Name(id="log"))):
            words = [part for part in ast.walk(node) if isinstance(part, ast.Constant)]
            return any("%r" in word.value for word in words if isinstance(word.value, str))
    return False


def test_all_files_speak_one_dialect() -> None:
    files = python_files()
    assert len(files) > 200
    spoken = {str(file.relative_to(ROOT)): faults(file.read_text()) for file in files}
    assert {name: found for name, found in spoken.items() if found} == {}


def test_another_dialect_is_heard() -> None:
    assert faults("from __future__ import annotations") == ["__future__.annotations"]
    for shown in ("log.error('it failed: %r', error)", "f'it failed: {error!r}'"):
        assert "as Python shows it" in faults(shown)[0]
    assert faults("log.error('it failed: %s', error); f'{name!r}'") == []
    assert faults("from typing import Final, Self") == ["typing.Final"]
    assert faults("import logging\nlog = logging.getLogger(__name__)") == [
        "a logger outside quantscope: logging.getLogger(__name__)"
    ]
    assert faults("import logging\nlog = logging.getLogger('quantscope.store')") == []
