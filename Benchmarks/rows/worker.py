"""The worker's own CPU for an event, from fetched record to acknowledged insert, beside confluent-kafka and pymongo.

Both are members of a group on the same mock broker and insert into a SecantusDB of this run (whose speed is not
MongoDB's: it is waited for, and not counted). A worker that has its partitions stands by; then events are produced, and
what the process took until all are stored is divided by their number: its other threads, librdkafka's and libmongoc's
included, and what it does each second anyway.
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

    cpu: float
    rate: float
    resident: float

    def __str__(self) -> str:
        return f"{self.cpu:.2f} µs CPU each, {self.rate:,.0f} events/s stored, {self.resident:.0f} MiB"


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
    spent, started = server.cpu(), time.monotonic()
    produce(run, broker, kind)
    server.wait(is_done, 600)
    seconds = time.monotonic() - started
    return Sample((server.cpu() - spent) / count(run) * 1e6, count(run) / seconds, server.resident(peak=True))


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
    ours = of["Tributary"]
    note = f"stored {statistics.median(one.rate for one in ours):,.0f} events/s, beside {statistics.median(one.rate for one in of['confluent-kafka + pymongo']):,.0f}; by a SecantusDB"
    return [
        Row(f"worker, own CPU, {what}", "µs/event", [one.cpu for one in ours], goal=goal, at_most=True, note=note),
        Row(f"worker, own CPU, {what}", "µs/event", [one.cpu for one in ours],
            [one.cpu for one in of["confluent-kafka + pymongo"]], "confluent-kafka + pymongo"),
        Row(f"worker, {what}, resident", "MiB", [one.resident for one in ours], goal=150, at_most=True),
    ]


def plain(run: Run) -> list[Row]:
    return rows(run, "plain", "nothing to enrich", 4)


def enriched(run: Run) -> list[Row]:
    return rows(run, "enriched", "all enrichment", 8)


PARTS = {"plain": plain, "enriched": enriched}
