"""The character devices that the command line asks for: their objects, and what they open.

A device opens before a monitor is attached to it; a :class:`OpenChardev` is what is between.
"""

from __future__ import annotations

import contextlib
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from qmp_iothreadd.machine.chardevs import Chardev, ChardevNull, ChardevSocket, ChardevStdio
from qmp_iothreadd.server.sockets import UnixListener, adopt, listen_tcp

if TYPE_CHECKING:
    from qmp_iothreadd.daemon.config import ChardevConfig
    from qmp_iothreadd.daemon.reporter import Reporter
    from qmp_iothreadd.machine.machine import Machine
    from qmp_iothreadd.server.monitor_server import MonitorServer

_TYPES: dict[str, type[Chardev]] = {"stdio": ChardevStdio, "null": ChardevNull}

Serve = Callable[["MonitorServer"], Awaitable[None]]


class OpenChardev:
    """A character device that is ready for a monitor.

    ``object`` is what clients see of it. ``serve`` lets a monitor's server have it; it raises
    QmpError where a connection is to be made and nobody answers.
    """

    __slots__ = ("object", "serve")

    def __init__(self, object: Chardev, serve: Serve) -> None:
        self.object = object
        self.serve = serve


class Chardevs:
    """The character devices of a daemon."""

    def __init__(self, machine: Machine, reporter: Reporter) -> None:
        self._machine = machine
        self._reporter = reporter
        self._stack = contextlib.ExitStack()

    def __enter__(self) -> Chardevs:
        return self

    def __exit__(self, *_: object) -> None:
        """Close what listens, and remove the sockets' files."""
        self._stack.close()

    def open(self, config: ChardevConfig) -> OpenChardev:
        """Open a device and put its object into the tree.

        Raises:
            QmpError: the address or descriptor cannot be had.
        """
        cls = _TYPES.get(config.kind, ChardevSocket)
        made = cls(self._machine.types.add(cls))
        if config.kind == "unix":
            made.address = {"type": "unix", "path": config.path}
        elif config.kind == "tcp":
            made.address = {"type": "inet", "host": config.host, "port": str(config.port)}
        elif config.kind == "fd":
            made.address = {"type": "fd", "str": str(config.fd)}
        serve = self._open(config, made)
        self._machine.tree.chardevs.add_child(config.id, made)
        return OpenChardev(made, serve)

    def _open(self, config: ChardevConfig, chardev: Chardev) -> Serve:
        if config.kind == "null":
            return _serve_nobody
        if config.kind == "stdio":
            return _serve_stdio
        if config.kind == "fd":
            return self._open_descriptor(config)
        if not config.server:
            return _connect(config)
        if config.kind == "unix":
            unix = UnixListener(config.path)
            self._stack.callback(unix.close)
            listener = unix.socket
        else:
            listener = listen_tcp(config.host, config.port)
            self._stack.callback(listener.close)
            chardev.address["port"] = str(listener.getsockname()[1])

        async def listen(server: MonitorServer) -> None:
            server.listen(listener)
            if config.wait and not self._machine.shutting_down:
                text = f"info: QEMU waiting for connection on: {chardev.filename}"
                self._reporter.say(text, config.location)
                await server.first_client()

        return listen

    def _open_descriptor(self, config: ChardevConfig) -> Serve:
        found, listening = adopt(config.fd)
        self._stack.callback(found.close)
        if not listening:
            return lambda server: server.attach(found)

        async def listen(server: MonitorServer) -> None:
            server.listen(found)

        return listen


def _connect(config: ChardevConfig) -> Serve:
    address = config.path if config.kind == "unix" else (config.host, config.port)
    return lambda server: server.connect(address, config.reconnect_ms / 1000)


async def _serve_stdio(server: MonitorServer) -> None:
    await server.serve_stdio()


async def _serve_nobody(_server: MonitorServer) -> None:
    """Nobody ever comes."""
