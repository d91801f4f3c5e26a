#!/usr/bin/env bash
# Builds everything, runs the tests against a private stack (SecantusDB, PostgreSQL), and always stops it again.
# Arguments go to `swift test`, SWIFT_TEST_OPTIONS to the build as well. TRIBUTARY_TEST_LONG=1 runs the long tests
# too. Ends with the tests' own status.
set -euo pipefail
scripts=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=scripts/lib/common.sh
. "$scripts/lib/common.sh"
# shellcheck source=scripts/lib/process.sh
. "$scripts/lib/process.sh"
cd "$root"

# A run that was killed could not stop its stack: the next one does. Runs that live are left alone.
sweep() {
    local dir
    for dir in .local/test-stack.*/; do
        dir=${dir%/}
        if [[ -f $dir/run.pid ]] && ! is_running run; then remove; fi
    done
}

# remove: ends what runs under $dir. The tests' whole session, because SwiftPM leaves the process that runs them alone.
remove() {
    if is_running tests; then pkill -s "$(own_pid tests)"; fi
    "$scripts/stack.sh" down --purge --dir "$dir/stack" && rm -rf "$dir"
}

# shellcheck disable=SC2317  # called by the trap
finish() {
    local status=$?
    trap - EXIT
    trap '' INT TERM HUP PIPE # nothing keeps the stack from being stopped
    set +e
    if ((status != 0)) && [[ -f $dir/stack/servers ]]; then
        mkdir -p .local/failed-test
        cp "$dir"/*.log "$dir"/stack/*.log .local/failed-test/
        say "the logs: .local/failed-test/"
    fi
    remove
    exit "$status"
}

"$scripts/setup.sh" test
sweep
read -ra options <<<"${SWIFT_TEST_OPTIONS:-}"
swift build --build-tests "${options[@]}"

dir=$(mktemp -d "$root/.local/test-stack.XXXXXX")
chmod 755 "$dir" # user postgres passes through
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
trap 'exit 129' HUP PIPE
echo "$$ $(start_time $$)" >"$dir/run.pid"

environment=$("$scripts/stack.sh" up --servers mongodb,postgresql --dir "$dir/stack" >/dev/null \
    && "$scripts/stack.sh" test-env --dir "$dir/stack")
eval "$environment"
export TRIBUTARY_TEST_STACK_DIR=$dir/stack

# In the background and in a session of its own, so that the whole of it can be ended when this script is.
# Line by line: SwiftPM would keep all output until the end, and with it the name of a test that hangs.
start_process tests stdbuf -oL swift test --skip-build "${options[@]}" "$@"
tests=$!
tail -n +1 -f --pid=$tests "$dir/tests.log" &
status=0
wait $tests || status=$?
wait # for the rest of its output
say
say "tests: the runner's closing lines"
grep -E 'Test run with|Executed [1-9][0-9]* test|^error:' "$dir/tests.log" >&2 || true
exit $status
