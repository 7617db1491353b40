"""How long a start takes, and what it holds, beside a Python that does less: taken in turns."""

from __future__ import annotations

import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

from benchlib.figures import Figure
from benchlib.servers import own_command, running

from startlib.watching import BASE

#: Milliseconds that a greeting may come after the end of a Python that imports uvloop.
GREETING_MS = 6

_SERVERS = """
import asyncio, time
from qmp_iothreadd.testing import Server

async def main():
    for _ in range(9):
        started = time.perf_counter()
        async with Server():
            print((time.perf_counter() - started) * 1000)

asyncio.run(main())
"""


def cells(figure: Figure) -> tuple[str, str, str, str]:
    """What a table says of it: the median and the least."""
    unit = figure.unit
    wanted = figure.wanted(lambda limit: f"{limit:.1f} {unit}")
    return figure.name, f"{figure.median:.2f} {unit}", f"{min(figure.values):.2f} {unit}", wanted


def measure(times: int) -> list[Figure]:
    """All figures, each taken ``times`` times.

    Raises:
        BenchError: a daemon does not start.
    """
    bare: list[float] = []
    base: list[float] = []
    greeting: list[float] = []
    first: list[float] = []
    resident: list[float] = []
    servers: list[list[float]] = []
    for _ in range(times):
        bare.append(_python("pass"))
        base.append(_python(BASE))
        with (
            tempfile.TemporaryDirectory(prefix="bench-") as cache,
            running(own_command(), pathlib.Path(cache)) as server,
        ):
            greeting.append(server.greeting_ns / 1e6)
            first.append(server.first_reply_ns / 1e6)
            resident.append(server.memory()[0] / 1e6)
        servers.append(_servers())
    most = statistics.median(base) + GREETING_MS
    return [
        Figure("a Python that does nothing", bare),
        Figure(f"a Python that does `{BASE}`", base),
        Figure("the daemon, to its greeting", greeting, limit=most),
        Figure("… from there to its first reply", first, limit=3),
        Figure("… resident then", resident, "MB", 27),
        Figure("`async with Server()`, the first", [each[0] for each in servers], limit=2.5),
        Figure("… those after it", [statistics.median(each[1:]) for each in servers], limit=0.3),
    ]


def _python(code: str) -> float:
    started = time.perf_counter()
    subprocess.run([sys.executable, "-c", code], check=True)
    return (time.perf_counter() - started) * 1000


def _servers() -> list[float]:
    command = [sys.executable, "-c", _SERVERS]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd="/")
    return [float(line) for line in done.stdout.splitlines()]
