"""A build of its own beside this one, of the same source but for what a test changes in it."""

import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Mapping
from pathlib import Path

from testing.command import ROOT

BUILD_S_MAX = 1_500


def another_build(directory: Path, changes: Mapping[str, tuple[str, str]]) -> Path:
    """Where the source lies that was changed and built: ``python -m`` from there runs it.

    ``changes`` says of a file, from the top of the source, which words become which; they stand
    there once.  What others wrote is compiled once for all tests, under ``target/another``.
    """
    root = directory / "another"
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, check=True, capture_output=True, text=True
    )
    for name in filter(None, listed.stdout.split("\0")):
        if (ROOT / name).is_file():
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, root / name)
    for name, (old, new) in changes.items():
        text = (root / name).read_text()
        assert text.count(old) == 1, f"{old!r} stands {text.count(old)} times in {name}"
        (root / name).write_text(text.replace(old, new))
    _compile(root, directory / "wheel")
    return root


def _compile(root: Path, wheels: Path) -> None:
    maturin = Path(sys.executable).with_name("maturin")
    command = [str(maturin), "build", "--profile", "quick", "--locked", "-q"]
    subprocess.run(
        [*command, "-i", sys.executable, "-o", str(wheels)],
        cwd=root,
        env={**os.environ, "CARGO_TARGET_DIR": str(ROOT / "target" / "another")},
        check=True,
        timeout=BUILD_S_MAX,
    )
    (wheel,) = wheels.glob("*.whl")
    with zipfile.ZipFile(wheel) as packed:
        (extension,) = (name for name in packed.namelist() if name.endswith(".so"))
        packed.extract(extension, root)
