#!/usr/bin/env bash
# Holds the rules of dependency that SwiftPM does not: which module may be imported where.
#
#   check-imports.sh [DIR]        checks all Swift files of a checkout; prints each offence as file:line, ends with 1
#   check-imports.sh --self-test  shows on a tree made for it that offences of every kind are caught
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

# MODULE: the folders that may import it. A C library that is not named here may be imported nowhere.
homes='
CRDKafka: Core/KafkaLog Tests/MockBroker
CMaxMindDB: Core/GeoIP
CMongoC: Core/MongoStore
CPage: DashboardAPI
CPostgres: Core/PostgresStore
CRoaring: Core/Bitmaps
CZlib: Core/Compression
CZstd: Core/Compression
GRDB: Core/EmbeddedStores Tests/ConformanceTests
GRDBSQLite: Core/EmbeddedStores
GeoIP: Tributary Tests Benchmarks
KafkaLog: Tributary Tests Benchmarks
MongoStore: Tributary Tests Benchmarks
PostgresStore: Tributary Tests Benchmarks
EmbeddedStores: Tributary Tests Benchmarks
Collector: Tributary Tests Benchmarks
Worker: Tributary Tests Benchmarks
Aggregator: Tributary Tests Benchmarks
DashboardAPI: Tributary Tests Benchmarks
'

# FOLDER: the modules that may not be imported there (a pattern over whole names).
barred='
Core/Events: NIO.*|_?NIO.*|Hummingbird.*|AsyncHTTPClient|FoundationNetworking
Core/JSONSchema: NIO.*|_?NIO.*|Hummingbird.*|AsyncHTTPClient|FoundationNetworking
'

