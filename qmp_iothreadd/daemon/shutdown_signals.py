"""The signals that end the daemon, and who sent them."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable

SHUTDOWN_SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


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
    """The process that sent a signal, as QEMU's system/runstate.c names it: its command."""
    try:
        with open(f"/proc/{pid}/cmdline", "rb") as file:
            command = file.read(4096).split(b"\0", 1)[0]
    except OSError:
        return "<unknown process>"
    return os.fsdecode(command)
