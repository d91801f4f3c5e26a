"""What a row is given: programs, cores, directories, and the repetition side by side."""

import contextlib
import os
import pathlib
import sys
import tempfile
from collections.abc import Callable, Iterator
from typing import TypeVar

from . import machine
from .process import Server, free_port, get

ROOT = pathlib.Path(__file__).resolve().parents[2]
Value = TypeVar("Value")


class Run:
    """One `make bench`."""

    def __init__(self, *, quick: bool, runs: int, work: pathlib.Path, binaries: pathlib.Path):
        self.quick, self.runs, self.work, self.binaries = quick, runs, work, binaries
        #: One core for the server under test, the others for everything else.
        self.server_cores, self.other_cores = machine.cores()
        #: Kept from run to run: directories that take minutes to make.
        self.cache = ROOT / ".local" / "bench" / "cache"
        self.python = ROOT / ".local" / "bench-venv" / "bin" / "python"

    def all_cores(self) -> list[str]:
        """Those of both."""
        return f"{self.server_cores},{self.other_cores}".split(",")

    def seconds(self, full: float) -> float:
        """The length of a measurement: as given, or a second in quick mode."""
        return 1 if self.quick else full

    def say(self, text: str):
        print(f"bench: {text}", file=sys.stderr, flush=True)

    def directory(self, name: str) -> pathlib.Path:
        """A new one, deleted after the run."""
        return pathlib.Path(tempfile.mkdtemp(prefix=f"{name}-", dir=self.work))

    def yardstick(self, name: str) -> pathlib.Path:
        """A file beside the rows: what the product is compared with."""
        return ROOT / "Benchmarks" / "yardsticks" / name

    def start(self, name: str, command: list, **options) -> Server:
        """A server with a log of its own; see `Server` for the options."""
        return Server(name, command, log=self.work / f"{name}.log", **options)

    def side_by_side(self, sides: dict[str, Callable[[], Value]]) -> dict[str, list[Value]]:
        """Measures each side in turn, again and again: what disturbs the machine disturbs all of them."""
        results: dict[str, list[Value]] = {name: [] for name in sides}
        for turn in range(self.runs):
            order = list(sides) if turn % 2 == 0 else list(reversed(sides))
            for name in order:
                results[name].append(sides[name]())
                self.say(f"  {name} ({turn + 1} of {self.runs}): {_brief(results[name][-1])}")
        return results

    @contextlib.contextmanager
    def broker(self) -> Iterator[tuple[Server, str]]:
        """librdkafka's mock broker with the contract's topics: the process and its address."""
        port = free_port()
        command = [self.binaries / "mock-broker", "--port", str(port)]
        for topic in ("user-events:24", "user-events.dead-letter:24", "user-events.live:1"):
            command += ["--topic", topic]
        with self.start(f"broker-{port}", command, cores=self.other_cores) as server:
            server.wait(lambda: "ready bootstrap=" in server.log.read_text())
            yield server, f"127.0.0.1:{port}"

    @contextlib.contextmanager
    def role(
        self, *arguments: str, cores: str | None, environment: dict[str, str], seconds: float = 30
    ) -> Iterator[tuple[Server, str]]:
        """`tributary …`, ready: the process and the collector's (or dashboard's) address."""
        port = free_port()
        settings = {"COLLECTOR_HOST": "127.0.0.1", "COLLECTOR_PORT": str(port), "LOG_LEVEL": "warning"} | environment
        with self.start(
            f"{arguments[0]}-{port}", [self.binaries / "tributary", *arguments], cores=cores, environment=settings
        ) as server:
            url = f"http://127.0.0.1:{port}"
            server.wait(lambda: get(url + "/readyz")[0] == 200, seconds)
            yield server, url


def metric(url: str, name: str) -> float:
    """The sum of a metric's samples over all labels."""
    status, text = get(url + "/metrics", timeout=10)
    if status != 200:
        raise RuntimeError(f"{url}/metrics answers {status}")
    lines = (line for line in text.splitlines() if line.startswith((name + " ", name + "{")))
    return sum(float(line.rsplit(" ", 1)[1]) for line in lines)


def binaries() -> pathlib.Path:
    """Where release builds are."""
    return pathlib.Path(os.environ.get("BENCH_BINARIES", ROOT / ".build" / "release"))


def _brief(value: object) -> str:
    return f"{value:,.1f}" if isinstance(value, float) else str(value)
