"""Servers of a run: pinned, on free loopback ports, and gone when the run is."""

import contextlib
import os
import pathlib
import random
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Sequence

TICKS = os.sysconf("SC_CLK_TCK")


class ProcessFailed(Exception):
    """A server that did not start, did not answer or ended by itself."""


def free_port() -> int:
    """Outside of the range from which the kernel serves outgoing connections."""
    for port in random.sample(range(20000, 32000), 200):
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port
    raise ProcessFailed("no free port")


def get(url: str, timeout: float = 2) -> tuple[int, str]:
    """Status and body; status 0 where nobody answers."""
    try:
        with urllib.request.urlopen(url, timeout=timeout) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()
    except OSError:
        return 0, ""


class Server:
    """A child process; use it as a context."""

    def __init__(
        self, name: str, command: Sequence[str | pathlib.Path], *, log: pathlib.Path, cores: str | None = None,
        environment: dict[str, str] | None = None, nice: int = 0,
    ):
        self.name, self.log = name, log
        # It ends with this program, however that ends; a wrong setting of the caller's shell does not reach it.
        wrapped = ["setpriv", "--pdeathsig", "TERM", *(["taskset", "-c", cores] if cores else []), *map(str, command)]
        kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "LC_ALL", "TZ") if name in os.environ}
        with log.open("ab") as output:
            self.child = subprocess.Popen(
                wrapped, stdin=subprocess.DEVNULL, stdout=output, stderr=output, env=kept | (environment or {}),
                start_new_session=True,
            )

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    def wait(self, is_ready: Callable[[], bool], seconds: float = 30, pause: float = 0.01) -> float:
        """Until it is ready, looking again after a pause of seconds; the seconds that took since the call."""
        started = time.monotonic()
        while not is_ready():
            self.check()
            if time.monotonic() - started > seconds:
                raise ProcessFailed(f"{self.name} is not ready after {seconds} s; {self.tail()}")
            time.sleep(pause)
        return time.monotonic() - started

    def check(self):
        """Raises if it has ended."""
        if self.child.poll() is not None:
            raise ProcessFailed(f"{self.name} ended with {self.child.returncode}; {self.tail()}")

    def tail(self) -> str:
        lines = self.log.read_text(errors="replace").splitlines()[-5:]
        return f"its log ({self.log}):\n" + "\n".join(lines)

    def cpu(self) -> float:
        """Seconds of user and system time so far, of all its threads."""
        stat = pathlib.Path(f"/proc/{self.child.pid}/stat").read_text(encoding="utf-8")
        fields = stat[stat.rindex(")") + 2:].split()
        return (int(fields[11]) + int(fields[12])) / TICKS

    def cpu_by_thread(self) -> dict[str, float]:
        """Seconds of user and system time so far, by the threads' names; of threads that are still there."""
        spent: dict[str, float] = {}
        for task in pathlib.Path(f"/proc/{self.child.pid}/task").iterdir():
            with contextlib.suppress(OSError):
                name = (task / "comm").read_text(encoding="utf-8").strip()
                nanoseconds = int((task / "schedstat").read_text(encoding="utf-8").split()[0])
                spent[name] = spent.get(name, 0) + nanoseconds / 1e9
        return spent

    def resident(self, *, peak: bool = False) -> float:
        """MiB in memory, now or at most so far."""
        name = "VmHWM:" if peak else "VmRSS:"
        for line in pathlib.Path(f"/proc/{self.child.pid}/status").read_text(encoding="utf-8").splitlines():
            if line.startswith(name):
                return int(line.split()[1]) / 1024
        raise ProcessFailed(f"{self.name} has no {name}")

    def stop(self, how: signal.Signals = signal.SIGTERM):
        """Ends it, and waits until it has ended."""
        if self.child.poll() is not None:
            return
        self.child.send_signal(how)
        try:
            self.child.wait(timeout=20)
        except subprocess.TimeoutExpired:
            self.child.kill()
            self.child.wait()
