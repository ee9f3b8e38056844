#!/usr/bin/env python3
"""Executes the Dockerfile's steps in bare folders, where there is no container engine.

    scripts/bare_build.py [--built | --arg PROFILE=quick] [--file F] DIR [COMMAND ...]

Each stage is a folder of DIR in which a shell is shut up (``chroot``, in a mount namespace of its
own, so it needs root).  It sees this machine's ``/usr``, read-only, in place of the image that FROM
names.  What RUN, COPY and CMD do is done for real but for this: ``apt-get`` installs nothing (its
packages are looked up by name, where this machine is that Debian), and the compiler is the one that
``cargo`` is here.  With ``--built`` nothing is compiled, which takes minutes: where ``maturin
build`` stands, the packages of the context are put together with the extension that this checkout
has.  The context is what .dockerignore leaves of the project.

At the end the last stage runs what CMD says, then COMMAND, as the user that USER names, with
nothing writable but WORKDIR and /tmp.  Exit code: that of the last; 2 where a step fails.
"""

import argparse
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import sysconfig
import tomllib
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[1]
SEARCHED = "/shim:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
TAKEN_OVER = ("http_proxy", "https_proxy", "no_proxy", "ssl_cert_file", "cargo_", "pip_", "rustup_")
"""How variables begin that say where packages come from; a build sees no others."""
OF_ETC = (
    *("alternatives", "debian_version", "group", "hosts", "ld.so.cache", "ld.so.conf"),
    *("ld.so.conf.d", "nsswitch.conf", "passwd", "pip.conf", "resolv.conf", "ssl"),
)
TEMPORARY = "tmp"
SHIMS = {
    "apt-get": 'echo "$*" >>/shim/apt',
    "maturin": 'while [ "$1" != -o ]; do shift; done; mkdir -p "$2" && cp /shim/*.whl "$2"',
}
"""Programs that take another's place; of maturin only with ``--built``."""


class Refused(Exception):
    """A Dockerfile, or a machine, on which this does not work."""


# -- the file --------------------------------------------------------------------------------


@dataclass
class Step:
    """One instruction."""

    word: str
    rest: str


@dataclass
class Stage:
    """What stands behind one FROM, and what is true of it at the step that was reached."""

    name: str
    image: str
    steps: list[Step]
    root: Path
    env: dict[str, str] = field(default_factory=dict)
    workdir: str = "/"
    user: str = "0:0"
    command: list[str] = field(default_factory=list)


def steps_of(text: str) -> Iterator[Step]:
    """The instructions of a Dockerfile."""
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
    for line in "\n".join(lines).replace("\\\n", " ").splitlines():
        word, _, rest = line.strip().partition(" ")
        yield Step(word, " ".join(rest.split()))


def stages_of(text: str, directory: Path) -> list[Stage]:
    """Its stages, each with a folder."""
    stages: list[Stage] = []
    for step in steps_of(text):
        if step.word == "FROM":
            image, _, name = step.rest.partition(" AS ")
            name = name or "last"
            stages.append(Stage(name, image, [], directory / name))
        else:
            stages[-1].steps.append(step)
    return stages


# -- a stage ---------------------------------------------------------------------------------


class Builder:
    """Does the steps of all stages, one after the other."""

    def __init__(
        self, stages: list[Stage], given: Mapping[str, str], target: Path, *, built: bool
    ) -> None:
        """``given`` are build arguments; ``target`` keeps what cargo makes, unless all is built."""
        self._stages = {stage.name: stage for stage in stages}
        self._given = given
        self._target = target
        self._built = built
        self._cargo = Path(shutil.which("cargo") or "/usr/bin/cargo")

    def build(self) -> Stage:
        """The last stage, with all steps done."""
        for stage in self._stages.values():
            furnish(stage.root)
            for step in stage.steps:
                say(f"{stage.name}: {step.word} {step.rest}")
                self._do(stage, step)
        return stage

    def _do(self, stage: Stage, step: Step) -> None:
        rest = step.rest
        match step.word:
            case "RUN":
                self._run(stage, rest)
            case "COPY":
                self._copy(stage, rest)
            case "WORKDIR":
                stage.workdir = rest
                (stage.root / rest.lstrip("/")).mkdir(parents=True, exist_ok=True)
            case "ARG":
                name, _, default = rest.partition("=")
                stage.env[name] = self._given.get(name, default)
            case "ENV":
                for pair in shlex.split(rest):
                    name, _, value = pair.partition("=")
                    stage.env[name] = value
            case "USER":
                stage.user = rest
            case "CMD":
                stage.command = json.loads(rest)
            case word:
                raise Refused(f"{word}: this script does not know what that does")

    def _run(self, stage: Stage, command: str) -> None:
        if self._built and "maturin build" in command:
            put_together(stage.root / stage.workdir.lstrip("/"), stage.root / "shim")
            shim(stage.root, "maturin")
        writable = [(self._target, "/target")]
        kept = Path.home() / ".cache/pip"
        kept.mkdir(parents=True, exist_ok=True)
        writable.append((kept, "/root/.cache/pip"))
        env = packages_environment() | {"CARGO_TARGET_DIR": "/target", "PATH": SEARCHED}
        readable = [Path(path) for path in env.get("PIP_FIND_LINKS", "").split() if path[0] == "/"]
        if not self._cargo.is_relative_to("/usr"):  # rustup's, which has its folders at home
            home = Path(os.environ.get("CARGO_HOME", self._cargo.parents[1]))
            rustup = Path(os.environ.get("RUSTUP_HOME", Path.home() / ".rustup"))
            writable += [(home, str(home)), (rustup, str(rustup))]
            env |= {"CARGO_HOME": str(home), "RUSTUP_HOME": str(rustup)}
            env["PATH"] += f":{self._cargo.parent}"
        done = inside(stage, ["/bin/sh", "-c", command], env | stage.env, writable, readable)
        if done != 0:
            raise Refused(f"RUN {command}: exit code {done}")
        look_up(stage)

    def _copy(self, stage: Stage, rest: str) -> None:
        *options, source, to = shlex.split(rest)
        target = stage.root / str(Path("/", stage.workdir, to)).lstrip("/")
        if options:
            (whence,) = options
            other = self._stages[whence.removeprefix("--from=")]
            shutil.copytree(other.root / source.lstrip("/"), target, symlinks=True)
            return
        found = [path for path in context() if source in (".", path)]
        if not found:
            raise Refused(f"COPY {rest}: {source} is not in the context (.dockerignore)")
        for path in found:
            where = target / path if to.endswith((".", "/")) else target
            where.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(PROJECT / path, where)


