"""The daemon as a child process, for tests that want the real thing.

>>> with DaemonProcess("-object", "iothread,id=io0") as daemon, daemon.client() as client:
...     [iothread["id"] for iothread in client.execute("query-iothreads")]
['io0']
"""

from __future__ import annotations

import contextlib
import os
import re
import select
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

from qmp_iothreadd.testing.forked_process import ForkedPopen, is_forked
from qmp_iothreadd.testing.guard import folder_name, guarded, own_folder

if TYPE_CHECKING:
    from qmp_iothreadd.testing.client import Client

START_TIMEOUT_S = 15.0
STOP_TIMEOUT_S = 10.0
_POLL_S = 0.003

_STDERR = "standard error"


class DaemonProcess:
    """``qmp-iothreadd`` with a QMP monitor on ``path``, a Unix socket in ``folder``, its own.

    ``args`` are more command-line arguments. What it returns and emits is checked against the
    schema (``--check-replies``). It is forked from a process that this one keeps for that, since a
    start takes ten times as long (``forked_process``). ``command`` is another way to start the
    daemon, without that check and by exec (or another program that takes QEMU's options), ``env``
    joins the environment, ``options`` are
    subprocess.Popen's; standard input is empty and standard error is kept, unless they say
    otherwise. The block begins when all monitors are open, or, where ``wait_ready`` is False, when
    the socket's file is there (for monitors that wait for a client first, and for programs that do
    not tell a service manager when they are ready). With ``transcript``, ``tell`` has what was said
    on the monitors, unless there is a ``command``. Leaving the block ends the process with SIGTERM
    and asserts that it ended as it should: status 0, and the socket file gone. A process that the
    test ended itself must have ended so too. Where this process is killed, the daemon is, too.
    """

    def __init__(
        self,
        *args: str,
        command: Sequence[str] | None = None,
        env: dict[str, str] | None = None,
        wait_ready: bool = True,
        transcript: bool = False,
        **options: Any,
    ) -> None:
        self.folder = folder_name()
        self.path = str(self.folder / "qmp.sock")
        own = transcript and command is None
        self._transcript = str(self.folder / "transcript") if own else None
        self._argv = [
            *(command or [sys.executable, "-m", "qmp_iothreadd", "--check-replies"]),
            *("-nodefaults", "-qmp", f"unix:{self.path},server=on,wait=off"),
            *(("--transcript", self._transcript) if self._transcript else ()),
            *args,
        ]
        self._env = env
        self._wait_ready = wait_ready
        self._options = options
        self._popen = subprocess.Popen[bytes] if command else ForkedPopen
        self._process: subprocess.Popen[bytes] | None = None
        self._said: list[tuple[str, str]] | None = None

    def __enter__(self) -> DaemonProcess:
        with contextlib.ExitStack() as stack:
            stack.enter_context(own_folder(self.folder))
            self._errors = stack.enter_context(tempfile.TemporaryFile())
            self._start(stack)
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        with self._stack:
            try:
                status = self.stop()
                left = os.path.exists(self.path)
            finally:
                self._said = self.tell()
                text = self.stderr
        if error is None:
            assert status == 0, f"the daemon ended with status {status}: {text}"
            assert not left, "the daemon left its socket file behind"

    def _start(self, stack: contextlib.ExitStack) -> None:
        """Start the process and wait until it is ready; leaving the stack ends it at any time."""
        options: dict[str, Any] = {"stdin": subprocess.DEVNULL, "stderr": self._errors}
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notify:
            address = str(self.folder / "notify")
            notify.bind(address)
            notify.settimeout(_POLL_S)
            env = {**os.environ, "NOTIFY_SOCKET": address, **(self._env or {})}
            self._process = self._popen(self._argv, env=env, **{**options, **self._options})
            stack.callback(self._discard)
            if not is_forked(self._process):
                stack.enter_context(guarded(self._process))
            deadline = time.monotonic() + START_TIMEOUT_S
            while not self._started(notify):
                if self._process.poll() is not None or time.monotonic() > deadline:
                    raise RuntimeError(f"the daemon did not start: {self.stderr}")

    # -- Clients and the end ----------------------------------------------------------------------

    @property
    def process(self) -> subprocess.Popen[bytes]:
        """The child process; there is one inside the block only."""
        assert self._process is not None, "not started"
        return self._process

    def connect(self) -> Client:
        """A client that has not read the greeting yet."""
        from qmp_iothreadd.testing.client import Client

        return Client.connect(self.path)

    def client(self, *capabilities: str) -> Client:
        """A client past negotiation."""
        made = self.connect()
        made.negotiate(*capabilities)
        return made

    def wait(self) -> int:
        """Wait until the process has ended. Returns its status.

        Raises:
            subprocess.TimeoutExpired: it does not end.
        """
        if self.process.returncode is None and not _ended(self.process.pid):
            raise subprocess.TimeoutExpired(self._argv, STOP_TIMEOUT_S)
        return self.process.wait()

    def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        """End the process, if it has not ended yet. Returns its status."""
        with contextlib.suppress(ProcessLookupError):
            self.process.send_signal(number)
        try:
            return self.wait()
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise

    # -- What the kernel says of the process ------------------------------------------------------

    @property
    def pid(self) -> int:
        """The process id."""
        return self.process.pid

    @property
    def stderr(self) -> str:
        """What it said on standard error so far, or till its end."""
        if self._said is not None:
            return dict(self._said)[_STDERR]
        # Not by seeking: the file's position is shared with the process that writes to it.
        size = os.fstat(self._errors.fileno()).st_size
        return os.pread(self._errors.fileno(), size, 0).decode(errors="replace")

    def tell(self) -> list[tuple[str, str]]:
        """What a report of a failure says of the process: titles and texts."""
        if self._said is not None:
            return self._said
        said = [(_STDERR, self.stderr)]
        if self._transcript:
            with contextlib.suppress(OSError):  # it did not start
                text = Path(self._transcript).read_text(errors="replace")
                said.insert(0, ("transcript", text))
        return said

    def threads(self) -> dict[int, str]:
        """The threads: the kernel's ids and names."""
        found = {}
        for task in Path(f"/proc/{self.pid}/task").iterdir():
            with contextlib.suppress(OSError):  # it may end while we look
                found[int(task.name)] = (task / "comm").read_text().rstrip("\n")
        return found

    def descriptor_count(self) -> int:
        """How many file descriptors are open."""
        return len(os.listdir(f"/proc/{self.pid}/fd"))

    def resident_bytes(self) -> int:
        """How much memory is resident."""
        status = Path(f"/proc/{self.pid}/status").read_text()
        found = re.search(r"^VmRSS:\s+(\d+) kB$", status, re.MULTILINE)
        assert found, "the process has ended"
        return int(found[1]) * 1024

    def _started(self, notify: socket.socket) -> bool:
        """Whether it has started; waits a moment to see."""
        if not self._wait_ready:
            time.sleep(_POLL_S)
            return os.path.exists(self.path)
        try:
            return notify.recv(100) == b"READY=1"
        except TimeoutError:
            return False

    def _discard(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        for stream in (self.process.stdin, self.process.stdout, self.process.stderr):
            if stream is not None:
                stream.close()


def _ended(pid: int) -> bool:
    """Whether a child process ends within STOP_TIMEOUT_S. (Popen would look time and again.)"""
    pidfd = os.pidfd_open(pid)
    try:
        poller = select.poll()
        poller.register(pidfd, select.POLLIN)
        return bool(poller.poll(STOP_TIMEOUT_S * 1000))
    finally:
        os.close(pidfd)
