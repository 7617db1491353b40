"""``--control``: a monitor that scripts the others."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qmp_iothreadd import errors
from qmp_iothreadd.cli.backends import CHARDEV, Backends, chardev_configs
from qmp_iothreadd.daemon.config import MonitorConfig

if TYPE_CHECKING:
    from qmp_iothreadd.cli.command_line import CommandLine
    from qmp_iothreadd.qom.option_lists import OptionList, Options

_NAME = "control"


def add_control(line: CommandLine, text: str, location: str) -> None:
    """Ask for the monitor, beside those that the command line has and those it has by default.

    ``text`` is as for ``-qmp``, but a socket listens, and nobody waits for a client, unless it says
    otherwise.

    Raises:
        LocatedError: it names no character device.
    """
    config = line.config
    name = f"{_NAME}{len(config.control) or ''}"
    label = text.removeprefix(CHARDEV)
    if label == text:
        label = name
        backends = Backends()
        options = backends.short_chardev(
            label, text, location, lambda: errors.control_malformed(text)
        )
        _let_listen(backends.chardevs, options)
        config.chardevs += chardev_configs(options)
    config.monitors.append(MonitorConfig(name, label, "control", location=location))
    config.control.append(name)


def _let_listen(which: OptionList, options: Options) -> None:
    if options.get("backend") == "socket" and options.get("server") is None:
        which.set(options, "server", "on")
        if options.get("wait") is None:
            which.set(options, "wait", "off")
