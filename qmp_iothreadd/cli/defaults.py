"""What is there although nobody asked for it: the default devices of QEMU's system/vl.c."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qmp_iothreadd import errors
from qmp_iothreadd.daemon.config import ChardevConfig, MonitorConfig, ObjectConfig

if TYPE_CHECKING:
    from qmp_iothreadd.cli.monitors import Monitors
    from qmp_iothreadd.daemon.config import Config

# Where clients are to find them, and nobody asks for others.
IOTHREADS = ("iothread0", "iothread1")


class Defaults:
    """What the options leave to the program.

    ``wanted``: anything at all. ``monitor``: no option asks for one. ``nographic``: what would be
    in a window is on the terminal.
    """

    def __init__(self) -> None:
        self.wanted = True
        self.monitor = True
        self.nographic = False

    def add_terminal_monitor(self, config: Config, monitors: Monitors) -> None:
        """With ``-nographic`` alone: a human monitor on standard input and output.

        Raises:
            QmpError: the terminal is let go.
            LocatedError: the monitor's name is taken.
        """
        if not (self.wanted and self.monitor and self.nographic):
            return
        if config.daemonize:
            raise errors.nographic_while_daemonizing()
        monitors.short_form("stdio", "readline", False, "")

    def add_socket(self, config: Config, monitors: Monitors) -> None:
        """Without a monitor or character device: a socket that people are told of, and iothreads.

        QEMU has a human monitor there that only a window could show.
        """
        if not (self.wanted and self.monitor) or config.chardevs:
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