# imports FILE: "LINE MODULE" of each import, however it is spelt: attributes and access levels in any order, one
# declaration only, submodules, backticks, several on a line, over several lines. `opening` is true where a
# declaration may begin. (Block comments over several lines do not occur: `swift format lint` refuses them.)
imports() {
    awk '
    {
        gsub(/\/\*[^*]*\*\//, " ")
        sub(/\/\/.*/, "")
        gsub(/;/, " ; ")
        gsub(/`/, "")
        opening = 1
        for (i = 1; i <= NF; i++) {
            if (awaited && $i ~ /^(typealias|struct|class|enum|protocol|let|var|func|actor)$/) continue
            if (awaited) {
                sub(/[^A-Za-z0-9_].*$/, "", $i)
                print NR, $i
            }
            awaited = !awaited && opening && $i == "import"
            opening = $i == ";" || (opening && $i ~ /^@|^(public|package|internal|fileprivate|private)$/)
        }
    }' "$1"
}

# allowed MODULE FILE: an unlisted module is allowed everywhere.
allowed() {
    local module homes_of home
    while IFS=: read -r module homes_of; do
        [[ $module == "$1" ]] || continue
        for home in $homes_of; do
            [[ $2 != "$home"/* ]] || return 0
        done
        return 1
    done <<<"$homes"
    [[ ! -d Core/CLibraries/$1 ]]
}

is_barred() {
    local folder pattern
    while IFS=: read -r folder pattern; do
        [[ -n $folder && $2 == "$folder"/* && $1 =~ ^(${pattern# })$ ]] && return 0
    done <<<"$barred"
    return 1
}

swift_files() { find . -path './.*' -prune -o -name '*.swift' -print | sed 's|^\./||' | sort; }

# Only files that name a module of the rules at all are looked at closely.
check() {
    cd "$1"
    local names file line module offences=0
    names=$({ sed -n 's/^\([A-Za-z]*\):.*/\1/p' <<<"$homes"; ls Core/CLibraries 2>/dev/null; } | paste -sd '|')
    while read -r file; do
        while read -r line module; do
            if ! allowed "$module" "$file" || is_barred "$module" "$file"; then
                echo "$file:$line: $module may not be imported here (ARCHITECTURE.md, rules of dependency)"
                offences=$((offences + 1))
            fi
        done < <(imports "$file")
    done < <(swift_files | xargs -r grep -lE "NIO|Hummingbird|AsyncHTTPClient|FoundationNetworking|$names")
    ((offences == 0)) || return 1
}

# shellcheck disable=SC2001,SC2016  # the backticks are Swift's
self_test() {
    local tree found
    tree=$(mktemp -d)
    # shellcheck disable=SC2064  # the value of now
    trap "rm -rf '$tree'" EXIT
    mkdir -p "$tree"/{Core/{KafkaLog,Events,Stores,Bitmaps,CLibraries/CNew},Collector,Tributary,Tests/{MockBroker,EventsTests},.build/x}
    cd "$tree"
    printf 'internal import CRDKafka\n@preconcurrency import CRDKafka\n' >Core/KafkaLog/Fine.swift
    echo 'import CRDKafka' >Tests/MockBroker/main.swift
    echo 'import struct CRoaring.roaring_bitmap_t' >Core/Bitmaps/Fine.swift
    printf 'import KafkaLog\nimport Collector\nimport NIOCore\n' >Tributary/Fine.swift
    printf '// import CPostgres\nlet any = "*/*"\n/* import CMongoC */\nimport CRDKafkaesque\nlet s = "an import CMongoC"\n#if canImport(CMongoC)\n#endif\n' >Core/Stores/Fine.swift
    echo 'import CPostgres' >.build/x/Ignored.swift
    printf 'import Events\nimport CPostgres\n\ninternal import CMongoC\n' >Core/Stores/A.swift
    printf '@preconcurrency import struct CRoaring.x\n@_spi(Old) public import func CRDKafka.y; import `CMongoC`\nimport\n  CPostgres // why\n@preconcurrency\nprivate import CRoaring\n' >Collector/B.swift
    printf 'import KafkaLog\nimport Worker\nimport enum MongoStore.E\nimport GRDB\ninternal import GRDBSQLite\n' >Collector/C.swift
    printf 'import NIOCore\nimport Hummingbird\nimport _NIOFileSystem\nimport AsyncHTTPClient\nimport Crypto\n' >Core/Events/D.swift
    printf '@testable import CRDKafka\n/* so */ import CNew\n' >Tests/EventsTests/E.swift
    if found=$("$here/scripts/check-imports.sh" "$tree"); then
        echo "self-test: no offence was found"
        return 1
    fi
    diff <(sed 's/ may not.*//' <<<"$found") - <<'EXPECTED' || { echo "self-test: < found, > expected"; return 1; }
Collector/B.swift:1: CRoaring
Collector/B.swift:2: CRDKafka
Collector/B.swift:2: CMongoC
Collector/B.swift:4: CPostgres
Collector/B.swift:6: CRoaring
Collector/C.swift:1: KafkaLog
Collector/C.swift:2: Worker
Collector/C.swift:3: MongoStore
Collector/C.swift:4: GRDB
Collector/C.swift:5: GRDBSQLite
Core/Events/D.swift:1: NIOCore
Core/Events/D.swift:2: Hummingbird
Core/Events/D.swift:3: _NIOFileSystem
Core/Events/D.swift:4: AsyncHTTPClient
Core/Stores/A.swift:2: CPostgres
Core/Stores/A.swift:4: CMongoC
Tests/EventsTests/E.swift:1: CRDKafka
Tests/EventsTests/E.swift:2: CNew
EXPECTED
    rm Collector/*.swift Core/Events/*.swift Core/Stores/A.swift Tests/EventsTests/E.swift
    "$here/scripts/check-imports.sh" "$tree" || { echo "self-test: what is allowed was refused"; return 1; }
    echo "check-imports: the self-test caught every offence"
}

case ${1:-} in
--self-test) self_test ;;
-*) sed -n '2,/^set /s/^# \{0,1\}//p' "${BASH_SOURCE[0]}" >&2; exit 64 ;;
*) check "${1:-$here}" ;;
esac
