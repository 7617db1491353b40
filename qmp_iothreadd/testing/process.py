"""The daemon as a child process, for tests that want the real thing.

with DaemonProcess("-object", "iothread,id=io0") as daemon:
    sock = daemon.connect()
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from types import TracebackType

START_TIMEOUT_S = 15.0
STOP_TIMEOUT_S = 10.0


class DaemonProcess:
    """``qmp-iothreadd`` with a QMP monitor on ``path``, a Unix socket in a folder of its own.

    ``args`` are more command-line arguments. Leaving the block ends the process with SIGTERM and
    asserts that it ended as it should: status 0, and the socket file gone.
    """

    def __init__(
        self, *args: str, command: list[str] | None = None, env: dict[str, str] | None = None
    ) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="qmp-iothreadd-"))
        self.path = str(self.folder / "qmp.sock")
        self._argv = [
            *(command or [sys.executable, "-m", "qmp_iothreadd"]),
            *("-nodefaults", "-qmp", f"unix:{self.path},server=on,wait=off"),
            *args,
        ]
        self._env = env
        self.process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> DaemonProcess:
        self._errors = tempfile.TemporaryFile()
        self.process = subprocess.Popen(
            self._argv,
            stdin=subprocess.DEVNULL,
            stderr=self._errors,
            env={**os.environ, **(self._env or {})},
        )
        deadline = time.monotonic() + START_TIMEOUT_S
        while not os.path.exists(self.path):
            if self.process.poll() is not None or time.monotonic() > deadline:
                text = self.stderr
                self._discard()
                raise RuntimeError(f"the daemon did not start: {text}")
            time.sleep(0.005)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            status = self.stop()
            left = os.path.exists(self.path)
        finally:
            text = self.stderr
            self._discard()
        if error is None:
            assert status == 0, f"the daemon ended with status {status}: {text}"
            assert not left, "the daemon left its socket file behind"

    @property
    def pid(self) -> int:
        """The daemon's process id."""
        assert self.process is not None
        return self.process.pid

    @property
    def stderr(self) -> str:
        """What it said on standard error so far."""
        self._errors.seek(0)
        return self._errors.read().decode(errors="replace")

    def connect(self, timeout: float = START_TIMEOUT_S) -> socket.socket:
        """A connected socket; the greeting is not read yet."""
        deadline = time.monotonic() + timeout
        while True:
            made = socket.socket(socket.AF_UNIX)
            made.settimeout(timeout)
            try:
                made.connect(self.path)
            except OSError:
                made.close()
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.005)
            else:
                return made

    def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        """End the process, if it has not ended yet. Returns its status."""
        assert self.process is not None
        with contextlib.suppress(ProcessLookupError):
            self.process.send_signal(number)
        try:
            return self.process.wait(STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise

    def _discard(self) -> None:
        assert self.process is not None
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        self._errors.close()
        shutil.rmtree(self.folder, ignore_errors=True)
