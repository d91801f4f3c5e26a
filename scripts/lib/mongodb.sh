# SecantusDB: the MongoDB protocol on one machine. To be sourced.
# shellcheck shell=bash disable=SC2154

mongodb_start() {
    choose_port mongodb || return 1
    mkdir -p "$dir/mongodb"
    start_process mongodb "$venv/bin/secantusd-py" --host 127.0.0.1 --port "$(port_of mongodb)" \
        --storage-path "$dir/mongodb" --cache-size 256M
}

# An open port first, because that costs nothing; then a ping through the driver.
mongodb_answers() {
    port_answers mongodb || return 1
    "$venv/bin/python" - "$(port_of mongodb)" 2>/dev/null <<'PYTHON'
import sys
from pymongo import MongoClient
MongoClient("127.0.0.1", int(sys.argv[1]), serverSelectionTimeoutMS=3000, socketTimeoutMS=3000).admin.command("ping")
PYTHON
}

# Writes its last checkpoint on TERM, which takes some seconds.
mongodb_stop() { stop_process mongodb 20 TERM; }

mongodb_environment() { echo "export MONGODB_URI='mongodb://127.0.0.1:$(port_of mongodb)/tributary'"; }

mongodb_test_environment() {
    echo "export TRIBUTARY_TEST_MONGODB_URI='mongodb://127.0.0.1:$(port_of mongodb)'"
}
