"""The package list is written several times; this is what keeps them one."""

import pathlib
import re
import tomllib

ROOT = pathlib.Path(__file__).parents[2]
KIT = {"supervisor", "testing"}
"""What is checked like the packages, and not shipped."""
CONFIG = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]


def test_every_root_package_is_shipped_typed_layered_and_covered() -> None:
    on_disk = {p.parent.name for p in ROOT.glob("*/__init__.py")} - KIT
    layers = CONFIG["importlinter"]["contracts"][0]["layers"]
    assert set(CONFIG["maturin"]["python-packages"]) == on_disk
    assert set(CONFIG["importlinter"]["root_packages"]) == on_disk | KIT
    assert {name.strip() for row in layers for name in row.split("|")} == on_disk | KIT
    assert set(CONFIG["mypy"]["packages"]) - {"tests"} == on_disk | KIT
    assert set(CONFIG["coverage"]["run"]["source"]) == on_disk
    assert all((ROOT / name / "py.typed").exists() for name in on_disk)


def test_no_directory_of_a_package_lacks_its_init() -> None:
    for name in CONFIG["maturin"]["python-packages"]:
        for source in (ROOT / name).rglob("*.py"):
            assert (source.parent / "__init__.py").exists(), source


def test_every_crate_is_a_member_of_the_workspace() -> None:
    cargo = tomllib.loads((ROOT / "Cargo.toml").read_text())
    on_disk = {f"crates/{p.parent.name}" for p in ROOT.glob("crates/*/Cargo.toml")}
    assert set(cargo["workspace"]["members"]) == on_disk


def test_every_crate_takes_the_workspace_s_lints() -> None:
    cargo = tomllib.loads((ROOT / "Cargo.toml").read_text())
    for manifest in ROOT.glob("crates/*/Cargo.toml"):
        lints = tomllib.loads(manifest.read_text())["lints"]
        if manifest.parent.name not in ("disk", "native", "prefetch", "timeslice"):
            assert lints["workspace"] is True, manifest
            continue
        # The four with unsafe code: they deny what the workspace forbids, and allow one line.
        wanted = cargo["workspace"]["lints"] | {
            "rust": cargo["workspace"]["lints"]["rust"] | {"unsafe_code": "deny"}
        }
        assert lints == wanted
        source = "".join(file.read_text() for file in manifest.parent.rglob("*.rs"))
        assert source.count("unsafe {") == source.count("// SAFETY: ") == 1


def test_every_crate_that_sees_a_client_s_number_says_what_bounds_its_sums() -> None:
    lint = "#![cfg_attr(not(test), warn(clippy::arithmetic_side_effects))]"
    # These see bytes and numbers of ours: the log, the load generator, what asks the system.
    others = {"disk", "journal", "load", "prefetch", "timeslice"}
    crates = {p.parent.name for p in ROOT.glob("crates/*/Cargo.toml")} - others
    assert crates >= {"gateway", "matching", "native", "projection", "store", "view", "wire"}
    for crate in crates:
        source = ROOT / "crates" / crate / "src"
        text = (source / "lib.rs").read_text()
        assert lint in text.splitlines(), crate
        assert text.count("arithmetic_side_effects") == 1, f"{crate} is let off as a whole"
        for file in source.rglob("*.rs"):
            bare = r"allow\(\s*clippy::arithmetic_side_effects(?!,\s+reason = \")"
            assert not re.search(bare, file.read_text()), f"{file} does not say why"
