"""The dashboard API on a year of a million visitors: `tributary serve --data-dir`, on one core.

The rollups are written into the file directly, as the aggregator would have left them: making them by events would
take hours. Goals: DESIGN, "Speed to reach", and what an analyst waits for.
"""

import contextlib
import dataclasses
import datetime
import http.client
import json
import pathlib
import shutil
import sqlite3
import statistics
import subprocess
import time
import urllib.parse
from collections.abc import Iterator

from bench.process import Server, free_port
from bench.run import Run
from bench.table import Row

FIRST, LAST = datetime.date(2025, 1, 1), datetime.date(2025, 12, 31)
YEAR = {"from": str(FIRST), "to": str(LAST)}
#: Values of the two dimensions that a filter is made of, each visitor's own for ever.
BROWSERS, COUNTRIES = ["Chrome", "Firefox", "Safari"], ["DE", "FR"]


@contextlib.contextmanager
def api(run: Run, cache: int) -> Iterator[tuple[Server, str, int]]:
    """`serve`, pinned to its core, on the year; the process, its dashboard's host and port."""
    port = free_port()
    settings = {"DASHBOARD_PORT": str(port), "DASHBOARD_CACHE_BYTES": str(cache), "AGGREGATOR_INTERVAL": "60s"}
    with run.role("serve", "--data-dir", str(year(run)), cores=run.server_cores, environment=settings) as (server, _):
        yield server, "127.0.0.1", port


@dataclasses.dataclass
class Answered:
    """Milliseconds of single questions, one after the other."""

    times: list[float]
    cpu: float

    @property
    def p99(self) -> float:
        return sorted(self.times)[max(0, round(len(self.times) * 0.99) - 1)]

    @property
    def p50(self) -> float:
        return statistics.median(self.times)

    def __str__(self) -> str:
        return f"p50 {self.p50:.1f} ms, p99 {self.p99:.1f} ms, {self.cpu:.1f} ms CPU"


def ask(run: Run, path: str, query: dict[str, str], count: int) -> Answered:
    """One connection, no answer kept: each is computed. The first ones warm up the file and the connections."""
    address = f"/api/analytics/{path}?{urllib.parse.urlencode(query)}"
    with api(run, cache=0) as (server, host, port):
        connection = http.client.HTTPConnection(host, port, timeout=60)
        times, spent = [], 0.0
        for number in range(-5, run.quick and 20 or count):
            if number == 0:
                spent = server.cpu()
            started = time.perf_counter()
            connection.request("GET", address)
            answer = connection.getresponse()
            body = answer.read()
            if number >= 0:
                times.append((time.perf_counter() - started) * 1000)
            if answer.status != 200:
                raise RuntimeError(f"{address}: {answer.status} {body[:300]}")
        return Answered(times, (server.cpu() - spent) / len(times) * 1000)


def slow(run: Run, name: str, path: str, query: dict[str, str], goal: float | None, count: int = 200) -> list[Row]:
    samples = [ask(run, path, query, count) for _ in range(run.runs)]
    for sample in samples:
        run.say(f"  {name}: {sample}")
    cpu, p50 = (statistics.median(getattr(one, what) for one in samples) for what in ("cpu", "p50"))
    note = f"p99 of {count}, nothing kept; p50 {p50:.1f} ms, {cpu:.1f} ms CPU"
    return [Row(f"dashboard, {name}", "ms", [one.p99 for one in samples], goal=goal, at_most=True, note=note)]


