"""The test double and its endpoint: crashes of the test around it, garbage at --metrics."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from functools import partial
from pathlib import Path

from torturelib.attacks import Attack, Outcome
from torturelib.server import running

GROUP = "doubles and scrapes"

_TEST = """
import os, signal
from qmp_iothreadd.testing import DaemonProcess
with DaemonProcess() as daemon:
    print(daemon.pid, flush=True)
    END
"""

ENDS = {
    "SIGTERM": "os.kill(os.getpid(), signal.SIGTERM)",
    "SIGKILL": "os.kill(os.getpid(), signal.SIGKILL)",
    "SIGINT": "os.kill(os.getpid(), signal.SIGINT)",
    "os._exit": "os._exit(1)",
}

GARBAGE = (
    b"\r\n\r\n",
    b"\x00\xff\r\n\r\n",
    b"GET /metrics HTTP/1.1\r\n\r\n",
    b"GET /metrics HTTP/1.1\r\nHost: x\r\nAccept: application/openmetrics-text; version=x\r\n\r\n",
    b"GET /metrics HTTP/1.1\r\nHost: x\r\nAccept: " + b"\xff;q=;;" * 500 + b"\r\n\r\n",
    b"GET /metrics HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
    b"GET /metrics HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked, gzip\r\n\r\n",
    b"GET /" + b"x" * 100_000,
    b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
)


def crashed_test(end: str, folder: Path) -> Outcome:
    """A test's process ends in this way: its daemon does, too, and the next run sweeps."""
    env = {**os.environ, "TMPDIR": str(folder)}
    program = _TEST.replace("END", ENDS[end])
    done = subprocess.run(
        [sys.executable, "-c", program], env=env, capture_output=True, text=True, timeout=30
    )
    pid = int(done.stdout)
    deadline = time.monotonic() + 5
    while _is_alive(pid) and time.monotonic() < deadline:
        time.sleep(0.01)
    alive = _is_alive(pid)
    sweep = _TEST.replace("END", "pass")
    subprocess.run([sys.executable, "-c", sweep], env=env, capture_output=True, timeout=30)
    left = [path.name for path in folder.iterdir()]
    return Outcome(not alive and not left, f"daemon {'alive' if alive else 'gone'}, left: {left}")


def _is_alive(pid: int) -> bool:
    try:
        return "State:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return False


def _connect(port: int) -> socket.socket:
    """The endpoint opens a moment after the monitors."""
    deadline = time.monotonic() + 10
    while True:
        try:
            return socket.create_connection(("127.0.0.1", port), timeout=10)
        except ConnectionRefusedError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.01)


def garbage_scrapes(folder: Path) -> Outcome:
    """Requests that are none: 200, 4xx or 501 each, and no traceback."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    statuses = []
    with running(folder, "--metrics", str(port), stderr=subprocess.PIPE) as server:
        for text in GARBAGE:
            with _connect(port) as client:
                client.sendall(text)
                client.shutdown(socket.SHUT_WR)
                answer = client.makefile("rb").readline()
            statuses.append(answer.split(b" ")[1].decode() if answer else "none")
        server.end()
        assert server.process.stderr is not None
        errors = server.process.stderr.read()
    held = all(each in ("200", "501") or each.startswith("4") for each in statuses)
    return Outcome(held and b"Traceback" not in errors, " ".join(statuses))


ATTACKS = [
    *(Attack(GROUP, f"a test's process: {end}", partial(crashed_test, end)) for end in ENDS),
    Attack(GROUP, "garbage at --metrics", garbage_scrapes),
]
