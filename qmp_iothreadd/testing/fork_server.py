"""The process that tests' daemons are forked from: all is imported, and there is one thread.

``python -m qmp_iothreadd.testing.fork_server CONTROL OWNER``: two descriptors, the socket on which
daemons are asked for (``fork_request``) and the process that asks (a pidfd). Who is forked is a
child of the owner's, not of this process's, and becomes a daemon (``forked_daemon``). When the
owner ends, in whatever way, so do its daemons.
"""

from __future__ import annotations

import contextlib
import gc
import itertools
import os
import select
import signal
import socket
import sys
from collections.abc import Iterator
from importlib import import_module

from qmp_iothreadd.testing import _sibling
from qmp_iothreadd.testing.fork_request import Order, answer, read_order
from qmp_iothreadd.testing.forked_daemon import become, end

# What a daemon imports as late as it can, and nothing below makes it import.
_NEEDED = (
    "qmp_iothreadd.daemon._signalfd",
    "qmp_iothreadd.daemon.daemon",
    "qmp_iothreadd.daemon.scripting_steps",
    "qmp_iothreadd.daemon.service_manager",
    "qmp_iothreadd.iothread._engine",
    "qmp_iothreadd.scripting.transcript",
)

Request = tuple[Order, list[int]]


class ForkServer:
    """Forks daemons for its owner, and ends them with it.

    ``loading`` are steps that make daemons quicker; they are taken while there is nothing to do.
    """

    def __init__(self, control: socket.socket, owner: int, loading: Iterator[None]) -> None:
        self._control = control
        self._owner = owner
        self._loading: Iterator[None] | None = loading
        self._daemons: set[int] = set()
        self._poller = select.poll()
        for fd in (control.fileno(), owner):
            self._poller.register(fd, select.POLLIN)

    def serve(self) -> Request | None:
        """Serve until the owner ends. Returns in each child what was asked for, None at the end."""
        try:
            while True:
                for fd in self._ready():
                    request = self._on(fd)
                    if request is not None:
                        return request
        except (EOFError, OSError):
            self._kill()
            return None

    def _ready(self) -> list[int]:
        """What there is something to do about; waits if there is nothing to load."""
        ready = self._poller.poll(None if self._loading is None else 0)
        if not ready and self._loading is not None:
            self._loading = next((self._loading for _ in self._loading), None)
        return [fd for fd, _ in ready]

    def _on(self, fd: int) -> Request | None:
        """Do what there is to do. Returns what was asked for, in the child.

        Raises:
            EOFError, OSError: the owner has ended.
        """
        if fd == self._owner:
            raise EOFError
        if fd in self._daemons:
            self._daemons.remove(fd)
            self._poller.unregister(fd)
            os.close(fd)
            return None
        request = read_order(self._control)
        return request if self._fork(request[1]) else None

    def _fork(self, fds: list[int]) -> bool:
        """Fork, and answer. Returns whether this is the child, which keeps ``fds`` alone."""
        gc.freeze()  # what is there now is the same in all daemons: collections leave it alone
        try:
            pid, pidfd = _sibling.fork()
        except OSError:  # there may be no more processes, or no such fork
            _close(fds)
            answer(self._control, None)
            return False
        if pid == 0:
            self._control.close()
            _close([self._owner, *self._daemons])
            return True
        self._daemons.add(pidfd)
        self._poller.register(pidfd, select.POLLIN)
        _close(fds)
        answer(self._control, pid)
        return False

    def _kill(self) -> None:
        for fd in self._daemons:
            with contextlib.suppress(ProcessLookupError):  # it ended as it should
                signal.pidfd_send_signal(fd, signal.SIGKILL)


def _close(fds: list[int]) -> None:
    for fd in fds:
        os.close(fd)


def _load() -> Iterator[None]:
    """Load what a start needs. Returns the steps that load what is needed soon after one."""
    from qmp_iothreadd import errors
    from qmp_iothreadd.cli import parse
    from qmp_iothreadd.daemon.config import SchemaConfig
    from qmp_iothreadd.daemon.machine_steps import make_machine
    from qmp_iothreadd.qmp.registry import COMMANDS
    from qmp_iothreadd.testing.memory import MemoryClient

    for name in _NEEDED:
        import_module(name)
    monitor = ("-chardev", "null,id=c", "-mon", "chardev=c,mode=control")
    config, _ = parse(["", "--check-replies", "-nodefaults", *monitor, "-object", "iothread,id=i"])
    SchemaConfig.kept = config.schema.models()
    with MemoryClient(make_machine(config)) as client:
        client.machine.types.get("iothread")
        client.negotiate()
        client.execute("query-status")
    return itertools.chain(errors.loading_texts(), COMMANDS.loading_soon())


def main() -> None:
    """Serve as the command line asks; a daemon ends in here, too."""
    control, owner = (int(word) for word in sys.argv[1:])
    gc.disable()  # a collection writes to each object, and what is written to is copied
    request = ForkServer(socket.socket(fileno=control), owner, _load()).serve()
    if request is not None:
        become(*request)
    end(0)


if __name__ == "__main__":
    main()
