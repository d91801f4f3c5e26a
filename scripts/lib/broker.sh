# The Kafka-protocol broker of this package (Tests/MockBroker). It keeps nothing across restarts. To be sourced.
# shellcheck shell=bash disable=SC2154

# Where the program is: named by MOCK_BROKER, or built here. Remembered, because a recreation in the middle of
# `swift test` could not build: the test holds SwiftPM's lock.
broker_program() {
    if [[ -z ${MOCK_BROKER:-} ]]; then
        say "broker: building mock-broker"
        swift build --package-path "$root" --product mock-broker >&2 || return 1
        MOCK_BROKER=$(swift build --package-path "$root" --show-bin-path)/mock-broker || return 1
    fi
    [[ -x $MOCK_BROKER ]] || { say "broker: no program at $MOCK_BROKER"; return 1; }
    realpath "$MOCK_BROKER" >"$dir/broker.program"
}

broker_launch() {
    start_process broker "$(cat "$dir/broker.program")" \
        --port "$(port_of broker)" --control-port "$(port_of broker-control)" \
        --topic user-events:24 --topic user-events.dead-letter:24 --topic user-events.live:1
}

broker_start() {
    broker_program && choose_port broker && choose_port broker-control && broker_launch
}

broker_answers() {
    grep -qs "^ready bootstrap=127.0.0.1:$(port_of broker) " "$dir/broker.log" && port_answers broker && port_answers broker-control
}

broker_stop() { stop_process broker 5 TERM; }

# An empty broker at the same address: what remains of its clients finds another log there.
broker_recreate() {
    [[ -s $dir/broker.program && -s $dir/broker.port ]] || die "no broker was ever started in $dir"
    broker_stop || return 1
    ! port_answers broker || die "port $(port_of broker) is taken by another process"
    broker_launch && wait_answering broker 20
}

broker_environment() { echo "export KAFKA_BOOTSTRAP_SERVERS='127.0.0.1:$(port_of broker)'"; }

# The tests start brokers of their own.
broker_test_environment() { :; }
