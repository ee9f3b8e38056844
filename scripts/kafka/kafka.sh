#!/bin/bash
# A real Apache Kafka on this machine, for tests and benchmarks.  It listens on 127.0.0.1 alone.
#
#   kafka.sh fetch                      get Kafka, once, into the user's cache; says where it is
#   kafka.sh warm PORT:PORT             keep, once, what Java makes of it: nodes start sooner
#   kafka.sh format DIR PORT:PORT ...   make a cluster in DIR: one node or three, each with a port for
#                                       clients and one for controllers; says its bootstrap servers
#   kafka.sh start DIR [NODE ...]       start nodes, all unless told, and wait until they serve
#   kafka.sh stop DIR [NODE ...]        stop them as an operator would
#   kafka.sh kill9 DIR [NODE ...]       kill them
#   kafka.sh run DIR NODE               be a node: nothing is put into the background
#   kafka.sh guard DIR                  wait for the end of the input, and kill all nodes then
#
# Nodes are numbered from 1; DIR/NODE has a node's settings, data, log and process id.  It needs Java 17
# or newer, and Maven for the first fetch.  In the environment: KAFKA_JVM, more options of the JVM; for format
# KAFKA_PROPERTIES, a file of more settings for the nodes, and KAFKA_SCRAM, a user as Kafka's own --add-scram
# takes it.
set -euo pipefail

seconds_max=60
here=$(cd "$(dirname "$0")" && pwd)
settings=$here/../../deploy/kafka/server.properties
jvm="-Xms128m -Xmx512m -XX:MaxDirectMemorySize=128m -XX:+UseG1GC -XX:MaxGCPauseMillis=20 ${KAFKA_JVM:-}"
version=$(sed -n 's/.*<kafka.version>\(.*\)<.*/\1/p' "$here/pom.xml")
# Another pom.xml is another folder, so that what lies there is what it says.
cache=${XDG_CACHE_HOME:-${HOME:?}/.cache}/quantscope
jars=$cache/kafka-$version-$(cksum <"$here/pom.xml" | cut -d' ' -f1)

say() {
    echo "kafka.sh: $*" >&2
}

die() {
    say "$*"
    exit 1
}

usage() {
    sed -n '2,17s/^# \{0,1\}//p' "$0" >&2
    exit 2
}

# What it needs.  The cache has what is whole alone: it gets its name when it is.

in_part() { # $part is a folder for what is not whole; those of scripts that were killed go an hour later
    mkdir -p "$cache"
    find "$cache" -maxdepth 1 -name '*.part' -mmin +60 -exec rm -rf {} +
    part=$(mktemp -d --suffix .part "$cache/XXXXXX")
    trap 'rm -rf "$part"' EXIT
}

fetch() {
    [ ! -d "$jars" ] || return 0
    command -v mvn >/dev/null || die "Kafka $version is fetched by Maven, and mvn is not found"
    in_part
    mvn -B -q -f "$here/pom.xml" dependency:copy-dependencies -DincludeScope=runtime \
        -DoutputDirectory="$part" >&2 </dev/null || die "Maven could not fetch Kafka $version"
    [ -e "$part/kafka_2.13-$version.jar" ] || die "Maven fetched something, but no Kafka $version"
    # Another may have been quicker: then there is one already, and ours goes.
    mv -T "$part" "$jars" 2>/dev/null || [ -d "$jars" ] || die "$jars could not be made"
}

needs_java() {
    command -v java >/dev/null || die "Kafka $version runs on Java 17 or newer, and java is not found"
    major=$(java -version 2>&1 | sed -n 's/.* version "\([0-9]*\).*/\1/p')
    [ "${major:-0}" -ge 17 ] || die "Kafka $version runs on Java 17 or newer, and java is ${major:-broken}"
}

classes() { # where the classes are kept that a node loads, as this Java has them in memory
    echo "$jars/$(stat -Lc %Y "$(command -v java)").jsa"
}

warm() {
    needs_java
    fetch
    kept=$(classes)
    [ ! -e "$kept" ] || return 0
    in_part
    dir=$part/cluster
    format "$1" >/dev/null
    trap 'end KILL 1 2>/dev/null; rm -rf "$part"' EXIT
    exec {guard}> >("$here/kafka.sh" guard "$dir" 2>/dev/null) # where no trap can see to it
    export KAFKA_JVM=-XX:ArchiveClassesAtExit=../../classes
    start 1
    end TERM 1
    mv "$part/classes" "$kept" 2>/dev/null || say "this Java keeps no classes"
}

kafka() { # class, arguments: be it
    kept=$(classes)
    [ ! -e "$kept" ] || set -- -XX:SharedArchiveFile="$kept" "$@"
    exec java $options -Djava.awt.headless=true -Dlog4j2.configurationFile="$here/log4j2.xml" \
        -cp "$jars/*" "$@"
}

# A cluster.

uuid() { # as Kafka writes them, without the dash that would be taken for an option
    head -c 16 /dev/urandom | base64 | tr '+/' 'pq' | cut -c 1-22
}

