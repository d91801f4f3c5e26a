"""`make bench`: measures the chosen rows and prints one table."""

import argparse
import datetime
import fnmatch
import importlib.util
import pathlib
import shlex
import shutil
import signal
import sys
import tempfile
import traceback

from . import machine, table
from .run import ROOT, Run, binaries

Part = tuple[str, object]


def main() -> int:
    options = parse()
    parts = chosen(options.rows)
    if options.list:
        print("\n".join(name for name, _ in parts))
        return 0
    # A signal unwinds the stack, so that every server is ended.
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: sys.exit(130))
    (ROOT / ".local" / "bench").mkdir(parents=True, exist_ok=True)
    work = pathlib.Path(tempfile.mkdtemp(prefix="run-", dir=ROOT / ".local" / "bench"))
    run = Run(quick=options.quick, runs=options.runs or (1 if options.quick else 3), work=work, binaries=binaries())
    about = describe(run)
    try:
        rows, failed = measure(run, parts)
    finally:
        keep_logs(work)
    report(rows, failed, about)
    return 1 if failed else 0


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make bench ARGS=…", description=__doc__)
    parser.add_argument("--rows", default="*", help="names or patterns, with commas between: collector, embedded.random*")
    parser.add_argument("--runs", type=int, help="repetitions of each measurement, of which the median counts (3)")
    parser.add_argument("--quick", action="store_true", help="checks the harness itself: one short run, figures mean nothing")
    parser.add_argument("--list", action="store_true", help="prints the names and ends")
    return parser.parse_args()


def chosen(patterns: str) -> list[Part]:
    """The parts of all files in `rows/` that a pattern names, as `file` or `file.part`."""
    parts: list[Part] = []
    for path in sorted((ROOT / "Benchmarks" / "rows").glob("*.py")):
        spec = importlib.util.spec_from_file_location(f"rows.{path.stem}", path)
        module = importlib.util.module_from_spec(spec)
        sys.modules[spec.name] = module
        spec.loader.exec_module(module)
        parts += [(f"{path.stem}.{name}", measure) for name, measure in module.PARTS.items()]
    wanted = [pattern.strip() for pattern in patterns.split(",")]
    found = [
        part for part in parts
        if any(fnmatch.fnmatch(part[0], pattern) or fnmatch.fnmatch(part[0].split(".")[0], pattern) for pattern in wanted)
    ]
    if not found:
        raise SystemExit(f"bench: no row is called {patterns}; there are {', '.join(name for name, _ in parts)}")
    return found


def measure(run: Run, parts: list[Part]) -> tuple[list[table.Row], list[str]]:
    """A part that fails is named at the end; the others are measured all the same."""
    rows, failed = [], []
    for name, part in parts:
        run.say(name)
        try:
            rows += part(run)
        except Exception:
            traceback.print_exc()
            failed.append(name)
    return rows, failed


def describe(run: Run) -> dict[str, str]:
    command = "make bench" + (f" ARGS='{shlex.join(sys.argv[1:])}'" if sys.argv[1:] else "")
    return {
        "command": command,
        "machine": machine.description(),
        "when": datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%d %H:%M UTC"),
        "load before": f"{machine.load_average():.2f}" + (" (somebody else is at work here)" if machine.load_average() > 0.5 else ""),
        "runs": f"median of {run.runs}" + (", QUICK: the figures mean nothing" if run.quick else ""),
    }


def report(rows: list[table.Row], failed: list[str], about: dict[str, str]):
    page = table.write(rows, about, ROOT / ".local" / "bench")
    print()
    print(page.read_text(encoding="utf-8"))
    missed = [row.name for row in rows if row.is_met is False]
    print(f"{sum(row.is_met is True for row in rows)} goals met, {len(missed)} not met; also in {page.relative_to(ROOT)}")
    for name in failed:
        print(f"FAILED: {name} (see above)")


def keep_logs(work: pathlib.Path):
    """The servers' logs of the last run stay, everything else of it goes."""
    logs = ROOT / ".local" / "bench" / "logs"
    shutil.rmtree(logs, ignore_errors=True)
    logs.mkdir(parents=True)
    for log in work.glob("*.log"):
        shutil.move(log, logs / log.name)
    shutil.rmtree(work, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
