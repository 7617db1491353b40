"""A daemon below valgrind, whose instructions are counted from one moment to another."""

from __future__ import annotations

import contextlib
import os
import pathlib
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator

from benchlib.client import request
from benchlib.errors import BenchError
from benchlib.servers import Command

from countlib.kinds import ADD_IOTHREAD, KINDS, Kind

TIMES = 3
START = "start, to the greeting"
FIRST = "… and the first reply"

_TIMEOUT_S = 300
_INTERVAL_S = 0.05
# What is loaded after the start comes in pieces, with pauses that are shorter.
_IDLE_LOOKS = 12

Counts = dict[str, int]


def count(installed: pathlib.Path) -> Counts:
    """Instructions of a start, and of one request of each kind: the least of several counts.

    Raises:
        BenchError: the daemon does not start, or valgrind is missing or cannot be asked.
    """
    with _running(installed) as daemon:
        counts = {START: daemon.count()}
        daemon.ask(request("qmp_capabilities"), 1)
        counts[FIRST] = daemon.count()
        daemon.wait_until_idle()
        daemon.ask(ADD_IOTHREAD, 1)
        for kind in KINDS:
            if daemon.ask(kind.sent, kind.lines).startswith(kind.begins):
                counts[kind.title] = _count_one(daemon, kind)
    return counts


def _count_one(daemon: _Daemon, kind: Kind) -> int:
    def ask() -> None:
        for _ in range(kind.rounds):
            daemon.ask(kind.sent, kind.lines)

    ask()
    found = []
    for _ in range(TIMES):
        daemon.count()
        ask()
        found.append(daemon.count())
    return min(found) // (kind.rounds * kind.requests)


@contextlib.contextmanager
def _running(installed: pathlib.Path) -> Iterator[_Daemon]:
    for program in ("valgrind", "vgdb"):
        if shutil.which(program) is None:
            raise BenchError(f"{program} is missing, which counts: apt-get install valgrind")
    with tempfile.TemporaryDirectory(prefix="count-") as name:
        folder = pathlib.Path(name)
        path = folder / "qmp"
        valgrind = ("valgrind", "-q", "--tool=callgrind", f"--callgrind-out-file={folder}/counts")
        python = (sys.executable, "-m", "qmp_iothreadd")
        process = subprocess.Popen(
            Command("callgrind", (*valgrind, *python), own=True).with_socket(str(path)),
            stdin=subprocess.DEVNULL,
            cwd=folder,
            env=_environment(installed, folder),
        )
        try:
            with _connect(path, process) as connected:
                yield _Daemon(process.pid, connected, folder)
        finally:
            process.kill()
            process.wait()


def _environment(installed: pathlib.Path, folder: pathlib.Path) -> dict[str, str]:
    """Nothing of the user's changes what is counted."""
    return {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(installed),
        "PYTHONHASHSEED": "0",
        "HOME": str(folder),
    }


def _connect(path: pathlib.Path, process: subprocess.Popen[bytes]) -> socket.socket:
    end = time.monotonic() + _TIMEOUT_S
    while time.monotonic() < end and process.poll() is None:
        connected = socket.socket(socket.AF_UNIX)
        connected.settimeout(_TIMEOUT_S)
        try:
            connected.connect(str(path))
            return connected
        except OSError:
            connected.close()
            time.sleep(_INTERVAL_S)
    raise BenchError(f"the daemon did not start below valgrind (status {process.poll()})")


class _Daemon:
    """A daemon below callgrind that has greeted."""

    def __init__(self, pid: int, connected: socket.socket, folder: pathlib.Path) -> None:
        self._pid = pid
        self._folder = folder
        self._socket = connected
        self._lines = connected.makefile("rb")
        self._read(1)

    def ask(self, sent: bytes, lines: int) -> bytes:
        """Send something and wait for so many lines. Returns the first of them."""
        self._socket.sendall(sent)
        return self._read(lines)

    def _read(self, count: int) -> bytes:
        lines = [self._lines.readline() for _ in range(count)]
        if not lines[-1]:
            raise BenchError("the daemon ended below valgrind")
        return lines[0]

    def count(self) -> int:
        """The instructions since the last count."""
        before = set(self._folder.glob("counts.*"))
        command = ["vgdb", f"--pid={self._pid}", "dump"]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        files = set(self._folder.glob("counts.*")) - before
        if done.returncode or len(files) != 1:
            raise BenchError(f"valgrind cannot be asked for its counts: {done.stderr.strip()}")
        found = re.search(r"^(?:summary|totals): (\d+)", files.pop().read_text(), re.MULTILINE)
        if found is None:
            raise BenchError("valgrind's counts cannot be read: try another version of it")
        return int(found[1])

    def wait_until_idle(self) -> None:
        """Until it has taken no time for a while: what comes after a start is done."""
        quiet, before = 0, -1
        while quiet < _IDLE_LOOKS:
            fields = pathlib.Path(f"/proc/{self._pid}/stat").read_text().rpartition(")")[2].split()
            now = int(fields[11]) + int(fields[12])
            quiet = quiet + 1 if now == before else 0
            before = now
            time.sleep(_INTERVAL_S)
