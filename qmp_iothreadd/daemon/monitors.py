"""The monitors that the command line asks for: their objects, sessions and servers."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, TypeVar

from qmp_iothreadd import commands, hmp  # noqa: F401 -- they register their functions
from qmp_iothreadd.machine.monitors import Monitor, MonitorHMP, MonitorQMP
from qmp_iothreadd.qmp.session import Session
from qmp_iothreadd.server.connection import Turns
from qmp_iothreadd.server.monitor_server import MonitorServer

if TYPE_CHECKING:
    from collections.abc import Callable

    from qmp_iothreadd.chardev.chardev import Chardev
    from qmp_iothreadd.daemon.config import MonitorConfig
    from qmp_iothreadd.qmp.dispatch import Dispatcher
    from qmp_iothreadd.qmp.session_protocol import MonitorSession

_M = TypeVar("_M", bound=Monitor)


class Monitors:
    """All monitors of a daemon, behind one dispatcher.

    ``multi_client``: each serves all of its clients at once.
    """

    def __init__(self, dispatcher: Dispatcher, *, multi_client: bool = False) -> None:
        self._dispatcher = dispatcher
        self._machine = dispatcher.machine
        self._multi_client = multi_client
        self._turns = Turns(asyncio.get_running_loop())

    def attach(self, config: MonitorConfig, chardev: Chardev) -> None:
        """Put a monitor's object into the tree, and serve who is behind its device.

        Raises:
            QmpError: its name is taken, or the device is.
        """
        add = self._add_hmp if config.mode == "readline" else self._add_qmp
        monitor, make_session = add(config)
        server = MonitorServer(
            self._turns,
            make_session,
            multi_client=self._multi_client,
            wants_keys=config.mode == "readline",
        )
        chardev.attach(server)
        monitor.close_monitor = lambda: chardev.detach(server)

    def stop(self) -> None:
        """Run no more commands: the one that asked for the end was the last."""
        self._turns.stop()

    def close(self) -> None:
        """Cancel the command under way, too."""
        self._turns.close()

    def _add_qmp(self, config: MonitorConfig) -> tuple[Monitor, Callable[[], MonitorSession]]:
        made = self._add(MonitorQMP, config)
        made.pretty = config.pretty
        return made, lambda: Session(self._dispatcher, config.id, pretty=config.pretty)

    def _add_hmp(self, config: MonitorConfig) -> tuple[Monitor, Callable[[], MonitorSession]]:
        from qmp_iothreadd.hmp.line_editor import History  # only where there is one
        from qmp_iothreadd.hmp.session import HMPSession

        history = History()  # the monitor's: it outlives each connection
        made = self._add(MonitorHMP, config)
        return made, lambda: HMPSession(self._dispatcher, config.id, history)

    def _add(self, cls: type[_M], config: MonitorConfig) -> _M:
        made = cls(self._machine.types.add(cls))
        made.chardev = config.chardev
        self._machine.tree.objects.add_child(config.id, made)
        return made
