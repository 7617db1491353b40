"""What the daemon does to its process: background, pidfile, signals, readiness."""

from __future__ import annotations

import contextlib
import fcntl
import os
import resource
import signal
import sys
from collections.abc import Callable

from qmp_iothreadd import errors

SHUTDOWN_SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


def open_standard_streams() -> None:
    """Give closed standard streams to /dev/null, lest a socket gets their number."""
    while (fd := os.open(os.devnull, os.O_RDWR)) <= 2:
        pass
    os.close(fd)
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, "w"))  # noqa: SIM115 -- till the process ends


def say(text: str, stream: str = "stderr") -> None:
    """Write ``text`` to a standard stream; once nobody reads it any more, say nothing.

    What stays in the stream's buffer would be tried again when the interpreter ends, and would make
    that a failure.
    """
    try:
        getattr(sys, stream).write(text)
        getattr(sys, stream).flush()
    except OSError:
        setattr(sys, stream, open(os.devnull, "w"))  # noqa: SIM115 -- till the process ends


def raise_descriptor_limit() -> None:
    """Allow as many descriptors as the system lets us: an iothread needs two."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    with contextlib.suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


class Background:
    """``-daemonize``: the parent waits until the child is ready, then exits with its verdict."""

    def __init__(self) -> None:
        """Fork.

        Returns in the child only; the parent leaves with status 0 once ``ready`` was called,
        else 1.
        """
        reader, self._writer = os.pipe()
        pid = os.fork()
        if pid:
            os.close(self._writer)
            verdict = os.read(reader, 1)
            os.waitpid(pid, 0)
            os._exit(0 if verdict == b"\0" else 1)
        os.close(reader)
        os.setsid()
        # A second child, so that the daemon can never get a terminal back.
        if os.fork():
            os._exit(0)
        os.umask(0o027)

    def ready(self) -> None:
        """Let the parent go: everything that could fail has succeeded."""
        os.chdir("/")
        null = os.open(os.devnull, os.O_RDWR)
        for fd in (0, 1, 2):
            os.dup2(null, fd)
        if null > 2:
            os.close(null)
        os.write(self._writer, b"\0")
        os.close(self._writer)


class PidFile:
    """``-pidfile``: the process id in a file that stays locked as long as the daemon lives."""

    def __init__(self, path: str) -> None:
        """Create and lock the file.

        Raises:
            QmpError: it cannot be created, or another daemon holds it.
        """
        self._path = os.path.abspath(path)
        try:
            self._fd = os.open(path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
            try:
                fcntl.lockf(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
                os.ftruncate(self._fd, 0)
                os.write(self._fd, f"{os.getpid()}\n".encode())
            except BaseException:
                os.close(self._fd)
                raise
        except OSError as error:
            raise errors.pid_file_failed(path, error.strerror or str(error)) from None

    def remove(self) -> None:
        """Remove the file, then release it."""
        with contextlib.suppress(OSError):
            os.unlink(self._path)
        os.close(self._fd)


class ShutdownSignals:
    """SIGTERM, SIGINT and SIGHUP as something to read, with the sender's process id."""

    def __init__(self, on_signal: Callable[[int, int], None]) -> None:
        """``on_signal(number, pid)`` is called from ``read``."""
        from qmp_iothreadd.daemon import _signalfd

        self._read = _signalfd.read
        self._on_signal = on_signal
        self._fd = _signalfd.open(*SHUTDOWN_SIGNALS)

    def fileno(self) -> int:
        """The descriptor to wait for."""
        return self._fd

    def read(self) -> None:
        """Handle what is pending."""
        while (found := self._read(self._fd)) is not None:
            self._on_signal(*found)

    def close(self) -> None:
        """Forget the descriptor; the signals stay blocked until the process ends."""
        os.close(self._fd)


def process_name(pid: int) -> str:
    """How QEMU names the process that sent a signal: its command, or that it is unknown."""
    try:
        with open(f"/proc/{pid}/cmdline", "rb") as file:
            command = file.read(4096).split(b"\0", 1)[0]
    except OSError:
        return "<unknown process>"
    return os.fsdecode(command)


def notify_ready() -> None:
    """Tell the service manager, if there is one, that clients can connect (sd_notify(3))."""
    address = os.environ.get("NOTIFY_SOCKET")
    if not address:
        return
    import socket

    if address.startswith("@"):
        address = "\0" + address[1:]
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as notify:
        try:
            notify.sendto(b"READY=1", address)
        except OSError as error:
            say(f"cannot notify the service manager: {error}\n")
