#!/usr/bin/env bash
# Makes a Debian 12 machine that has Swift ready for Tributary. Idempotent; quick when nothing is missing.
#
#   setup.sh build    what building needs
#   setup.sh test     what the tests and the local servers need as well
#   setup.sh bench    what building and the side-by-side runs need
#
# Ends with 2 when something is missing that only root, or only you, can install.
set -euo pipefail
# shellcheck source=scripts/lib/common.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib/common.sh"

build_packages=(
    libbson-dev libmaxminddb-dev libmongoc-dev libpq-dev librdkafka-dev libroaring-dev libsqlite3-dev libzstd-dev
    pkg-config tzdata zlib1g-dev
)
test_packages=(
    chromium chromium-driver curl fonts-liberation jq openssl postgresql-15 procps python3-venv strace zstd
)
bench_packages=(curl gcc libc6-dev procps python3-venv util-linux wrk)
cluster_settings=/etc/postgresql-common/createcluster.conf

usage() {
    say "usage: setup.sh build|test|bench"
    exit 64
}

check_swift() {
    local needed
    needed=$(sed -n 's|^// swift-tools-version: *||p' "$root/Package.swift")
    command -v swift >/dev/null && return
    say "Swift is missing: Tributary needs $needed or newer (made with 6.3.1). See https://www.swift.org/install/"
    exit 2
}

# missing PACKAGE…: those that are not installed, one a line.
missing() {
    comm -23 <(printf '%s\n' "$@" | sort) \
        <(dpkg-query -W -f='${db:Status-Status} ${Package}\n' "$@" 2>/dev/null | sed -n 's/^installed //p' | sort)
}

# Debian starts a cluster on port 5432 with the package; nobody asked for one.
forbid_main_cluster() {
    grep -qs '^ *create_main_cluster' "$cluster_settings" && return
    mkdir -p "$(dirname "$cluster_settings")"
    echo 'create_main_cluster = false' >>"$cluster_settings"
}

apt() {
    DEBIAN_FRONTEND=noninteractive apt-get -q -y -o Dpkg::Use-Pty=0 -o Dpkg::Options::=--force-confold \
        -o DPkg::Lock::Timeout=120 -o Acquire::http::Timeout=30 -o Acquire::https::Timeout=30 "$@" </dev/null >&2
}

# The same by hand, for who is not root.
print_apt_line() {
    say "Packages are missing. As root:"
    [[ " $* " != *" postgresql-15 "* ]] \
        || say "  mkdir -p ${cluster_settings%/*} && echo 'create_main_cluster = false' >>$cluster_settings"
    say "  apt-get update && apt-get install -y --no-install-recommends $*"
}

# Only what touches the network is repeated; the installation itself runs once and is never cut short.
install_packages() {
    if ((EUID != 0)); then
        print_apt_line "$@"
        exit 2
    fi
    say "setup: installing $*"
    [[ " $* " != *" postgresql-15 "* ]] || forbid_main_cluster
    retry 3 apt update || die "apt-get update failed"
    retry 3 apt install --download-only --no-install-recommends "$@" || die "the packages cannot be fetched"
    apt install --no-install-recommends "$@" || die "apt-get install failed"
}

# venv_stamp DIRECTORY REQUIREMENTS: names the place too: a virtual environment does not survive being moved.
venv_stamp() {
    echo "# $1"
    cat "$2"
}

# install_venv DIRECTORY REQUIREMENTS WHAT
install_venv() {
    local stamp=$1/.complete
    [[ -x $1/bin/python && "$(cat "$stamp" 2>/dev/null)" == "$(venv_stamp "$1" "$2")" ]] && return
    say "setup: installing $3 into ${1#"$root/"}"
    rm -rf "$1"
    /usr/bin/python3 -m venv "$1" || die "cannot make $1"
    retry 3 "$1/bin/pip" install --quiet --disable-pip-version-check --timeout 30 --retries 2 -r "$2" >&2 \
        || die "pip install failed"
    venv_stamp "$1" "$2" >"$stamp"
}

(($# == 1)) || usage
case $1 in
build) packages=("${build_packages[@]}") ;;
test) packages=("${build_packages[@]}" "${test_packages[@]}") ;;
bench) packages=("${build_packages[@]}" "${bench_packages[@]}") ;;
*) usage ;;
esac

check_swift
command -v dpkg-query >/dev/null || die "this script knows Debian 12 only; it wants: ${packages[*]}"
mapfile -t wanted < <(missing "${packages[@]}")
((${#wanted[@]} == 0)) || install_packages "${wanted[@]}"
case $1 in
test) install_venv "$venv" "$root/scripts/requirements.txt" "the local MongoDB server, and what checks the HTTP interfaces" ;;
bench) install_venv "$root/.local/bench-venv" "$root/Benchmarks/requirements.txt" "the yardsticks" ;;
esac
say "setup: ready to $1"
