"""What a test pays, measured: milliseconds each time, beside the limit that the median keeps."""

from __future__ import annotations

import asyncio
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from benchlib.errors import BenchError
from benchlib.figures import Figure

from qmp_iothreadd.testing import DaemonProcess, Server

_TESTS = 200
_SESSIONS = 3
_IMPORTS = 9

_IMPORT = """
import time
from _pytest.config import get_config
manager = get_config().pluginmanager
started = time.perf_counter()
manager.import_plugin("qmp_iothreadd.testing.plugin")
print((time.perf_counter() - started) * 1000)
"""


def row(figure: Figure) -> tuple[str, str, str, str]:
    """What a table says of it: the median and the slowest."""
    slowest = _text(max(figure.values))
    return figure.name, _text(figure.median), slowest, figure.wanted(_text)


def to_json(figure: Figure) -> dict[str, object]:
    """What a file of figures says of it."""
    return {
        "name": figure.name,
        "times_ms": figure.values,
        "limit_ms": figure.limit,
        "median_ms": figure.median,
    }


def _text(ms: float) -> str:
    """Three digits, in seconds from one on."""
    value, unit = (ms / 1000, "s") if ms >= 1000 else (ms, "ms")
    return f"{value:.{2 if value < 10 else 1 if value < 100 else 0}f} {unit}"


def _ms_since(started: float) -> float:
    return (time.perf_counter() - started) * 1000


def _timed(times: int, work: Callable[[], object]) -> list[float]:
    found = []
    for _ in range(times):
        started = time.perf_counter()
        work()
        found.append(_ms_since(started))
    return found


# -- Servers --------------------------------------------------------------------------------------


def servers(times: int) -> Iterator[Figure]:
    """From nothing to a server that can be connected to, and to nothing again."""

    def one() -> None:
        with Server():
            pass

    one()  # what it imports
    yield Figure("`with Server()`, start and end", _timed(times, one), limit=5)
    yield Figure("`async with Server()`, start and end", asyncio.run(_on_a_loop(times)), limit=5)


async def _on_a_loop(times: int) -> list[float]:
    found = []
    for _ in range(times):
        started = time.perf_counter()
        async with Server():
            pass
        found.append(_ms_since(started))
    return found


# -- Daemons --------------------------------------------------------------------------------------


def daemons(times: int) -> Iterator[Figure]:
    """Until a daemon can be connected to, and until it has ended as it should."""
    ready, whole = [], []
    for _ in range(times + 1):
        started = time.perf_counter()
        with DaemonProcess("-object", "iothread,id=io0"):
            ready.append(_ms_since(started))
        whole.append(_ms_since(started))
    yield Figure("`qmp_daemon`, the first one, until it is ready", ready[:1])
    yield Figure("… from the second on", ready[1:], limit=10)
    yield Figure("… and with its end", whole[1:])
    yield Figure("… started by exec, until it is ready", list(_by_exec(max(times // 10, 1))))


def _by_exec(times: int) -> Iterator[float]:
    command = [sys.executable, "-m", "qmp_iothreadd", "--check-replies"]
    for _ in range(times):
        started = time.perf_counter()
        with DaemonProcess("-object", "iothread,id=io0", command=command):
            yield _ms_since(started)


# -- Sessions of pytest ---------------------------------------------------------------------------

_NOTHING = "nothing"
_TEST = {
    _NOTHING: "def test_{number}(): pass\n",
    "`qmp_server`": "def test_{number}(qmp_server): assert qmp_server.path\n",
    "`async with Server()`": """
async def test_{number}():
    async with Server() as server:
        assert server.path
""",
    "`qmp_daemon`": "def test_{number}(qmp_daemon): assert qmp_daemon.pid\n",
}
# What a test with a server may take beyond one with nothing, whatever pytest itself takes.
_MOST_MS = {"`qmp_server`": 4, "`async with Server()`": 4}


def sessions(times: int) -> Iterator[Figure]:
    """Whole runs of pytest, from its start to its end."""
    count = min(times, _TESTS)
    nothing_ms = 0.0
    for kind, test in _TEST.items():
        head = "from qmp_iothreadd.testing import Server\n" if "Server" in test else ""
        source = head + "".join(test.format(number=number) for number in range(count))
        with tempfile.TemporaryDirectory() as folder:
            Path(folder, "test_it.py").write_text(source)
            found = _timed(_SESSIONS, lambda folder=folder: _pytest(folder))  # type: ignore[misc]
        if kind == _NOTHING:
            nothing_ms = statistics.median(found)
        limit = nothing_ms + _MOST_MS[kind] * count if kind in _MOST_MS else None
        yield Figure(f"pytest, {count} tests with {kind} each", found, limit=limit)


def _pytest(folder: str) -> None:
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
    _run([*command, "-o", "asyncio_mode=auto", folder], folder)


def _run(command: list[str], folder: str) -> str:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode:
        raise BenchError(f"{' '.join(command)} failed:\n{done.stdout}{done.stderr}")
    return done.stdout


# -- The plugin -----------------------------------------------------------------------------------


def plugin(times: int) -> Iterator[Figure]:
    """What who does not use the plugin pays for it: its import."""
    found = [float(_run([sys.executable, "-c", _IMPORT], "/")) for _ in range(min(times, _IMPORTS))]
    yield Figure("the plugin, where nothing of it is used", found, limit=1)


MEASURES: dict[str, Callable[[int], Iterator[Figure]]] = {
    "servers": servers,
    "daemons": daemons,
    "sessions": sessions,
    "the plugin": plugin,
}
