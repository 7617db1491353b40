"""The monitors that the command line asks for: their objects, sessions and servers."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING, TypeVar

from qmp_iothreadd import commands, hmp  # noqa: F401 -- they register their functions
from qmp_iothreadd.daemon.config import LocatedError
from qmp_iothreadd.daemon.process import say
from qmp_iothreadd.errors import QmpError
from qmp_iothreadd.machine.chardevs import (
    Chardev,
    ChardevNull,
    ChardevSocket,
    ChardevStdio,
)
from qmp_iothreadd.machine.monitors import Monitor, MonitorHMP, MonitorQMP
from qmp_iothreadd.qmp.dispatch import Dispatcher
from qmp_iothreadd.qmp.session import Session
from qmp_iothreadd.qom.object import Object
from qmp_iothreadd.server.connection import Turns
from qmp_iothreadd.server.monitor_server import MonitorServer
from qmp_iothreadd.server.sockets import UnixListener, adopt, listen_tcp

if TYPE_CHECKING:
    from collections.abc import Callable

    from qmp_iothreadd.daemon.config import ChardevConfig, Config, MonitorConfig
    from qmp_iothreadd.machine.machine import Machine
    from qmp_iothreadd.qmp.session_protocol import MonitorSession

_T = TypeVar("_T", bound=Object)

_CHARDEV_TYPES: dict[str, type[Chardev]] = {"stdio": ChardevStdio, "null": ChardevNull}


class Monitors:
    """All monitors of a daemon, behind one dispatcher."""

    def __init__(self, config: Config, machine: Machine) -> None:
        self._config = config
        self._machine = machine
        self._dispatcher = Dispatcher(machine, stub_missing=config.stub_missing)
        self._turns = Turns(asyncio.get_running_loop())
        self._servers: list[MonitorServer] = []
        self._stack = contextlib.ExitStack()

    async def open(self) -> None:
        """Open all monitors, in the order given.

        Raises:
            LocatedError: one cannot be opened.
        """
        for monitor in self._config.monitors:
            chardev = self._config.chardevs[monitor.chardev]
            try:
                await self._open(monitor, chardev)
            except QmpError as error:
                raise LocatedError(error, chardev.location) from None

    def stop(self) -> None:
        """Run no more commands: the one that asked for the end was the last."""
        self._turns.stop()
        for server in self._servers:
            server.stop_waiting()

    async def close(self) -> None:
        """Run no more commands, let everyone read what is written, then remove the sockets."""
        self._turns.close()
        for server in self._servers:
            await server.close()
        self._stack.close()

    async def _open(self, config: MonitorConfig, backend: ChardevConfig) -> None:
        chardev = self._add_chardev(backend)
        monitor, make_session = self._add_monitor(config)
        server = MonitorServer(
            self._turns, make_session, chardev, multi_client=self._config.multi_client
        )
        monitor.close_monitor = server.shut_down
        self._servers.append(server)
        if backend.kind == "stdio":
            await server.serve_stdio(keys=config.mode == "readline")
        elif backend.kind == "fd":
            await self._open_fd(server, backend)
        elif backend.kind != "null":
            if backend.server:
                await self._listen(server, chardev, backend)
            else:
                address = backend.path if backend.kind == "unix" else (backend.host, backend.port)
                await server.connect(address, backend.reconnect_ms / 1000)

    async def _open_fd(self, server: MonitorServer, config: ChardevConfig) -> None:
        found, listening = adopt(config.fd)
        if listening:
            self._stack.callback(found.close)
            server.listen(found)
        else:
            await server.attach(found)

    async def _listen(self, server: MonitorServer, chardev: Chardev, config: ChardevConfig) -> None:
        if config.kind == "unix":
            listener = UnixListener(config.path)
            self._stack.callback(listener.close)
            server.listen(listener.socket)
        else:
            listening = listen_tcp(config.host, config.port)
            self._stack.callback(listening.close)
            chardev.address["port"] = str(listening.getsockname()[1])
            server.listen(listening)
        if config.wait and not self._turns.closed:
            text = f"info: QEMU waiting for connection on: {chardev.filename}"
            say(self._config.message(text, config.location))
            await server.first_client()

    def _add_chardev(self, config: ChardevConfig) -> Chardev:
        made = self._new(_CHARDEV_TYPES.get(config.kind, ChardevSocket))
        if config.kind == "unix":
            made.address = {"type": "unix", "path": config.path}
        elif config.kind == "tcp":
            made.address = {"type": "inet", "host": config.host, "port": str(config.port)}
        elif config.kind == "fd":
            made.address = {"type": "fd", "str": str(config.fd)}
        self._machine.tree.chardevs.add_child(config.id, made)
        return made

    def _add_monitor(self, config: MonitorConfig) -> tuple[Monitor, Callable[[], MonitorSession]]:
        """Put the monitor's object into the tree. Returns it with what makes its sessions."""
        made: Monitor
        make_session: Callable[[], MonitorSession]
        dispatcher, name = self._dispatcher, config.id
        if config.mode == "readline":
            from qmp_iothreadd.hmp.line_editor import History
            from qmp_iothreadd.hmp.session import HMPSession

            history = History()  # the monitor's: it outlives each connection
            made = self._new(MonitorHMP)
            make_session = lambda: HMPSession(dispatcher, name, history)  # noqa: E731
        else:
            made = qmp = self._new(MonitorQMP)
            qmp.pretty = config.pretty
            make_session = lambda: Session(dispatcher, name, pretty=config.pretty)  # noqa: E731
        made.chardev = config.chardev
        self._machine.tree.objects.add_child(name, made)
        return made, make_session

    def _new(self, cls: type[_T]) -> _T:
        return cls(self._machine.types.add(cls))
