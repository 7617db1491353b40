"""``-serial``, ``-parallel`` and ``-debugcon``: ports of boards, and their character devices."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count, repeat
from typing import TYPE_CHECKING, NamedTuple

from qmp_iothreadd import errors
from qmp_iothreadd.cli.backends import CHARDEV, chardev_configs
from qmp_iothreadd.daemon.config import PortConfig
from qmp_iothreadd.errors import LocatedError

if TYPE_CHECKING:
    from qmp_iothreadd.cli.backends import Backends
    from qmp_iothreadd.cli.monitors import Monitors

KINDS = ("serial", "parallel", "debugcon")
"""In the order in which QEMU makes their character devices."""

_MAX_PARALLEL = 3


class _Given(NamedTuple):
    kind: str
    text: str
    location: str


class Ports:
    """The ports that a command line asks for. Their texts are not read before they are made."""

    def __init__(self, backends: Backends, monitors: Monitors) -> None:
        self._backends = backends
        self._monitors = monitors
        self._given: list[_Given] = []

    def add(self, kind: str, text: str, location: str) -> None:
        """Note a port of one of ``KINDS``."""
        self._given.append(_Given(kind, text, location))

    def make(self, made: list[PortConfig], *, has_bus: bool) -> None:
        """Add all ports, in QEMU's order; monitors have been made before.

        ``has_bus``: the machine has one that debug consoles are plugged into.

        Raises:
            LocatedError: what QEMU says when it makes them, after those before were made.
        """
        for kind in KINDS:
            labels = _labels(kind)
            for given in self._given:
                if given.kind == kind:
                    self._make(given, labels, made)
        for given in self._given:
            if given.kind == "debugcon" and not has_bus:
                raise LocatedError(errors.no_bus("ISA", "isa-debugcon"), given.location)

    def _make(self, given: _Given, labels: Iterator[str], made: list[PortConfig]) -> None:
        if given.text == "none" and given.kind == "parallel":
            return
        label = next(labels, None)
        if label is None:
            raise LocatedError(errors.too_many_parallel_ports(), given.location)
        if given.text == "none" and given.kind == "serial":
            return  # it has no device, but its number
        port = PortConfig(*given)
        port.number = int(label.removeprefix(given.kind) or "0")
        if given.text.startswith(CHARDEV):
            port.chardev = given.text.removeprefix(CHARDEV)
        else:
            port.chardev = label
            self._describe_chardevs(port)
        made.append(port)

    def _describe_chardevs(self, port: PortConfig) -> None:
        def failure() -> errors.QmpError:
            return errors.port_not_connected(port.kind, port.text)

        backends = self._backends
        options = backends.short_chardev(port.chardev, port.text, port.location, failure)
        backends.chardevs.given.remove(options)  # its id is free again
        try:
            port.made = chardev_configs(options)
        except errors.QmpError as error:
            raise LocatedError(error, port.location, also=failure().desc) from None
        if options.get_bool("mux", False):
            port.monitor = self._monitors.next_name()


def _labels(kind: str) -> Iterator[str]:
    """The ids of the devices of this kind of ports, as many as there can be."""
    if kind == "debugcon":
        return repeat(kind)
    numbers = range(_MAX_PARALLEL) if kind == "parallel" else count()
    return (f"{kind}{number}" for number in numbers)
