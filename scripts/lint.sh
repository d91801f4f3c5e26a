#!/usr/bin/env bash
# Style and the rules of dependency; changes nothing. `lint.sh --fix` formats the Swift files instead.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

swift_files() { find . -path './.*' -prune -o -name '*.swift' -print0; }

if [[ ${1:-} == --fix ]]; then
    swift_files | xargs -0 swift format --in-place --parallel
    exit
fi

echo "lint: Swift format"
swift_files | xargs -0 swift format lint --strict --parallel
echo "lint: imports"
scripts/check-imports.sh --self-test
scripts/check-imports.sh
echo "lint: shell syntax"
for script in scripts/*.sh scripts/lib/*.sh .ci/run; do bash -n "$script"; done
echo "lint: Python syntax"
find Benchmarks Tests -name '*.py' -print0 | xargs -0 -r -n 1 python3 -c 'import ast, sys; ast.parse(open(sys.argv[1]).read(), sys.argv[1])'
echo "lint: JSON"
find schemas -name '*.json' -print0 | xargs -0 -r -n 1 python3 -m json.tool --no-ensure-ascii >/dev/null
echo "lint: clean"
