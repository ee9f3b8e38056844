#!/bin/sh
# Sees to it that this machine has what `make` needs, before anything is built.
#
#   scripts/tools.sh run|cluster|test|lint|check|bench|mutants|lock ...      one purpose or several
#
# Nothing missing: exit code 0 and silence.  Else what is missing is named, with what it is for, and
# installed: by apt-get, as root or by sudo where that asks for no password, and by rustup where that is.
# With NO_INSTALL=1, and where not all of it can be installed: the list alone, and exit code 1.
#
# Plain sh: it must run where nothing is installed yet.  PYTHON names the interpreter to use, CC the
# compiler.  A new need is a row of the table below, and a function that looks for it where `has` and
# `does` are not enough.

purposes=${*:-run}
python=${PYTHON:-python3}
root=$(dirname "$0")/..
rust_least=$(sed -n 's/^rust-version *= *"\(.*\)"/\1/p' "$root/Cargo.toml" | head -n 1)
python_sets=""
for candidate in $([ "$python" = python3 ] && echo python3 python3.13 python3.12 python3.11 || echo "$python"); do
    headers=""
    case " $purposes " in *" test "* | *" check "* | *" bench "*) headers=" $candidate-dev" ;; esac
    python_sets="$python_sets${python_sets:+ / }$candidate $candidate-venv$headers"
done

# The table: what is needed; for which purposes; how it is looked for; the least version; what it is for;
# the packages of apt: the first set that is there, and whose first package is new enough; and what to do
# where neither apt nor rustup helps.
table() {
    always="run cluster test lint check bench mutants lock"
    need "Python" "$always" has_python 3.11 "the exchange runs on it" "$python_sets" \
        "Debian 12, Ubuntu 24.04 and later: apt-get install python3 python3-venv"
    need "Python's venv" "$always" has_venv "" "its packages are kept apart from the system's" \
        "python${version:-3}-venv" "Debian, Ubuntu: apt-get install python${version:-3}-venv"
    need "Rust" "$always" has_rust "$rust_least" "the engine is built with it" \
        "rustc cargo ca-certificates / rustc-web cargo-web ca-certificates / rustup ca-certificates" \
        "rustup (rustup.rs), then: rustup default stable.  Debian 12, 13: apt-get install rustc-web cargo-web"
    need "a C compiler" "$always" has_c_compiler "" "it builds SQLite and mimalloc, and links" \
        "gcc libc6-dev" "Debian, Ubuntu: apt-get install gcc libc6-dev"
    need "a C++ compiler" "test check bench" has_cxx_compiler "" "it builds QuickFIX, which trades with the exchange" \
        "g++" "Debian, Ubuntu: apt-get install g++"
    need "Python's headers" "test check bench" has_headers "" "QuickFIX is built with them" \
        "python${version:-3}-dev" "Debian, Ubuntu: apt-get install python${version:-3}-dev"
    need "wrk" "test check bench" "has wrk" "" "the load test of REST runs it" \
        "wrk" "Debian, Ubuntu: apt-get install wrk"
    need "Java" "cluster test check bench" has_java 17 "Apache Kafka runs on it" \
        "openjdk-17-jre-headless / openjdk-21-jre-headless / openjdk-25-jre-headless" \
        "Debian, Ubuntu: apt-get install default-jre-headless"
    need "Java's compiler" "test check" "has javac" "" "it compiles what drives QuickFIX/J" \
        "openjdk-17-jdk-headless / openjdk-21-jdk-headless / openjdk-25-jdk-headless" \
        "Debian, Ubuntu: apt-get install default-jdk-headless"
    need "Maven" "cluster test check bench" "has mvn" "" "it fetches Apache Kafka, and QuickFIX/J for tests" \
        "maven" "Debian, Ubuntu: apt-get install maven"
    need "Redis" "cluster test check bench" "has redis-server" "" "the store of a cluster stands on it" \
        "redis-server" "Debian, Ubuntu: apt-get install redis-server"
    need "Prometheus" "cluster test check" has_prometheus "" "it scrapes a cluster, and holds the alert rules" \
        "prometheus" "Debian, Ubuntu: apt-get install prometheus"
    need "docker-compose" "test check" "has docker-compose" "" "it reads docker-compose.yml" \
        "docker-compose" "Debian, Ubuntu: apt-get install docker-compose"
    need "curl" "test check" "has curl" "" "it asks the exchange over TLS" \
        "curl" "Debian, Ubuntu: apt-get install curl"
    need "openssl" "test check" "has openssl" "" "it reads the exchange's certificates and sessions" \
        "openssl" "Debian, Ubuntu: apt-get install openssl"
    need "clippy" "lint check" "does cargo clippy --version" "$rust_least" "the linter of the Rust code" \
        "rust-clippy / rust-web-clippy" "rustup component add clippy"
    need "rustfmt" "lint check" "does rustfmt --version" "$rust_least" "the formatter of the Rust code" \
        "rustfmt / rustfmt-web" "rustup component add rustfmt"
    need "cargo-mutants" "mutants" "does cargo mutants --version" "" \
        "it changes the code and sees whether a test fails" "" "cargo install --locked cargo-mutants"
    need "uv" "lock" "has uv" "" "it finds the versions that the locks name" "" "pipx install uv"
}

