# PostgreSQL 15 in a cluster of its own, apart from any of Debian's. To be sourced.
# shellcheck shell=bash disable=SC2154

postgresql_programs=/usr/lib/postgresql/15/bin

# PostgreSQL refuses to run as root. setpriv replaces itself, so the process id is the server's own.
as_postgres=()
((EUID != 0)) || as_postgres=(setpriv --reuid=postgres --regid=postgres --init-groups --)

postgresql_home() { cat "$dir/postgresql.home"; }

# Under $dir where its user can get there; else (a checkout under /root) beside the system's other temporary files.
choose_home() {
    local home=$dir/postgresql
    [[ ! -s $dir/postgresql.home || ! -d $(postgresql_home) ]] || return 0
    mkdir -p "$home"
    ((EUID != 0)) || chown postgres: "$home"
    if ! "${as_postgres[@]}" test -w "$home"; then
        rmdir "$home"
        home=$(mktemp -d /var/tmp/tributary-XXXXXXXX) || return 1
        ((EUID != 0)) || chown postgres: "$home"
        say "postgresql: its user cannot reach $dir; the data is in $home"
    fi
    chmod 700 "$home"
    echo "$home" >"$dir/postgresql.home"
}

# Made aside and then renamed: a half-made cluster is never mistaken for one.
make_cluster() {
    local home
    home=$(postgresql_home)
    [[ ! -d $home/data ]] || return 0
    say "postgresql: making a cluster"
    rm -rf "$home/making" "$dir/postgresql.password"
    (umask 077 && od -An -N16 -tx1 /dev/urandom | tr -d ' \n' >"$dir/postgresql.password") || return 1
    # shellcheck disable=SC2016  # expanded by the inner shell
    "${as_postgres[@]}" sh -c 'umask 077 && cat >"$1"' - "$home/password" <"$dir/postgresql.password" || return 1
    "${as_postgres[@]}" "$postgresql_programs/initdb" --pgdata="$home/making" --username=postgres --encoding=UTF8 \
        --locale=C --auth=scram-sha-256 --pwfile="$home/password" --no-instructions \
        >"$dir/postgresql.initdb.log" 2>&1 || { tail -n 20 "$dir/postgresql.initdb.log" >&2; return 1; }
    rm -f "$home/password"
    mv "$home/making" "$home/data"
}

# A certificate that vouches for itself, so that tests can insist on TLS; connections without it are taken as before.
make_certificate() {
    local home
    home=$(postgresql_home)
    # shellcheck disable=SC2016  # expanded by the inner shell
    [[ -s $home/server.crt ]] || "${as_postgres[@]}" sh -c 'umask 077 && openssl req -x509 -newkey ec \
        -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 3650 -subj /CN=localhost \
        -addext subjectAltName=IP:127.0.0.1,DNS:localhost -keyout "$1/server.key" -out "$1/server.crt.new" \
        && mv "$1/server.crt.new" "$1/server.crt"' - "$home" 2>"$dir/postgresql.certificate.log" \
        || { tail -n 5 "$dir/postgresql.certificate.log" >&2; return 1; }
    "${as_postgres[@]}" cat "$home/server.crt" >"$dir/postgresql.crt"
}

# A killed server keeps its process id until its parent has noticed (init may take seconds), and PostgreSQL would
# take it for running.
await_burial() {
    local pid end=$((SECONDS + 10))
    pid=$(head -n 1 "$(postgresql_home)/data/postmaster.pid" 2>/dev/null) || return 0
    while [[ -e /proc/$pid ]] && ! start_time "$pid" >/dev/null && ((SECONDS < end)); do sleep 0.1; done
}

# fsync stays on. No socket in the file system: loopback TCP with a password is the one way in. More connections
# than usual, because tests run side by side, each with its pool.
postgresql_start() {
    choose_port postgresql && choose_home && make_cluster && make_certificate && await_burial || return 1
    start_process postgresql "${as_postgres[@]}" "$postgresql_programs/postgres" -D "$(postgresql_home)/data" \
        -c listen_addresses=127.0.0.1 -c port="$(port_of postgresql)" -c unix_socket_directories= \
        -c ssl=on -c ssl_cert_file="$(postgresql_home)/server.crt" -c ssl_key_file="$(postgresql_home)/server.key" \
        -c max_connections=200 -c log_line_prefix='%m [%p] %d '
}

# sql DATABASE: runs standard input as the superuser, prints bare values.
sql() {
    PGPASSWORD=$(cat "$dir/postgresql.password") PGCONNECT_TIMEOUT=3 "$postgresql_programs/psql" -X -q -At \
        -v ON_ERROR_STOP=1 -h 127.0.0.1 -p "$(port_of postgresql)" -U postgres -d "$1"
}

# Answers also means that the role and its database are there, whenever an earlier start was cut short.
postgresql_answers() {
    port_answers postgresql && sql postgres 2>/dev/null <<SQL
SELECT format('CREATE ROLE tributary LOGIN PASSWORD %L', '$(cat "$dir/postgresql.password")')
    WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'tributary') \gexec
SELECT 'CREATE DATABASE tributary OWNER tributary'
    WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = 'tributary') \gexec
SQL
}

# INT ends the sessions; TERM would wait for clients to leave.
postgresql_stop() { stop_process postgresql 10 INT QUIT; }

postgresql_environment() {
    echo "export POSTGRES_URL='postgres://tributary:$(cat "$dir/postgresql.password")@127.0.0.1:$(port_of postgresql)/tributary'"
}

postgresql_test_environment() {
    echo "export TRIBUTARY_TEST_POSTGRES_CA='$dir/postgresql.crt'"
    echo "export TRIBUTARY_TEST_POSTGRES_URL='postgres://postgres:$(cat "$dir/postgresql.password")@127.0.0.1:$(port_of postgresql)/postgres'"
}

postgresql_purge() {
    [[ -s $dir/postgresql.home ]] || return 0
    case $(postgresql_home) in
    /var/tmp/tributary-????????) rm -rf -- "$(postgresql_home)" ;;
    esac
}
