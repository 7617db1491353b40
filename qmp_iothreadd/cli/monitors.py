"""``-mon``, and ``-qmp`` and ``-monitor``, which are short for one with its character device."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qmp_iothreadd import errors
from qmp_iothreadd.cli.backends import CHARDEV
from qmp_iothreadd.cli.lists import new_list
from qmp_iothreadd.daemon.config import MonitorConfig

if TYPE_CHECKING:
    from qmp_iothreadd.cli.backends import Backends

DEPRECATED = "'-mon' is deprecated, use '-object' with 'monitor-hmp' or 'monitor-qmp' types instead"
"""What the first ``-mon`` is warned of."""


class Monitors:
    """The monitors that a command line asks for."""

    def __init__(self, backends: Backends) -> None:
        self.options = new_list("mon")
        self._backends = backends
        self._named = 0

    def short_form(self, text: str, mode: str, pretty: bool, location: str) -> None:
        """``-qmp``, ``-qmp-pretty`` or ``-monitor``: a monitor with a character device of its own.

        Raises:
            LocatedError: the text names no character device.
        """
        if text.startswith(CHARDEV):
            label = text.removeprefix(CHARDEV)
        else:
            label = self.next_name()
            self._backends.short_chardev(
                label, text, location, lambda: errors.chardev_text_malformed(text)
            )
        monitor = self.options.create(label, location)
        self.options.set(monitor, "mode", mode)
        self.options.set(monitor, "chardev", label)
        if pretty:
            self.options.set(monitor, "pretty", "on")

    def next_name(self) -> str:
        """A name for a monitor that was given none; whether it is free shows when it is made."""
        name = f"compat_monitor{self._named}"
        self._named += 1
        return name

    def configs(self) -> list[MonitorConfig]:
        """What the options say, in their order. Nameless ones are named after all short forms."""
        return [
            MonitorConfig(
                options.id or self.next_name(),
                options.get("chardev"),
                options.get("mode"),
                options.get_bool("pretty", False),
                options.location,
            )
            for options in self.options.given
        ]
