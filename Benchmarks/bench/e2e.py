"""What an event costs, from POST to the numbers: CPU of each role and bytes of each store. `make bench-e2e`.

Both profiles get the same made-up traffic (`tributary load`), as fast as they take it. CPU is user and system time of
the processes from the first event until all is in the numbers, on all cores, with everything else on the same
machine: µs hold there, events a second do not. The local servers stand for Kafka and MongoDB; their own cost does not.
"""

import argparse
import contextlib
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator

from . import machine
from .process import Server, free_port, get
from .run import ROOT, binaries, metric

ACCEPTED, FOLDED = "tributary_collector_events_accepted_total", "tributary_aggregator_events_folded_total"
BATCH = 100


class Trial:
    """One profile's processes: each by its role, all ready."""

    def __init__(self, servers: dict[str, Server], collector: str, aggregator: str):
        self.servers, self.collector, self.aggregator = servers, collector, aggregator

    def measure(self, events: int) -> tuple[int, dict[str, float]]:
        """Sends so many events and waits until all are in the numbers: how many they were, and µs of each role."""
        self.send(1000, seed=1)
        self.wait()
        before = {role: server.cpu() for role, server in self.servers.items()}
        known = metric(self.collector, ACCEPTED)
        self.send(events, seed=2)
        self.wait()
        count = int(metric(self.collector, ACCEPTED) - known)
        return count, {role: (server.cpu() - before[role]) / count * 1e6 for role, server in self.servers.items()}

    def send(self, events: int, seed: int) -> None:
        command = [binaries() / "tributary", "load", "--collector", self.collector, "--days", "7", "--users",
                   str(max(50, events // 20)), "--events", str(events), "--batch", str(BATCH), "--seed", str(seed),
                   "--duplicates", "0"]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def wait(self, seconds: float = 600) -> None:
        end = time.monotonic() + seconds
        while metric(self.aggregator, FOLDED) < metric(self.collector, ACCEPTED):
            for server in self.servers.values():
                server.check()
            if time.monotonic() > end:
                raise RuntimeError(f"not all events are in the numbers after {seconds} s")
            time.sleep(0.2)


@contextlib.contextmanager
def started(work: pathlib.Path, name: str, arguments: list[str], environment: dict[str, str]) -> Iterator[Server]:
    settings = {"LOG_LEVEL": "warning", "REPORTING_TIMEZONE": "UTC", "AGGREGATOR_INTERVAL": "2s"} | environment
    with Server(name, [binaries() / "tributary", *arguments], log=work / f"{name}.log", environment=settings) as server:
        yield server


def wait_ready(server: Server, port: int) -> str:
    url = f"http://127.0.0.1:{port}"
    server.wait(lambda: get(url + "/readyz")[0] == 200, 60)
    return url


def embedded(work: pathlib.Path, events: int) -> dict:
    """All roles in one process; sizes are the files' growth."""
    directory, ports = work / "data", (free_port(), free_port())
    environment = {"COLLECTOR_PORT": str(ports[0]), "DASHBOARD_PORT": str(ports[1])}
    with started(work, "serve", ["serve", "--data-dir", str(directory)], environment) as server:
        url = wait_ready(server, ports[0])
        trial = Trial({"serve": server}, url, url)
        count, cpu = trial.measure(events)
        total = metric(url, ACCEPTED)
    sizes = {part: sum(file.stat().st_size for file in directory.glob(f"{part}.db*")) / total
             for part in ("log", "raw", "rollups")}
    return {"events": count, "cpu_us": cpu["serve"], "log_bytes": sizes["log"], "raw_bytes": sizes["raw"],
            "rollup_bytes": sizes["rollups"]}


@contextlib.contextmanager
def stack(work: pathlib.Path) -> Iterator[dict[str, str]]:
    """The three local servers; their addresses."""
    script, place = ROOT / "scripts" / "stack.sh", work / "stack"
    environment = os.environ | {"MOCK_BROKER": str(binaries() / "mock-broker")}
    try:
        text = subprocess.run([script, "up", "--dir", place], check=True, capture_output=True, text=True,
                              env=environment).stdout
        yield dict(re.findall(r"export (\w+)='([^']*)'", text))
    finally:
        subprocess.run([script, "down", "--purge", "--dir", place], check=False, capture_output=True)


def distributed(work: pathlib.Path, events: int) -> dict:
    """Each role a process of its own."""
    with stack(work) as addresses, contextlib.ExitStack() as running:
        subprocess.run([binaries() / "tributary", "provision"], check=True, stdout=subprocess.DEVNULL,
                       env={"PATH": os.environ["PATH"], "REPORTING_TIMEZONE": "UTC", **addresses})
        servers, urls = {}, {}
        for role, setting in (("collector", "COLLECTOR_PORT"), ("worker", "WORKER_ADMIN_PORT"),
                              ("aggregator", "AGGREGATOR_ADMIN_PORT")):
            port = free_port()
            servers[role] = running.enter_context(started(work, role, [role], addresses | {setting: str(port)}))
            urls[role] = wait_ready(servers[role], port)
        count, cpu = Trial(servers, urls["collector"], urls["aggregator"]).measure(events)
        return {"events": count, "cpu_us": cpu, "document_bytes": document_size(addresses["MONGODB_URI"])}


def document_size(uri: str) -> float:
    """The mean size of a stored event as BSON."""
    program = ("import bson, sys; from pymongo import MongoClient; "
               "documents = list(MongoClient(sys.argv[1]).get_database().raw_events.find("
               "{'ingest.epoch': 1, 'ingest.partition': 3, 'ingest.offset': {'$gte': 0, '$lt': 2000}})); "
               "print(sum(len(bson.encode(one)) for one in documents) / len(documents))")
    python = ROOT / ".local" / "venv" / "bin" / "python"
    return float(subprocess.run([python, "-c", program, uri], check=True, capture_output=True, text=True).stdout)


def main() -> None:
    parser = argparse.ArgumentParser(prog="bench-e2e")
    parser.add_argument("--events", type=int, default=100_000, help="of each profile (100000)")
    parser.add_argument("--save", action="store_true", help="into docs/cost.json, from which docs/cost.md is made")
    options = parser.parse_args()
    (ROOT / ".local").mkdir(exist_ok=True)
    work = pathlib.Path(tempfile.mkdtemp(prefix="e2e-", dir=ROOT / ".local"))
    work.chmod(0o755)  # user postgres passes through
    try:
        near = embedded(work, options.events)
        print(f"embedded: {json.dumps(near)}", file=sys.stderr)
        far = distributed(work, options.events)
        # The log's file holds records as they are: without compression, and with little around them.
        far["record_bytes"] = near["log_bytes"]
    except BaseException:
        print(f"bench-e2e: the logs are in {work}", file=sys.stderr)
        raise
    shutil.rmtree(work)
    figures = rounded({"machine": machine.description(), "load_average": machine.load_average(),
                       "distributed": far, "embedded": near})
    print(json.dumps(figures, indent=2))
    if options.save:
        (ROOT / "docs" / "cost.json").write_text(json.dumps(figures, indent=2) + "\n")


def rounded(value):
    """Three significant digits after the point are more than such a measurement has."""
    if isinstance(value, dict):
        return {name: rounded(inner) for name, inner in value.items()}
    return round(value, 1) if isinstance(value, float) else value


main()
