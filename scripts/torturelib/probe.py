"""A client that asks query-status all the time, and a process that sleeps beside it."""

from __future__ import annotations

import contextlib
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from torturelib.attacks import Outcome
from torturelib.server import Server

INTERVAL_S = 0.001

_SLEEPER = """
import select, sys, time
worst = 0.0
while True:
    start = time.monotonic()
    if select.select([sys.stdin], [], [], 0.001)[0]:
        break
    worst = max(worst, time.monotonic() - start - 0.001)
print(worst * 1000)
"""

# What a flooding client sends: once, and then again and again.
FLOODS: dict[str, tuple[bytes, bytes]] = {
    "an array that never ends": (b"[", b"1," * 32768),
    "an array of objects that never ends": (b"[", b"{}," * 21845),
    "brackets": (b"", b"[" * 65536),
    "valid arrays of 1 MB": (b"", b"[" + b"1," * 524287 + b"1]"),
    "pipelined query-qmp-schema": (b"", b'{"execute":"query-qmp-schema"}' * 100),
    "pipelined query-status": (b"", b'{"execute":"query-status"}' * 1000),
    "wrong UTF-8 and control characters": (b"", b"\xff\x00\x01\xfe" * 16384),
}

_FLOODER = """
import socket, sys, threading
from torturelib.probe import FLOODS
from torturelib.server import Client
client = Client(sys.argv[1])
client.receive()
client.execute("qmp_capabilities")
first, again = FLOODS[sys.argv[2]]
def discard():
    buffer = bytearray(1 << 20)
    while client.socket.recv_into(buffer):
        pass
threading.Thread(target=discard, daemon=True).start()
print(flush=True)
client.socket.settimeout(None)
client.socket.sendall(first)
while True:
    client.socket.sendall(again)
"""


@contextlib.contextmanager
def flooding(server: Server, kind: str) -> Iterator[None]:
    """A process floods monitor ``a``."""
    command = [sys.executable, "-c", _FLOODER, str(server.folder / "a"), kind]
    environment = {"PYTHONPATH": str(Path(__file__).parents[1]), "PATH": ""}
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=environment
    ) as process:
        try:
            assert process.stdout is not None
            if not process.stdout.readline():
                raise RuntimeError("the flooding client did not start")
            yield
        finally:
            process.kill()


class Sleeper:
    """A process that sleeps 1 ms at a time: what it oversleeps, the machine took from all."""

    def __init__(self) -> None:
        command = [sys.executable, "-c", _SLEEPER]
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self.worst_ms = 0.0

    def __enter__(self) -> Sleeper:
        return self

    def __exit__(self, *details: object) -> None:
        output, _ = self._process.communicate()
        self.worst_ms = float(output)


def measure(server: Server, seconds: float) -> tuple[list[float], int]:
    """Ask monitor ``b`` for so long. Returns round trips in ms, and how many answers were wrong."""
    times: list[float] = []
    wrong = 0
    with server.client("b") as client:
        end = time.monotonic() + seconds
        while (start := time.monotonic()) < end:
            status = client.execute("query-status")
            times.append((time.monotonic() - start) * 1000)
            wrong += not isinstance(status, dict) or "running" not in status
            time.sleep(INTERVAL_S)
    return times, wrong


def beside(
    server: Server, seconds: float, attack: Callable[[], object] = lambda: None
) -> tuple[Outcome, object]:
    """Measure the other monitor's client while ``attack`` goes on. Returns that, and its value."""
    from concurrent.futures import ThreadPoolExecutor

    with Sleeper() as sleeper, ThreadPoolExecutor(1) as pool:
        played = pool.submit(attack)
        times, wrong = measure(server, seconds)
        while not played.done():
            more, also_wrong = measure(server, 0.05)
            times, wrong = times + more, wrong + also_wrong
    alive = server.process.poll() is None
    figure = f"p50 {statistics.median(times):.2f} ms, max {max(times):.1f} ms of {len(times)}"
    outcome = Outcome(alive and not wrong, figure, max(times), sleeper.worst_ms)
    return outcome, played.result()
