#!/bin/sh
# Lists everything that is missing on this machine, at once, before anything is built.
#
#   check_tools.sh run|test|check|bench|mutants      exit code 1 and a list, or 0 and silence
#
# Plain sh: it must run where nothing is installed yet.  PYTHON names the interpreter to use.

purpose=${1:-run}
python=${PYTHON:-python3}
root=$(dirname "$0")/..
rust_min=$(sed -n 's/^rust-version *= *"\(.*\)"/\1/p' "$root/Cargo.toml" | head -n 1)
missing=""

need() { # what, why it does not serve, how to get it
    missing="$missing
  $1: $2
      $3"
}

check_python() {
    if ! command -v "$python" >/dev/null 2>&1; then
        need "Python >= 3.11" "$python is not found" "Debian, Ubuntu: apt-get install python3 python3-venv"
    elif ! "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
        found=$("$python" -c 'import platform; print(platform.python_version())' 2>/dev/null)
        need "Python >= 3.11" "$python is ${found:-broken}; name another with PYTHON=..." \
            "Debian 12 and later, Ubuntu 24.04 and later: apt-get install python3 python3-venv"
    elif ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
        version=$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
        need "Python's venv" "$python cannot make virtual environments" \
            "Debian, Ubuntu: apt-get install python$version-venv"
    fi
}

check_rust() {
    how="rustup (rustup.rs), then: rustup default stable.  Debian 13, Ubuntu 24.04: rustup is in apt"
    if ! version=$(cargo --version 2>/dev/null); then
        need "Rust >= $rust_min" "cargo is not found or has no toolchain" "$how"
        return
    fi
    version=$(echo "$version" | sed 's/^cargo \([0-9]*\.[0-9]*\).*/\1/')
    if [ "${version%%.*}" -eq "${rust_min%%.*}" ] && [ "${version#*.}" -lt "${rust_min#*.}" ]; then
        need "Rust >= $rust_min" "cargo is $version" "$how"
    fi
}

check_c_compiler() {
    scratch=$(mktemp -d)
    printf '#include <stdio.h>\nint main(void) { return puts("") < 0; }\n' >"$scratch/a.c"
    if ! "${CC:-cc}" "$scratch/a.c" -o "$scratch/a" >"$scratch/log" 2>&1; then
        need "a C compiler" "${CC:-cc} does not build a program (it builds SQLite and mimalloc, and links)" \
            "Debian, Ubuntu: apt-get install gcc libc6-dev"
    fi
    rm -rf "$scratch"
}

check_command() { # command that must succeed, what for, how to get it
    $1 >/dev/null 2>&1 || need "$(echo "$1" | sed 's/command -v //; s/ --version//')" "$2" "$3"
}

check_python
check_rust
check_c_compiler
case $purpose in
test | check | bench)
    check_command "command -v wrk" "the load test of REST runs it" "Debian, Ubuntu: apt-get install wrk"
    ;;
esac
if [ "$purpose" = check ]; then
    check_command "cargo clippy --version" "the linter of the Rust code" \
        "rustup component add clippy.  Debian, Ubuntu: apt-get install rust-clippy"
    check_command "rustfmt --version" "the formatter of the Rust code" \
        "rustup component add rustfmt.  Debian, Ubuntu: apt-get install rustfmt"
fi
if [ "$purpose" = mutants ]; then
    check_command "cargo mutants --version" "it changes the code and sees whether a test fails" \
        "cargo install --locked cargo-mutants"
fi

if [ -n "$missing" ]; then
    echo "make $purpose needs what is not here:$missing" >&2
    exit 1
fi
