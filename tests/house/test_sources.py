"""No test is run on an extension that was built of other sources than those that are there."""

import pathlib

import pytest

from testing import sources


def test_the_extension_is_of_these_sources() -> None:
    assert sources.stale() is None


def test_one_of_others_is_noticed(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    crate = tmp_path / "crates" / "some"
    (crate / "src").mkdir(parents=True)
    for file in ("Cargo.toml", "Cargo.lock", "crates/some/Cargo.toml", "crates/some/src/lib.rs"):
        (tmp_path / file).write_text("")
    before = sources.sources(tmp_path)
    (crate / "src" / "lib.rs").write_text("// changed")
    changed = sources.sources(tmp_path)
    assert changed != before
    (crate / "src" / "new.rs").write_text("")
    assert sources.sources(tmp_path) != changed
    monkeypatch.setattr(sources, "sources", lambda: changed)
    assert sources.stale() == (
        "the native extension was built of other Rust sources than these: make native-quick"
    )