def furnish(root: Path) -> None:
    """Make the folders of a system, those of this one not yet within."""
    for name in ("usr", "etc", "proc", "dev", TEMPORARY, "root", "shim", "target", "var/lib"):
        (root / name).mkdir(parents=True)
    (root / TEMPORARY).chmod(0o1777)
    for name in ("bin", "sbin", "lib", "lib64"):
        (root / name).symlink_to(f"usr/{name}")
    shim(root, "apt-get")
    for source in (*(Path("/etc", name) for name in OF_ETC), *Path("/etc").glob("python3.*")):
        name = source.name
        if source.is_dir():
            shutil.copytree(source, root / "etc" / name, symlinks=True)
        elif source.exists():
            shutil.copy2(source, root / "etc" / name)


def shim(root: Path, name: str) -> None:
    """Put a program in another's place."""
    file = root / "shim" / name
    file.write_text(f"#!/bin/sh\n{SHIMS[name]}\n")
    file.chmod(0o755)


def put_together(source: Path, to: Path) -> None:
    """Make the wheel that maturin would make, with the extension of this checkout."""
    config = tomllib.loads((source / "pyproject.toml").read_text())
    project, packages = config["project"], config["tool"]["maturin"]["python-packages"]
    (extension,) = (PROJECT / "core").glob("_native.*.so")
    _, tag, *_ = extension.name.split(".")
    version = tag.split("-")[1]  # of cpython-311-x86_64-linux-gnu
    tags = f"cp{version}-cp{version}-{sysconfig.get_platform().replace('-', '_')}"
    name = f"{project['name']}-{project['version']}"
    scripts = "".join(f"{key} = {value}\n" for key, value in project["scripts"].items())
    about = {
        "METADATA": "Metadata-Version: 2.1\n"
        f"Name: {project['name']}\nVersion: {project['version']}\n",
        "WHEEL": f"Wheel-Version: 1.0\nRoot-Is-Purelib: false\nTag: {tags}\n",
        "entry_points.txt": f"[console_scripts]\n{scripts}",
    }
    with zipfile.ZipFile(to / f"{name}-{tags}.whl", "w") as wheel:
        for package in packages:
            for file in (source / package).rglob("*"):
                wheel.write(file, file.relative_to(source))
        wheel.write(extension, f"core/{extension.name}")
        for file_name, text in about.items():
            wheel.writestr(f"{name}.dist-info/{file_name}", text)
        record = f"{name}.dist-info/RECORD"
        wheel.writestr(record, "".join(f"{row},,\n" for row in (*wheel.namelist(), record)))


