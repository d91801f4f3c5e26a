#!/usr/bin/env bash
# Installs what is missing, builds release binaries and measures; Benchmarks/README.md says what. Arguments go to
# the measuring program.
set -euo pipefail
# shellcheck source=scripts/lib/common.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib/common.sh"
cd "$root"

case " $* " in
*" --help "* | *" -h "* | *" --list "*) ;;
*)
    scripts/setup.sh bench
    for product in tributary mock-broker null-servers fold-bench; do
        swift build -c release --product "$product" >&2
    done
    ;;
esac
PYTHONPATH=Benchmarks exec /usr/bin/python3 -m bench "$@"
