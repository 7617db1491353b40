"""What the command line gives a machine before its monitors: descriptors, disks, networks."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from qmp_iothreadd.errors import located

if TYPE_CHECKING:
    from qmp_iothreadd.machine.machine import Machine


class BlockConfig(NamedTuple):
    """A disk's description: BlockdevOptions of ``-blockdev``, or the list of a ``-drive``.

    ``location`` is the option as it was written.
    """

    location: str
    node: dict[str, Any] | None = None
    name: str | None = None
    pairs: tuple[tuple[str, str], ...] = ()


class DescriptorConfig(NamedTuple):
    """An ``-add-fd``: a descriptor that was handed over, for the set ``fdset``."""

    location: str
    fd: int
    fdset: int
    opaque: str | None


class DeviceConfig(NamedTuple):
    """A ``-device``: ``options`` are driver, bus, id and properties, as in JSON.

    ``from_text``: the properties are texts.
    """

    location: str
    options: dict[str, Any]
    from_text: bool = False


def add_descriptors(machine: Machine, wanted: Iterable[DescriptorConfig]) -> None:
    """Put duplicates of what was handed over into sets, and close it.

    Raises:
        LocatedError: there are not enough descriptors.
    """
    handed_over = set()
    for each in wanted:
        with located(each.location):
            machine.descriptors.sets.add(os.dup(each.fd), each.fdset, each.opaque)
        handed_over.add(each.fd)
    for fd in handed_over:
        os.close(fd)


def make_disks(
    machine: Machine, wanted: Iterable[BlockConfig], warn: Callable[[str], None]
) -> None:
    """Open block nodes, then the disks that others are in.

    Raises:
        LocatedError: one of them cannot be.
    """
    from qmp_iothreadd.machine.block.drives import add_drive
    from qmp_iothreadd.machine.block.nodes import BlockNodes

    nodes = machine.part(BlockNodes)
    wanted = list(wanted)
    for each in wanted:
        if each.node is not None:
            with located(each.location):
                nodes.add(each.node)
    default = "none" if machine.board.type.name == "microvm-machine" else "ide"
    for each in wanted:
        if each.node is None:
            with located(each.location):
                name = add_drive(nodes, each.name, each.pairs, default_bus=default, warn=warn)
            nodes.disks[name].location = each.location


def unconnected_netdevs(machine: Machine) -> Iterator[str]:
    """The names of network back ends that no card and no hub is connected to."""
    from qmp_iothreadd.machine.netdevs import Netdevs  # few have one

    found = machine.part(Netdevs).netdevs.values()
    on_hubs = [each.peer for each in found]
    for each in found:
        if each.card is None and each.peer is None and each not in on_hubs:
            yield each.id


def plug_devices(machine: Machine, wanted: Sequence[DeviceConfig]) -> None:
    """Plug devices into the board, and those of disks: lists, if=virtio, JSON, as QEMU does.

    Raises:
        LocatedError: one of them cannot be.
    """
    from qmp_iothreadd.machine.devices import drive_devices
    from qmp_iothreadd.machine.devices.devices import Devices

    def plug(from_text: bool) -> None:
        for each in wanted:
            if each.from_text is from_text:
                with located(each.location):
                    devices.plug(each.options, hotplugged=False, from_text=from_text)

    devices = machine.part(Devices)
    drive_devices.plug_board_drives(machine)
    plug(from_text=True)
    drive_devices.plug_virtio_drives(machine)
    plug(from_text=False)
    drive_devices.check_drives(machine)
