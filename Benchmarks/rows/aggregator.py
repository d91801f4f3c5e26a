"""The aggregator's own code: folding beside DuckDB, and what a pass costs with little and with much rolled up already."""

import contextlib
import json
import pathlib
import re
import statistics
import subprocess
import time
from collections.abc import Iterator

from bench.process import Server, free_port
from bench.run import ROOT, Run
from bench.table import Row

EVENTS, USERS, DAYS = 10_000_000, 1_000_000, 90
START = 1_735_689_600_000
NEW = 100_000


def fold(run: Run) -> list[Row]:
    """Exact visitors by day: the same rows, in memory on both sides, on all cores."""
    events = 200_000 if run.quick else EVENTS
    cores = len(run.all_cores())
    expected: set[int] = set()
    cpu: dict[str, list[float]] = {"Tributary": [], "DuckDB": []}

    def ours() -> float:
        command = [run.binaries / "fold-bench", "fold", events, USERS, DAYS, cores]
        answer = json.loads(subprocess.run([str(word) for word in command], check=True, capture_output=True, text=True).stdout)
        expected.add(answer["visitorDays"])
        cpu["Tributary"].append(answer["cpu"])
        return events / answer["seconds"]

    def theirs() -> float:
        script = f"""
import duckdb, time
table = duckdb.connect()
table.execute("SET threads = {cores}; SET enable_progress_bar = false")
table.execute('''CREATE TABLE event AS SELECT
    'user-0000-0000-0000-' || lpad(CAST({mixed("i")} % {USERS} AS VARCHAR), 16, '0') AS name,
    epoch_ms({START} + {mixed("(i + 1000000007)")} % {DAYS * 86_400_000}) AS time FROM range({events}) AS r(i)''')
began, spent = time.monotonic(), time.process_time()
rows = table.execute("SELECT CAST(time AS DATE), count(DISTINCT name) FROM event GROUP BY 1").fetchall()
print(time.monotonic() - began, sum(count for _, count in rows), time.process_time() - spent)
"""
        out = subprocess.run([run.python, "-c", script], check=True, capture_output=True, text=True).stdout.split()
        expected.add(int(out[1]))
        cpu["DuckDB"].append(float(out[2]))
        return events / float(out[0])

    of = run.side_by_side({"Tributary": ours, "DuckDB": theirs})
    if len(expected) != 1:
        raise RuntimeError(f"the two count differently: {expected}")
    ours_cpu, theirs_cpu = (statistics.median(cpu[side]) / events * 1e6 for side in ("Tributary", "DuckDB"))
    note = (f"{events:,} events, {USERS:,} users, {DAYS} days; {ours_cpu:.3f} us of CPU an event beside {theirs_cpu:.3f}: "
            f"{theirs_cpu / ours_cpu:.0%}; DuckDB counts by day, the fold by type, 15 minutes and week as well, and keeps "
            "who they were")
    return [Row("aggregator, folding", "events/s", of["Tributary"], of["DuckDB"], "DuckDB", goal=1, note=note)]


def mixed(number: str) -> str:
    """`Rows.mixed` of `FoldBench`, in SQL."""
    first = f"({number} * 2654435761 % 4294967291)"
    second = f"(xor({first}, {first} >> 15) * 2000000011 % 4294967279)"
    return f"(xor({second}, {second} >> 13) * 1073741789)"


class Passes:
    """Passes over new events on top of what is rolled up already."""

    def __init__(self, run: Run, place: str, stored: int, position=None):
        self.seconds: list[float] = []
        self.cpu: list[float] = []
        self.bytes: list[int] = []
        self.rows = 0
        program = run.binaries / "fold-bench"
        subprocess.run([program, "fill", place, str(stored)], check=True)
        command = [program, "pass", place, str(NEW)]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1) as process:
            process.stdout.readline()
            before = position() if position else 0
            process.stdin.write("\n")
            for line in process.stdout:
                answer, after = json.loads(line), position() if position else 0
                self.seconds.append(answer["seconds"])
                self.cpu.append(answer["cpu"])
                self.bytes.append(after - before)
                self.rows, before = answer["rows"], after
                self.resident = _resident(process.pid)
                process.stdin.write("\n")
        if process.returncode:
            raise RuntimeError(f"fold-bench ended with {process.returncode}")
        # The first pass of the day makes its rows; the next ones are what a minute is like.
        self.seconds, self.cpu, self.bytes = self.seconds[1:], self.cpu[1:], self.bytes[1:]