def inside(
    stage: Stage,
    command: list[str],
    env: Mapping[str, str],
    writable: list[tuple[Path, str]],
    readable: list[Path] | None = None,
    *,
    closed: bool = False,
) -> int:
    """Run a command in a stage's folder; its exit code."""
    root = stage.root
    script = ["set -e"]
    if closed:
        script += mounted(root, root, "", "ro")
    script += mounted(root, Path("/usr"), "/usr", "ro")
    script += [f"mount --rbind /{name} {shlex.quote(str(root / name))}" for name in ("proc", "dev")]
    for source, to in writable:
        script += mounted(root, source, to, "rw")
    for path in readable or []:
        script += mounted(root, path, str(path), "ro")
    if closed:
        script += mounted(root, Path(f"{root}{stage.workdir}"), stage.workdir, "rw")
        script += [f"mount -t tmpfs tmpfs {shlex.quote(str(root / TEMPORARY))}"]
    user, _, group = stage.user.partition(":")
    as_user = ["setpriv", f"--reuid={user}", f"--regid={group}", "--clear-groups"]
    known = ["env", "-i", *(f"{name}={value}" for name, value in {"HOME": "/root", **env}.items())]
    shell = f"cd {shlex.quote(stage.workdir)} && exec {shlex.join([*known, *as_user, *command])}"
    script += [f"exec chroot {shlex.quote(str(root))} /bin/sh -c {shlex.quote(shell)}"]
    done = subprocess.run(
        ["unshare", "--mount", "/bin/sh", "-c", "\n".join(script)],
        stdin=subprocess.DEVNULL,
        check=False,
    )
    return done.returncode


def mounted(root: Path, source: Path, to: str, how: str) -> list[str]:
    """What puts a folder of this machine at a place of a stage."""
    (root / to.lstrip("/")).mkdir(parents=True, exist_ok=True)
    place, whence = shlex.quote(f"{root}{to}"), shlex.quote(str(source))
    return [f"mount --bind {whence} {place}", f"mount -o remount,bind,{how} {place}"]


def packages_environment() -> dict[str, str]:
    """What of this environment says where packages come from."""
    return {
        name: value for name, value in os.environ.items() if name.lower().startswith(TAKEN_OVER)
    }


def context() -> list[str]:
    """The files that are sent to a build: those that .dockerignore leaves, the last rule first."""
    lines = (PROJECT / ".dockerignore").read_text().splitlines()
    rules = [line for line in lines if line and not line.startswith("#")]
    patterns = [(matching(rule.removeprefix("!")), rule[0] == "!") for rule in reversed(rules)]
    # What is looked into; a rule may bring back a part of what another leaves out.
    roots = {rule.removeprefix("!").partition("/")[0] for rule in rules if rule[0] == "!"}
    found = []
    for root in sorted(roots):
        for file in (PROJECT / root, *(PROJECT / root).rglob("*")):
            name = str(file.relative_to(PROJECT))
            wanted = next((kept for pattern, kept in patterns if pattern.match(name)), True)
            if wanted and file.is_file():
                found.append(name)
    return found


def matching(rule: str) -> re.Pattern[str]:
    """What a rule of .dockerignore matches: a path, and all below it."""
    parts = re.split(r"(\*\*/|\*)", rule)
    words = {"**/": "(?:.*/)?", "*": "[^/]*"}
    return re.compile("".join(words.get(part, re.escape(part)) for part in parts) + "(?:/|$)")


def look_up(stage: Stage) -> None:
    """See whether apt knows the packages that a step asked for."""
    asked = stage.root / "shim/apt"
    if not asked.exists():
        return
    calls = [line.split() for line in asked.read_text().splitlines()]
    asked.unlink()
    wanted = [word for call in calls if "install" in call for word in call if word[0] != "-"]
    names = [word for word in wanted if word != "install"]
    release = Path("/etc/debian_version")
    here = release.read_text().partition(".")[0] if release.exists() else "?"
    if not stage.image.startswith(f"debian:{here}."):
        say(f"not looked up, for this machine is no {stage.image}: {' '.join(names)}")
        return
    for name in names:
        policy = subprocess.run(
            ["apt-cache", "policy", name], capture_output=True, text=True, check=True
        ).stdout
        if "Candidate:" not in policy or "Candidate: (none)" in policy:
            raise Refused(f"apt knows no package {name}")


def say(text: str) -> None:
    """Tell whoever waits."""
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()


def main() -> int:
    """Build, and run the last stage."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("directory", type=Path, help="new, for the stages")
    parser.add_argument("--arg", action="append", default=[], metavar="NAME=VALUE")
    parser.add_argument("--built", action="store_true", help="take the extension of this checkout")
    parser.add_argument("--file", type=Path, default=PROJECT / "Dockerfile", help="which one")
    parser.add_argument("command", nargs=argparse.REMAINDER, help="to be run behind what CMD says")
    chosen = parser.parse_args()
    directory = chosen.directory.resolve()
    target = directory / "target"
    target.mkdir(parents=True)
    given = dict(pair.split("=", 1) for pair in chosen.arg)
    stages = stages_of(chosen.file.read_text(), directory)
    try:
        last = Builder(stages, given, target, built=chosen.built).build()
    except Refused as error:
        say(f"bare_build.py: {error}")
        return 2
    code = 0
    for command in (last.command, chosen.command):
        if command and code == 0:
            say(f"{last.name}: {shlex.join(command)}")
            code = inside(last, command, last.env, [], closed=True)
    return code


if __name__ == "__main__":
    sys.exit(main())
