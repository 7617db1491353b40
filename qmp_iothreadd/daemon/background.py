"""``-daemonize``: the daemon goes to the background once it is ready."""

from __future__ import annotations

import os


class Background:
    """The parent waits until the child is ready, then exits with its verdict."""

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
