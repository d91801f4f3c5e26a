"""What the figures were measured on, and which core does what."""

import os
import platform
import subprocess


def cores() -> tuple[str, str]:
    """The core of the server under test and those of everything else, as taskset wants them."""
    usable = sorted(os.sched_getaffinity(0))
    if len(usable) < 2:
        raise SystemExit("bench: two cores are needed, one for the server and one for the load")
    return str(usable[0]), ",".join(str(core) for core in usable[1:])


def description() -> str:
    """One line: processor, cores, memory, system, commit."""
    model = _first("/proc/cpuinfo", "model name") or platform.processor()
    memory = int((_first("/proc/meminfo", "MemTotal") or "0 kB").split()[0]) / 2**20
    commit = subprocess.run(
        ["git", "describe", "--always", "--dirty"], capture_output=True, text=True, check=False, cwd=os.path.dirname(__file__)
    ).stdout.strip()
    usable = len(os.sched_getaffinity(0))
    return f"{model}, {usable} cores, {memory:.0f} GiB, Linux {platform.release()}, commit {commit or 'unknown'}"


def load_average() -> float:
    """Of the last minute; before a run it tells whether somebody else is at work here."""
    return os.getloadavg()[0]


def _first(path: str, name: str) -> str | None:
    with open(path, encoding="utf-8") as lines:
        for line in lines:
            if line.startswith(name):
                return line.split(":", 1)[1].strip()
    return None
