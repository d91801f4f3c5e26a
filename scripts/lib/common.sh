# Shared by the scripts: where things are, how they speak, bounded repetition. To be sourced.
# shellcheck shell=bash disable=SC2034

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
venv=$root/.local/venv

# Progress goes to standard error: the standard output of some scripts is to be evaluated.
say() { printf '%s\n' "$*" >&2 || true; }

# die MESSAGE: ends the script with 1.
die() {
    say "error: $*"
    exit 1
}

# retry TIMES COMMAND…: repeats a command that fails, with a growing pause in between.
retry() {
    local times=$1 try
    shift
    for ((try = 1; ; try++)); do
        "$@" && return
        ((try < times)) || return 1
        say "  failed; once more in $((try * 5)) s ($try of $((times - 1)))"
        sleep $((try * 5))
    done
}