def date(run: Run) -> list[Row]:
    """Questions about one day, as fast as they are answered. wrk asks the same: the answer is kept, the revision read."""
    rates, p99, cpu = [], [], []
    for _ in range(run.runs):
        with api(run, cache=16 << 20) as (server, host, port):
            url = f"http://{host}:{port}/api/analytics/visitors?date={LAST}"
            wrk(run, url, 1)
            spent = server.cpu()
            answered = wrk(run, url, run.seconds(10))
            rates.append(answered["rate"])
            p99.append(answered["p99"])
            cpu.append((server.cpu() - spent) / answered["requests"] * 1e6)
            run.say(f"  {rates[-1]:,.0f} requests/s, p99 {p99[-1]:.2f} ms, {cpu[-1]:.0f} µs CPU each")
    note = f"8 connections; {statistics.median(cpu):.0f} µs CPU a request"
    return [
        Row("dashboard, ?date=", "requests/s", rates, goal=10_000, note=note),
        Row("dashboard, ?date=, p99", "ms", p99, goal=2, at_most=True, note=note),
    ] + slow(run, "?date=, computed each time", "visitors", {"date": str(LAST)}, 2, 2000)


def wrk(run: Run, url: str, seconds: float) -> dict[str, float]:
    script = run.work / "report.lua"
    script.write_text(
        'done = function(s, l)\n  local bad = s.errors.status + s.errors.connect + s.errors.read + s.errors.timeout\n'
        '  print(string.format(\'{"requests":%d,"seconds":%f,"p99":%f,"bad":%d}\', s.requests, s.duration / 1e6,'
        ' l:percentile(99) / 1000, bad))\nend\n')
    command = ["taskset", "-c", run.other_cores, "wrk", "-t1", "-c8", f"-d{max(1, round(seconds))}s", "-s", script, url]
    output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    figures = json.loads(output.splitlines()[-1])
    if figures["bad"] or not figures["requests"]:
        raise RuntimeError(f"{url}: {output}")
    return figures | {"rate": figures["requests"] / figures["seconds"]}


def ranges(run: Run) -> list[Row]:
    weeks = {"from": str(LAST - datetime.timedelta(days=83)), "to": str(LAST)}
    return (
        slow(run, "a year by day", "visitors", YEAR, 10)
        + slow(run, "a year by month, 1 M users", "visitors", YEAR | {"interval": "month"}, 50)
        + slow(run, "retention of 12 weeks, 1 M users", "retention", weeks, 200, 50))


def filters(run: Run) -> list[Row]:
    both = {"filter": "browser:Firefox|Safari;country:DE"}
    month = {"from": "2025-12-01", "to": str(LAST)}
    return (
        slow(run, "a month under a filter of two predicates", "visitors", month | both, None, 50)
        + slow(run, "a year under a filter of two predicates", "visitors", YEAR | both, None, 10)
        + slow(run, "breakdown of a year", "breakdown", YEAR | {"dimension": "browser"}, None, 50))


def users(run: Run) -> int:
    return 10_000 if run.quick else 1_000_000


def year(run: Run) -> pathlib.Path:
    """The directory, made once and kept while the tables stay the same."""
    fresh = run.directory("tables")
    with run.role("serve", "--data-dir", str(fresh), cores=None, environment={"DASHBOARD_PORT": str(free_port())}):
        pass
    with contextlib.closing(sqlite3.connect(fresh / "rollups.db")) as database:
        tables = "\n".join(str(row) for row in database.execute("SELECT sql FROM sqlite_master ORDER BY name, type"))
    directory = run.cache / f"year-{users(run)}"
    note = directory.with_suffix(".sql")
    if not note.exists() or note.read_text() != tables:
        shutil.rmtree(directory, ignore_errors=True)
        run.say(f"  writing a year of {users(run):,} visitors: this takes a minute, once")
        # In the yardsticks' Python, which has Roaring bitmaps.
        filler = pathlib.Path(__file__).parents[1] / "fill_year.py"
        subprocess.run([run.python, filler, fresh / "rollups.db", str(users(run))], check=True)
        directory.parent.mkdir(parents=True, exist_ok=True)
        shutil.move(fresh, directory)
        note.write_text(tables)
    return directory


PARTS = {"date": date, "ranges": ranges, "filters": filters}
