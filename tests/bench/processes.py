"""Child processes and what the kernel says about them."""

import os
import platform
import signal
import subprocess
import sys
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

TESTS = Path(__file__).resolve().parents[1]
_TICKS = os.sysconf("SC_CLK_TCK")


def cpu_seconds(pid: int) -> float:
    """User and system time of a process, all threads, since its start."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS


def memory_mib(pid: int, field: str = "VmRSS") -> float:
    """Resident memory of a process (VmHWM: its highest)."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith(field + ":"):
            return int(line.split()[1]) / 1024
    raise LookupError(f"the kernel does not tell {field}")


class Child:
    """A Python process of ours with a log file. It ends with the `with` block at the latest."""

    def __init__(self, module: str, *arguments: object, log: Path) -> None:
        self.log = log
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(TESTS), str(TESTS.parent / "operator")])}
        line = [sys.executable, "-m", module, *map(str, arguments)]
        with log.open("ab") as output:
            self.process = subprocess.Popen(
                line, stdin=subprocess.DEVNULL, stdout=output, stderr=output, env=environment
            )

    @property
    def pid(self) -> int:
        return self.process.pid

    def check(self) -> None:
        """Raise with the end of its log when the process has ended."""
        if self.process.poll() is not None:
            raise RuntimeError(f"a process has ended:\n{self.log.read_text()[-3000:]}")

    def stop(self) -> None:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(30)
            except subprocess.TimeoutExpired:
                self.process.kill()
        self.process.wait()


@dataclass(frozen=True)
class CpuMeter:
    """The CPU time that processes use from now on, by name."""

    pids: dict[str, int]
    before: dict[str, float]

    @classmethod
    def start(cls, **pids: int) -> "CpuMeter":
        return cls(pids, {name: cpu_seconds(pid) for name, pid in pids.items()})

    def used(self) -> dict[str, float]:
        return {name: cpu_seconds(pid) - self.before[name] for name, pid in self.pids.items()}


def machine() -> list[str]:
    """What the figures depend on. Host names and models of processors say nothing that a ratio needs."""
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 2**30
    load = " ".join(f"{value:.2f}" for value in os.getloadavg())
    libraries = ", ".join(f"{name} {version(name)}" for name in ("kopf", "aiohttp", "ccxt", "pydantic"))
    return [
        f"{os.cpu_count()} cores, {memory:.0f} GiB, {platform.system()} {platform.machine()}",
        f"Python {platform.python_version()}, {libraries}",
        f"load average before the start: {load}",
    ]
