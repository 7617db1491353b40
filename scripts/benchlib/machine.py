"""The machine measured on, and how much of it other processes took meanwhile."""

from __future__ import annotations

import os
import pathlib
import platform
import time

# Columns of /proc/stat's first line that are not work: idle, iowait.
_IDLE_COLUMNS = (3, 4)
# user, nice, system, idle, iowait, irq, softirq, steal; the rest is counted in user already.
_COLUMNS = 8


def description() -> dict[str, object]:
    return {
        "cpus": os.cpu_count(),
        "processor": _processor(),
        "kernel": platform.release(),
        "python": platform.python_version(),
    }


def summary(runs: str, other_cpus: float) -> str:
    """Where and how figures were taken: «median of 5 alternating runs on 2 CPUs …»."""
    return f"median of {runs} {where(other_cpus)}"


def where(other_cpus: float) -> str:
    """The machine, and how busy it was: «on 2 CPUs …»."""
    host = description()
    return (
        f"on {host['cpus']} CPUs ({host['processor']}), Linux {host['kernel']},"
        f" Python {host['python']}; other processes took {other_cpus:.1f} CPUs meanwhile."
    )


def alternating(runs: int) -> str:
    return f"{runs} alternating run{'s' if runs > 1 else ''}"


class OtherWork:
    """How many CPUs the rest of the machine keeps busy, from here until `cpus()` is asked.

    Children count as ours once they have been waited for. Stolen time counts as others' work.
    """

    def __init__(self) -> None:
        self._start = time.monotonic()
        self._busy = _busy_s()
        self._ours = _ours_s()

    def cpus(self) -> float:
        elapsed = time.monotonic() - self._start
        others = (_busy_s() - self._busy) - (_ours_s() - self._ours)
        return max(others / elapsed, 0.0)


def _busy_s() -> float:
    line = pathlib.Path("/proc/stat").read_text().split("\n", 1)[0]
    columns = [int(word) for word in line.split()[1 : 1 + _COLUMNS]]
    ticks = sum(count for index, count in enumerate(columns) if index not in _IDLE_COLUMNS)
    return ticks / os.sysconf("SC_CLK_TCK")


def _ours_s() -> float:
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


def _processor() -> str:
    for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.split(":", 1)[1].strip()
    return platform.machine()
