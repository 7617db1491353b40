"""For tests of QMP tools: servers to run them against, and clients to look at servers with.

DaemonProcess  the daemon as a child process: the real thing, milliseconds from the second on
Server         the same server in the test's own process, scripted as it likes: milliseconds
Fleet          many servers on one event loop: for tools that manage many machines
Client         a blocking client, exact to the byte
MemoryClient   a session and its client without a socket: microseconds

What the daemon returns and emits is checked against the schema in all of them.

pytest finds the fixtures ``qmp_server``, ``qmp_client``, ``qmp_daemon`` and their kin by itself
(``plugin``).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from qmp_iothreadd import late_names

if TYPE_CHECKING:
    from qmp_iothreadd.testing.client import Client
    from qmp_iothreadd.testing.fleet import Fleet
    from qmp_iothreadd.testing.memory import MemoryClient, make_machine
    from qmp_iothreadd.testing.process import DaemonProcess
    from qmp_iothreadd.testing.server import Server

__all__ = [
    "Client",
    "DaemonProcess",
    "Fleet",
    "MemoryClient",
    "Server",
    "make_machine",
]

_MODULES = {
    "Client": "client",
    "DaemonProcess": "process",
    "Fleet": "fleet",
    "MemoryClient": "memory",
    "Server": "server",
    "make_machine": "memory",
}

# A test that only wants a process or a client need not load the server into its own.
__getattr__ = late_names(__name__, _MODULES)
