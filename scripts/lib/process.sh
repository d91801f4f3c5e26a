# Long-running processes by name, under the directory $dir. To be sourced.
# shellcheck shell=bash disable=SC2154
#
# NAME.pid holds a process id and that process's start time: ids are used again, so only both together say that a
# process is ours. No signal is sent without comparing them first.

# start_time PID: field 22 of its stat, in ticks since boot; fails where there is no such process, or a dead one.
start_time() {
    local stat fields
    stat=$(cat "/proc/$1/stat" 2>/dev/null) || return 1
    read -ra fields <<<"${stat##*) }" # the name before it may hold blanks
    [[ ${fields[0]} != [ZX] ]] || return 1
    echo "${fields[19]}"
}

# own_pid NAME: the id of our running process; fails where there is none.
own_pid() {
    local pid started
    read -r pid started 2>/dev/null <"$dir/$1.pid" || return 1
    [[ -n $started && "$(start_time "$pid")" == "$started" ]] || return 1
    echo "$pid"
}

is_running() { own_pid "$1" >/dev/null; }

# start_process NAME COMMAND…: in a session of its own, holding nothing of ours open; its output goes to NAME.log.
start_process() {
    local name=$1 self fd
    shift
    rm -f "$dir/$name.pid"
    [[ ! -f $dir/$name.log ]] || mv -f "$dir/$name.log" "$dir/$name.log.1"
    (
        exec </dev/null >"$dir/$name.log" 2>&1
        self=$BASHPID # which is another one inside of $( )
        for fd in "/proc/$self/fd/"*; do
            fd=${fd##*/}
            ((fd <= 2)) || eval "exec $fd>&-"
        done
        # Before exec, which changes neither: a process without its file could never be stopped.
        echo "$self $(start_time "$self")" >"$dir/$name.pid.new"
        mv "$dir/$name.pid.new" "$dir/$name.pid"
        exec env --default-signal=INT,QUIT,PIPE setsid "$@"
    ) &
    until [[ -f $dir/$name.pid ]]; do
        kill -0 $! 2>/dev/null || return 1
        sleep 0.02
    done
}

# stop_process NAME SECONDS SIGNAL…: sends each signal in turn, waiting that long after each, and KILL at last.
stop_process() {
    local name=$1 seconds=$2 signal pid
    shift 2
    for signal in "$@" KILL; do
        pid=$(own_pid "$name") || break
        kill -s "$signal" "$pid" 2>/dev/null || true
        wait_gone "$name" "$seconds" && break
        say "$name: still there $seconds s after SIG$signal"
    done
    ! is_running "$name" || return 1
    rm -f "$dir/$name.pid"
}

wait_gone() {
    local end=$((SECONDS + $2))
    while is_running "$1"; do
        ((SECONDS <= end)) || return 1
        sleep 0.05
    done
}

# wait_answering NAME SECONDS: until NAME_answers; shows the end of its log where it dies or stays silent.
wait_answering() {
    local name=$1 end=$((SECONDS + $2)) trouble=
    until "${name}_answers"; do
        is_running "$name" || trouble="ended while starting"
        ((SECONDS <= end)) || trouble="does not answer after $2 s"
        if [[ -n $trouble ]]; then
            say "$name $trouble; the end of $dir/$name.log:"
            tail -n 20 "$dir/$name.log" | sed 's/^/    /' >&2
            return 1
        fi
        sleep 0.1
    done
}
