"""What crosses into Rust has names and a word about each, and its bytes are cut in Rust alone."""

import ast
import pathlib
import re
from collections.abc import Iterator

ROOT = pathlib.Path(__file__).parents[2]
STUB = ast.parse((ROOT / "core/_native.pyi").read_text())
ROOMS = ("clients", "core", "engine", "facade", "gateway", "journal", "quantscope", "store")
OWN_LAYOUTS = {
    "engine/snapshot_header.py": "a layout of Python alone",
    "journal/kafka/straight.py": "Kafka's own requests, of which batches are a part as they are",
}
"""Who may cut bytes by number, and why."""

Named = ast.ClassDef | ast.FunctionDef


def named(body: list[ast.stmt], within: str = "") -> Iterator[tuple[str, Named]]:
    """Public classes, functions, methods and properties of the stub, with their full names."""
    for item in body:
        if isinstance(item, Named) and not item.name.startswith("_"):
            yield within + item.name, item
            if isinstance(item, ast.ClassDef):
                yield from named(item.body, f"{item.name}.")


def values(body: list[ast.stmt], within: str = "") -> Iterator[tuple[str, bool]]:
    """Its constants and the fields of its classes, and whether something is said of each."""
    for item, following in zip(body, [*body[1:], None], strict=True):
        if isinstance(item, ast.ClassDef):
            yield from values(item.body, f"{item.name}.")
        if isinstance(item, ast.AnnAssign) and not ast.unparse(item.target).startswith("_"):
            said = isinstance(following, ast.Expr) and isinstance(following.value, ast.Constant)
            yield within + ast.unparse(item.target), said


def test_every_name_of_the_stub_has_a_docstring() -> None:
    names = dict(named(STUB.body))
    assert len(names) > 200
    assert not [name for name, item in names.items() if not ast.get_docstring(item)]


def test_every_value_of_the_stub_has_one_too() -> None:
    said = dict(values(STUB.body))
    assert len(said) > 100
    assert not [name for name, told in said.items() if not told]


def tuples(item: ast.FunctionDef) -> Iterator[int]:
    """How many things stand in each tuple that a function returns."""
    for node in ast.walk(item.returns or ast.Constant(None)):
        if isinstance(node, ast.Subscript) and ast.unparse(node.value) == "tuple":
            yield len(node.slice.elts) if isinstance(node.slice, ast.Tuple) else 1


def test_nothing_native_returns_a_tuple_of_more_than_two() -> None:
    functions = [item for _, item in named(STUB.body) if isinstance(item, ast.FunctionDef)]
    assert any(list(tuples(item)) for item in functions)
    assert not [item.name for item in functions if any(n > 2 for n in tuples(item))]


CUT = re.compile(
    r"\bstruct\.|^import struct|\b(batch|batches|produced|stored|events)\[[^\]]*:", re.M
)
"""``struct``, or a slice of something that is called like bytes of the journal."""


def test_bytes_of_the_journal_are_cut_in_rust_alone() -> None:
    cut = {
        source.relative_to(ROOT).as_posix()
        for room in ROOMS
        for source in (ROOT / room).rglob("*.py")
        if CUT.search(source.read_text())
    }
    assert cut == OWN_LAYOUTS.keys()


def test_no_entry_of_a_log_is_asked_by_number() -> None:
    asked = re.compile(r"\.read\([^()]*\)\[0\]\[|\bentry\[\d|entries\[-1\]\[")
    sources = [source for room in ROOMS for source in (ROOT / room).rglob("*.py")]
    assert not [str(source) for source in sources if asked.search(source.read_text())]
