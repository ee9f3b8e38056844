"""A setting stands once: what is shown is what is used, under one name all the way."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

import settings
from core import Clock, Commands, OrderEntry, Pipeline, View
from journal import open_commands, open_events
from settings import Config, Section
from testing.parts import memory_log, new_recorder

ROOT = Path(__file__).parents[2]
ROOMS = ("core", "engine", "facade", "gateway", "journal", "quantscope", "store")
SECTIONS = ("server", "tls", "journal", "kafka", "engine", "gateway", "facade", "store", "redis")


def fields(section: str) -> Iterator[msgspec.structs.FieldInfo]:
    return iter(msgspec.structs.fields(type(getattr(Config(), section))))


def unusual() -> Config:
    """A configuration whose every number is another than the default."""
    overrides = [
        f"{section}.{field.name}={field.default + (0.5 if isinstance(field.default, float) else 7)}"
        for section in SECTIONS
        for field in fields(section)
        if type(field.default) in (int, float)
        and field.name not in ("events_linger_s", "tick_interval_s", "recorder_nice")
    ]
    given = ("journal.events_linger_s=0.25", "store.recorder_nice=3")
    return settings.load(None, {}, (*overrides, *given))


@pytest.fixture
def config(tmp_path: Path) -> Config:
    """As ``quantscope config`` shows it."""
    file = tmp_path / "shown.toml"
    file.write_text(settings.show(unusual(), secrets=True))
    return settings.load(file, {})


def taken(section: Section, shown: dict[str, Any]) -> dict[str, Any]:
    """What a section says of the settings that native code shows."""
    return {name: getattr(section, name) for name in shown}


def test_native_code_uses_what_is_shown(config: Config, tmp_path: Path) -> None:
    journal = config.journal
    events = open_events(tmp_path / "events.db", journal)
    commands = open_commands(tmp_path / "commands.db", journal)
    clock = Clock(config.server)
    entry, view = OrderEntry(config.gateway, clock), View(2, config.facade)
    stored = msgspec.structs.asdict(config.store)
    recorder = new_recorder(tmp_path / "store.db", memory_log(), **stored)

    def never(*_: object) -> None:
        raise AssertionError

    pipeline = Pipeline(
        Commands(),
        clock,
        journal,
        on_fault=never,
        on_undelivered=never,
        on_congested=never,
        on_more=never,
        apply_delay_ns=0,
    )
    assert events.settings == taken(journal, events.settings)
    # Who waits for a commit of commands waits for nothing else.
    assert commands.settings == taken(journal, commands.settings) | {"events_linger_s": 0.0}
    assert pipeline.settings == taken(journal, pipeline.settings)
    assert entry.settings == pytest.approx(taken(config.gateway, entry.settings))
    assert view.settings == taken(config.facade, view.settings)
    assert recorder.settings == pytest.approx(taken(config.store, recorder.settings))
    assert set(recorder.settings) == set(stored) - {"adapter", "backup_dir"}
    recorder.stop()
    events.close()
    commands.close()


def modules() -> Iterator[tuple[str, ast.Module]]:
    for room in ROOMS:
        for path in sorted((ROOT / room).rglob("*.py*")):
            if path.suffix in (".py", ".pyi"):
                yield str(path.relative_to(ROOT)), ast.parse(path.read_text())


def test_every_setting_is_asked_for_by_its_name() -> None:
    asked = {
        node.attr
        for _, tree in modules()
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute)
    }
    native = (ROOT / "crates/native/src/settings.rs").read_text()
    asked |= set(re.findall(r"^    (?:pub )?(\w+): ", native, re.MULTILINE))
    for section in (*SECTIONS, "users", "instruments"):
        part = getattr(Config(), section)
        for name in (part[0] if isinstance(part, tuple) else part).__struct_fields__:
            assert name in asked, f"{section}.{name} is read by nobody"


def defaults(tree: ast.Module) -> Iterator[tuple[str, ast.expr]]:
    """Names of arguments and fields that have a default, and the default."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            arguments = node.args
            places = [*arguments.posonlyargs, *arguments.args]
            given = arguments.defaults
            yield from (
                (a.arg, d) for a, d in zip(places[len(places) - len(given) :], given, strict=True)
            )
            pairs = zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True)
            yield from ((a.arg, d) for a, d in pairs if d is not None)
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.value:
            yield node.target.id, node.value


def test_no_default_of_a_setting_stands_elsewhere() -> None:
    names = {
        field.name
        for section in SECTIONS
        for field in fields(section)
        if type(field.default) in (int, float)
    }
    twice = [
        f"{path}: {name}"
        for path, tree in modules()
        for name, value in defaults(tree)
        if name in names and isinstance(value, ast.Constant | ast.BinOp)
    ]
    assert not twice
    signatures = re.compile(r"#\[pyo3\(signature = \((.*?)\)\)\]", re.DOTALL)
    for path in sorted((ROOT / "crates/native/src").glob("*.rs")):
        for signature in signatures.findall(path.read_text()):
            for name in re.findall(r"(\w+)\s*=", signature):
                assert name not in names, f"{path.name}: {name} has a default"
