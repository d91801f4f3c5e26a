#!/usr/bin/env bash
# Measures what an event costs, by role and store, and says what loads need. Arguments go to Benchmarks/bench/e2e.py;
# `--save` keeps the figures in docs/cost.json and brings docs/cost.md up to date.
set -euo pipefail
# shellcheck source=scripts/lib/common.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib/common.sh"
cd "$root"

case " $* " in
*" --help "*) ;;
*)
    scripts/setup.sh test
    [[ -n ${BENCH_BINARIES:-} ]] || for product in tributary mock-broker; do
        swift build -c release --product "$product" >&2
    done
    ;;
esac
PYTHONPATH=Benchmarks /usr/bin/python3 -m bench.e2e "$@"
[[ " $* " != *" --save "* ]] || /usr/bin/python3 scripts/cost.py --write
