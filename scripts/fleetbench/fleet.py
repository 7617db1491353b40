"""A fleet as a process, and what the kernel says of it."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

_START_S = 60.0


class FleetProcess:
    """``qmp-iothreadd --fleet``, started: ``start_s`` is what that took until all were served."""

    def __init__(self, folder: Path, machines: int, iothreads: int) -> None:
        sockets = folder / "fleet"
        self.paths = [str(sockets / f"{number}.sock") for number in range(machines)]
        objects = [("-object", f"iothread,id=io{number}") for number in range(iothreads)]
        command = [
            *(str(Path(sys.executable).with_name("qmp-iothreadd")), "-nodefaults"),
            *("--fleet", str(machines), "--socket-dir", str(sockets)),
            *(word for each in objects for word in each),
        ]
        address = str(folder / "notify")
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notify:
            notify.bind(address)
            started = time.perf_counter()
            self._process = subprocess.Popen(
                command, env={**os.environ, "NOTIFY_SOCKET": address}, stderr=subprocess.PIPE
            )
            self.start_s = self._wait_ready(notify) - started

    def _wait_ready(self, notify: socket.socket) -> float:
        notify.settimeout(0.05)
        deadline = time.perf_counter() + _START_S
        while self._process.poll() is None and time.perf_counter() < deadline:
            with contextlib.suppress(TimeoutError):
                notify.recv(100)
                return time.perf_counter()
        self.kill()
        _, said = self._process.communicate()
        raise RuntimeError(said.decode(errors="replace").strip())

    def resident_mb(self) -> float:
        """VmRSS in 10^6 bytes; the stacks of its threads are in it."""
        return self._kib("status", "VmRSS") * 1024 / 1e6

    def share_mb(self) -> float:
        """PSS in 10^6 bytes: what is shared with other processes is divided among them."""
        return self._kib("smaps_rollup", "Pss") * 1024 / 1e6

    def threads(self) -> int:
        """How many there are."""
        return len(os.listdir(f"/proc/{self._process.pid}/task"))

    def cpu_s(self) -> float:
        """The CPU time that it used."""
        text = Path(f"/proc/{self._process.pid}/stat").read_text()
        user, system = text.rpartition(")")[2].split()[11:13]
        return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")

    def end(self) -> float:
        """SIGTERM. Returns the seconds until it was gone; RuntimeError if that was not clean."""
        started = time.perf_counter()
        self._process.send_signal(signal.SIGTERM)
        status = self._process.wait(_START_S)
        took = time.perf_counter() - started
        if status != 0:
            raise RuntimeError(f"the fleet ended with status {status}")
        return took

    def kill(self) -> None:
        """End it whatever it does."""
        if self._process.poll() is None:
            self._process.kill()

    def _kib(self, file: str, name: str) -> int:
        text = Path(f"/proc/{self._process.pid}/{file}").read_text()
        found = re.search(rf"^{name}:\s+(\d+) kB$", text, re.MULTILINE)
        assert found is not None
        return int(found[1])

    def close(self) -> None:
        """Leave nothing."""
        self.kill()
        self._process.communicate()


@contextlib.contextmanager
def fleet_process(machines: int, iothreads: int) -> Iterator[FleetProcess]:
    """A fleet in a folder of its own.

    Raises:
        RuntimeError: it does not start; with what it said.
    """
    with tempfile.TemporaryDirectory() as folder:
        made = FleetProcess(Path(folder), machines, iothreads)
        try:
            yield made
        finally:
            made.close()