# How it is looked for.  Each says in $why what does not serve.

has() {
    why="$1 is not found"
    command -v "$1" >/dev/null 2>&1
}

does() {
    why="$* fails"
    "$@" >/dev/null 2>&1 </dev/null
}

has_python() {
    version=""
    has "$python" || return 1
    version=$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null)
    why="$python is ${version:-broken}; name another with PYTHON=..."
    at_least "$version" "$least" && return
    version="" && return 1
}

has_venv() { # where no interpreter serves, that is what is missing
    why="$python cannot make virtual environments"
    [ -z "$version" ] || "$python" -c 'import ensurepip, venv' >/dev/null 2>&1
}

has_rust() {
    has cargo || return 1
    rust=$(cargo --version 2>/dev/null | sed -n 's/^cargo \([0-9]*\.[0-9]*\).*/\1/p')
    why="cargo ${rust:-has no toolchain}"
    at_least "$rust" "$least"
}

has_java() { # "17.0.15", or "21" where it is the first of its line; 1.8 is Java 8
    has java || return
    java=$(java -version 2>&1 | sed -n 's/.* version "\([0-9]*\(\.[0-9]*\)\{0,1\}\).*/\1/p')
    why="java is ${java:-broken}"
    at_least "$java" "$least"
}

has_prometheus() {
    has prometheus && has promtool
}

has_c_compiler() {
    builds "${CC:-cc}" a.c '#include <stdio.h>\nint main(void) { return puts("") < 0; }\n'
}

has_cxx_compiler() {
    builds "${CXX:-c++}" a.cpp '#include <string>\nint main() { return std::string().size(); }\n'
}

builds() { # compiler, name and text of a program
    why="$1 does not build a program"
    scratch=$(mktemp -d)
    printf "$3" >"$scratch/$2"
    "$1" "$scratch/$2" -o "$scratch/a" >/dev/null 2>&1
    set -- $?
    rm -rf "$scratch"
    return "$1"
}

has_headers() { # where no interpreter serves, they come with one
    why="$python has no Python.h"
    [ -z "$version" ] || "$python" -c 'import os, sysconfig
raise SystemExit(not os.path.exists(os.path.join(sysconfig.get_path("include"), "Python.h")))' >/dev/null 2>&1
}

at_least() { # version, least: whether 1.100 is 1.89 or more, and 17 is 17.0; no version is less than any
    [ -n "$1" ] || return
    case $1 in *.*) ;; *) set -- "$1.0" "$2" ;; esac
    case $2 in *.*) ;; *) set -- "$1" "$2.0" ;; esac
    [ "${1%%.*}" -gt "${2%%.*}" ] && return
    [ "${1%%.*}" -eq "${2%%.*}" ] && [ "${1#*.}" -ge "${2#*.}" ]
}

# How it is had: by $packages of apt, by a $command of rustup, or by neither.

