"""What is there although nobody asked for it: the default devices of QEMU's system/vl.c."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from qmp_iothreadd import errors
from qmp_iothreadd.daemon.config import ChardevConfig, MonitorConfig, ObjectConfig

if TYPE_CHECKING:
    from qmp_iothreadd.cli.backends import Backends
    from qmp_iothreadd.cli.machine import MachineOptions
    from qmp_iothreadd.cli.monitors import Monitors
    from qmp_iothreadd.daemon.config import Config

# Where clients are to find them, and nobody asks for others.
IOTHREADS = ("iothread0", "iothread1")

_CONSOLE = "vc:80Cx24C"


class Devices(Protocol):
    """What is asked for so far: of the command line."""

    backends: Backends
    config: Config
    machine_options: MachineOptions
    monitors: Monitors

    def add_port(self, kind: str, text: str, location: str) -> None:
        """Ask for a port."""


class Defaults:
    """What the options leave to the program.

    ``wanted``: anything at all. ``monitor``, ``serial``, ``parallel``: no option asks for one.
    ``nographic``: what would be in a window is on the terminal.
    """

    def __init__(self) -> None:
        self.wanted = True
        self.monitor = True
        self.serial = True
        self.parallel = True
        self.nographic = False

    def add(self, line: Devices) -> None:
        """Ask for what no option asked for, before any device is made.

        Raises:
            QmpError: it would be on a terminal that is let go.
            LocatedError: the name of the monitor is taken.
        """
        if not self.wanted:
            return
        if line.machine_options.is_empty:
            self.serial = self.parallel = False
        if not self.nographic:
            self._add_consoles(line)
            return
        if line.config.daemonize and (self.monitor or self.serial or self.parallel):
            raise errors.nographic_while_daemonizing()
        self._add_terminal(line)

    def _add_terminal(self, line: Devices) -> None:
        if self.parallel:
            line.add_port("parallel", "null", "")
        if self.serial:
            line.add_port("serial", "mon:stdio" if self.monitor else "stdio", "")
        elif self.monitor:
            line.monitors.short_form("stdio", "readline", False, "")

    def _add_consoles(self, line: Devices) -> None:
        """What is in QEMU's window, where nobody can see it."""
        if self.serial:
            line.add_port("serial", _CONSOLE, "")
        if self.parallel:
            line.add_port("parallel", _CONSOLE, "")
        if self.monitor and line.backends.chardevs.given:
            line.monitors.short_form(_CONSOLE, "readline", False, "")

    def add_socket(self, config: Config, monitors: Monitors) -> None:
        """Without a monitor or character device: a socket that people are told of, and iothreads.

        QEMU has a human monitor there that only a window could show.
        """
        if not (self.wanted and self.monitor) or self.nographic or config.chardevs:
            return
        from qmp_iothreadd.daemon.default_socket import default_socket_path  # where none is named

        config.default_socket = default_socket_path()
        label = monitors.next_name()
        address = {"type": "unix", "data": {"path": config.default_socket}}
        backend = {"type": "socket", "data": {"addr": address, "server": True, "wait": False}}
        config.chardevs.append(ChardevConfig(label, backend))
        config.monitors.append(MonitorConfig(label, label, "control"))
        if not config.objects:
            config.objects = [
                ObjectConfig({"qom-type": "iothread", "id": name}) for name in IOTHREADS
            ]
