#!/bin/bash
# Real FIX engines on this machine, for tests and benchmarks: QuickFIX, as the Python package has it,
# and QuickFIX/J.
#
#   quickfix.sh python    build QuickFIX, once, into the user's cache; says in which folder it is
#   quickfix.sh fast      the same with the compiler's optimisation, for benchmarks: takes minutes
#   quickfix.sh java      fetch QuickFIX/J and compile its driver, once; says the class path
#
# Tests drive them by testing/foreign_fix.  In the environment: PYTHON, the interpreter that is to import
# QuickFIX, the project's own unless told.  It needs a C++ compiler, Java's compiler and Maven.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
root=$here/../..
driver=$root/testing/foreign_fix/Driver.java
python=${PYTHON:-$root/.venv/bin/python}
release="--release 17"
cache=${XDG_CACHE_HOME:-${HOME:?}/.cache}/quantscope

say() {
    echo "quickfix.sh: $*" >&2
}

die() {
    say "$*"
    exit 1
}

usage() {
    sed -n '2,11s/^# \{0,1\}//p' "$0" >&2
    exit 2
}

# The cache has what is whole alone: it gets its name when it is.  One at a time makes something for it.

in_part() {
    mkdir -p "$cache"
    [ -n "${lock:-}" ] || exec {lock}>"$cache/quickfix.lock"
    flock "$lock"
    find "$cache" -maxdepth 1 -name '*.part' -mmin +60 -exec rm -rf {} +
    part=$(mktemp -d --suffix .part "$cache/XXXXXX")
    trap 'rm -rf "$part"' EXIT
}

named_after() { # options, files: what is made otherwise has another name
    { echo "$1" && cat "${@:2}"; } | cksum | cut -d' ' -f1
}

# QuickFIX.  Unless it is measured, nothing is gained by a compiler that takes three times as long.

quickfix() { # options of the compiler
    version=$(sed -n 's/^quickfix==\([^ ]*\).*/\1/p' "$here/quickfix.lock")
    abi=$("$python" -c 'import sys, sysconfig; print(sys.implementation.cache_tag, sysconfig.get_platform())')
    folder=$cache/quickfix-$version-${abi/ /-}-$(named_after "$*" "$here"/{quickfix.lock,setuptools.lock,build.py})
    [ -d "$folder" ] || build "$@"
    echo "$folder"
}

build() { # options of the compiler
    in_part
    [ ! -d "$folder" ] || return 0
    export PYTHONPATH=$part/tools PIP_DISABLE_PIP_VERSION_CHECK=1
    pip install --no-compile --target "$part/tools" -r "$here/setuptools.lock"
    pip download --no-binary quickfix --no-build-isolation -r "$here/quickfix.lock" -d "$part"
    tar -xzf "$part/quickfix-$version.tar.gz" -C "$part"
    (cd "$part/quickfix-$version" && "$python" "$here/build.py" "$part" "$@") >"$part/log" 2>&1 ||
        die "QuickFIX $version could not be built: $(tail -n 20 "$part/log")"
    "$python" -m pip install -q --no-deps --no-index --no-compile --target "$part/whole" \
        "$part"/quickfix-*.whl >&2
    "$python" -m py_compile "$part/whole/quickfix.py" # large; of the others no test has need
    mv -T "$part/whole" "$folder"
}

pip() { # what to do: nothing comes that the locks do not name, with its sum
    "$python" -m pip "$1" -q --no-deps --require-hashes "${@:2}" >&2 || die "pip could not $*"
}

# QuickFIX/J.

quickfixj() {
    version=$(sed -n 's/.*<quickfixj.version>\(.*\)<.*/\1/p' "$here/pom.xml")
    folder=$cache/quickfixj-$version-$(named_after "" "$here/pom.xml")
    classes=$cache/quickfixj-driver-$(named_after "$release" "$here/pom.xml" "$driver")
    [ -d "$folder" ] || fetch
    [ -d "$classes" ] || compile
    echo "$classes:$folder/*"
}

fetch() {
    command -v mvn >/dev/null || die "QuickFIX/J $version is fetched by Maven, and mvn is not found"
    in_part
    [ ! -d "$folder" ] || return 0
    mvn -B -q -f "$here/pom.xml" dependency:copy-dependencies -DincludeScope=runtime \
        -DoutputDirectory="$part/whole" >&2 </dev/null || die "Maven could not fetch QuickFIX/J $version"
    mv -T "$part/whole" "$folder"
    rm -rf "$part"
}

compile() {
    command -v javac >/dev/null || die "Java's compiler is not found: javac"
    in_part
    [ ! -d "$classes" ] || return 0
    javac $release -Xlint:all -Werror -proc:none -cp "$folder/*" -d "$part/whole" "$driver" >&2 \
        || die "the driver of QuickFIX/J could not be compiled"
    mv -T "$part/whole" "$classes"
}

[ $# = 1 ] || usage
case $1 in
python) quickfix -O0 -g0 -w ;;
fast) quickfix -O2 -g0 -w ;;
java) quickfixj ;;
*) usage ;;
esac