format() {
    case $# in
    1) copies=1 in_sync=1 ;;
    3) copies=3 in_sync=2 ;;
    *) usage ;;
    esac
    [ ! -e "$dir/1" ] || die "$dir has a cluster already"
    needs_java
    fetch
    servers="" controllers="" voters="" node=0
    for ports; do
        node=$((node + 1))
        servers+="${servers:+,}127.0.0.1:${ports%:*}"
        controllers+="${controllers:+,}127.0.0.1:${ports#*:}"
        voters+="${voters:+,}$node@127.0.0.1:${ports#*:}:$(uuid)"
    done
    cluster=$(uuid) node=0 formatting=()
    for ports; do
        node=$((node + 1))
        mkdir -p "$dir/$node"
        own_settings "$node" "${ports%:*}" "${ports#*:}" |
            cat "$settings" - ${KAFKA_PROPERTIES:+"$KAFKA_PROPERTIES"} |
            sed -e "s/@PORT@/${ports%:*}/; s/@CONTROLLER_PORT@/${ports#*:}/" >"$dir/$node/server.properties"
        (format_node "$dir/$node") >"$dir/$node/log" 2>&1 </dev/null &
        formatting+=($!)
    done
    for job in "${formatting[@]}"; do
        wait "$job" || die "a node could not be formatted:"$'\n'"$(tail "$dir"/*/log)"
    done
    echo "$servers"
}

own_settings() { # node, port of clients, port of controllers: what other nodes have otherwise
    listeners="PLAINTEXT://127.0.0.1:$2,CONTROLLER://127.0.0.1:$3"
    cat <<END

# This node's own.
node.id=$1
listeners=$listeners
advertised.listeners=$listeners
controller.quorum.bootstrap.servers=$controllers
# Seen from the node's own directory, in which it is run.
log.dirs=data
default.replication.factor=$copies
min.insync.replicas=$in_sync
offsets.topic.replication.factor=$copies
transaction.state.log.replication.factor=$copies
transaction.state.log.min.isr=$in_sync
share.coordinator.state.topic.replication.factor=$copies
share.coordinator.state.topic.min.isr=$in_sync
END
}

format_node() {
    cd "$1"
    options="-Xmx128m -XX:TieredStopAtLevel=1"
    kafka kafka.tools.StorageTool format --config server.properties --cluster-id "$cluster" \
        --initial-controllers "$voters" ${KAFKA_SCRAM:+--add-scram "$KAFKA_SCRAM"}
}

# Its nodes.

nodes() { # those that are named, or all
    [ -d "$dir/1" ] || die "$dir has no cluster"
    [ $# -gt 0 ] || set -- $(cd "$dir" && echo [0-9]*)
    for node; do
        [ -e "$dir/$node/server.properties" ] || die "$dir has no node $node"
        echo "$node"
    done
}

process() { # node: its process id, where that is still a process of this node
    id=$(cat "$dir/$1/pid" 2>/dev/null) || return 1 # in a trap, return alone would not fail
    [ "$(readlink "/proc/$id/cwd")" = "$(cd "$dir/$1" && pwd -P)" ] || return 1
    echo "$id"
}

run() {
    cd "$dir/$1"
    # A pipe of whoever started it would stay open for as long as the node runs.
    for fd in /proc/$BASHPID/fd/*; do
        fd=${fd##*/}
        [ "$fd" -le 2 ] || [ "$fd" = 255 ] || exec {fd}>&-
    done
    echo $BASHPID >pid
    options=$jvm
    kafka kafka.Kafka server.properties
}

start() {
    needs_java
    fetch
    SECONDS=0
    for node; do
        ! process "$node" >/dev/null || die "node $node runs already"
        : >"$dir/$node/log" # before it is looked into for what this start says
    done
    for node; do
        setsid "$here/kafka.sh" run "$dir" "$node" >>"$dir/$node/log" 2>&1 </dev/null &
        echo $! >"$dir/$node/pid"
    done
    for node; do
        until grep -q "Kafka Server started" "$dir/$node/log"; do
            [ $SECONDS -lt $seconds_max ] || die "node $node does not serve after $seconds_max s"
            kill -0 "$(cat "$dir/$node/pid")" 2>/dev/null || die "node $node ended: $(tail "$dir/$node/log")"
            sleep 0.05
        done
    done
}

end() { # signal, nodes: send it, and wait until they have ended
    signal=$1 SECONDS=0
    shift
    for node; do
        id=$(process "$node") && kill "-$signal" "$id" || say "node $node does not run"
    done
    for node; do
        while process "$node" >/dev/null; do
            [ $SECONDS -lt $seconds_max ] || die "node $node runs still after $seconds_max s"
            sleep 0.05
        done
    done
}

verb=${1:-} dir=${2:-}
case $verb in
fetch) [ $# = 1 ] || usage ;;
warm | guard) [ $# = 2 ] || usage ;;
format | start | stop | kill9) [ $# -ge 2 ] || usage ;;
run) [ $# = 3 ] || usage ;;
*) usage ;;
esac
shift $(($# < 2 ? $# : 2))
case $verb in # not behind && or ||, where a failing step would not end the script
fetch)
    fetch
    echo "$jars"
    exit
    ;;
warm)
    warm "$dir"
    exit
    ;;
format)
    format "$@"
    exit
    ;;
guard) cat >/dev/null || true ;;
esac
named=$(nodes "$@")
case $verb in
run) run "$named" ;;
start) start $named ;;
stop) end TERM $named ;;
kill9 | guard) end KILL $named ;;
esac
