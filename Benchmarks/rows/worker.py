"""The worker's own CPU for an event, from fetched record to acknowledged insert, beside confluent-kafka and pymongo.

Both are members of a group on the same mock broker and insert into a SecantusDB of this run (whose speed is not
MongoDB's: it is waited for, and not counted). A worker that has its partitions stands by; then events are produced, and
what the process took until all are stored is divided by their number: libmongoc's part included, and what it does each
second anyway; with and without the threads that only fetch.
"""

import contextlib
import dataclasses
import statistics
import subprocess
import time
from collections.abc import Iterator

from bench.process import Server, free_port, get
from bench.run import ROOT, Run, metric
from bench.table import Row

STORED, ASSIGNED = "tributary_worker_events_stored_total", "tributary_worker_partitions_assigned"
PARTITIONS = 24


@dataclasses.dataclass
class Sample:
    """One run of one worker; microseconds of CPU for an event, events stored in a second, MiB at most so far."""

    #: The whole process.
    cpu: float
    #: Milliseconds of CPU that it takes in a second without events, of the same threads as `own`.
    idle: float
    #: Without the threads that fetch: librdkafka's own, and the product's that copies records out of it.
    own: float
    rate: float
    resident: float

    def __str__(self) -> str:
        return f"{self.cpu:.2f} µs CPU each ({self.own:.2f} without fetching), {self.rate:,.0f} events/s stored, {self.resident:.0f} MiB"


def count(run: Run) -> int:
    return 2_000 if run.quick else 60_000


@contextlib.contextmanager
def store(run: Run) -> Iterator[str]:
    """A SecantusDB of this run's own: its address."""
    port = free_port()
    command = [
        ROOT / ".local" / "venv" / "bin" / "secantusd-py", "--host", "127.0.0.1", "--port", port, "--storage-path",
        run.directory("mongodb"), "--cache-size", "256M"]
    with run.start(f"mongodb-{port}", command, cores=run.other_cores) as server:
        address = f"mongodb://127.0.0.1:{port}/bench"
        ping = [ROOT / ".local" / "venv" / "bin" / "python", "-c",
                f"import pymongo; pymongo.MongoClient('{address}', serverSelectionTimeoutMS=2000).admin.command('ping')"]
        server.wait(lambda: subprocess.run(ping, capture_output=True, check=False).returncode == 0, 60)
        yield address


def produce(run: Run, broker: str, kind: str):
    environment = {
        "KAFKA_BOOTSTRAP_SERVERS": broker, "COUNT": str(count(run)), "KIND": kind,
        "SEED": str(time.time_ns()), "PATH": "/usr/bin:/bin"}
    subprocess.run([run.python, run.yardstick("produce_events.py")], env=environment, check=True)


def sample(run: Run, server: Server, broker: str, kind: str, is_done) -> Sample:
    idle = idle_cost(server)
    spent, fetching, started = server.cpu(), fetching_cost(server), time.monotonic()
    produce(run, broker, kind)
    # Each look at the metrics is the worker's own CPU, some milliseconds of it: seldom, as Prometheus looks seldom.
    server.wait(is_done, 600, pause=2)
    seconds = time.monotonic() - started
    spent, fetching = server.cpu() - spent, fetching_cost(server) - fetching
    each = 1e6 / count(run)
    return Sample(spent * each, idle, (spent - fetching) * each, count(run) / seconds, server.resident(peak=True))


def idle_cost(server: Server, seconds: float = 5) -> float:
    """What the worker takes in a second while there is nothing to do."""
    before = server.cpu() - fetching_cost(server)
    time.sleep(seconds)
    return (server.cpu() - fetching_cost(server) - before) / seconds * 1e3


def fetching_cost(server: Server) -> float:
    """Seconds of CPU of the threads that fetch. The yardstick's own part of it is in its one thread."""
    threads = server.cpu_by_thread().items()
    return sum(seconds for name, seconds in threads if name.startswith(("rdk:", "kafka-consumer")))


def product(run: Run, kind: str) -> Sample:
    port = free_port()
    with run.broker() as (_, broker), store(run) as mongodb:
        environment = {
            "KAFKA_BOOTSTRAP_SERVERS": broker, "MONGODB_URI": mongodb, "WORKER_ADMIN_PORT": str(port),
            "LOG_LEVEL": "warning"}
        provision = [run.binaries / "tributary", "provision"]
        # Topics are there, and PostgreSQL is not: only the store's indexes are wanted.
        subprocess.run(
            provision, env=environment | {"POSTGRES_URL": "postgres://127.0.0.1:1/none"}, capture_output=True,
            check=False)
        command = [run.binaries / "tributary", "worker"]
        with run.start(f"worker-{port}", command, cores=run.server_cores, environment=environment) as server:
            url = f"http://127.0.0.1:{port}"
            server.wait(lambda: get(url + "/readyz")[0] == 200 and metric(url, ASSIGNED) == PARTITIONS, 60)
            return sample(run, server, broker, kind, lambda: metric(url, STORED) >= count(run))


def yardstick(run: Run, kind: str) -> Sample:
    with run.broker() as (_, broker), store(run) as mongodb:
        environment = {"KAFKA_BOOTSTRAP_SERVERS": broker, "MONGODB_URI": mongodb, "COUNT": str(count(run))}
        command = [run.python, run.yardstick("pymongo_worker.py")]
        with run.start(f"pymongo-{free_port()}", command, cores=run.server_cores, environment=environment) as server:
            server.wait(lambda: "ready" in server.log.read_text(), 60)
            return sample(run, server, broker, kind, lambda: "done" in server.log.read_text())


def rows(run: Run, kind: str, what: str, goal: float) -> list[Row]:
    of = run.side_by_side({
        "Tributary": lambda: product(run, kind), "confluent-kafka + pymongo": lambda: yardstick(run, kind)})
    ours, theirs = of["Tributary"], of["confluent-kafka + pymongo"]
    rate, beside = (statistics.median(one.rate for one in side) for side in (ours, theirs))
    idle = statistics.median(one.idle for one in ours)
    note = (f"stored {rate:,.0f} events/s, beside {beside:,.0f}, by a SecantusDB; of it {idle * 1e3 / rate:.1f} µs are "
            f"what it takes each second anyway ({idle:.1f} ms)")
    return [
        Row(f"worker, fetched to stored, {what}", "µs/event", [one.own for one in ours], goal=goal, at_most=True,
            note=note),
        Row(f"worker, fetched to stored, {what}", "µs/event", [one.own for one in ours], [one.own for one in theirs],
            "confluent-kafka + pymongo"),
        Row(f"worker, whole process, {what}", "µs/event", [one.cpu for one in ours], [one.cpu for one in theirs],
            "confluent-kafka + pymongo"),
        Row(f"worker, {what}, resident", "MiB", [one.resident for one in ours], goal=150, at_most=True),
    ]


def plain(run: Run) -> list[Row]:
    return rows(run, "plain", "nothing to enrich", 4)


def enriched(run: Run) -> list[Row]:
    return rows(run, "enriched", "all enrichment", 8)


PARTS = {"plain": plain, "enriched": enriched}
