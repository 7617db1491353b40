"""The signals that end the daemon, and who sent them."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable

SHUTDOWN_SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)

# QEMU keeps these for its threads and timers: sent from outside, they end nothing.
_IGNORED_SIGNALS = (signal.SIGUSR1, signal.SIGUSR2, signal.SIGALRM, signal.SIGIO)


class ShutdownSignals:
    """SIGTERM, SIGINT and SIGHUP as something to read, with the sender's process id."""

    def __init__(self, on_signal: Callable[[int, int], None]) -> None:
        """``on_signal(number, pid)`` is called from ``read``."""
        from qmp_iothreadd.daemon import _signalfd

        self._read = _signalfd.read
        self._on_signal = on_signal
        self._fd = _signalfd.open(*SHUTDOWN_SIGNALS)
        self._before = [(each, signal.signal(each, signal.SIG_IGN)) for each in _IGNORED_SIGNALS]

    def fileno(self) -> int:
        """The descriptor to wait for."""
        return self._fd

    def read(self) -> None:
        """Handle what is pending."""
        while (found := self._read(self._fd)) is not None:
            self._on_signal(*found)

    def close(self) -> None:
        """Forget the descriptor; the signals that it had stay blocked until the process ends."""
        os.close(self._fd)
        for number, handler in self._before:
            signal.signal(number, handler)


def describe(number: int, pid: int) -> str:
    """What is said of a signal (system/runstate.c); a terminal's Ctrl-C is no process's, pid 0."""
    sender = f" from pid {pid} ({process_name(pid)})" if pid else ""
    return f"terminating on signal {number}{sender}"


def process_name(pid: int) -> str:
    """The process that sent a signal, as QEMU's system/runstate.c names it: its command."""
    try:
        with open(f"/proc/{pid}/cmdline", "rb") as file:
            command = file.read(4096).split(b"\0", 1)[0]
    except OSError:
        return "<unknown process>"
    return os.fsdecode(command)
