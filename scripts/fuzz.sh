#!/usr/bin/env bash
# Builds the scanner under AddressSanitizer (a build of its own) and gives it random and damaged texts, each judged
# by Python's parser as well. Arguments go to the program: --seconds 300 --seed 7, or files to judge. Ends with 1
# where the two differ, or where memory is misused; the text is then in .local/fuzz.
set -euo pipefail
# shellcheck source=scripts/lib/common.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib/common.sh"
cd "$root"

"$root/scripts/setup.sh" build
build=(-c release --sanitize=address --scratch-path .build-asan --product scanner-fuzz)
swift build "${build[@]}" >&2
status=0
# Leaks are none of its business; what Foundation keeps would be reported.
ASAN_OPTIONS=detect_leaks=0:exitcode=99 "$(swift build "${build[@]}" --show-bin-path)/scanner-fuzz" \
    --oracle Tests/ScannerFuzz/oracle.py --corpus ../shared/data/json-parsing/test_parsing --output .local/fuzz "$@" \
    || status=$?
case $status in
0) ;;
1) die "the two parsers differ: see above" ;;
64) exit 64 ;;
*) die "ended with $status at the text in .local/fuzz/at-work.json" ;;
esac
