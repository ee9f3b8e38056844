"""Makes the wheel of a C++ extension, with a compiler for each processor.

    build.py DIR [OPTION ...]

Run where the extension's ``setup.py`` is; the wheel comes into DIR, and the compiler is given each
OPTION after its own.  The standard build compiles one file after the other, and reads the same
headers for each: here small files are compiled as one.
"""

import importlib
import os
import runpy
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import setuptools  # noqa: F401  (it brings distutils to new Pythons)

LARGE_BYTES = 200_000
"""A source above this is compiled by itself."""
CCompiler: Any = importlib.import_module("distutils.ccompiler").CCompiler


def compile_all(
    self: Any,
    sources: list[str],
    output_dir: str | None = None,
    macros: Any = None,
    include_dirs: Any = None,
    debug: bool = False,
    extra_preargs: list[str] | None = None,
    extra_postargs: list[str] | None = None,
    depends: list[str] | None = None,
) -> list[str]:
    """Compile the sources."""
    joined = [source for source in sources if Path(source).stat().st_size < LARGE_BYTES]
    together = Path(sources[0]).with_name("together.cpp")
    together.write_text("".join(f'#include "{Path(source).name}"\n' for source in joined))
    macros, objects, extra, definitions, build = self._setup_compile(
        output_dir,
        macros,
        include_dirs,
        [str(together), *(source for source in sources if source not in joined)],
        depends,
        extra_postargs,
    )
    arguments = self._get_cc_args(definitions, debug, extra_preargs)

    def compile_one(made: str) -> None:
        source, ending = build[made]
        self._compile(made, source, ending, arguments, [*extra, *OPTIONS], definitions)

    # The largest first: nothing else takes as long.
    in_order = sorted(build, key=lambda made: -Path(build[made][0]).stat().st_size)
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        list(pool.map(compile_one, in_order))
    return list(objects)


if __name__ == "__main__":
    _, directory, *OPTIONS = sys.argv
    CCompiler.compile = compile_all
    sys.argv = ["setup.py", "-q", "bdist_wheel", "--dist-dir", directory]
    runpy.run_path("setup.py", run_name="__main__")
