"""Whether the native extension was built of the Rust sources that are there."""

import pathlib
from collections.abc import Iterator

ROOT = pathlib.Path(__file__).parents[1]


def _files(root: pathlib.Path) -> Iterator[pathlib.Path]:
    yield from (root / "Cargo.toml", root / "Cargo.lock")
    for manifest in root.glob("crates/*/Cargo.toml"):
        yield manifest
        yield from (path for path in (manifest.parent / "src").rglob("*") if path.is_file())


def sources(root: pathlib.Path = ROOT) -> bytes:
    """Name and content of each source, as ``crates/native/build.rs`` puts them together."""
    named = sorted((path.relative_to(root).as_posix().encode(), path) for path in _files(root))
    return b"".join(name + b"\0" + path.read_bytes() + b"\0" for name, path in named)


def stale() -> str | None:
    """What is wrong with the extension, and what to do; None for nothing."""
    try:
        from core._native import SOURCES_HASH, xxh3_64
    except ImportError as error:
        return f"the native extension can't be imported ({error}): make native-quick"
    if f"{xxh3_64(sources()):016x}" != SOURCES_HASH:
        return "the native extension was built of other Rust sources than these: make native-quick"
    return None
