"""`tributary serve --data-dir`: from POST to raw stored, beside bare SQLite. All cores; load included.

What is counted is stored and durable: the load runs for a while, then the worker may catch up, and the clock stops
when the store has as many events as the collector accepted.
"""

import contextlib
import dataclasses
import hashlib
import json
import pathlib
import shutil
import signal
import sqlite3
import statistics
import subprocess
import time
from collections.abc import Iterator

from bench import load
from bench.process import Server, free_port
from bench.run import Run, metric
from bench.table import Row

CONNECTIONS, BATCH = 4, 100
ACCEPTED, STORED = "tributary_collector_events_accepted_total", "tributary_worker_events_stored_total"


@dataclasses.dataclass
class Sample:
    """One run of `serve`."""

    stored: float
    #: Microseconds of the process for an event.
    cpu: float
    resident: float
    #: Milliseconds, of a batch.
    p99: float

    def __str__(self) -> str:
        return f"{self.stored:,.0f} events/s stored, {self.cpu:.1f} µs CPU each, batch p99 {self.p99:.1f} ms, {self.resident:.0f} MiB"


@contextlib.contextmanager
def serve(run: Run, directory: pathlib.Path, seconds: float = 60) -> Iterator[tuple[Server, str, float]]:
    """The process, its address, and how many seconds it took to be ready."""
    environment = {"DASHBOARD_PORT": str(free_port()), "WRITE_KEYS": f"bench:{load.KEY}"}
    started = time.monotonic()
    with run.role("serve", "--data-dir", str(directory), cores=None, environment=environment, seconds=seconds) as (server, url):
        yield server, url, time.monotonic() - started


def wait_stored(server: Server, url: str, until: float = 120) -> tuple[int, int]:
    """Until all that was accepted is stored; both counts since the process began."""
    deadline = time.monotonic() + until
    while True:
        accepted, stored = int(metric(url, ACCEPTED)), int(metric(url, STORED))
        if stored >= accepted:
            return accepted, stored
        server.check()
        if time.monotonic() > deadline:
            raise RuntimeError(f"{accepted} events were accepted, {stored} stored after {until} s more")
        time.sleep(0.05)


def sample(run: Run, directory: pathlib.Path, ids: str) -> Sample:
    with serve(run, directory) as (server, url, _):
        load.run(load.Load(url, 1, CONNECTIONS, batch=BATCH, ids=ids, seed=fresh_seed()), None)
        before, _ = wait_stored(server, url)
        started, spent = time.monotonic(), server.cpu()
        answered = load.run(
            load.Load(url, run.seconds(8), CONNECTIONS, batch=BATCH, ids=ids, seed=fresh_seed()), None)
        accepted, stored = wait_stored(server, url)
        seconds = time.monotonic() - started
        if stored != accepted:
            raise RuntimeError(f"{accepted} accepted, {stored} stored")
        events, spent = accepted - before, server.cpu() - spent
        return Sample(events / seconds, spent / events * 1e6, server.resident(peak=True), answered.p99)


def fresh_seed() -> int:
    return time.time_ns() // 1000 % 2**31


def bare_sqlite(run: Run) -> pathlib.Path:
    """The yardstick's program, compiled for this run."""
    program = run.work / "bare_sqlite"
    if not program.exists():
        source = run.yardstick("bare_sqlite.c")
        subprocess.run(["cc", "-O2", "-o", program, source, "-lsqlite3", "-lpthread"], check=True)
    return program


