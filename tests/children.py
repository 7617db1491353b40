"""The child processes of the process that runs the tests."""

from __future__ import annotations

import contextlib
import os
import sys
from pathlib import Path


def children() -> set[int]:
    """The ids of those there are, but for what daemons are forked from: a session keeps that."""
    found: set[int] = set()
    for task in os.listdir("/proc/self/task"):
        with contextlib.suppress(OSError):  # the thread has ended, or the kernel does not tell
            text = Path(f"/proc/self/task/{task}/children").read_text()
            found.update(map(int, text.split()))
    return found - {pid for pid, _ in kept_by_the_session()}


def kept_by_the_session() -> list[tuple[int, int]]:
    """Each process that daemons are forked from: its id, and the descriptor that asks it."""
    servers = sys.modules.get("qmp_iothreadd.testing.fork_servers")
    return [server.held() for server in servers.fork_servers()] if servers else []
