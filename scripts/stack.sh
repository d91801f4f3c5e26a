#!/usr/bin/env bash
# The three servers on this machine: loopback only, free ports, all data under one directory.
#
#   stack.sh up [--servers LIST]   starts what does not run, mends what does not answer; prints the environment
#   stack.sh env                   prints the environment of a running stack
#   stack.sh test-env              prints the environment of the tests
#   stack.sh status                says what runs; ends with 1 unless everything does
#   stack.sh recreate-broker       replaces the broker by an empty one at the same address
#   stack.sh down [--purge]        stops everything; keeps the data unless told to purge
#
# Each takes --dir DIR (default: .local/stack). LIST is of broker,mongodb,postgresql. MOCK_BROKER names a broker
# that is built already. Servers that were not started here are never touched.
set -euo pipefail
scripts=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=scripts/lib/common.sh
. "$scripts/lib/common.sh"
for part in process ports broker mongodb postgresql; do
    # shellcheck source=/dev/null
    . "$scripts/lib/$part.sh"
done

usage() {
    sed -n '2,/^set /s/^# \{0,1\}//p' "${BASH_SOURCE[0]}" >&2
    exit 64
}

# The servers of this stack: chosen at the first `up`.
servers() { cat "$dir/servers"; }

require_stack() { [[ -f $dir/servers ]] || die "no stack in $dir: make stack-up"; }

# One at a time in a directory; started servers do not inherit the lock.
lock() {
    exec 9>"$dir/lock"
    flock -w 300 9 || die "another stack.sh is at work in $dir"
}

up_one() {
    if is_running "$1" && "$1_answers"; then
        say "$1: running on port $(port_of "$1")"
        return
    fi
    "$1_stop" && "$1_start" && wait_answering "$1" 30 || return 1
    say "$1: started on port $(port_of "$1")"
}

up() {
    local server
    "$scripts/setup.sh" test
    mkdir -p "$dir"
    [[ -f $dir/servers || -z $(ls -A "$dir") ]] || die "$dir holds something else; choose another directory"
    [[ -f $dir/servers && -z $chosen ]] || echo "${chosen:-broker,mongodb,postgresql}" | tr , ' ' >"$dir/servers"
    lock
    for server in $(servers); do
        up_one "$server" || die "$server could not be started; the others are left as they are"
    done
    print_environment
    say "stop with: ${stop_command}"
}

# print_environment [test_]
print_environment() {
    local server
    for server in $(servers); do "${server}_${1:-}environment"; done
}

status() {
    local server pid answer=0
    for server in $(servers); do
        if ! pid=$(own_pid "$server"); then
            echo "$server: stopped"
            answer=1
        elif ! "${server}_answers"; then
            echo "$server: does not answer (process $pid, log $dir/$server.log)"
            answer=1
        else
            echo "$server: running on port $(port_of "$server") (process $pid, log $dir/$server.log)"
        fi
    done
    return $answer
}

running() {
    require_stack
    local server
    for server in $(servers); do is_running "$server" || die "$server does not run: make stack-up"; done
}

down() {
    local server failed=0
    [[ -f $dir/servers ]] || { say "no stack in $dir"; return 0; }
    lock
    for server in broker mongodb postgresql; do
        is_running "$server" || continue
        if "${server}_stop"; then say "$server: stopped"; else failed=1; fi
    done
    ((failed == 0)) || die "not everything could be stopped"
    $purge || return 0
    postgresql_purge
    rm -rf -- "$dir"
    say "purged $dir"
}

(($# > 0)) || usage
command=$1 dir=$root/.local/stack chosen='' purge=false stop_command='make stack-down'
shift
while (($# > 0)); do
    case $1 in
    --dir) dir=$(realpath -m -- "${2:?--dir needs a directory}") stop_command="scripts/stack.sh down --dir $dir"; shift ;;
    --servers) chosen=${2:?--servers needs a list}; shift ;;
    --purge) purge=true ;;
    *) usage ;;
    esac
    shift
done
for server in ${chosen//,/ }; do
    [[ $server =~ ^(broker|mongodb|postgresql)$ ]] || usage
done
cd / # the servers keep no directory of ours busy, and user postgres may not enter it

case $command in
up) up ;;
env) running && print_environment ;;
test-env) running && print_environment test_ ;;
status) require_stack && status ;;
recreate-broker) require_stack && lock && broker_recreate && say "broker: empty, on port $(port_of broker)" ;;
down) down ;;
*) usage ;;
esac