def bare(run: Run, directory: pathlib.Path, ids: str) -> float:
    command = [bare_sqlite(run), "run", directory, ids, str(run.seconds(8))]
    return float(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def rows_for(run: Run, ids: str, what: str, ours, theirs) -> list[Row]:
    of = run.side_by_side({
        "Tributary": lambda: sample(run, ours(), ids), "bare SQLite": lambda: bare(run, theirs(), ids)})
    samples = of["Tributary"]
    cpu, p99 = (statistics.median(getattr(one, name) for one in samples) for name in ("cpu", "p99"))
    name = f"embedded, {ids} ids, {what}"
    rates = [one.stored for one in samples]
    return [
        Row(name, "events/s", rates, goal=50_000, note=f"{cpu:.1f} µs CPU an event, all of serve; p99 of a batch {p99:.1f} ms"),
        Row(name, "events/s", rates, of["bare SQLite"], "bare SQLite"),
        Row(f"{name}, resident", "MiB", [one.resident for one in samples], goal=400, at_most=True),
    ]


def empty(run: Run) -> list[Row]:
    def theirs() -> pathlib.Path:
        directory = run.directory("bare")
        subprocess.run([bare_sqlite(run), "fill", directory, "0"], check=True)
        return directory

    return [row for ids in ("ordered", "random")
            for row in rows_for(run, ids, "empty", lambda: run.directory("embedded"), theirs)]


def target(run: Run) -> int:
    return 100_000 if run.quick else 10_000_000


def full(run: Run) -> list[Row]:
    ours, theirs = filled(run), filled_bare(run)
    millions = f"{target(run) / 1e6:g} M stored"
    return [row for ids in ("ordered", "random") for row in rows_for(run, ids, millions, lambda: ours, lambda: theirs)]


def reopen(run: Run) -> list[Row]:
    """After a clean end and after kill -9 in the middle of a load."""
    directory, clean, killed = filled(run), [], []
    for _ in range(run.runs):
        with serve(run, directory) as (server, url, seconds):
            clean.append(seconds)
            load.run(load.Load(url, run.seconds(3), CONNECTIONS, batch=BATCH, ids="random", seed=fresh_seed()), None)
            server.stop(signal.SIGKILL)
        with serve(run, directory) as (_, _, seconds):
            killed.append(seconds)
        run.say(f"  ready after {clean[-1]:.2f} s, after kill -9 {killed[-1]:.2f} s")
    name = f"embedded, {target(run) / 1e6:g} M stored, ready after"
    note = "from the start of the process to 200 from /readyz; files in the system's cache"
    return [
        Row(f"{name} a clean end", "s", clean, goal=2, at_most=True, note=note),
        Row(f"{name} kill -9", "s", killed, goal=2, at_most=True, note=note),
    ]


def latency(run: Run) -> list[Row]:
    """Single POSTs while batches are sent as fast as they are taken, for long enough that the index is flushed."""
    directory, p99, longest = filled(run), [], []
    for _ in range(run.runs):
        with serve(run, directory) as (server, url, _):
            batches = load.Load(url, run.seconds(20), CONNECTIONS, batch=BATCH, ids="random", seed=fresh_seed())
            singles = load.Load(url, run.seconds(20), 4, ids="random", pause=10, seed=fresh_seed() + 1)
            background, foreground = load.start(batches, None), load.start(singles, None)
            answered, of_batches = load.finish(foreground, singles), load.finish(background, batches)
            server.check()
        p99.append(answered.p99)
        longest.append(answered.longest)
        run.say(f"  p99 {answered.p99:.1f} ms, longest {answered.longest:.1f} ms beside {of_batches.events_a_second:,.0f} events/s")
    return [Row(
        f"embedded, {target(run) / 1e6:g} M stored, p99 of a single POST under load", "ms", p99, goal=100, at_most=True,
        note=f"beside batches of 100 on {CONNECTIONS} connections; the longest {statistics.median(longest):.0f} ms")]


def filled(run: Run) -> pathlib.Path:
    """A directory with so many stored events, made through the front door and kept for later runs.

    Each run adds its own; after a while, or when the schema changes, it is made anew.
    """
    directory = run.cache / f"embedded-{target(run)}-{schema(run)}"
    note = directory.with_suffix(".json")
    if note.exists():
        if stored_events(directory) < target(run) * 1.3:
            return directory
        run.say("  the kept directory has grown too much")
    for old in run.cache.glob(f"embedded-{target(run)}-*"):
        shutil.rmtree(old) if old.is_dir() else old.unlink()
    run.say(f"  loading {target(run):,} events: this takes minutes, once")
    fill(run, directory)
    note.write_text(json.dumps({"loaded": target(run)}))
    return directory


def fill(run: Run, directory: pathlib.Path):
    directory.mkdir(parents=True)
    with serve(run, directory) as (server, url, _):
        while (accepted := int(metric(url, ACCEPTED))) < target(run):
            load.run(load.Load(url, 1 if run.quick else 30, CONNECTIONS, batch=BATCH, ids="random", seed=fresh_seed()), None)
            run.say(f"  {accepted:,} accepted, {int(metric(url, STORED)):,} stored")
        wait_stored(server, url, 600)


def filled_bare(run: Run) -> pathlib.Path:
    source = hashlib.sha256(run.yardstick("bare_sqlite.c").read_bytes()).hexdigest()[:12]
    directory = run.cache / f"bare-{target(run)}-{source}"
    if directory.exists() and stored_events(directory) < target(run) * 1.3:
        return directory
    for old in run.cache.glob(f"bare-{target(run)}-*"):
        shutil.rmtree(old)
    run.say("  filling bare SQLite: this takes minutes, once")
    making = run.directory("bare-making")
    subprocess.run([bare_sqlite(run), "fill", making, str(target(run))], check=True)
    shutil.move(making, directory)
    return directory


def stored_events(directory: pathlib.Path) -> int:
    """By the books where there are some, else by the rows' numbers: counting 10 M rows takes a while."""
    with contextlib.closing(sqlite3.connect(f"file:{directory / 'raw.db'}?mode=ro", uri=True)) as database:
        has_books = database.execute("SELECT 1 FROM sqlite_master WHERE name = 'ingest_progress'").fetchone()
        query = "SELECT sum(stored) FROM ingest_progress" if has_books else "SELECT max(rowid) FROM raw_event"
        return database.execute(query).fetchone()[0] or 0


def schema(run: Run) -> str:
    """A digest of the tables that this build makes."""
    directory = run.directory("schema")
    with serve(run, directory):
        pass
    texts = []
    for file in sorted(directory.glob("*.db")):
        with contextlib.closing(sqlite3.connect(file)) as database:
            texts += [str(row) for row in database.execute("SELECT sql FROM sqlite_master ORDER BY name, type")]
    return hashlib.sha256("\n".join(texts).encode()).hexdigest()[:12]


PARTS = {"empty": empty, "full": full, "reopen": reopen, "latency": latency}
