# Ports on loopback, kept in NAME.port under $dir so that a restarted server comes back where its clients look for
# it. To be sourced.
# shellcheck shell=bash disable=SC2154

# Outside of the range from which the kernel serves outgoing connections: none of those can take a port from a
# server that is down for a moment.
free_port() {
    "$venv/bin/python" - <<'PYTHON'
import random, socket, sys
for port in random.sample(range(20000, 32000), 200):
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            continue
    sys.exit(print(port))
sys.exit("no free port")
PYTHON
}

port_of() { cat "$dir/$1.port"; }

# port_answers NAME: somebody accepts connections there.
port_answers() { (: <"/dev/tcp/127.0.0.1/$(port_of "$1")") 2>/dev/null; }

# choose_port NAME: the one it had, unless somebody else has taken it meanwhile.
choose_port() {
    if [[ -s $dir/$1.port ]]; then
        port_answers "$1" || return 0
        say "$1: port $(port_of "$1") is taken by another process; choosing a new one"
    fi
    free_port >"$dir/$1.port.new" || return 1
    mv "$dir/$1.port.new" "$dir/$1.port"
}