ways() {
    packages="" command=""
    case $name in
    Rust) [ -z "$rust" ] && has rustup && command="rustup default stable" && return ;;
    clippy | rustfmt) has rustup && command="rustup component add $name" && return ;;
    esac
    apt_needed=yes
    has apt-cache || return
    set_of="" good=yes
    for word in $sets /; do
        if [ "$word" != / ]; then
            suits "$word" || good=no
            set_of="$set_of${set_of:+ }$word"
        elif [ -n "$set_of" ] && [ $good = yes ]; then
            packages=$set_of
            return
        else
            set_of="" good=yes
        fi
    done
}

suits() { # whether apt has it, and new enough where it is the first of its set; rustup brings the newest
    offered=$(LC_ALL=C apt-cache policy "$1" 2>/dev/null | sed -n 's/^ *Candidate: *\([^( ]\)/\1/p')
    [ -n "$offered" ] || return
    [ -z "$set_of" ] && [ -n "$least" ] && [ "$1" != rustup ] || return 0
    at_least "$(echo "$offered" | sed 's/^[0-9]*://; s/^\([0-9]*\.[0-9]*\).*/\1/')" "$least"
}

# One row of the table, and all of them.

need() {
    name=$1 least=$4 sets=$6
    wanted "$2" || return
    $3 && return
    reason=$why how=$7
    ways
    if [ -n "$packages" ]; then
        how="apt-get install $packages"
        to_install="$to_install $packages"
    elif [ -n "$command" ]; then
        how=$command
        to_run="$to_run${to_run:+ && }$command"
    else
        stuck="$stuck${stuck:+, }$name"
    fi
    reasons="$reasons
  $name${least:+ >= $least}: $5; $reason"
    list="$list
  $name${least:+ >= $least}: $5; $reason
      $how"
}

wanted() { # by the purposes that a row is for
    for purpose in $purposes; do
        case " $1 " in *" $purpose "*) return 0 ;; esac
    done
    return 1
}

look() {
    list="" reasons="" stuck="" to_install="" to_run="" apt_needed="" rust=""
    table
    [ -n "$list" ]
}

# What is done about it.

say() {
    echo "$*" >&2
}

give_up() { # why nothing more is done
    say "$1:$list"
    exit 1
}

may_install() { # as whom apt-get is run
    why="there is no apt-get here"
    command -v apt-get >/dev/null 2>&1 || return
    as_root="env"
    [ "$(id -u)" = 0 ] && return
    as_root="sudo -n env"
    why="apt-get needs root, or a sudo that asks for no password"
    sudo -n env >/dev/null 2>&1
}

run() {
    say "+ $*"
    "$@" >&2 </dev/null
}

apt() {
    # Another apt-get, as a new machine runs it by itself, is waited for; nothing is removed for ours.
    run $as_root DEBIAN_FRONTEND=noninteractive apt-get -q -o DPkg::Lock::Timeout=300 "$@"
}

no_service() { # tests start their own servers; Debian's packages start one as soon as they are there
    command -v systemctl >/dev/null 2>&1 || return 0
    for service in redis-server prometheus; do
        case " $to_install " in
        *" $service "*) run $as_root systemctl disable --now --quiet "$service" || say "$service still runs" ;;
        esac
    done
}

look || exit 0
[ -z "${NO_INSTALL:-}" ] || give_up "make $purposes needs what is not here (NO_INSTALL: nothing is installed)"
[ -z "$apt_needed" ] || may_install || give_up "make $purposes needs what is not here, and $why"
say "make $purposes needs what is not here, and installs it now (NO_INSTALL=1 only lists it):$reasons"
if [ -n "$apt_needed" ]; then
    apt update || say "apt-get update failed: what it knew before is taken"
    look
    [ -z "$stuck" ] || give_up "apt has nothing that does for $stuck; nothing was installed.  Missing"
    apt install -y --no-install-recommends --no-remove $to_install || failed="apt-get failed; "
    no_service
    look || exit 0
fi
if [ -n "$to_run" ] && [ -z "${failed:-}" ]; then # what apt brought may be rustup, which brings the rest
    run sh -c "$to_run" || failed="rustup failed; "
    look || exit 0
fi
give_up "${failed:-}make $purposes still needs what is not here"
