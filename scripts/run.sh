#!/usr/bin/env bash
# Builds what is missing, then serves on a directory that is filled with a made-up history: the first look at
# Tributary. Arguments go to `tributary demo`; DATA_DIR, COLLECTOR_PORT, DASHBOARD_PORT and the other settings come
# from the environment.
set -euo pipefail
scripts=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=scripts/lib/common.sh
. "$scripts/lib/common.sh"
cd "$root"

"$scripts/setup.sh" build
say "building (the first time takes some minutes)"
swift build -c release --product tributary >&2
exec .build/release/tributary demo "$@"