def _resident(pid: int) -> float:
    """MiB, at most until now."""
    status = pathlib.Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    return int(re.search(r"VmHWM:\s+(\d+)", status)[1]) / 1024


def _rows(run: Run, name: str, little: Passes, much: Passes, sizes: tuple[int, int]) -> list[Row]:
    texts = [f"{size / 1e6:g} M" for size in sizes]
    return [
        Row(f"aggregator, a pass over 100 k on {texts[1]}, {name}", "s", much.seconds, little.seconds,
            f"on {texts[0]}", goal=1.3, at_most=True, note=f"{much.rows:,} rows changed; folding included, reading not; our CPU "
                 f"{statistics.median(much.cpu):.2f} s beside {statistics.median(little.cpu):.2f}"),
        Row(f"aggregator, resident on {texts[1]}, {name}", "MiB", [much.resident], goal=300, at_most=True),
    ]


def embedded(run: Run) -> list[Row]:
    # 50 M would take some 20 minutes to fill: 20 us an event, since each step brings new visitors to all rows.
    sizes = (200_000, 400_000) if run.quick else (1_000_000, 10_000_000)
    passes = [Passes(run, str(run.directory("rollups")), size) for size in sizes]
    return _rows(run, "embedded", *passes, sizes)


@contextlib.contextmanager
def postgresql(run: Run) -> Iterator[str]:
    """A server of its own; its address."""
    directory = run.directory("postgresql")
    directory.chmod(0o755)
    stack = [ROOT / "scripts" / "stack.sh"]
    place = ["--dir", str(directory / "stack")]
    try:
        subprocess.run(stack + ["up", "--servers", "postgresql"] + place, check=True, capture_output=True)
        out = subprocess.run(stack + ["test-env"] + place, check=True, capture_output=True, text=True).stdout
        yield re.search(r"TRIBUTARY_TEST_POSTGRES_URL='?([^'\s]+)", out)[1]
    finally:
        subprocess.run(stack + ["down", "--purge"] + place, check=False, capture_output=True)


def _psql(url: str, sql: str) -> str:
    return subprocess.run(["psql", "-XAtq", url, "-c", sql], check=True, capture_output=True, text=True).stdout.strip()


def pass_postgresql(run: Run) -> list[Row]:
    sizes = (200_000, 400_000) if run.quick else (1_000_000, 10_000_000)
    passes = []
    with postgresql(run) as url:
        for size in sizes:
            name = f"bench_{size}"
            _psql(url, f"CREATE DATABASE {name} TEMPLATE template0 ENCODING 'UTF8'")
            base, _, options = url.partition("?")
            there = base.rsplit("/", 1)[0] + f"/{name}" + (f"?{options}" if options else "")
            position = lambda: int(_psql(url, "SELECT pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0')::bigint"))
            passes.append(Passes(run, there, size, position))
    much = passes[1]
    each = [size / NEW for size in much.bytes]
    # all, event_type and path: what these events are counted by.
    return _rows(run, "PostgreSQL", *passes, sizes) + [
        Row("aggregator, WAL of a pass, PostgreSQL", "bytes an event and dimension", [size / 3 for size in each],
            note=f"{statistics.median(much.bytes) / 1e6:.1f} MB a pass, checkpoints' full pages included"),
    ]


PARTS = {"fold": fold, "embedded": embedded, "postgresql": pass_postgresql}
