#!/usr/bin/env bash
# Tests scripts/stack.sh on real servers: what it starts, mends, replaces, stops, and what it must leave alone.
set -euo pipefail
scripts=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=scripts/lib/common.sh
. "$scripts/lib/common.sh"
mkdir -p "$root/.local"
dir=$(mktemp -d "$root/.local/stack-test.XXXXXX")/stack
bystander='' foreign=''

stack() { "$scripts/stack.sh" "$@" --dir "$dir" 2>"$dir.err"; }

# shellcheck disable=SC2317  # called by the trap
finish() {
    local status=$?
    set +e # whatever fails now, the rest is still cleaned up
    ((status == 0)) || { say "FAILED; the last command said:"; sed 's/^/    /' "$dir.err" >&2; }
    # shellcheck disable=SC2086  # none, one or two
    kill $bystander $foreign 2>/dev/null
    stack down --purge
    rm -rf "$(dirname "$dir")"
    exit "$status"
}
trap finish EXIT

check() { say "ok: $*"; }
pid_of() { cut -d' ' -f1 "$dir/$1.pid"; }
expect_all_up() { stack status >"$dir.status" || { cat "$dir.status" >&2; return 1; }; }

first=$(stack up)
[[ $(grep -c '^export ' <<<"$first") == 3 ]]
eval "$first"
: "${KAFKA_BOOTSTRAP_SERVERS:?}" "${MONGODB_URI:?}" "${POSTGRES_URL:?}"
[[ $(psql -XAtc 'SELECT current_user || $$/$$ || current_database()' "$POSTGRES_URL") == tributary/tributary ]]
check "up starts three servers and prints their addresses"

pids="$(pid_of broker) $(pid_of mongodb) $(pid_of postgresql)"
[[ $(stack up) == "$first" && $(stack env) == "$first" ]]
[[ "$(pid_of broker) $(pid_of mongodb) $(pid_of postgresql)" == "$pids" ]]
check "up again changes nothing and says the same; so does env"

psql -Xqc 'CREATE TABLE kept AS SELECT 7 AS n' "$POSTGRES_URL"
for server in broker mongodb postgresql; do
    kill -9 "$(pid_of $server)"
    until ! stack status >/dev/null; do sleep 0.1; done
    if stack env; then false; fi
    [[ $(stack up) == "$first" ]]
    expect_all_up
    check "a killed $server is mended at the same address"
done
[[ $(psql -XAtc 'SELECT n FROM kept' "$POSTGRES_URL") == 7 ]]
check "its data is still there"

kill -STOP "$(pid_of postgresql)"
[[ $(stack up) == "$first" ]]
expect_all_up
check "a server that hangs is replaced"

before=$(pid_of broker)
stack recreate-broker
[[ $(pid_of broker) != "$before" && $(stack env) == "$first" ]]
expect_all_up
check "a recreated broker is another process at the same address"

sleep 300 &
bystander=$!
kill -9 "$(pid_of broker)"
echo "$bystander 1" >"$dir/broker.pid"
[[ $(stack up) == "$first" ]]
kill -0 $bystander
check "a process that got an old one's id is left alone"

kill -9 "$(pid_of mongodb)"
"$venv/bin/python" -m http.server --bind 127.0.0.1 "$(cat "$dir/mongodb.port")" &>/dev/null &
foreign=$!
until (: <"/dev/tcp/127.0.0.1/$(cat "$dir/mongodb.port")") 2>/dev/null; do sleep 0.1; done
moved=$(stack up)
kill $foreign # it was still there, then
foreign=''
[[ $moved != "$first" ]] && grep -q 'taken by another process' "$dir.err"
expect_all_up
check "a port that somebody else took is left to them"

[[ $(stack up & stack up; wait) == "$moved"$'\n'"$moved" ]]
check "two at once agree"

stack down
if stack status >/dev/null; then false; fi
[[ $(stack up) == "$moved" && $(psql -XAtc 'SELECT n FROM kept' "$POSTGRES_URL") == 7 ]]
check "down keeps data and addresses"

stack down --purge
[[ ! -e $dir ]] && stack down
check "down --purge leaves nothing, and down of nothing is fine"
