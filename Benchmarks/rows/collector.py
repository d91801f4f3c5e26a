"""The collector beside a FastAPI app that does the same job, and beside servers that do nothing.

The server under test has one core for itself; load and broker share the others. Goals: DESIGN, "Speed to reach".
"""

import contextlib
import dataclasses
import statistics
from collections.abc import Iterator

from bench import load
from bench.process import Server, free_port, get
from bench.run import Run
from bench.table import Row

#: Enough that a server which waits for the broker's acknowledgement never runs out of requests.
CONNECTIONS = {1: 256, 100: 32}


@dataclasses.dataclass
class Sample:
    """One run of one server."""

    events: float
    #: Of the server and of the broker, for an event; microseconds.
    cpu: float
    broker_cpu: float
    #: How busy the server's core was, 0 to 1: well below 1, something else was the wall.
    busy: float
    p99: float

    def __str__(self) -> str:
        return f"{self.events:,.0f} events/s, {self.cpu:.1f} µs each, busy {self.busy:.0%}, p99 {self.p99:.1f} ms"


@contextlib.contextmanager
def product(run: Run, broker: str) -> Iterator[tuple[Server, str]]:
    environment = {"KAFKA_BOOTSTRAP_SERVERS": broker, "WRITE_KEYS": f"bench:{load.KEY}"}
    with run.role("collector", cores=run.server_cores, environment=environment) as started:
        yield started


@contextlib.contextmanager
def other(run: Run, name: str, command: list, environment: dict[str, str], port: int) -> Iterator[tuple[Server, str]]:
    with run.start(f"{name}-{port}", command, cores=run.server_cores, environment=environment) as server:
        url = f"http://127.0.0.1:{port}"
        server.wait(lambda: get(url + "/readyz")[0] == 200)
        yield server, url


def fastapi(run: Run, broker: str):
    port = free_port()
    environment = {"KAFKA_BOOTSTRAP_SERVERS": broker, "WRITE_KEY": load.KEY, "PORT": str(port)}
    return other(run, "fastapi", [run.python, run.yardstick("fastapi_collector.py")], environment, port)


def null(run: Run, kind: str):
    port = free_port()
    return other(run, f"null-{kind}", [run.binaries / "null-servers", kind, str(port)], {}, port)


def sample(run: Run, servers: tuple[Server, str], broker: Server, batch: int) -> Sample:
    """Warms the server up, then measures it as busy as it can be."""
    server, url = servers
    sent = load.Load(url, run.seconds(5), CONNECTIONS[batch], batch=batch)
    load.run(dataclasses.replace(sent, seconds=run.seconds(2)), run.other_cores)
    before = server.cpu(), broker.cpu()
    answered = load.run(sent, run.other_cores)
    server.check()
    spent, broker_spent = server.cpu() - before[0], broker.cpu() - before[1]
    return Sample(
        answered.events_a_second, spent / answered.events * 1e6, broker_spent / answered.events * 1e6,
        spent / answered.seconds, answered.p99)


def measure(run: Run, batch: int, *, nulls: tuple[str, ...] = ()) -> dict[str, list[Sample]]:
    """All servers in turn. Each run has a fresh broker: the mock keeps what it was sent in memory."""

    def acked(start):
        def once() -> Sample:
            with run.broker() as (broker, address), start(run, address) as servers:
                return sample(run, servers, broker, batch)

        return once

    sides = {"Tributary": acked(product), "FastAPI": acked(fastapi)}
    for kind in nulls:
        sides[kind] = acked(lambda run, _, kind=kind: null(run, kind))
    return run.side_by_side(sides)


def median(samples: list[Sample], name: str) -> float:
    return statistics.median(getattr(one, name) for one in samples)


def costs(of: dict[str, list[Sample]], *names: str) -> str:
    """What an event costs on either side, how busy the server was, and their ratio by CPU alone."""
    parts = [
        f"{name} {median(of[name], 'cpu'):.1f} µs CPU ({median(of[name], 'busy'):.0%} busy; broker"
        f" {median(of[name], 'broker_cpu'):.1f} µs)" for name in names]
    ratio = median(of[names[1]], "cpu") / median(of[names[0]], "cpu")
    return f"{', '.join(parts)}; by CPU {ratio:.2f}×"


def rates(samples: list[Sample]) -> list[float]:
    return [one.events for one in samples]


def single(run: Run) -> list[Row]:
    of = measure(run, 1, nulls=("hummingbird", "nio"))
    ours = rates(of["Tributary"])
    return [
        Row("collector, single events acked", "events/s", ours, rates(of["FastAPI"]), "FastAPI", 4,
            note=costs(of, "Tributary", "FastAPI")),
        Row("collector, single events acked", "events/s", ours, rates(of["hummingbird"]), "null handler", 0.6,
            note=costs(of, "Tributary", "hummingbird")),
        Row("bare NIO beside Hummingbird, null handlers", "requests/s", rates(of["nio"]), rates(of["hummingbird"]),
            "Hummingbird", note=costs(of, "nio", "hummingbird")),
    ]


def batch(run: Run) -> list[Row]:
    of = measure(run, 100)
    return [
        Row("collector, batches of 100 acked", "events/s", rates(of["Tributary"]), rates(of["FastAPI"]), "FastAPI", 5,
            note=costs(of, "Tributary", "FastAPI"))]


def half(run: Run) -> list[Row]:
    """At half of what it can do, from a thousand connections: each waits so long that few requests wait for others."""
    latencies, memory, loads = [], [], []
    for _ in range(run.runs):
        with run.broker() as (broker, address), product(run, address) as (server, url):
            full = sample(run, (server, url), broker, 1)
            pause = 1000 / (full.events / 2) * 1000
            answered = load.run(load.Load(url, run.seconds(10), 1000, pause=pause), run.other_cores)
            server.check()
            latencies.append(answered.p99)
            memory.append(server.resident(peak=True))
            loads.append(answered.events_a_second / full.events)
            run.say(f"  p99 {answered.p99:.1f} ms at {answered.events_a_second:,.0f} events/s, {memory[-1]:.0f} MiB")
    return [
        Row("collector, p99 at half load", "ms", latencies, goal=20, at_most=True,
            note=f"1,000 connections, single events, at {statistics.median(loads):.0%} of the full load before"),
        Row("collector, resident at 1,000 connections", "MiB", memory, goal=150, at_most=True,
            note="the highest so far, full load included"),
    ]


PARTS = {"single": single, "batch": batch, "half": half}
