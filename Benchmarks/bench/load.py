"""Load by wrk, whose figures come back as JSON."""

import dataclasses
import json
import pathlib
import subprocess

SCRIPT = pathlib.Path(__file__).with_name("events.lua")
KEY = "bench-key"


class LoadFailed(Exception):
    """Answers other than 2xx, or none: a figure made of those would be none."""


@dataclasses.dataclass
class Load:
    """What to send to `POST /v1/events`."""

    url: str
    seconds: float
    connections: int
    #: Events of a request; 1 sends a single object.
    batch: int = 1
    #: `fixed`: ids repeat, the load costs least; `random`: UUIDv4; `ordered`: by time, as UUIDv7.
    ids: str = "fixed"
    #: Mean pause of each connection between answer and next request, in milliseconds.
    pause: float = 0
    #: Another one gives other ids.
    seed: int = 1


@dataclasses.dataclass
class Answered:
    """What came back: 2xx only."""

    requests: int
    events: int
    seconds: float
    #: Milliseconds.
    p50: float
    p99: float
    longest: float

    @property
    def requests_a_second(self) -> float:
        return self.requests / self.seconds

    @property
    def events_a_second(self) -> float:
        return self.events / self.seconds


def start(load: Load, cores: str | None) -> subprocess.Popen:
    """Begins to send."""
    command = ["wrk", "-t1", f"-c{load.connections}", f"-d{max(1, round(load.seconds))}s", "--timeout", "30s",
               "-s", str(SCRIPT), load.url + "/v1/events", "--", str(load.batch), load.ids, str(load.pause),
               str(load.seed), KEY]
    pinned = ["taskset", "-c", cores] if cores else []
    return subprocess.Popen(
        ["setpriv", "--pdeathsig", "TERM", *pinned, *command], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def finish(wrk: subprocess.Popen, load: Load) -> Answered:
    """Waits for the end and reads the figures."""
    try:
        output, _ = wrk.communicate(timeout=load.seconds + 60)
    except BaseException:
        wrk.kill()
        raise
    lines = [line for line in output.splitlines() if line.startswith("{")]
    if wrk.returncode != 0 or not lines:
        raise LoadFailed(f"wrk ended with {wrk.returncode}: {output[-800:]}")
    figures = json.loads(lines[-1])
    if figures["failures"] or not figures["requests"]:
        raise LoadFailed(f"{figures['failures']} of {figures['requests']} requests failed: {figures}")
    return Answered(
        requests=figures["requests"], events=figures["requests"] * load.batch, seconds=figures["seconds"],
        p50=figures["p50"], p99=figures["p99"], longest=figures["longest"])


def run(load: Load, cores: str | None) -> Answered:
    """Sends for the given time."""
    return finish(start(load, cores), load)
